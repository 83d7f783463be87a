import pytest

from contracts.market.operations_trade import Agree, ConfirmDelivery, Refund, Settle
from contracts.market.record_trade import settlement_key
from contracts.market.settlement import complete_if_done, emit_settled
from tests.unit.contracts.market.trading import AGREEMENT, AMOUNT, DAY, FEE, SETTLE_BY, TRADE_ID, Trading, ordered

PROCEEDS = AMOUNT - FEE


def test_payments_add_up_to_what_is_owed_and_not_beyond() -> None:
    trading = Trading().reach("RECEIVED")
    assert trading.pay(1_000) == "ok"
    assert trading.pay(PROCEEDS - 999) == "settlement-overpaid"
    assert trading.pay(PROCEEDS - 1_000) == "ok"
    assert trading.pay(1) == "settlement-overpaid"
    assert trading.pay(FEE + 1, "exchange", "fee") == "settlement-overpaid"
    assert trading.trade().status == "RECEIVED"
    assert trading.pay(FEE, "exchange", "fee") == "ok"
    assert trading.trade().status == "SETTLED"


def test_payment_is_confirmed_by_who_receives_it() -> None:
    trading = Trading().reach("AGREED")
    for name in ("stranger", "exchange"):
        assert trading.pay(1, name) == "trade-not-party"
    assert trading.pay(1, "member", "fee") == "trade-not-party"
    cleared = Trading(clearing="exchange").reach("AGREED")
    assert cleared.pay(1, "member") == "trade-not-party"
    assert cleared.pay(1, "exchange") == "ok"


def test_fee_on_top_is_the_buyers() -> None:
    trading = Trading(fee_payer="buyer").reach("RECEIVED")
    assert trading.pay(AMOUNT) == "ok"
    assert not trading.trade().buyer_paid()
    assert trading.pay(FEE, "exchange", "fee") == "ok"
    assert trading.trade().status == "SETTLED"


def test_payment_is_written_under_its_reference_once() -> None:
    trading = Trading().reach("AGREED")
    trading.must("member", Settle(TRADE_ID, "price", 5, b"p" * 32))
    assert trading.world.overlay.get(settlement_key(TRADE_ID, b"p" * 32)) is not None
    assert trading.do("member", Settle(TRADE_ID, "price", 6, b"p" * 32)) == "settlement-known"
    assert trading.trade().paid == 5


def test_late_payment_counts_when_its_receiver_says_so() -> None:
    trading = Trading().reach("RECEIVED").at(SETTLE_BY + DAY)
    assert trading.pay() == "ok"


@pytest.mark.parametrize("status", ["OFFERED", "SETTLED", "CERTIFIED", "TERMINATED"])
def test_nothing_is_paid_where_nothing_is_owed(status: str) -> None:
    assert Trading().reach(status).pay(1) == "trade-status"


def test_refunds_of_an_ended_trade_add_up_to_what_was_paid() -> None:
    trading = Trading().reach("TERMINATED")
    assert trading.do("member", Refund(TRADE_ID, 1, bytes(32))) == "trade-not-party"
    assert trading.refund(2_000) == "ok"
    assert trading.refund(1_001) == "refund-exceeds"
    assert trading.refund(1_000) == "ok"
    assert trading.refund(1) == "refund-exceeds"
    assert trading.trade().refunded == AMOUNT


def test_ordered_refund_is_concluded_by_its_last_part() -> None:
    trading = Trading().reach("REFUNDING")
    assert trading.refund(AMOUNT + 1) == "refund-exceeds"
    assert trading.refund(AMOUNT - 1) == "ok"
    assert trading.trade().status == "REFUNDING"
    assert trading.refund(1) == "ok"
    assert (trading.trade().status, trading.trade().refund_due) == ("REFUNDED", 0)


def test_free_trade_is_settled_by_its_delivery() -> None:
    trading = Trading()
    trading.must("stranger", ordered(price=0))
    trading.must("member", Agree(TRADE_ID, 0, AGREEMENT))
    assert trading.deliver() == "ok"
    trading.must("stranger", ConfirmDelivery(TRADE_ID))
    assert trading.trade().status == "SETTLED"


def test_trade_is_complete_only_when_taken_and_paid() -> None:
    trading = Trading().reach("RECEIVED")
    context = trading.context()
    complete_if_done(trading.trade(), context, trading.world.overlay)
    assert context.events == []
    emit_settled(trading.trade(), context)
    assert context.events[0].attributes["proceeds"] == PROCEEDS
