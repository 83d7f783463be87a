"""Port trade, the buyer's chain: what became of an order that was sent to another chain."""

from typing import Any

import msgspec

from chainnode.state.view import State
from contracts.evidence.digest import DIGEST_BYTES
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay.port import Arrival, Departure
from contracts.relay.ports.message import AnswerMessage, OrderMessage, check_done, check_height
from contracts.relay.ports.outcome import OrderStatusChanged
from contracts.relay.ports.record_trade import ORDER, OrderRecord, read_order, write_order


def hear(message: AnswerMessage, arrival: Arrival, context: Context, state: State) -> None:
    """Take the seller's answer; only the chain that was ordered from can give it.

    Raises:
        OperationFailed: ``relay-message-height``, ``relay-value-malformed``, ``relay-order-unknown`` or
            ``relay-order-status``.
    """
    check_height(message.height, arrival)
    wanted = DIGEST_BYTES[message.algorithm] if message.answer == "deliver" else 0
    if len(message.digest) != wanted:
        raise OperationFailed("relay-value-malformed", f"{message.answer} with a digest of {len(message.digest)} bytes")
    record = read_order(state, message.order_id)
    if record is None or record.client_id != arrival.client_id:
        raise OperationFailed("relay-order-unknown", f"no order {message.order_id.hex()} went to {arrival.chain_id}")
    delivered = {"algorithm": message.algorithm, "digest": message.digest} if message.answer == "deliver" else {}
    _step(record, message.answer, context, state, **delivered)


def settle(message: OrderMessage, departure: Departure, answer: bytes | None, context: Context, state: State) -> None:
    """The order was taken by the other chain, or refused.

    Raises:
        OperationFailed: ``relay-answer-malformed``, ``relay-order-unknown`` or ``relay-order-status``.
    """
    if answer is not None:
        check_done(answer)
    _step(_sent(message, departure, state), "refuse" if answer is None else "place", context, state)


def lapse(message: OrderMessage, departure: Departure, context: Context, state: State) -> None:
    """The order never arrived.

    Raises:
        OperationFailed: ``relay-order-unknown`` or ``relay-order-status``.
    """
    _step(_sent(message, departure, state), "lapse", context, state)


def _sent(message: OrderMessage, departure: Departure, state: State) -> OrderRecord:
    record = read_order(state, message.order_id)
    if record is None or (record.client_id, record.sequence) != (departure.client_id, departure.packet.sequence):
        raise OperationFailed("relay-order-unknown", f"packet {departure.packet.sequence} carried no known order")
    return record


def _step(record: OrderRecord, action: str, context: Context, state: State, **fields: Any) -> None:
    status = ORDER.step(record.status, action)
    now = {"updated_height": context.height, "updated_ms": context.time_ms}
    write_order(state, msgspec.structs.replace(record, status=status, **fields, **now))
    context.emit(OrderStatusChanged(record.order_id, record.client_id, record.buyer, action, status))
