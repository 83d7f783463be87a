from typing import Any

import msgspec
import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.rights.terms import (
    KINDS,
    YIELDS,
    RightTerms,
    check_terms,
    covers_region,
    narrowed,
    regions_meet,
    sets_meet,
    wider_in,
)

BASE = RightTerms(
    "operating",
    purposes=("research", "statistics"),
    fields=("x", "y"),
    regions=("CN", "DE-BE"),
    audience=("did:cnode:c:a", "did:cnode:c:b"),
    from_ms=100,
    until_ms=200,
    exclusive=False,
    sublicensing_levels=2,
    uses_max=10,
)


def base(**changes: Any) -> RightTerms:
    return msgspec.structs.replace(BASE, **changes)


def test_every_kind_yields_itself() -> None:
    assert all(kind in YIELDS[kind] for kind in KINDS)


@pytest.mark.parametrize(
    ("dimension", "changes"),
    [
        ("kind", {"kind": "holding"}),
        ("purposes", {"purposes": ()}),
        ("purposes", {"purposes": ("research", "training")}),
        ("fields", {"fields": ("z",)}),
        ("fields", {"fields": ()}),
        ("regions", {"regions": ()}),
        ("regions", {"regions": ("DE",)}),
        ("regions", {"regions": ("CN", "FR")}),
        ("audience", {"audience": ()}),
        ("audience", {"audience": ("did:cnode:c:c",)}),
        ("time", {"from_ms": 99}),
        ("time", {"until_ms": 201}),
        ("time", {"until_ms": 0}),
        ("exclusivity", {"exclusive": True}),
        ("sublicensing", {"sublicensing_levels": 3}),
        ("uses", {"uses_max": 11}),
        ("uses", {"uses_max": 0}),
    ],
)
def test_terms_are_wider_in_one_dimension(dimension: str, changes: dict[str, Any]) -> None:
    """A right derives from its grantor's right and is never wider: each dimension is told by name."""
    assert wider_in(base(**changes), BASE) == dimension


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "processing-use"},
        {"purposes": ("research",)},
        {"fields": ("y",)},
        {"regions": ("CN-440300", "DE-BE")},
        {"audience": ("did:cnode:c:a",)},
        {"from_ms": 150, "until_ms": 160},
        {"uses_max": 1, "sublicensing_levels": 0},
        {"irrevocable": True, "obligations_hash": b"o" * 32},
    ],
)
def test_narrower_terms_are_not_wider(changes: dict[str, Any]) -> None:
    assert wider_in(base(**changes), BASE) == ""


def test_terms_without_limits_cover_everything() -> None:
    assert wider_in(BASE, RightTerms("operating", sublicensing_levels=8)) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": ("b", "a")},
        {"purposes": ("a", "a")},
        {"regions": ("DE", "CN")},
        {"audience": ("",)},
        {"from_ms": 200},
        {"from_ms": 201},
    ],
)
def test_impossible_terms_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(OperationFailed) as found:
        check_terms(base(**changes))
    assert found.value.code == "right-terms"


def test_a_right_may_last_one_millisecond() -> None:
    check_terms(base(from_ms=199))


def test_narrowed_is_what_both_cover() -> None:
    above = RightTerms("operating", ("statistics", "trade"), ("y",), ("CN-11", "DE"), (), 150, 0, False, 1, 4)
    left = narrowed(base(kind="processing-use"), above)
    assert left is not None
    assert (left.kind, left.purposes, left.fields, left.regions) == (
        "processing-use",
        ("statistics",),
        ("y",),
        ("CN-11", "DE-BE"),
    )
    assert (left.from_ms, left.until_ms, left.sublicensing_levels, left.uses_max) == (150, 200, 1, 4)
    assert left.audience == BASE.audience


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "holding"},
        {"purposes": ("trade",)},
        {"fields": ("z",)},
        {"regions": ("FR",)},
        {"audience": ("did:cnode:c:z",)},
        {"from_ms": 200, "until_ms": 300},
        {"from_ms": 0, "until_ms": 100},
    ],
)
def test_nothing_is_left_where_two_share_nothing(changes: dict[str, Any]) -> None:
    assert narrowed(BASE, base(**changes)) is None


def test_regions_and_sets_meet() -> None:
    assert regions_meet((), ("CN",)) and regions_meet(("CN-11",), ("CN",)) and regions_meet(("CN",), ("CN-11",))
    assert not regions_meet(("CN-11",), ("CN-31",))
    assert sets_meet((), ("a",)) and sets_meet(("a", "b"), ("b",)) and not sets_meet(("a",), ("b",))


def test_region_that_is_not_told_is_covered_by_no_limit_only() -> None:
    assert covers_region((), "") and covers_region(("CN",), "CN-11")
    assert not covers_region(("CN",), "") and not covers_region(("CN-11",), "CN")
