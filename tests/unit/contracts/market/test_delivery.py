import pytest

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.market.operations_trade import ConfirmDelivery, DeemDelivered, Deliver, Extend, RefuseDelivery
from tests.unit.contracts.market.trading import (
    AGREE,
    ASSET,
    DAY,
    DELIVER_BY,
    FEE,
    SETTLE_BY,
    TRADE_ID,
    Trading,
    ordered,
)
from tests.unit.contracts.world import did_of

REFUSE = RefuseDelivery(TRADE_ID, b"r" * 32)


def test_delivery_points_to_evidence_of_the_seller_or_of_a_service() -> None:
    trading = Trading().reach("AGREED")
    evidence_id = trading.evidence("exchange", related_asset=ASSET)
    assert trading.do("member", Deliver(TRADE_ID, evidence_id)) == "delivery-evidence-unknown"
    trading.must("member", Deliver(TRADE_ID, evidence_id, did_of("exchange")))
    trade = trading.trade()
    assert (trade.status, trade.evidence_submitter, trade.evidence_id) == ("DELIVERED", did_of("exchange"), evidence_id)


def test_evidence_from_before_the_agreement_shows_no_delivery() -> None:
    trading = Trading()
    old = trading.evidence()
    trading.at(trading.world.time_ms + 1).must("stranger", ordered())
    trading.must("member", AGREE)
    assert trading.do("member", Deliver(TRADE_ID, old)) == "delivery-evidence-unfit"


def test_evidence_of_another_asset_or_without_force_shows_no_delivery() -> None:
    trading = Trading().reach("AGREED")
    trading.must("exchange", RegisterAsset("other", AssetDescription("dataset", "Other")))
    other = trading.evidence(related_asset=asset_id_of(did_of("exchange"), "other"))
    assert trading.do("member", Deliver(TRADE_ID, other)) == "delivery-evidence-unfit"
    first = trading.evidence()
    trading.must("member", RecordEvidence(b"n" * 16, "delivery", "sha256", b"e" * 32, previous=first))
    assert trading.do("member", Deliver(TRADE_ID, first)) == "delivery-evidence-unfit"
    assert trading.do("member", Deliver(TRADE_ID, b"n" * 16)) == "ok"


def test_delivery_is_in_time_up_to_the_last_millisecond() -> None:
    assert Trading().reach("AGREED").at(DELIVER_BY).deliver() == "ok"
    assert Trading().reach("AGREED").at(DELIVER_BY + 1).deliver() == "trade-delivery-late"


def test_refused_delivery_gives_the_seller_a_day_and_the_buyer_as_much() -> None:
    trading = Trading().reach("DELIVERED").at(DELIVER_BY)
    trading.must("stranger", REFUSE)
    trade = trading.trade()
    assert (trade.status, trade.deliver_by_ms, trade.settle_by_ms) == ("AGREED", DELIVER_BY + DAY, SETTLE_BY + DAY)
    assert trading.do("member", Deliver(TRADE_ID, trade.evidence_id)) == "delivery-evidence-unfit"
    assert trading.at(DELIVER_BY + DAY).deliver() == "ok"


def test_refusal_long_before_the_deadline_moves_nothing() -> None:
    trading = Trading().reach("DELIVERED")
    trading.must("stranger", REFUSE)
    assert (trading.trade().deliver_by_ms, trading.trade().settle_by_ms) == (DELIVER_BY, SETTLE_BY)


def test_receipt_of_a_paid_trade_settles_it() -> None:
    trading = Trading().reach("DELIVERED")
    trading.pay()
    trading.pay(FEE, "exchange", "fee")
    receipt = trading.world.submit("stranger", ConfirmDelivery(TRADE_ID))
    assert [event.name for event in receipt.events] == ["market.delivery_confirmed", "market.settled"]
    assert trading.trade().status == "SETTLED"


@pytest.mark.parametrize(("at_ms", "code"), [(SETTLE_BY, "trade-not-due"), (SETTLE_BY + 1, "ok")])
def test_silent_buyer_that_paid_is_taken_to_have_it_after_the_last_deadline(at_ms: int, code: str) -> None:
    trading = Trading().reach("DELIVERED")
    trading.pay()
    assert trading.at(at_ms).do("member", DeemDelivered(TRADE_ID)) == code


def test_buyer_has_a_day_to_look_at_what_came_late() -> None:
    """Payment may be due before the delivery; the buyer's day runs from the delivery."""
    trading = Trading()
    trading.must("stranger", ordered(settle_by_ms=DELIVER_BY))
    trading.must("member", AGREE)
    trading.pay()
    assert trading.at(DELIVER_BY).deliver() == "ok"
    assert trading.at(DELIVER_BY + DAY).do("member", DeemDelivered(TRADE_ID)) == "trade-not-due"
    assert trading.at(DELIVER_BY + DAY + 1).do("member", DeemDelivered(TRADE_ID)) == "ok"


def test_buyer_cannot_put_off_the_end_of_a_delivery() -> None:
    """More time to deliver is for what has not been delivered."""
    trading = Trading().reach("DELIVERED")
    assert trading.do("stranger", Extend(TRADE_ID, "deliver", SETTLE_BY + DAY)) == "trade-status"


def test_buyer_that_did_not_pay_is_not_taken_to_have_it() -> None:
    trading = Trading().reach("DELIVERED").at(SETTLE_BY + 1)
    assert trading.do("member", DeemDelivered(TRADE_ID)) == "trade-not-due"
