from typing import Any

import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.rights.exclusivity import reserve, vacate
from contracts.rights.operations import ExpireRight, RevokeRight
from contracts.rights.record import EXCLUSIVES_MAX, HULL_MAX, read_source
from contracts.rights.terms import RightTerms
from tests.unit.contracts.rights.granted import ASSET, grant, granted, terms, world_with_asset
from tests.unit.contracts.world import World

SOURCE = b"s" * 32


class Book:
    """What was granted out of one source, entered directly."""

    def __init__(self) -> None:
        self.world = World()
        self.count = 0

    def enter(self, found: RightTerms, time_ms: int = 0) -> str:
        self.count += 1
        try:
            reserve(SOURCE, self.count.to_bytes(32, "big"), found, time_ms, self.world.overlay)
        except OperationFailed as failure:
            return failure.code
        return "ok"


CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"exclusive": True}, {}, "right-exclusive"),
    ({}, {"exclusive": True}, "right-exclusive"),
    ({"exclusive": True}, {"exclusive": True}, "right-exclusive"),
    ({}, {}, "ok"),
    ({"exclusive": True}, {"kind": "holding"}, "ok"),
    ({"exclusive": True, "purposes": ("a",)}, {"purposes": ("b",)}, "ok"),
    ({"exclusive": True, "purposes": ("a",)}, {"purposes": ("a", "b")}, "right-exclusive"),
    ({"exclusive": True, "regions": ("CN-11",)}, {"regions": ("CN-31",), "exclusive": True}, "ok"),
    ({"exclusive": True, "regions": ("CN-11",)}, {"regions": ("CN",)}, "right-exclusive"),
    ({"exclusive": True, "until_ms": 10}, {"from_ms": 10}, "ok"),
    ({"exclusive": True, "until_ms": 11}, {"from_ms": 10}, "right-exclusive"),
    ({"regions": ("CN",)}, {"exclusive": True, "regions": ("DE",)}, "ok"),
    ({"until_ms": 10}, {"exclusive": True, "from_ms": 10}, "ok"),
    ({"kind": "operating"}, {"exclusive": True}, "right-exclusive"),
    ({"exclusive": True}, {"kind": "operating"}, "right-exclusive"),
    ({"kind": "operating", "exclusive": True}, {}, "ok"),
    ({"kind": "operating", "exclusive": True}, {"exclusive": True}, "right-exclusive"),
]


@pytest.mark.parametrize(("first", "second", "code"), CASES)
def test_exclusive_right_meets_no_other(first: dict[str, Any], second: dict[str, Any], code: str) -> None:
    """Nobody else holds a right of this kind from the same source that meets it in purpose, region and time.

    Operating yields use, so an exclusive use excludes operators too.
    """
    book = Book()
    assert book.enter(terms(**first)) == "ok"
    assert book.enter(terms(**second)) == code


def test_exclusive_right_that_has_run_out_makes_room() -> None:
    book = Book()
    assert book.enter(terms(exclusive=True, until_ms=10), 0) == "ok"
    assert book.enter(terms(from_ms=0), 9) == "right-exclusive"
    assert book.enter(terms(from_ms=0), 10) == "ok"


def test_hull_covers_every_shared_right_and_empties_with_the_last() -> None:
    """A hull never reaches less far than the rights in it."""
    book = Book()
    book.enter(terms(purposes=("a",), regions=("CN",), from_ms=5, until_ms=10))
    book.enter(terms(purposes=("b",), regions=("DE",), from_ms=3, until_ms=20))
    (hull,) = read_source(book.world.overlay, SOURCE).shared
    assert (hull.purposes, hull.regions) == (("a", "b"), ("CN", "DE"))
    assert (hull.count, hull.from_ms, hull.until_ms) == (2, 3, 20)
    book.enter(terms())
    (hull,) = read_source(book.world.overlay, SOURCE).shared
    assert (hull.purposes, hull.regions, hull.until_ms) == ((), (), 0)
    for number in (1, 2, 3):
        vacate(SOURCE, bytes([number]) * 32, terms(), book.world.overlay)
    assert read_source(book.world.overlay, SOURCE).shared == ()


def test_hull_that_grows_too_large_stands_for_everything() -> None:
    book = Book()
    for number in range(HULL_MAX + 1):
        book.enter(terms(purposes=(f"purpose-{number:02}",)))
    (hull,) = read_source(book.world.overlay, SOURCE).shared
    assert hull.purposes == ()


def test_exclusive_rights_of_one_source_are_bounded() -> None:
    book = Book()
    codes = [book.enter(terms(exclusive=True, purposes=(f"p{n}",))) for n in range(EXCLUSIVES_MAX + 1)]
    assert codes[-1] == "right-exclusives-full"
    assert set(codes[:-1]) == {"ok"}


def test_ended_right_frees_its_place() -> None:
    world = world_with_asset()
    right_id = granted(world, "exchange", "member", terms(exclusive=True))
    assert grant(world, "exchange", "stranger", terms()) == "right-exclusive"
    world.submit("exchange", RevokeRight(right_id))
    assert grant(world, "exchange", "stranger", terms()) == "ok"
    assert read_source(world.overlay, ASSET).exclusives == ()


def test_shared_right_that_ran_out_is_counted_off_by_an_operation() -> None:
    """The hull is cautious: it may refuse until those that have run out are counted off."""
    world = world_with_asset()
    until = world.time_ms + 10
    short = granted(world, "exchange", "member", terms(until_ms=until))
    long = granted(world, "exchange", "stranger", terms())
    world.submit("exchange", RevokeRight(long))
    world.time_ms = until
    assert grant(world, "exchange", "governor", terms(exclusive=True)) == "right-exclusive"
    assert world.submit("governor", ExpireRight(short)).code == "ok"
    assert grant(world, "exchange", "governor", terms(exclusive=True)) == "ok"
