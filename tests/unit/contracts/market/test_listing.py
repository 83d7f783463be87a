import pytest

from contracts.governance.operations import GrantRole
from contracts.kernel.operation import Operation
from contracts.market.listing import give_back, reserve
from contracts.market.operations import (
    Delist,
    ExpireListing,
    RepriceListing,
    RestoreListing,
    ResumeListing,
    SuspendListing,
    WithholdListing,
)
from contracts.market.record import listing_id_of, read_listing
from tests.unit.contracts.market.trading import LISTING_ID, PRICE, START, TRADE_ID, Trading, listed, ordered
from tests.unit.contracts.world import did_of


def test_listing_says_who_sells_what_for_how_much() -> None:
    trading = Trading()
    receipt = trading.world.submit("member", listed("free", price_mode="free", price=0, unit="month"))
    (event,) = receipt.events
    assert event.name == "market.listed"
    assert event.attributes["listing_id"] == listing_id_of(did_of("member"), "free")
    assert (event.attributes["seller"], event.attributes["price"]) == (did_of("member"), 0)


def test_new_price_holds_for_orders_from_then_on() -> None:
    trading = Trading(listing={"price_mode": "fixed"}).reach("OFFERED")
    trading.must("member", RepriceListing(LISTING_ID, 2_000))
    assert trading.trade().price == PRICE
    assert trading.do("stranger", ordered("second")) == "trade-price"
    assert trading.do("stranger", ordered("second", price=2_000)) == "ok"


def test_free_listing_gets_no_price() -> None:
    trading = Trading(listing={"price_mode": "free", "price": 0})
    assert trading.do("member", RepriceListing(LISTING_ID, 1)) == "listing-price"


@pytest.mark.parametrize(
    ("name", "pause", "go_on"),
    [
        ("member", SuspendListing(LISTING_ID), ResumeListing(LISTING_ID)),
        ("exchange", WithholdListing(LISTING_ID, bytes(32)), RestoreListing(LISTING_ID)),
    ],
)
def test_paused_listing_takes_no_orders(name: str, pause: Operation, go_on: Operation) -> None:
    trading = Trading()
    trading.must(name, pause)
    assert trading.do("stranger", ordered()) == "listing-status"
    trading.must(name, go_on)
    assert trading.do("stranger", ordered()) == "ok"


def test_seller_does_not_undo_what_the_exchange_decided_nor_the_other_way_round() -> None:
    trading = Trading()
    trading.must("exchange", WithholdListing(LISTING_ID))
    assert trading.do("member", ResumeListing(LISTING_ID)) == "listing-status"
    assert trading.do("member", RestoreListing(LISTING_ID)) == "role-missing"
    trading.must("governor", GrantRole(did_of("stranger"), "exchange"))
    assert trading.do("stranger", RestoreListing(LISTING_ID)) == "board-not-yours"
    assert trading.do("exchange", SuspendListing(LISTING_ID)) == "listing-not-yours"


@pytest.mark.parametrize("name", ["member", "exchange"])
def test_seller_and_exchange_end_a_listing_and_orders_go_on(name: str) -> None:
    trading = Trading().reach("OFFERED")
    trading.must(name, Delist(LISTING_ID))
    assert trading.listing().status == "DELISTED"
    assert trading.do("stranger", ordered("second")) == "listing-status"


def test_listing_takes_orders_until_the_millisecond_in_which_it_expires() -> None:
    """Orders are taken before this millisecond; the end can be written down from it on, by anybody."""
    trading = Trading(listing={"expires_ms": START + 10}).at(START + 9)
    assert trading.do("stranger", ExpireListing(LISTING_ID)) == "listing-not-expired"
    assert trading.do("stranger", ordered()) == "ok"
    trading.at(START + 10)
    assert trading.do("stranger", ordered("second")) == "listing-expired"
    trading.must("stranger", ExpireListing(LISTING_ID))
    assert trading.listing().status == "EXPIRED"
    assert trading.do("stranger", ExpireListing(LISTING_ID)) == "listing-status"


def test_units_are_reserved_and_given_back() -> None:
    trading = Trading().reach("OFFERED")
    state = trading.world.overlay
    assert trading.listing().taken == 3
    reserve(trading.listing(), 7, trading.context(), state)
    assert trading.do("stranger", ordered("second", quantity=1)) == "listing-sold-out"
    give_back(LISTING_ID, 7, state)
    give_back(b"", 7, state)
    assert trading.listing().taken == 3


@pytest.mark.parametrize(("status", "taken"), [("DECLINED", 0), ("LAPSED", 0), ("CANCELLED", 0), ("CERTIFIED", 3)])
def test_trade_that_comes_to_nothing_frees_its_units(status: str, taken: int) -> None:
    assert Trading().reach(status).listing().taken == taken


def test_listing_without_limit_counts_nothing() -> None:
    trading = Trading(listing={"quantity": 0}).reach("OFFERED")
    assert trading.listing().taken == 0
    assert read_listing(trading.world.overlay, trading.trade(TRADE_ID).listing_id).quantity == 0
