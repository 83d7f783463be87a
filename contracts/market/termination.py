"""How an agreed trade ends before its time: more time, consent, or default."""

from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.event import CancellationProposed, DeadlineExtended
from contracts.market.operations_trade import Cancel, Extend, Terminate
from contracts.market.record_trade import TRADE, TradeRecord
from contracts.market.trade import DEADLINE_AHEAD_MS_MAX, STEP_CODES, end, party_trade, step


def extend(operation: Extend, context: Context, state: State) -> None:
    """Move a deadline of the other party.

    Raises:
        OperationFailed: one of ``STEP_CODES``, or ``trade-extension``.
    """
    delivery = operation.deadline == "deliver"
    trade = party_trade(operation.trade_id, "buyer" if delivery else "seller", context, state)
    action = "extend_delivery" if delivery else "extend_payment"
    TRADE.step(trade.status, action)
    present_ms = trade.deliver_by_ms if delivery else trade.settle_by_ms
    if not present_ms < operation.until_ms <= context.time_ms + DEADLINE_AHEAD_MS_MAX:
        raise OperationFailed("trade-extension", f"{operation.until_ms} in the place of {present_ms} ms")
    if delivery:
        step(trade, action, context, state, deliver_by_ms=operation.until_ms)
    else:
        step(trade, action, context, state, settle_by_ms=operation.until_ms)
    context.emit(DeadlineExtended(trade.trade_id, operation.deadline, operation.until_ms))


def cancel(operation: Cancel, context: Context, state: State) -> None:
    """Ask to cancel, or consent to it; asking twice changes nothing. Raises one of ``STEP_CODES``."""
    trade = party_trade(operation.trade_id, "party", context, state)
    if trade.cancellation_by in ("", context.sender):
        step(trade, "propose_cancellation", context, state, cancellation_by=context.sender)
        context.emit(CancellationProposed(trade.trade_id, context.sender))
    else:
        end(trade, "cancel", context, state)


def terminate(operation: Terminate, context: Context, state: State) -> None:
    """End a trade in which the other party was the first to miss a deadline.

    Raises:
        OperationFailed: one of ``STEP_CODES``, ``trade-not-due`` or ``trade-not-injured``.
    """
    trade = party_trade(operation.trade_id, "party", context, state)
    TRADE.step(trade.status, "terminate")
    found = defaulter(trade, context.time_ms)
    if not found:
        raise OperationFailed(
            "trade-not-due", f"to deliver by {trade.deliver_by_ms}, to settle by {trade.settle_by_ms} ms"
        )
    if found == context.sender:
        raise OperationFailed("trade-not-injured", f"{found} was the first to miss a deadline")
    end(trade, "terminate", context, state, defaulter=found)


def defaulter(trade: TradeRecord, time_ms: int) -> str:
    """DID of the party that missed a deadline first; empty where none did. Of equal deadlines, delivery comes first.

    A deadline is missed from the millisecond after it.
    """
    undelivered = trade.status == "AGREED" and time_ms > trade.deliver_by_ms
    unpaid = not trade.is_paid() and time_ms > trade.settle_by_ms
    if undelivered and (not unpaid or trade.deliver_by_ms <= trade.settle_by_ms):
        return trade.seller
    if not unpaid:
        return ""
    return trade.seller if trade.buyer_paid() else trade.buyer


OPERATIONS: Final = (
    OperationSpec(Extend, extend, EVERYONE, (*STEP_CODES, "trade-extension")),
    OperationSpec(Cancel, cancel, EVERYONE, STEP_CODES),
    OperationSpec(Terminate, terminate, EVERYONE, (*STEP_CODES, "trade-not-due", "trade-not-injured")),
)
