"""Every status with every action: what the table has leads where it says, what it lacks is refused by its code."""

import pytest

from contracts.market.record_trade import TRADE
from tests.unit.contracts.market.steps import ACTIONS, hold
from tests.unit.contracts.market.trading import ACCEPT_BY, PATHS, REPORT_ID, SETTLE_BY, TRADE_ID, Trading

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

