"""Every status with every action: what the table has leads where it says, what it lacks is refused by its code."""

import pytest

from contracts.market.record import BOARD, LISTING
from contracts.market.record_trade import TRADE
from tests.unit.contracts.market.steps import ACTIONS, BOARD_STEPS, LISTING_STEPS, hold
from tests.unit.contracts.market.trading import (
    ACCEPT_BY,
    PATHS,
    REPORT_ID,
    SETTLE_BY,
    START,
    TRADE_ID,
    Trading,
    listed,
    ordered,
)

OPENING = {"order", "report"}
BY_ITSELF = {"complete"}
CASES = [(status, action) for status in sorted(PATHS) for action in ACTIONS]


def reached(status: str, action: str) -> tuple[Trading, bytes]:
    """A trade in ``status``, at a time and with payments at which ``action`` succeeds where the table has it."""
    trading = Trading().reach(status)
    trade_id = REPORT_ID if status == "REPORTED" else TRADE_ID
    running = status in ("AGREED", "DELIVERED", "RECEIVED")
    if action == "lapse":
        trading.at(ACCEPT_BY + 1)
    if action == "deem" and running:
        assert trading.pay() == "ok"
        trading.at(SETTLE_BY + 1)
    if action == "terminate":
        trading.at(SETTLE_BY + 1)
    if action == "order_refund" and running:
        assert trading.pay(5) == "ok"
    if action == "release" and TRADE.after(status, "hold") is not None:
        assert hold(trading, trading.trade(trade_id)) == "ok"
    return trading, trade_id


def test_every_action_of_the_table_is_driven() -> None:
    assert set(ACTIONS) | OPENING | BY_ITSELF == {action for _, action in TRADE.transitions}
    assert {TRADE.after(None, action) for action in OPENING} == {"OFFERED", "REPORTED"}


@pytest.mark.parametrize(("status", "action"), CASES)
def test_table_decides(status: str, action: str) -> None:
    trading, trade_id = reached(status, action)
    trade = trading.trade(trade_id)
    code = ACTIONS[action](trading, trade)
    after = TRADE.after(status, action)
    if after is None and action == "conclude_refund":
        after = TRADE.after(status, "refund")  # by the same operation, where no ruling asked for it
    if after is None:
        assert code == ("trade-hold" if action == "release" else "trade-status")
        assert trading.trade(trade_id) == trade
    else:
        assert (code, trading.trade(trade_id).status) == ("ok", after)



LISTING_PATHS: dict[str, tuple[str, ...]] = {
    "LISTED": (),
    "SUSPENDED": ("suspend",),
    "WITHHELD": ("withhold",),
    "DELISTED": ("delist",),
    "EXPIRED": ("expire",),
}
BOARD_PATHS: dict[str, tuple[str, ...]] = {"OPEN": (), "SUSPENDED": ("suspend",), "CLOSED": ("close",)}


@pytest.mark.parametrize(("status", "action"), [(s, a) for s in LISTING_PATHS for a in (*LISTING_STEPS, "order")])
def test_table_of_listings_decides(status: str, action: str) -> None:
    trading = Trading(listing={"expires_ms": START + 1})
    for before in LISTING_PATHS[status]:
        trading.at(START + (before == "expire")).must(*LISTING_STEPS[before])
    assert trading.listing().status == status
    if action == "order":
        code = trading.at(START).do("stranger", ordered())
    else:
        code = trading.at(START + (action == "expire")).do(*LISTING_STEPS[action])
    after = LISTING.after(status, action)
    assert (code, trading.listing().status) == (("ok", after) if after else ("listing-status", status))


@pytest.mark.parametrize(("status", "action"), [(s, a) for s in BOARD_PATHS for a in (*BOARD_STEPS, "trade")])
def test_table_of_boards_decides(status: str, action: str) -> None:
    trading = Trading()
    for before in BOARD_PATHS[status]:
        trading.must("exchange", BOARD_STEPS[before])
    steps = {"trade": ("member", listed("another"))} | {name: ("exchange", step) for name, step in BOARD_STEPS.items()}
    code = trading.do(*steps[action])
    after = BOARD.after(status, action)
    assert (code, trading.board().status) == (("ok", after) if after else ("board-status", status))


def test_tables_of_boards_and_listings_are_driven_whole() -> None:
    assert set(LISTING_PATHS) == set(LISTING.statuses())
    assert set(BOARD_PATHS) == set(BOARD.statuses())
    assert {action for _, action in LISTING.transitions} == {*LISTING_STEPS, "order", "list"}
    assert {action for _, action in BOARD.transitions} == {*BOARD_STEPS, "trade", "open"}
