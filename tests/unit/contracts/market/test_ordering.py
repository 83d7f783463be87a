import pytest

from contracts.market.operations_trade import Agree, Decline, Lapse, Withdraw
from contracts.market.ordering import check_in_time, check_same
from tests.unit.contracts.market.trading import (
    ACCEPT_BY,
    AGREE,
    AGREEMENT,
    PRICE,
    REPORT_ID,
    START,
    TRADE_ID,
    Trading,
    countered,
    ordered,
)
from tests.unit.contracts.world import did_of


def test_order_says_everything_that_is_offered() -> None:
    trading = Trading()
    (event,) = trading.world.submit("stranger", ordered()).events
    told = event.attributes
    assert (event.name, told["by"], told["seller"]) == ("market.offered", did_of("stranger"), did_of("member"))
    assert (told["price"], told["quantity"], told["amount"], told["fee"]) == (PRICE, 3, 3_000, 30)
    trade = trading.trade()
    assert (trade.status, trade.currency, trade.proceeds) == ("OFFERED", "CNY", 2_970)


def test_fixed_price_is_paid_as_it_is_and_a_negotiable_one_offered() -> None:
    assert Trading(listing={"price_mode": "fixed"}).do("stranger", ordered(price=999)) == "trade-price"
    assert Trading().do("stranger", ordered(price=0)) == "ok"
    free = Trading(listing={"price_mode": "free", "price": 0})
    assert free.do("stranger", ordered(price=1)) == "trade-price"
    assert free.do("stranger", ordered(price=0)) == "ok"


def test_parties_counter_in_turn_until_one_agrees() -> None:
    trading = Trading().reach("OFFERED")
    assert trading.do("stranger", countered()) == "trade-not-party"
    trading.must("member", countered(1_500))
    assert trading.do("member", countered(1_600)) == "trade-not-party"
    trading.must("stranger", countered(1_200))
    assert (trading.trade().status, trading.trade().amount) == ("OFFERED", 3_600)
    assert trading.do("member", AGREE) == "trade-price"
    trading.must("member", Agree(TRADE_ID, 1_200, b"b" * 32))
    assert (trading.trade().status, trading.trade().agreed_ms) == ("AGREED", START)


def test_agreement_is_the_one_that_was_offered() -> None:
    """The agreement hash stands in signed transactions of both parties."""
    trading = Trading().reach("OFFERED")
    assert trading.do("member", Agree(TRADE_ID, PRICE, b"?" * 32)) == "trade-agreement"
    check_same(trading.trade(), PRICE, AGREEMENT)
    (event,) = trading.world.submit("member", AGREE).events
    assert (event.name, event.attributes["agreement_hash"]) == ("market.agreed", AGREEMENT)


def test_offer_is_answered_up_to_its_last_millisecond_and_lapses_after_it() -> None:
    trading = Trading().reach("OFFERED").at(ACCEPT_BY)
    assert trading.do("exchange", Lapse(TRADE_ID)) == "trade-not-due"
    check_in_time(trading.trade(), trading.context())
    assert Trading().reach("OFFERED").at(ACCEPT_BY).do("member", AGREE) == "ok"
    trading.at(ACCEPT_BY + 1)
    assert trading.do("member", AGREE) == "trade-accept-late"
    assert trading.do("member", countered(accept_by_ms=ACCEPT_BY + 1)) == "trade-accept-late"
    assert trading.do("exchange", Lapse(TRADE_ID)) == "ok"


@pytest.mark.parametrize(
    ("status", "answers", "offered"), [("OFFERED", "member", "stranger"), ("COUNTERED", "stranger", "member")]
)
def test_one_party_declines_what_the_other_withdraws(status: str, answers: str, offered: str) -> None:
    assert Trading().reach(status).do(offered, Decline(TRADE_ID)) == "trade-not-party"
    assert Trading().reach(status).do(answers, Withdraw(TRADE_ID)) == "trade-not-party"
    assert Trading().reach(status).do("exchange", Withdraw(TRADE_ID)) == "trade-not-party"
    assert Trading().reach(status).do(answers, Decline(TRADE_ID)) == "ok"
    assert Trading().reach(status).do(offered, Withdraw(TRADE_ID)) == "ok"


def test_report_is_declined_and_withdrawn_likewise() -> None:
    assert Trading().reach("REPORTED").do("member", Decline(REPORT_ID)) == "trade-not-party"
    assert Trading().reach("REPORTED").do("stranger", Decline(REPORT_ID)) == "ok"
    assert Trading().reach("REPORTED").do("member", Withdraw(REPORT_ID)) == "ok"
