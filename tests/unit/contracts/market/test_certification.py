import pytest

from contracts.assets.measures import transfer_asset
from contracts.market.certificate import is_trade_certificate_number
from contracts.market.operations_trade import Certify
from contracts.market.record_trade import decode_sale, sale_key
from contracts.rights.record import read_right
from contracts.rights.terms import RightTerms
from tests.unit.contracts.market.trading import ASSET, BOARD_ID, PRICE, TRADE_ID, USE, Trading, ordered
from tests.unit.contracts.world import did_of


@pytest.mark.parametrize("name", ["member", "stranger", "exchange"])
def test_settled_trade_gets_its_number_and_the_buyer_its_right(name: str) -> None:
    """Either party may ask, or the exchange: nobody can keep the certificate back."""
    trading = Trading().reach("SETTLED")
    receipt = trading.world.submit(name, Certify(TRADE_ID))
    assert [event.name for event in receipt.events] == ["right.granted", "market.certified"]
    trade = trading.trade()
    assert is_trade_certificate_number(trade.certificate or "")
    right = read_right(trading.world.overlay, trade.right_id)
    assert (right.holder, right.asset_id, right.terms) == (did_of("stranger"), ASSET, USE)
    told = receipt.events[1].attributes
    assert (told["certificate"], told["right_id"], told["amount"]) == (trade.certificate, trade.right_id, 3_000)


def test_strangers_have_no_part_in_it() -> None:
    assert Trading().reach("SETTLED").do("governor", Certify(TRADE_ID)) == "trade-not-party"


def test_numbers_of_an_exchange_follow_each_other() -> None:
    trading = Trading().reach("CERTIFIED")
    assert (trading.trade().certificate or "").startswith("T0001-20261122-00000001-")
    assert trading.do("member", Certify(TRADE_ID)) == "trade-status"


def test_buyer_accepted_the_obligations_with_its_order() -> None:
    terms = RightTerms("processing-use", obligations_hash=b"d" * 32)
    trading = Trading(listing={"terms": terms}).reach("CERTIFIED")
    assert read_right(trading.world.overlay, trading.trade().right_id).status == "ACTIVE"


def test_sale_stands_under_its_board_and_day() -> None:
    trading = Trading().reach("CERTIFIED")
    trade = trading.trade()
    stored = trading.world.overlay.get(sale_key(BOARD_ID, trade.certified_ms, TRADE_ID))
    assert stored is not None
    sale = decode_sale(stored)
    assert (sale.currency, sale.price, sale.quantity, sale.amount, sale.off_exchange) == ("CNY", PRICE, 3, 3_000, False)


def test_seller_that_lost_the_asset_since_grants_nothing() -> None:
    """The trade stays settled: the parties cancel it, or take it to an arbitrator."""
    trading = Trading().reach("SETTLED")
    transfer_asset(ASSET, did_of("governor"), trading.context(), trading.world.overlay)
    assert trading.do("stranger", Certify(TRADE_ID)) == "right-not-grantor"
    assert trading.trade().status == "SETTLED"
    assert trading.do("stranger", ordered("again")) == "seller-without-right"
