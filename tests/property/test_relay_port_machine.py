"""Orders and recognitions across chains follow their tables, in whatever order packets and answers come."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.codec.canonical import encode
from chainnode.types.receipt import OK, Receipt
from contracts.market.record import read_listing
from contracts.relay import calling
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, Packet, Payload
from contracts.relay.port import Departure
from contracts.relay.ports import accreditation, registry
from contracts.relay.ports.message import DONE, AnswerMessage, OrderMessage
from contracts.relay.ports.record import RECOGNITION, read_mirrored_listing, read_recognised
from contracts.relay.ports.record_trade import FOREIGN_ORDER, ORDER, find_foreign_order, order_id_of, read_order
from contracts.relay.ports.trade import PORT
from tests.support.lifecycle_machine import Drive, machine_test, table_test
from tests.unit.contracts.relay.connected import CLIENT_ID, THEIRS
from tests.unit.contracts.relay.pair import SECOND
from tests.unit.contracts.relay.ports.desk import (
    NOW_MS,
    THEIR_LISTING,
    Desk,
    asked,
    offered,
    said,
    theirs,
    trusted,
)
from tests.unit.contracts.relay.ports.market import LISTING, answering, evidence, ordering, producing
from tests.unit.contracts.relay.ports.samples import REPEAT, buying
from tests.unit.contracts.world import World, did_of

NEVER = 999
EVIDENCE = (1).to_bytes(16, "big")


def desk_of(world: World) -> Desk:
    assert isinstance(world, Desk)
    return world


def receipt_of(code: str) -> Receipt:
    return Receipt(bytes(32), 1, 0, code, -1, "" if code == OK else code, ())


def settled(world: World, sequence: int, message: OrderMessage | AnswerMessage, answer: bytes | None) -> Receipt:
    """The end of a packet that carried ``message``; without an answer it timed out."""
    desk = desk_of(world)
    payload = Payload(PORT.name, PORT.name, PORT.version, PORT.encoding, encode(message))
    packet = Packet(sequence, desk.soon(), CLIENT_ID, THEIRS, (payload,))
    departure = Departure(packet, payload, CLIENT_ID, SECOND, did_of("stranger"))
    if answer is None:
        return receipt_of(calling.time_out(departure, desk.context(), desk.overlay))
    return receipt_of(calling.acknowledge(departure, answer, desk.context(), desk.overlay))


def own_id(n: int) -> bytes:
    return order_id_of(did_of("stranger"), f"order-{n}")


def order_status(world: World, n: int) -> str | None:
    found = read_order(world.overlay, own_id(n))
    return None if found is None else found.status


def order_ends(world: World, n: int, answer: bytes | None) -> Receipt:
    found = read_order(world.overlay, own_id(n))
    return settled(world, NEVER if found is None else found.sequence, asked(order_id=own_id(n)), answer)


def heard(world: World, n: int, answer: str) -> Receipt:
    return receipt_of(desk_of(world).hear(PORT, said(answer, own_id(n))))


def shopping() -> Desk:
    """Somebody has sent a transaction before, for the machine to send again."""
    desk = buying()
    evidence(desk)
    return desk


OWN = Drive(
    lifecycle=ORDER,
    world=shopping,
    status=order_status,
    steps={
        "order": lambda world, n: world.submit(
            "stranger", ordering(desk_of(world), listing_id=THEIR_LISTING, reference=f"order-{n}")
        ),
        "place": lambda world, n: order_ends(world, n, DONE),
        "refuse": lambda world, n: order_ends(world, n, ERROR_ACKNOWLEDGEMENT),
        "lapse": lambda world, n: order_ends(world, n, None),
        "accept": lambda world, n: heard(world, n, "accept"),
        "decline": lambda world, n: heard(world, n, "decline"),
        "deliver": lambda world, n: heard(world, n, "deliver"),
    },
    refusals={
        **{(None, action): "relay-order-unknown" for _, action in ORDER.transitions if action != "order"},
        **{(status, "order"): "relay-order-exists" for status in ORDER.statuses()},
    },
)


def their_id(n: int) -> bytes:
    return bytes((n + 1,)) * 32


def selling() -> Desk:
    desk = Desk()
    producing(desk)
    evidence(desk)
    return desk


def foreign_status(world: World, n: int) -> str | None:
    found = find_foreign_order(world.overlay, CLIENT_ID, their_id(n))
    return None if found is None else found.status


def reply(world: World, n: int, answer: str) -> Receipt:
    shown = {"evidence_id": EVIDENCE} if answer == "deliver" else {}
    return world.submit("member", answering(desk_of(world), answer, order_id=their_id(n), **shown))


def repeat(world: World, n: int) -> Receipt:
    """The last answer's packet is lost first."""
    found = find_foreign_order(world.overlay, CLIENT_ID, their_id(n))
    if found is not None and found.telling == "SENT" and found.answer is not None:
        assert settled(world, found.sequence, said(found.answer, their_id(n)), None).code == OK
    return world.submit("stranger", type(REPEAT)(CLIENT_ID, their_id(n), REPEAT.timeout_s))


