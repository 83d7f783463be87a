"""Exclusive rights and what stands in their way.

Exclusive rights of a source are listed, so that they may share it by purpose, region and
time. Shared rights may be thousands, so only their hull is kept: it never reaches less
far than they do, so an exclusive right is never promised over what others hold. It may
be refused too often, until ``right.expire`` has counted off those that have run out.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.outcome import OperationFailed
from contracts.rights.record import EXCLUSIVES_MAX, HULL_MAX, Claim, Hull, SourceRecord, read_source, source_key
from contracts.rights.terms import YIELDS, RightTerms, regions_meet, sets_meet

OPEN_MS: Final = 2**63
"""Later than any end."""


def reserve(source_id: bytes, right_id: bytes, terms: RightTerms, time_ms: int, state: State) -> None:
    """Enter a right among those granted out of ``source_id``.

    Raises:
        OperationFailed: ``right-exclusive``: it, or another, is exclusive and they meet; ``right-exclusives-full``.
    """
    record = read_source(state, source_id)
    live = tuple(claim for claim in record.exclusives if not claim.until_ms or claim.until_ms > time_ms)
    for claim in live:
        excluded = claim.kind in YIELDS[terms.kind] or (terms.exclusive and terms.kind in YIELDS[claim.kind])
        if excluded and _meet(terms, claim):
            raise OperationFailed("right-exclusive", f"{claim.right_id.hex()} is exclusive and covers part of this")
    if terms.exclusive:
        _check_shared(terms, record, time_ms)
        if len(live) == EXCLUSIVES_MAX:
            raise OperationFailed("right-exclusives-full", f"{EXCLUSIVES_MAX} exclusive rights come from this source")
        own = Claim(right_id, terms.kind, terms.purposes, terms.regions, terms.from_ms, terms.until_ms)
        found = SourceRecord((*live, own), record.shared)
    else:
        found = SourceRecord(live, _with_shared(record.shared, terms, time_ms))
    state.put(source_key(source_id), encode(found))


def vacate(source_id: bytes, right_id: bytes, terms: RightTerms, state: State) -> None:
    """Take a right that has ended off the list of its source."""
    record = read_source(state, source_id)
    if terms.exclusive:
        exclusives = tuple(claim for claim in record.exclusives if claim.right_id != right_id)
        found = SourceRecord(exclusives, record.shared)
    else:
        counted = [
            msgspec.structs.replace(hull, count=hull.count - 1) if hull.kind == terms.kind else hull
            for hull in record.shared
        ]
        found = SourceRecord(record.exclusives, tuple(hull for hull in counted if hull.count))
    if found == SourceRecord():
        state.delete(source_key(source_id))
    else:
        state.put(source_key(source_id), encode(found))


def _check_shared(terms: RightTerms, record: SourceRecord, time_ms: int) -> None:
    for hull in record.shared:
        lasts = not hull.until_ms or hull.until_ms > time_ms
        if lasts and terms.kind in YIELDS[hull.kind] and _meet(terms, hull):
            raise OperationFailed(
                "right-exclusive", f"{hull.count} shared rights of the kind {hull.kind} may cover part of this"
            )


def _meet(terms: RightTerms, other: Claim | Hull) -> bool:
    in_time = terms.from_ms < (other.until_ms or OPEN_MS) and other.from_ms < (terms.until_ms or OPEN_MS)
    return in_time and sets_meet(terms.purposes, other.purposes) and regions_meet(terms.regions, other.regions)


def _with_shared(shared: tuple[Hull, ...], terms: RightTerms, time_ms: int) -> tuple[Hull, ...]:
    found: list[Hull] = []
    own = Hull(terms.kind, 1, terms.purposes, terms.regions, terms.from_ms, terms.until_ms)
    for hull in shared:
        if hull.kind != terms.kind:
            found.append(hull)
        elif hull.until_ms and hull.until_ms <= time_ms:
            own = msgspec.structs.replace(own, count=hull.count + 1)  # all of them have run out
        else:
            own = Hull(
                kind=hull.kind,
                count=hull.count + 1,
                purposes=_hull(hull.purposes, terms.purposes),
                regions=_hull(hull.regions, terms.regions),
                from_ms=min(hull.from_ms, terms.from_ms),
                until_ms=max(hull.until_ms, terms.until_ms) if hull.until_ms and terms.until_ms else 0,
            )
    return tuple(sorted((*found, own), key=lambda hull: hull.kind))


def _hull(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    if not first or not second:
        return ()
    joined = tuple(sorted({*first, *second}))
    return joined if len(joined) <= HULL_MAX else ()
