"""How far a right reaches, and when one reaches further than another.

Every dimension is a set, a period or a number. An empty set means *all*, a time of 0 *open*,
a number of uses of 0 *without limit*; so what is left out is wide, and a right under a
limited one must state its limits.

Source: the three rights of the "twenty articles on data" (holding, processing and use,
operating), chinese exchanges' registers; ISO 3166 for regions.
"""

from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec

from contracts.assets.description import OptionalHash
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, ShortName, Time

RightKind = Literal["holding", "operating", "processing-use"]
KINDS: Final[tuple[RightKind, ...]] = ("holding", "operating", "processing-use")
YIELDS: Final[dict[RightKind, tuple[RightKind, ...]]] = {
    "holding": ("holding",),
    "operating": ("operating", "processing-use"),
    "processing-use": ("processing-use",),
}
"""What may be granted out of each kind: whoever operates data licenses others to use them."""
LEVELS_MAX: Final = 8
"""Rights below one asset stand at most this deep: being in force means walking all of them up."""
USES_MAX: Final = 2**53

Region = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{2}(?:-[A-Z0-9]{1,6})?\Z")]
"""A country of ISO 3166-1, or a part of one: ISO 3166-2, or the six digits of GB/T 2260 (``CN-440300``)."""
Purposes = Annotated[tuple[ShortName, ...], msgspec.Meta(max_length=16)]
Fields = Annotated[tuple[ShortName, ...], msgspec.Meta(max_length=64)]
Regions = Annotated[tuple[Region, ...], msgspec.Meta(max_length=32)]
Audience = Annotated[tuple[AnyDid, ...], msgspec.Meta(max_length=16)]
Levels = Annotated[int, msgspec.Meta(ge=0, le=LEVELS_MAX)]
Uses = Annotated[int, msgspec.Meta(ge=0, le=USES_MAX)]


class RightTerms(msgspec.Struct, frozen=True, array_like=True):
    """How far one right reaches. Sets are sorted, each member once."""

    kind: RightKind
    purposes: Purposes = ()
    """What the data may be used for; empty = anything."""
    fields: Fields = ()
    """Which fields of the asset; empty = all."""
    regions: Regions = ()
    """Where; a country covers its parts. Empty = everywhere."""
    audience: Audience = ()
    """Who may hold it, and rights granted out of it; empty = anyone."""
    from_ms: Time = 0
    """First moment (inclusive)."""
    until_ms: Time = 0
    """End (exclusive); 0 = open."""
    exclusive: bool = False
    """Nobody else holds a right of this kind, from the same source, that meets this one in purpose, region and time."""
    sublicensing_levels: Levels = 0
    """How many levels of further rights may be granted out of it; 0 = none."""
    uses_max: Uses = 0
    """How often it may be used, what it passes on included; 0 = without limit."""
    irrevocable: bool = False
    """The grantor cannot take it back or narrow it: a right that was paid for. Lawful measures still can."""
    obligations_hash: OptionalHash = None
    """Digest of what the holder undertakes; with it, the right begins only when the holder accepts."""


def check_terms(terms: RightTerms) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        OperationFailed: ``right-terms``.
    """
    if terms.until_ms and terms.until_ms <= terms.from_ms:
        raise OperationFailed("right-terms", f"the right ends at {terms.until_ms}, before it begins")
    for name in ("purposes", "fields", "regions", "audience"):
        for first, second in pairwise(getattr(terms, name)):
            if first >= second:
                raise OperationFailed("right-terms", f"{name} are not sorted, or {second!a} stands twice")
    if "" in terms.audience:
        raise OperationFailed("right-terms", "the audience names nobody")


def wider_in(inner: RightTerms, outer: RightTerms) -> str:
    """The first dimension in which ``inner`` reaches further than ``outer``; empty where it reaches nowhere further.

    Sub-licensing is compared as it stands: a right that is granted out of ``outer`` must have a level less, which is
    its grantor's check.
    """
    if inner.kind not in YIELDS[outer.kind]:
        return "kind"
    if not _within(inner.purposes, outer.purposes):
        return "purposes"
    if not _within(inner.fields, outer.fields):
        return "fields"
    if outer.regions and not (inner.regions and all(_covered(region, outer.regions) for region in inner.regions)):
        return "regions"
    if not _within(inner.audience, outer.audience):
        return "audience"
    if inner.from_ms < outer.from_ms or (outer.until_ms and not 0 < inner.until_ms <= outer.until_ms):
        return "time"
    if inner.exclusive and not outer.exclusive:
        return "exclusivity"
    if inner.sublicensing_levels > outer.sublicensing_levels:
        return "sublicensing"
    if outer.uses_max and not 0 < inner.uses_max <= outer.uses_max:
        return "uses"
    return ""


def narrowed(inner: RightTerms, outer: RightTerms) -> RightTerms | None:
    """What is left of ``inner`` under ``outer``; None where nothing is.

    Needed where a right was narrowed after others had been granted out of it.
    """
    if inner.kind not in YIELDS[outer.kind]:
        return None
    purposes = _common(inner.purposes, outer.purposes)
    fields = _common(inner.fields, outer.fields)
    audience = _common(inner.audience, outer.audience)
    regions = _common_regions(inner.regions, outer.regions)
    until_ms = min(inner.until_ms or outer.until_ms, outer.until_ms or inner.until_ms)
    from_ms = max(inner.from_ms, outer.from_ms)
    if purposes is None or fields is None or audience is None or regions is None or 0 < until_ms <= from_ms:
        return None
    return msgspec.structs.replace(
        inner,
        purposes=purposes,
        fields=fields,
        regions=regions,
        audience=audience,
        from_ms=from_ms,
        until_ms=until_ms,
        exclusive=inner.exclusive and outer.exclusive,
        sublicensing_levels=min(inner.sublicensing_levels, outer.sublicensing_levels),
        uses_max=min(inner.uses_max or outer.uses_max, outer.uses_max or inner.uses_max),
    )


def regions_meet(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether some place lies in both; empty = everywhere."""
    if not first or not second:
        return True
    one, two = set(first), set(second)
    return any(region in two or region[:2] in two for region in first) or any(region[:2] in one for region in second)


def sets_meet(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether something is in both; empty = all."""
    return not first or not second or any(member in second for member in first)


def covers_region(regions: tuple[str, ...], region: str) -> bool:
    """Whether ``region`` (empty = everywhere) lies in ``regions`` (empty = everywhere)."""
    return not regions or (region != "" and _covered(region, regions))


def _covered(region: str, regions: tuple[str, ...]) -> bool:
    return region in regions or region[:2] in regions


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return not outer or (bool(inner) and all(member in outer for member in inner))


def _common(inner: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...] | None:
    if not inner or not outer:
        return inner or outer
    return tuple(member for member in inner if member in outer) or None


def _common_regions(inner: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...] | None:
    if not inner or not outer:
        return inner or outer
    within = [region for region in inner if _covered(region, outer)]
    within += [region for region in outer if _covered(region, inner) and region not in within]
    return tuple(sorted(within)) or None
