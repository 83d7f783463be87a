"""Port trade: a product listed on one chain is ordered from another, and what its seller says travels back.

Packets keep no order among them. So each order has an id that its own chain made and never gives twice, each side
takes every step by a table, and whatever comes late finds that table's refusal.
"""

from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.evidence.record import EvidenceRecord, read_evidence
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.listing import give_back
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports import foreign_order, own_order
from contracts.relay.ports.message import DONE, AnswerMessage, OrderMessage, read_message
from contracts.relay.ports.operations import AnswerOrder, OrderAcross, RepeatAnswer
from contracts.relay.ports.outcome import OrderAnswered, OrderSent
from contracts.relay.ports.record import ANNOUNCEMENT, MirroredListing, read_mirrored_asset, read_mirrored_listing
from contracts.relay.ports.record_trade import (
    FOREIGN_ORDER,
    ORDER,
    ForeignOrder,
    OrderRecord,
    order_id_of,
    read_foreign_order,
    read_order,
    write_foreign_order,
    write_order,
)
from contracts.relay.ports.registry import is_tradable
from contracts.relay.sending import SENDING_CODES, send

_UNREACHABLE: Final = ("relay-client-frozen", "relay-client-expired", "relay-client-full", "relay-sender-full")
"""What keeps a packet from leaving and is nobody's fault who answers: an order is declined all the same."""
_decode_order = msgspec.msgpack.Decoder(OrderMessage).decode
_decode_answer = msgspec.msgpack.Decoder(AnswerMessage).decode
_decode_head = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def order(operation: OrderAcross, context: Context, state: State) -> None:
    """Send the order in the sender's name.

    Raises:
        OperationFailed: one of the codes beside ``OrderAcross`` in ``OPERATIONS``.
    """
    buyer, client_id = context.sender, operation.client_id
    order_id = order_id_of(buyer, operation.reference)
    if read_order(state, order_id) is not None:
        raise OperationFailed("relay-order-exists", f"{buyer} has ordered {operation.reference}")
    mirror = _offered(client_id, operation.listing_id, context, state)
    listing = mirror.listing
    foreign_order.check_deadlines(operation.accept_by_ms, operation.deliver_by_ms, context)
    if listing.price_mode != "negotiable" and operation.price != listing.price:
        raise OperationFailed("relay-order-price", f"{operation.price} is offered, the price is {listing.price}")
    message = OrderMessage(
        kind="order",
        height=context.height,
        order_id=order_id,
        buyer=buyer,
        listing_id=listing.listing_id,
        quantity=operation.quantity,
        price=operation.price,
        currency=listing.currency,
        agreement_hash=operation.agreement_hash,
        accept_by_ms=operation.accept_by_ms,
        deliver_by_ms=operation.deliver_by_ms,
    )
    packet = send(client_id, PORT, encode(message), operation.timeout_s, context, state)
    write_order(state, _ordered(operation, message, mirror, packet.sequence, context))
    context.emit(
        OrderSent(
            order_id, client_id, buyer, listing.listing_id, operation.quantity, operation.price, packet.sequence
        )
    )


def _offered(client_id: str, listing_id: bytes, context: Context, state: State) -> MirroredListing:
    """The listing as this chain knows it, if it takes orders."""
    mirror = read_mirrored_listing(state, client_id, listing_id)
    if mirror is None:
        raise OperationFailed("relay-mirror-unknown", f"no listing {listing_id.hex()} came through {client_id}")
    asset = read_mirrored_asset(state, client_id, mirror.listing.asset_id)
    listing, now_ms = mirror.listing, context.time_ms
    if listing.status != "LISTED" or 0 < listing.expires_ms <= now_ms:
        raise OperationFailed("relay-mirror-status", f"listing {listing_id.hex()} is {listing.status}, or expired")
    if asset is None or not is_tradable(asset, now_ms):
        raise OperationFailed("relay-mirror-status", f"asset {listing.asset_id.hex()} is not traded")
    return mirror


def _ordered(
    operation: OrderAcross, message: OrderMessage, mirror: MirroredListing, sequence: int, context: Context
) -> OrderRecord:
    return OrderRecord(
        order_id=message.order_id,
        client_id=operation.client_id,
        chain_id=mirror.chain_id,
        reference=operation.reference,
        buyer=message.buyer,
        listing_id=message.listing_id,
        asset_id=mirror.listing.asset_id,
        seller=mirror.listing.seller,
        currency=message.currency,
        price=message.price,
        quantity=message.quantity,
        amount=message.price * message.quantity,
        agreement_hash=message.agreement_hash,
        accept_by_ms=message.accept_by_ms,
        deliver_by_ms=message.deliver_by_ms,
        status=ORDER.step(None, "order"),
        sequence=sequence,
        ordered_height=context.height,
        ordered_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )


def answer(operation: AnswerOrder, context: Context, state: State) -> None:
    """Take the seller's step, and send it to the buyer's chain.

    Raises:
        OperationFailed: one of the codes beside ``AnswerOrder`` in ``OPERATIONS``.
    """
    record = read_foreign_order(state, operation.client_id, operation.order_id)
    status = FOREIGN_ORDER.step(record.status, operation.answer)
    over = context.time_ms > record.accept_by_ms
    if context.sender != record.seller and not (operation.answer == "decline" and over):
        raise OperationFailed("relay-answer-not-yours", f"this is for {record.seller}")
    fields: dict[str, Any] = {"answer": operation.answer, "answered_ms": context.time_ms}
    if operation.answer == "accept" and over:
        raise OperationFailed("relay-answer-late", f"it was to be accepted by {record.accept_by_ms} ms")
    if operation.answer == "decline":
        give_back(record.listing_id, record.quantity, state)
    if operation.answer == "deliver":
        evidence = _evidence(operation, record, context, state)
        fields |= {"algorithm": evidence.algorithm, "digest": evidence.digest}
    now = {"updated_height": context.height, "updated_ms": context.time_ms}
    _tell(msgspec.structs.replace(record, status=status, **fields, **now), operation.timeout_s, context, state)