def units_are_those_of_open_orders(world: World) -> None:
    """Conservation: what is reserved belongs to orders that were not declined."""
    statuses = [foreign_status(world, n) for n in range(3)]
    assert read_listing(world.overlay, LISTING).taken == sum(one not in (None, "DECLINED") for one in statuses)


FOREIGN = Drive(
    lifecycle=FOREIGN_ORDER,
    world=selling,
    status=foreign_status,
    steps={
        "place": lambda world, n: receipt_of(desk_of(world).hear(PORT, asked(order_id=their_id(n), quantity=1))),
        "accept": lambda world, n: reply(world, n, "accept"),
        "decline": lambda world, n: reply(world, n, "decline"),
        "deliver": lambda world, n: reply(world, n, "deliver"),
        "repeat": repeat,
    },
    refusals={
        **{(None, action): "relay-order-unknown" for action in ("accept", "decline", "deliver", "repeat")},
        **{(status, "place"): "relay-order-exists" for status in FOREIGN_ORDER.statuses()},
    },
    check=units_are_those_of_open_orders,
)


def subject(n: int) -> str:
    return theirs(f"subject-{n}")


def recognition_status(world: World, n: int) -> str | None:
    found = read_recognised(world.overlay, CLIENT_ID, subject(n), "buyer")
    return None if found is None else found.status


RECOGNISED = Drive(
    lifecycle=RECOGNITION,
    world=Desk,
    status=recognition_status,
    steps={
        "recognise": lambda world, n: receipt_of(desk_of(world).hear(accreditation.PORT, trusted(did=subject(n)))),
        "end": lambda world, n: receipt_of(
            desk_of(world).hear(accreditation.PORT, trusted(did=subject(n), ended_ms=NOW_MS))
        ),
    },
)

test_own_orders = table_test(OWN)
test_foreign_orders = table_test(FOREIGN)
test_recognitions = table_test(RECOGNISED)
TestOwnOrder = machine_test(OWN)
TestForeignOrder = machine_test(FOREIGN)

ARRIVALS = st.permutations(range(1, 6)).flatmap(
    lambda order: st.lists(st.sampled_from(order), max_size=3).map(lambda again: [*order, *again])
)


@settings(max_examples=25)
@given(ARRIVALS)
def test_newest_news_stands_in_whatever_order_and_however_often_it_comes(order: list[int]) -> None:
    """Listing, accreditation: each later block says something else, and the last word is the last block's."""
    desk = Desk()
    seen: list[int] = []
    for height in order:
        ended_ms = NOW_MS if height % 2 else 0
        desk.hear(registry.PORT, offered(height, price=height), sequence=height)
        desk.hear(accreditation.PORT, trusted(height, ended_ms=ended_ms), sequence=height)
        offer = read_mirrored_listing(desk.overlay, CLIENT_ID, THEIR_LISTING)
        trust = read_recognised(desk.overlay, CLIENT_ID, theirs("stranger"), "buyer")
        assert offer is not None
        assert trust is not None
        seen.append(offer.listing.price)
        assert (trust.origin_height, trust.status == "ENDED") == (offer.origin_height, offer.origin_height % 2 == 1)
    assert all(before <= after for before, after in pairwise(seen))
    assert seen[-1] == 5


@settings(max_examples=25)
@given(st.permutations(["place", "accept", "deliver"]))
def test_delivered_order_is_delivered_in_whatever_order_its_news_come(order: list[str]) -> None:
    """The acknowledgement, the acceptance and the delivery are three packets."""
    desk = buying()
    assert OWN.steps["order"](desk, 0).code == OK
    for action in order:
        assert OWN.steps[action](desk, 0).code == OK, order
    assert order_status(desk, 0) == "DELIVERED"
