from typing import Any

import msgspec
import pytest

from contracts.market.operations_trade import Cancel, Extend, Terminate
from contracts.market.termination import defaulter
from contracts.market.trade import DEADLINE_AHEAD_MS_MAX
from tests.unit.contracts.market.trading import AMOUNT, DELIVER_BY, FEE, SETTLE_BY, START, TRADE_ID, Trading
from tests.unit.contracts.world import did_of

SELLER, BUYER, NONE = did_of("member"), did_of("stranger"), ""
PROCEEDS = AMOUNT - FEE


@pytest.mark.parametrize(
    ("status", "fields", "time_ms", "found"),
    [
        ("AGREED", {}, DELIVER_BY, NONE),
        ("AGREED", {}, DELIVER_BY + 1, SELLER),
        ("AGREED", {}, SETTLE_BY + 1, SELLER),
        ("AGREED", {"settle_by_ms": DELIVER_BY - 1}, DELIVER_BY, BUYER),
        ("AGREED", {"settle_by_ms": DELIVER_BY - 1}, DELIVER_BY + 1, BUYER),
        ("AGREED", {"settle_by_ms": DELIVER_BY}, DELIVER_BY + 1, SELLER),
        ("AGREED", {"settle_by_ms": DELIVER_BY - 1, "paid": PROCEEDS, "paid_fee": FEE}, DELIVER_BY + 1, SELLER),
        ("DELIVERED", {}, SETTLE_BY, NONE),
        ("DELIVERED", {}, SETTLE_BY + 1, BUYER),
        ("RECEIVED", {"paid": PROCEEDS - 1}, SETTLE_BY + 1, BUYER),
        ("RECEIVED", {"paid": PROCEEDS}, SETTLE_BY + 1, SELLER),
        ("RECEIVED", {"paid": PROCEEDS, "paid_fee": FEE}, SETTLE_BY + 1, NONE),
    ],
)
def test_who_missed_a_deadline_first_is_in_default(
    status: str, fields: dict[str, Any], time_ms: int, found: str
) -> None:
    """Missed from the millisecond after it; of equal deadlines delivery comes first; an unpaid fee is its payer's."""
    trade = msgspec.structs.replace(Trading().reach("AGREED").trade(), status=status, **fields)
    assert defaulter(trade, time_ms) == found


def test_injured_party_ends_the_trade_and_nobody_else() -> None:
    trading = Trading().reach("AGREED").at(DELIVER_BY)
    assert trading.do("stranger", Terminate(TRADE_ID)) == "trade-not-due"
    trading.at(DELIVER_BY + 1)
    assert trading.do("member", Terminate(TRADE_ID)) == "trade-not-injured"
    assert trading.do("exchange", Terminate(TRADE_ID)) == "trade-not-party"
    (event,) = trading.world.submit("stranger", Terminate(TRADE_ID)).events
    assert (event.attributes["status"], event.attributes["defaulter"]) == ("TERMINATED", SELLER)


def test_unpaid_seller_ends_the_trade() -> None:
    trading = Trading().reach("RECEIVED").at(SETTLE_BY + 1)
    assert trading.do("stranger", Terminate(TRADE_ID)) == "trade-not-injured"
    assert trading.do("member", Terminate(TRADE_ID)) == "ok"


def test_who_waits_gives_more_time() -> None:
    trading = Trading().reach("AGREED")
    assert trading.do("member", Extend(TRADE_ID, "deliver", DELIVER_BY + 5)) == "trade-not-party"
    assert trading.do("stranger", Extend(TRADE_ID, "settle", SETTLE_BY + 5)) == "trade-not-party"
    trading.must("stranger", Extend(TRADE_ID, "deliver", DELIVER_BY + 5))
    trading.must("member", Extend(TRADE_ID, "settle", SETTLE_BY + 5))
    assert (trading.trade().deliver_by_ms, trading.trade().settle_by_ms) == (DELIVER_BY + 5, SETTLE_BY + 5)
    assert trading.at(DELIVER_BY + 1).do("stranger", Terminate(TRADE_ID)) == "trade-not-due"
    assert trading.do("stranger", Extend(TRADE_ID, "deliver", DELIVER_BY + 5)) == "trade-extension"
    beyond = DELIVER_BY + 1 + DEADLINE_AHEAD_MS_MAX + 1
    assert trading.do("member", Extend(TRADE_ID, "settle", beyond)) == "trade-extension"


def test_cancellation_takes_both_parties() -> None:
    trading = Trading().reach("AGREED")
    trading.pay(100)
    trading.must("member", Cancel(TRADE_ID))
    trading.must("member", Cancel(TRADE_ID))
    assert (trading.trade().status, trading.trade().cancellation_by) == ("AGREED", SELLER)
    assert trading.do("exchange", Cancel(TRADE_ID)) == "trade-not-party"
    (event,) = trading.world.submit("stranger", Cancel(TRADE_ID)).events
    assert (event.attributes["status"], event.attributes["paid"]) == ("CANCELLED", 100)
    assert trading.listing().taken == 0
    assert trading.refund(100) == "ok"


def test_request_to_cancel_is_of_the_trade_as_it_stood() -> None:
    """Whoever asked before the delivery did not ask to undo it afterwards."""
    trading = Trading().reach("AGREED")
    trading.must("member", Cancel(TRADE_ID))
    assert trading.deliver() == "ok"
    assert trading.trade().cancellation_by == ""
    trading.must("stranger", Cancel(TRADE_ID))
    assert (trading.trade().status, trading.trade().cancellation_by) == ("DELIVERED", BUYER)


def test_certified_trade_is_not_cancelled_by_its_parties() -> None:
    assert Trading().reach("CERTIFIED").at(START + 1).do("member", Cancel(TRADE_ID)) == "trade-status"
