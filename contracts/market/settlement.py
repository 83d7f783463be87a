"""Money that moves off the chain, as who receives it confirms it."""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.event import PaymentRecorded, RefundRecorded, TradeSettled
from contracts.market.operations_trade import Refund, Settle
from contracts.market.record import read_board
from contracts.market.record_trade import TRADE, SettlementRecord, TradeRecord, settlement_key
from contracts.market.trade import STEP_CODES, check_sender, free_trade, party_trade, step


def settle(operation: Settle, context: Context, state: State) -> None:
    """Add a payment; the last one of a delivered trade settles it.

    A payment may come at any time, also after its deadline: who received it says so, and
    gains nothing by saying it late.

    Raises:
        OperationFailed: one of ``STEP_CODES``, ``settlement-overpaid`` or ``settlement-known``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "settle")
    board = read_board(state, trade.board_id)
    to_seller = operation.leg == "price"
    direct = to_seller and board.rules.clearing == "direct"
    check_sender((trade.seller if direct else board.operator,), context)
    owed = trade.proceeds - trade.paid if to_seller else trade.fee - trade.paid_fee
    if operation.amount > owed:
        raise OperationFailed("settlement-overpaid", f"{operation.amount} of the {operation.leg}, {owed} is owed")
    _enter(trade, operation.leg, operation.amount, operation.reference_hash, context, state)
    if to_seller:
        found = step(trade, "settle", context, state, paid=trade.paid + operation.amount)
    else:
        found = step(trade, "settle", context, state, paid_fee=trade.paid_fee + operation.amount)
    context.emit(
        PaymentRecorded(trade.trade_id, operation.leg, operation.amount, operation.reference_hash, context.sender)
    )
    complete_if_done(found, context, state)


def complete_if_done(trade: TradeRecord, context: Context, state: State) -> None:
    """Settle a trade that is delivered, taken and paid in full."""
    if trade.status != "RECEIVED" or not trade.is_paid():
        return
    found = step(trade, "complete", context, state)
    emit_settled(found, context)


def emit_settled(trade: TradeRecord, context: Context) -> None:
    """Tell that everything owed has arrived."""
    context.emit(
        TradeSettled(
            trade_id=trade.trade_id,
            board_id=trade.board_id,
            asset_id=trade.asset_id,
            seller=trade.seller,
            buyer=trade.buyer,
            currency=trade.currency,
            amount=trade.amount,
            proceeds=trade.proceeds,
            fee=trade.fee,
        )
    )


def refund(operation: Refund, context: Context, state: State) -> None:
    """Add a payment back: of a trade that ended, at most what was paid; after a ruling, what it ordered.

    Raises:
        OperationFailed: one of ``STEP_CODES``, ``refund-exceeds`` or ``settlement-known``.
    """
    trade = party_trade(operation.trade_id, "buyer", context, state)
    TRADE.step(trade.status, "refund")
    ordered = trade.status == "REFUNDING"
    due = trade.refund_due if ordered else trade.paid + trade.paid_fee - trade.refunded
    if operation.amount > due:
        raise OperationFailed("refund-exceeds", f"{operation.amount} of {due} that are to come back")
    _enter(trade, "refund", operation.amount, operation.reference_hash, context, state)
    refunded = trade.refunded + operation.amount
    if ordered:
        left = due - operation.amount
        action = "refund" if left else "conclude_refund"
        found = step(trade, action, context, state, refunded=refunded, refund_due=left)
    else:
        found = step(trade, "refund", context, state, refunded=refunded)
    context.emit(RefundRecorded(trade.trade_id, operation.amount, operation.reference_hash, refunded, found.status))


def _enter(trade: TradeRecord, leg: str, amount: int, reference_hash: bytes, context: Context, state: State) -> None:
    """Write the payment under its reference.

    Raises:
        OperationFailed: ``settlement-known``.
    """
    state_key = settlement_key(trade.trade_id, reference_hash)
    if state.get(state_key) is not None:
        raise OperationFailed("settlement-known", f"payment {reference_hash.hex()} is recorded")
    record = SettlementRecord(leg, amount, context.sender, context.height, context.time_ms)  # type: ignore[arg-type]
    state.put(state_key, encode(record))


OPERATIONS: Final = (
    OperationSpec(Settle, settle, EVERYONE, (*STEP_CODES, "settlement-overpaid", "settlement-known")),
    OperationSpec(Refund, refund, EVERYONE, (*STEP_CODES, "refund-exceeds", "settlement-known")),
)
