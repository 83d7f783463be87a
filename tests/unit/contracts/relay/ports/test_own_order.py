"""What becomes of an order sent to another chain: only that chain answers it, in whatever order its packets come."""

import msgspec
import pytest

from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT
from contracts.relay.ports import trade
from contracts.relay.ports.message import DONE
from contracts.relay.ports.record_trade import OrderRecord, read_order, write_order
from tests.unit.contracts.relay.ports.desk import OWN_ORDER, PROOF_HEIGHT, Desk, said
from tests.unit.contracts.relay.ports.samples import buy, buying


def pending() -> Desk:
    desk = buying()
    assert buy(desk) == "ok"
    return desk


def order(desk: Desk) -> OrderRecord:
    found = read_order(desk.overlay, OWN_ORDER)
    assert found is not None
    return found


def test_acknowledgement_places_and_the_error_one_refuses() -> None:
    """PENDING, PLACED, REFUSED, LAPSED."""
    desk = pending()
    assert order(desk).status == "PENDING"
    assert desk.settle(DONE) == "ok"
    assert order(desk).status == "PLACED"
    desk = pending()
    assert desk.settle(ERROR_ACKNOWLEDGEMENT) == "ok"
    assert order(desk).status == "REFUSED"
    desk = pending()
    assert desk.lapse() == "ok"
    assert order(desk).status == "LAPSED"


def test_answer_may_arrive_before_the_acknowledgement() -> None:
    """Packets keep no order among them."""
    desk = pending()
    assert desk.hear(trade.PORT, said("deliver", OWN_ORDER)) == "ok"
    assert desk.hear(trade.PORT, said("accept", OWN_ORDER)) == "ok"
    assert desk.settle(DONE) == "ok"
    assert (order(desk).status, order(desk).digest) == ("DELIVERED", b"e" * 32)


@pytest.mark.parametrize("answer", ["accept", "decline", "deliver"])
def test_settled_order_takes_no_answer(answer: str) -> None:
    """A chain that answers what it refused, or never received, contradicts itself."""
    desk = pending()
    assert desk.lapse() == "ok"
    assert desk.hear(trade.PORT, said(answer, OWN_ORDER)) == "relay-order-status"
    assert order(desk).status == "LAPSED"


def test_another_chain_cannot_answer() -> None:
    """The order went through one client, and only packets through it speak of it."""
    desk = pending()
    write_order(desk.overlay, msgspec.structs.replace(order(desk), client_id="chainnode-2"))
    assert desk.hear(trade.PORT, said("accept", OWN_ORDER)) == "relay-order-unknown"
    assert desk.hear(trade.PORT, said("accept", bytes(32))) == "relay-order-unknown"
    assert desk.settle(DONE) == "relay-order-unknown"
    assert order(desk).status == "PENDING"


@pytest.mark.parametrize(("answer", "digest"), [("accept", b"e" * 32), ("deliver", b""), ("deliver", b"e" * 31)])
def test_digest_stands_with_a_delivery_and_only_there(answer: str, digest: bytes) -> None:
    """Of the length that its algorithm gives."""
    desk = pending()
    assert desk.hear(trade.PORT, said(answer, OWN_ORDER, digest=digest)) == "relay-value-malformed"


def test_answer_from_after_its_proof_is_refused() -> None:
    """As any message."""
    assert pending().hear(trade.PORT, said("accept", OWN_ORDER, PROOF_HEIGHT + 1)) == "relay-message-height"


def test_garbled_acknowledgement_leaves_the_order_open() -> None:
    """The chain has received something; what it answers later still counts."""
    desk = pending()
    assert desk.settle(b"hm") == "relay-answer-malformed"
    assert order(desk).status == "PENDING"
    assert desk.hear(trade.PORT, said("accept", OWN_ORDER)) == "ok"
