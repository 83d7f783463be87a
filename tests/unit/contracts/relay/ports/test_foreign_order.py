"""An order of another chain's buyer is placed as one of this chain's would be, or not at all."""

from typing import Any

import pytest

from contracts.market.operations import Delist, SuspendBoard
from contracts.relay.ports import accreditation, trade
from contracts.relay.ports.record_trade import find_foreign_order, read_foreign_order
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.relay.ports.desk import NOW_MS, THEIR_ORDER, Desk, asked, theirs, trusted
from tests.unit.contracts.relay.ports.market import BOARD, DAY_MS, LISTING, PRICE, producing
from tests.unit.contracts.relay.ports.samples import ordered, reply, selling

MANY_MS = 20 * 366 * DAY_MS


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": PRICE - 1}, "relay-order-price"),
        ({"currency": "EUR"}, "relay-order-price"),
        ({"quantity": 6}, "listing-sold-out"),
        ({"quantity": 2**31 - 1, "price": 2**63 - 1}, "relay-order-price"),
        ({"listing_id": bytes(32)}, "listing-unknown"),
        ({"accept_by_ms": NOW_MS - 1}, "relay-order-deadlines"),
        ({"deliver_by_ms": NOW_MS + DAY_MS - 1}, "relay-order-deadlines"),
        ({"deliver_by_ms": NOW_MS + MANY_MS}, "relay-order-deadlines"),
        ({"height": 1_001}, "relay-message-height"),
    ],
)
def test_order_that_one_of_this_chain_could_not_make_is_refused(fields: dict[str, Any], code: str) -> None:
    """A failing receive leaves nothing."""
    desk = selling()
    before = dict(desk.content())
    assert desk.hear(trade.PORT, asked(**fields)) == code
    assert desk.content() == before


def test_order_on_a_suspended_board_or_a_delisted_listing_is_refused() -> None:
    """A mirror elsewhere may be old; what decides is how it stands here."""
    desk = selling()
    desk.must("member", Delist(LISTING))
    assert desk.hear(trade.PORT, asked()) == "listing-status"
    desk = selling()
    desk.must("exchange", SuspendBoard(BOARD))
    assert desk.hear(trade.PORT, asked()) == "board-status"


def test_board_that_asks_for_accredited_buyers_takes_recognised_ones() -> None:
    """By the accreditation that the buyer's own chain had recognised here, through the same client, while it stands."""
    desk = Desk()
    producing(desk, buyer_kind="buyer")
    assert desk.hear(trade.PORT, asked()) == "buyer-not-accredited"
    assert desk.hear(accreditation.PORT, trusted()) == "ok"
    assert desk.hear(trade.PORT, asked()) == "ok"
    assert desk.hear(accreditation.PORT, trusted(6, ended_ms=NOW_MS)) == "ok"
    assert desk.hear(trade.PORT, asked(order_id=b"2" * 32)) == "buyer-not-accredited"


def test_order_of_the_same_id_is_no_second_order() -> None:
    """Whatever a lying chain sends."""
    desk = ordered()
    assert desk.hear(trade.PORT, asked(quantity=1)) == "relay-order-exists"
    assert read_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER).quantity == 2


def test_answer_to_an_earlier_packet_says_nothing_of_the_later_one() -> None:
    """The acceptance may be settled after the delivery was sent."""
    desk = ordered()
    assert reply(desk, "decline") == "ok"
    assert desk.lapse() == "ok"
    assert read_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER).telling == "FAILED"


def test_garbled_answer_to_an_answer_changes_nothing() -> None:
    """The packet is settled all the same; the code says why."""
    desk = ordered()
    assert reply(desk, "accept") == "ok"
    assert desk.settle(b"hm") == "relay-answer-malformed"
    found = find_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER)
    assert found is not None
    assert (found.telling, found.buyer) == ("SENT", theirs("stranger"))
