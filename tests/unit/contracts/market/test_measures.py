import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.market.measures import cancel_trade, hold_trade, refund_trade, release_trade
from contracts.market.record_trade import HOLDS_MAX, sale_key
from contracts.rights.measures import revoke_right
from contracts.rights.record import read_right
from tests.unit.contracts.market.trading import AMOUNT, BOARD_ID, DELIVER_BY, SETTLE_BY, START, TRADE_ID, Trading

ORDER = b"o" * 16


def test_held_trade_waits_and_its_clocks_with_it() -> None:
    """Deadlines that had not passed move on by the time it was held; from first hold to last release."""
    trading = Trading().reach("AGREED").at(DELIVER_BY - 10)
    trading.hold(b"1" * 16)
    trading.at(DELIVER_BY).hold(b"2" * 16)
    trading.at(DELIVER_BY + 100).release(b"1" * 16)
    assert trading.deliver() == "trade-held"
    trading.at(DELIVER_BY + 490).release(b"2" * 16)
    trade = trading.trade()
    assert (trade.held_by, trade.held_since_ms) == ((), 0)
    assert (trade.deliver_by_ms, trade.settle_by_ms) == (DELIVER_BY + 500, SETTLE_BY + 500)
    assert trading.at(DELIVER_BY + 500).deliver() == "ok"


def test_deadline_that_had_passed_stays() -> None:
    trading = Trading().reach("AGREED").at(DELIVER_BY + 1)
    trading.hold()
    trading.at(DELIVER_BY + 11).release()
    assert (trading.trade().deliver_by_ms, trading.trade().settle_by_ms) == (DELIVER_BY, SETTLE_BY + 10)


def test_orders_hold_once_each_and_up_to_a_bound() -> None:
    trading = Trading().reach("AGREED")
    state, context = trading.world.overlay, trading.context()
    for number in range(HOLDS_MAX):
        hold_trade(TRADE_ID, bytes((number,)) * 16, context, state)
    for call, order in ((hold_trade, b"x" * 16), (hold_trade, bytes(16)), (release_trade, b"x" * 16)):
        with pytest.raises(OperationFailed) as found:
            call(TRADE_ID, order, context, state)
        assert found.value.code == "trade-hold"


@pytest.mark.parametrize("status", ["OFFERED", "DECLINED"])
def test_offer_is_not_held(status: str) -> None:
    with pytest.raises(OperationFailed) as found:
        Trading().reach(status).hold()
    assert found.value.code == "trade-status"


def test_ruling_orders_back_what_was_paid_and_no_more() -> None:
    trading = Trading().reach("CERTIFIED")
    state, context = trading.world.overlay, trading.context()
    for amount in (0, AMOUNT + 1):
        with pytest.raises(OperationFailed) as found:
            refund_trade(TRADE_ID, amount, ORDER, context, state)
        assert found.value.code == "refund-exceeds"
    refund_trade(TRADE_ID, 1_000, ORDER, context, state)
    assert (trading.trade().status, trading.trade().refund_due) == ("REFUNDING", 1_000)
    assert trading.listing().taken == 3, "it was sold"
    with pytest.raises(OperationFailed):
        refund_trade(TRADE_ID, 1, ORDER, context, state)


def test_refund_ends_a_trade_that_was_under_way() -> None:
    trading = Trading().reach("AGREED")
    trading.pay(100)
    refund_trade(TRADE_ID, 100, ORDER, trading.context(), trading.world.overlay)
    assert trading.listing().taken == 0
    assert trading.deliver() == "trade-status"


def test_annulled_trade_leaves_the_statistics_and_takes_the_right_back() -> None:
    trading = Trading().reach("CERTIFIED")
    before = trading.trade()
    state, context = trading.world.overlay, trading.context()
    trading.hold()
    cancel_trade(TRADE_ID, ORDER, context, state)
    trading.release()
    assert trading.trade().status == "CANCELLED"
    assert state.get(sale_key(BOARD_ID, before.certified_ms, TRADE_ID)) is None
    assert read_right(state, before.right_id).status == "REVOKED"
    assert trading.listing().taken == 0
    assert trading.refund(AMOUNT) == "ok"


def test_trade_whose_right_has_ended_already_is_annulled_all_the_same() -> None:
    trading = Trading().reach("CERTIFIED")
    state, context = trading.world.overlay, trading.context()
    revoke_right(trading.trade().right_id, b"x" * 16, context, state)
    cancel_trade(TRADE_ID, ORDER, context, state)
    assert trading.trade().status == "CANCELLED"


def test_trade_that_ended_is_not_annulled() -> None:
    trading = Trading().reach("TERMINATED").at(START)
    with pytest.raises(OperationFailed) as found:
        cancel_trade(TRADE_ID, ORDER, trading.context(), trading.world.overlay)
    assert found.value.code == "trade-status"
