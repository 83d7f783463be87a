"""A small day, so that the large one cannot rot."""

from pathlib import Path
from typing import Any

from tests.scenarios.exchange_day import recount
from tests.scenarios.exchange_day.day import Size, run_day
from tests.scenarios.exchange_day.lineage_share import Register, divided
from tests.support.shared import shared

SMALL = Size(providers=5, buyers=4, entries=20, reviewed=2, derived=3, listings=8, trades=10)


async def test_small_day_is_the_same_when_counted_again(tmp_path: Path) -> None:
    """Totals that an independent recount from exported events confirms to the cent."""
    catalogue = shared("data", "philadelphia-dcat-us.json").read_bytes()
    said: list[str] = []
    result = await run_day(tmp_path / "network", catalogue, SMALL, 1, said.append)
    assert (result["recount_equal"], result["state_roots_equal"]) == (True, True), said
    assert (result["assets"], result["trades"], result["disputes"]) == (24, 10, 5)
    assert result["distributed_minor_units"] > 0
    assert result["refusal_codes"] >= 8


DISTRIBUTED: dict[str, Any] = {
    "distribution_id": "d", "trade_id": "", "asset_id": "child", "amount": 101, "distributed_by": "C",
}  # fmt: skip
REGISTERED: list[tuple[str, dict[str, Any]]] = [
    ("asset.registered", {"asset_id": "origin", "holder": "O"}),
    ("asset.registered", {"asset_id": "child", "holder": "C"}),
    ("asset.linked", {"asset_id": "child", "parent_id": "origin", "share_basis_points": 1_000}),
]


def credited(payee: str, asset: str, amount: int) -> tuple[str, dict[str, Any]]:
    return "income.credited", {"distribution_id": "d", "payee": payee, "asset_id": asset, "amount": amount}


def test_recount_finds_what_went_to_the_wrong_party() -> None:
    """The recount can fail: a sum that is right and a receiver who is wrong."""
    right = [*REGISTERED, ("income.distributed", DISTRIBUTED), credited("O", "origin", 10), credited("C", "child", 91)]
    assert recount.faults(recount.count(right)) == []
    wrong = [*REGISTERED, ("income.distributed", DISTRIBUTED), credited("O", "origin", 11), credited("C", "child", 90)]
    assert len(recount.faults(recount.count(wrong))) == 1
    short = right[:-1]
    assert len(recount.faults(recount.count(short))) == 2


def test_rule_of_an_earlier_holder_counts_no_more() -> None:
    register = Register()
    for name, what in REGISTERED[:1]:
        register.follow(name, what)
    register.follow("income.rule_set", {"asset_id": "origin", "set_by": "O"})
    register.follow("income.share_set", {"asset_id": "origin", "payee": "P", "basis_points": 10_000})
    assert register.shares_of("origin", 5) == {("P", "origin"): 5}
    register.follow("asset.transferred", {"asset_id": "origin", "holder": "N"})
    assert register.shares_of("origin", 5) == {("N", "origin"): 5}
    assert divided(7, [1, 1, 1]) == [3, 2, 2]
