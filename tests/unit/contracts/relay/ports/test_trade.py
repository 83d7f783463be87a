"""A product listed on one chain is ordered from another: once, in time, and answered."""

import pytest

from chainnode.codec.canonical import encode
from contracts.kernel.outcome import OperationFailed
from contracts.market.record import read_listing
from contracts.relay.ports import registry
from contracts.relay.ports.operations import RepeatAnswer
from contracts.relay.ports.record_trade import find_foreign_order, read_foreign_order, read_order
from contracts.relay.record import client_key
from tests.unit.contracts.relay.connected import CLIENT_ID, client
from tests.unit.contracts.relay.pair import FIRST, SECOND
from tests.unit.contracts.relay.ports.desk import (
    NOW_MS,
    OWN_ORDER,
    THEIR_ORDER,
    Desk,
    asset_view,
    listing_view,
    offered,
    shown,
)
from tests.unit.contracts.relay.ports.market import (
    AGREEMENT,
    DAY_MS,
    LISTING,
    ORDER,
    PRICE,
    answering,
    evidence,
    listed,
    ordering,
    placed,
)
from tests.unit.contracts.relay.ports.samples import REPEAT, buy, buying, ordered, reply
from tests.unit.contracts.world import did_of


def test_order_is_placed_accepted_and_delivered_across_two_chains() -> None:
    """Issue: a product listed on chain A is ordered from B; the answer goes back as a packet."""
    chains = placed()
    first, second = chains.first, chains.second
    theirs = read_foreign_order(first.overlay, CLIENT_ID, ORDER)
    assert (theirs.status, theirs.buyer, theirs.chain_id) == ("PLACED", second.did("stranger"), SECOND)
    assert (theirs.amount, theirs.fee, theirs.agreement_hash) == (2 * PRICE, 20, AGREEMENT)
    assert read_listing(first.overlay, LISTING).taken == 2
    first.must("member", answering(first, "accept"))
    assert chains.carry(first) == ["ok"]
    ours = read_order(second.overlay, ORDER)
    assert ours is not None
    assert (ours.status, ours.chain_id) == ("ACCEPTED", FIRST)
    first.must("member", answering(first, "deliver", evidence_id=evidence(first)))
    assert chains.carry(first) == ["ok"]
    ours = read_order(second.overlay, ORDER)
    assert ours is not None
    assert (ours.status, ours.digest) == ("DELIVERED", b"e" * 32)
    theirs = read_foreign_order(first.overlay, CLIENT_ID, ORDER)
    assert (theirs.status, theirs.telling) == ("DELIVERED", "KNOWN")


def test_order_that_does_not_arrive_in_time_lapses_by_proof_and_is_never_placed() -> None:
    """None both received and timed out."""
    chains = listed()
    chains.second.must("stranger", ordering(chains.second, timeout_s=chains.second.soon(30)))
    (packet,) = chains.second.packets()
    assert chains.time_out(chains.second, packet).code == "ok"
    found = read_order(chains.second.overlay, ORDER)
    assert found is not None
    assert found.status == "LAPSED"
    assert chains.deliver(chains.second, packet).code == "relay-packet-late"
    assert find_foreign_order(chains.first.overlay, CLIENT_ID, ORDER) is None
    assert read_listing(chains.first.overlay, LISTING).taken == 0


def test_packet_of_an_order_counts_once() -> None:
    """Nothing twice: the packet is received once, and an order of the same id is no second order."""
    chains = listed()
    chains.second.must("stranger", ordering(chains.second))
    (packet,) = chains.second.packets()
    assert chains.deliver(chains.second, packet).code == "ok"
    assert chains.deliver(chains.second, packet).code == "relay-packet-received"
    assert read_listing(chains.first.overlay, LISTING).taken == 2


def test_refused_order_changes_nothing_but_its_own_status() -> None:
    """A failed application answers with an error acknowledgement and changes nothing else."""
    chains = listed()
    chains.second.must("stranger", ordering(chains.second, quantity=6))
    assert chains.carry(chains.second) == ["listing-sold-out"]
    found = read_order(chains.second.overlay, ORDER)
    assert found is not None
    assert found.status == "REFUSED"
    assert find_foreign_order(chains.first.overlay, CLIENT_ID, ORDER) is None


def test_declined_order_frees_its_units() -> None:
    """They can be sold to another."""
    chains = placed()
    chains.first.must("member", answering(chains.first, "decline"))
    assert chains.carry(chains.first) == ["ok"]
    found = read_order(chains.second.overlay, ORDER)
    assert found is not None
    assert found.status == "DECLINED"
    assert read_listing(chains.first.overlay, LISTING).taken == 0


