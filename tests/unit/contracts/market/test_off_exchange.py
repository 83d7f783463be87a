from contracts.market.operations_trade import Certify, ConfirmReport
from contracts.market.record_trade import decode_sale, sale_key
from contracts.rights.record import read_right
from tests.unit.contracts.market.trading import (
    ACCEPT_BY,
    AGREEMENT,
    ASSET,
    BOARD_ID,
    CONFIRM,
    REPORT_ID,
    Trading,
    reported,
)
from tests.unit.contracts.world import did_of


def test_report_stands_when_both_parties_say_so() -> None:
    trading = Trading().reach("REPORTED")
    assert trading.do("member", CONFIRM) == "trade-not-party"
    assert trading.do("stranger", ConfirmReport(REPORT_ID, 4_999, AGREEMENT)) == "trade-price"
    assert trading.do("stranger", ConfirmReport(REPORT_ID, 5_000, bytes(32))) == "trade-agreement"
    (event,) = trading.world.submit("stranger", CONFIRM).events
    assert (event.name, event.attributes["amount"], event.attributes["fee"]) == ("market.settled", 5_000, 0)
    trade = trading.trade(REPORT_ID)
    assert (trade.asset_id, trade.paid, trade.listing_id) == (ASSET, 5_000, b"")


def test_buyer_may_report_too() -> None:
    trading = Trading()
    trading.must("stranger", reported())
    assert trading.do("governor", reported("other")) == "trade-not-party"


def test_confirmed_report_is_certified_and_counted_apart() -> None:
    trading = Trading().reach("REPORTED")
    trading.must("stranger", CONFIRM)
    trading.must("exchange", Certify(REPORT_ID))
    trade = trading.trade(REPORT_ID)
    assert read_right(trading.world.overlay, trade.right_id).holder == did_of("stranger")
    stored = trading.world.overlay.get(sale_key(BOARD_ID, trade.certified_ms, REPORT_ID))
    assert stored is not None
    assert decode_sale(stored).off_exchange


def test_report_is_confirmed_in_time() -> None:
    assert Trading().reach("REPORTED").at(ACCEPT_BY).do("stranger", CONFIRM) == "ok"
    assert Trading().reach("REPORTED").at(ACCEPT_BY + 1).do("stranger", CONFIRM) == "trade-accept-late"


def test_report_twice_or_of_the_past_is_refused() -> None:
    trading = Trading().reach("REPORTED")
    assert trading.do("member", reported()) == "trade-exists"
    assert trading.do("member", reported("late", accept_by_ms=1)) == "trade-deadlines"