def _evidence(operation: AnswerOrder, record: ForeignOrder, context: Context, state: State) -> EvidenceRecord:
    if context.time_ms > record.deliver_by_ms:
        raise OperationFailed("relay-answer-late", f"it was to be delivered by {record.deliver_by_ms} ms")
    submitter = operation.submitter or context.sender
    found = read_evidence(state, submitter, operation.evidence_id)
    if found is None:
        raise OperationFailed(
            "delivery-evidence-unknown", f"{submitter or 'nobody'} never recorded {operation.evidence_id.hex()}"
        )
    fits = found.kind == "delivery" and found.status == "ACTIVE" and found.recorded_ms >= record.answered_ms
    if not fits or found.related_asset not in (b"", record.asset_id):
        raise OperationFailed("delivery-evidence-unfit", f"{operation.evidence_id.hex()} is not of this delivery")
    return found


def repeat(operation: RepeatAnswer, context: Context, state: State) -> None:
    """Send the last answer again.

    Raises:
        OperationFailed: ``relay-order-unknown``, ``relay-foreign-order-status``, ``relay-answer-told``, or one of
            ``SENDING_CODES``.
    """
    record = read_foreign_order(state, operation.client_id, operation.order_id)
    FOREIGN_ORDER.step(record.status, "repeat")
    if record.telling != "FAILED":
        raise OperationFailed("relay-answer-told", f"the answer by packet {record.sequence} is {record.telling}")
    _tell(record, operation.timeout_s, context, state)


def _tell(record: ForeignOrder, timeout_s: int, context: Context, state: State) -> None:
    """Send the answer that ``record`` holds, and write both down."""
    said = record.answer
    if said is None:
        raise OperationFailed("relay-foreign-order-status", f"order {record.order_id.hex()} was not answered")
    message = AnswerMessage("answer", context.height, record.order_id, said, record.algorithm, record.digest)
    sequence, action = 0, "fail"
    try:
        sequence = send(record.client_id, PORT, encode(message), timeout_s, context, state).sequence
        action = "announce"
    except OperationFailed as refusal:
        if said != "decline" or refusal.code not in _UNREACHABLE:
            raise  # a client that cannot be used keeps nobody's units, but nothing is promised through it
    telling = ANNOUNCEMENT.step(record.telling or None, action)
    write_foreign_order(state, msgspec.structs.replace(record, telling=telling, sequence=sequence))
    context.emit(OrderAnswered(record.client_id, record.order_id, said, record.status, context.sender, sequence))


def receive(arrival: Arrival, context: Context, state: State) -> bytes:
    """An order for a listing of this chain, or the answer to an order of this chain.

    Raises:
        OperationFailed: ``relay-value-malformed``, or one of ``foreign_order.place`` or ``own_order.hear``.
    """
    message = _message(arrival.payload.value)
    if isinstance(message, OrderMessage):
        foreign_order.place(message, arrival, context, state)
    else:
        own_order.hear(message, arrival, context, state)
    return DONE


def acknowledge(departure: Departure, answered: bytes | None, context: Context, state: State) -> None:
    """What the other chain said to an order, or to an answer.

    Raises:
        OperationFailed: one of ``own_order.settle`` or ``foreign_order.settle``.
    """
    message = _message(departure.payload.value)
    if isinstance(message, OrderMessage):
        own_order.settle(message, departure, answered, context, state)
    else:
        foreign_order.settle(message, departure, answered, context, state)


def time_out(departure: Departure, context: Context, state: State) -> None:
    """The other chain was not reached.

    Raises:
        OperationFailed: one of ``own_order.lapse``.
    """
    message = _message(departure.payload.value)
    if isinstance(message, OrderMessage):
        own_order.lapse(message, departure, context, state)
    else:
        foreign_order.lapse(message, departure, context, state)


def _message(value: bytes) -> OrderMessage | AnswerMessage:
    try:
        is_order = _decode_head(value)[:1] == [_ORDER_HEAD]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise OperationFailed("relay-value-malformed", "the value is no message of this port") from error
    found: OrderMessage | AnswerMessage = read_message(_decode_order if is_order else _decode_answer, value)
    return found


_ORDER_HEAD: Final = msgspec.Raw(encode("order"))
PORT: Final = Port("trade", "trade-1", receive, acknowledge, time_out)

OPERATIONS: Final = (
    OperationSpec(
        OrderAcross,
        order,
        EVERYONE,
        (
            "trade-amount",
            "relay-order-deadlines",
            "relay-order-exists",
            "relay-mirror-unknown",
            "relay-mirror-status",
            "relay-order-price",
            *SENDING_CODES,
        ),
        work=4,
    ),
    OperationSpec(
        AnswerOrder,
        answer,
        EVERYONE,
        (
            "relay-answer-evidence",
            "relay-order-unknown",
            "relay-foreign-order-status",
            "relay-answer-not-yours",
            "relay-answer-late",
            "delivery-evidence-unknown",
            "delivery-evidence-unfit",
            *SENDING_CODES,
        ),
        work=4,
    ),
    OperationSpec(
        RepeatAnswer,
        repeat,
        EVERYONE,
        ("relay-order-unknown", "relay-foreign-order-status", "relay-answer-told", *SENDING_CODES),
        work=4,
    ),
)