def test_lost_answer_is_repeated_by_anybody() -> None:
    """A seller that went away leaves no buyer in the dark."""
    chains = placed()
    first = chains.first
    first.must("member", answering(first, "accept", timeout_s=first.soon(30)))
    (packet,) = first.packets()
    assert first.submit("stranger", RepeatAnswer(CLIENT_ID, ORDER, first.soon())).code == "relay-answer-told"
    assert chains.time_out(first, packet).code == "ok"
    first.must("stranger", RepeatAnswer(CLIENT_ID, ORDER, first.soon()))
    assert chains.carry(first) == ["ok"]
    found = read_order(chains.second.overlay, ORDER)
    assert found is not None
    assert found.status == "ACCEPTED"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": PRICE + 1}, "relay-order-price"),
        ({"quantity": 2**31 - 1, "price": 2**63 - 1}, "trade-amount"),
        ({"accept_by_ms": NOW_MS - 1, "timeout_s": 1}, "relay-order-deadlines"),
        ({"accept_by_ms": NOW_MS}, "relay-order-deadlines"),
        ({"deliver_by_ms": NOW_MS + 20 * 366 * DAY_MS}, "relay-order-deadlines"),
        ({"timeout_s": NOW_MS // 1_000 + 8 * 86_400, "accept_by_ms": NOW_MS + 8 * DAY_MS,
          "deliver_by_ms": NOW_MS + 8 * DAY_MS}, "relay-timeout-far"),
        ({"client_id": "chainnode-2"}, "relay-mirror-unknown"),
    ],
)  # fmt: skip
def test_order_that_cannot_be_is_refused_at_home(fields: dict[str, object], code: str) -> None:
    """No packet leaves for what could only be refused."""
    desk = buying()
    assert buy(desk, **fields) == code
    assert read_order(desk.overlay, OWN_ORDER) is None


@pytest.mark.parametrize(
    "wrong",
    [
        offered(6, status="WITHHELD"),
        offered(6, expires_ms=NOW_MS),
        shown(6, asset_view(status="REVOKED"), listing_view()),
        shown(6, asset_view(valid_until_ms=NOW_MS), listing_view()),
    ],
)
def test_what_is_not_on_offer_is_not_ordered(wrong: object) -> None:
    """As far as this chain knows."""
    desk = buying()
    assert desk.hear(registry.PORT, wrong) == "ok"  # type: ignore[arg-type]
    assert buy(desk) == "relay-mirror-status"


def test_negotiable_price_is_the_buyers_to_name() -> None:
    """And the seller's to accept."""
    desk = Desk()
    assert desk.hear(registry.PORT, offered(price_mode="negotiable")) == "ok"
    assert buy(desk, price=1) == "ok"


def test_seller_answers_and_nobody_else_until_the_time_is_over() -> None:
    """Then anybody may decline, which frees the units."""
    desk = ordered()
    for answer in ("accept", "decline"):
        assert reply(desk, answer, "exchange") == "relay-answer-not-yours"
    desk.time_ms = NOW_MS + DAY_MS
    assert reply(desk, "decline", "exchange") == "relay-answer-not-yours"
    desk.time_ms += 1
    assert reply(desk, "accept", "exchange") == "relay-answer-not-yours"
    assert reply(desk, "accept") == "relay-answer-late"
    assert reply(desk, "decline", "exchange") == "ok"
    assert read_listing(desk.overlay, LISTING).taken == 0


def test_units_are_freed_even_where_the_buyers_chain_cannot_be_told() -> None:
    """An expired client keeps nothing reserved; nothing is accepted through it."""
    desk = ordered()
    stored = desk.overlay.get(client_key(CLIENT_ID))
    assert stored is not None
    desk.overlay.put(client_key(CLIENT_ID), encode(client(chain_id=SECOND, status="FROZEN")))
    assert reply(desk, "accept") == "relay-client-frozen"
    assert reply(desk, "decline", timeout_s=1) == "ok"
    assert read_listing(desk.overlay, LISTING).taken == 0
    found = read_foreign_order(desk.overlay, CLIENT_ID, THEIR_ORDER)
    assert (found.status, found.telling, found.sequence) == ("DECLINED", "FAILED", 0)
    desk.overlay.put(client_key(CLIENT_ID), stored)
    assert desk.submit("stranger", REPEAT).code == "ok"


def test_delivery_needs_evidence_of_its_own() -> None:
    """Of the right kind, since the acceptance, and in time."""
    desk = ordered()
    early = evidence(desk, 1)
    desk.time_ms += 1
    assert reply(desk, "accept") == "ok"
    assert reply(desk, "deliver", evidence_id=early) == "delivery-evidence-unfit"
    assert reply(desk, "deliver", evidence_id=evidence(desk, 2, kind="file")) == "delivery-evidence-unfit"
    assert reply(desk, "deliver", evidence_id=bytes(16)) == "delivery-evidence-unknown"
    good = evidence(desk, 9)
    desk.time_ms = NOW_MS + 2 * DAY_MS + 1
    assert reply(desk, "deliver", evidence_id=good) == "relay-answer-late"
    desk.time_ms -= 1
    assert reply(desk, "deliver", evidence_id=good) == "ok"


def test_evidence_of_a_delivery_service_will_do() -> None:
    """Whoever recorded it is named."""
    desk = ordered()
    assert reply(desk, "accept") == "ok"
    found = evidence(desk, 4)
    assert reply(desk, "deliver", evidence_id=found, submitter=did_of("exchange")) == "delivery-evidence-unknown"
    assert reply(desk, "deliver", evidence_id=found, submitter=did_of("member")) == "ok"


def test_answer_that_was_never_given_is_not_repeated() -> None:
    """An open order has none."""
    assert ordered().submit("stranger", REPEAT).code == "relay-foreign-order-status"


def test_buyer_of_another_chain_is_none_of_this_one() -> None:
    """The order stands below the client through which it came."""
    desk = ordered()
    assert read_order(desk.overlay, THEIR_ORDER) is None
    with pytest.raises(OperationFailed, match="chainnode-2"):
        read_foreign_order(desk.overlay, "chainnode-2", THEIR_ORDER)
