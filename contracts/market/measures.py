"""What rulings and lawful orders do to a trade; whoever calls has checked the power to, and tells the ground.

Several orders may hold one trade at a time; it goes on when the last is lifted.
"""

from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.market.event import RefundOrdered, TradeAnnulled, TradeHeld, TradeReleased
from contracts.market.listing import give_back
from contracts.market.record_trade import HOLDS_MAX, TRADE, read_trade, sale_key
from contracts.market.trade import step
from contracts.rights.measures import revoke_right
from contracts.rights.record import LIFECYCLE as RIGHT
from contracts.rights.record import read_right

HOLDING: Final = ("trade-unknown", "trade-status", "trade-hold")
"""Refusals of ``hold_trade`` and ``release_trade``."""
ANNULLING: Final = ("trade-unknown", "trade-status")
"""Refusals of ``cancel_trade``."""
REFUNDING: Final = (*ANNULLING, "refund-exceeds")
"""Refusals of ``refund_trade``."""


def hold_trade(trade_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Stop an agreed trade, and its clocks, by ``order``; up to 8 orders may hold it at one time.

    Raises:
        OperationFailed: a code of ``HOLDING``.
    """
    trade = read_trade(state, trade_id)
    if order in trade.held_by or len(trade.held_by) >= HOLDS_MAX:
        raise OperationFailed("trade-hold", f"{order.hex()}; {len(trade.held_by)} of {HOLDS_MAX} orders hold it")
    since_ms = trade.held_since_ms if trade.held_by else context.time_ms
    step(trade, "hold", context, state, held_by=(*trade.held_by, order), held_since_ms=since_ms)
    context.emit(TradeHeld(trade_id, order))


def release_trade(trade_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Lift ``order``; with the last one, deadlines that had not passed move on by the time the trade was held.

    Raises:
        OperationFailed: a code of ``HOLDING``.
    """
    trade = read_trade(state, trade_id)
    if order not in trade.held_by:
        raise OperationFailed("trade-hold", f"{order.hex()} does not hold trade {trade_id.hex()}")
    left = tuple(held for held in trade.held_by if held != order)
    since_ms = trade.held_since_ms
    shift_ms = 0 if left else context.time_ms - since_ms
    step(
        trade,
        "release",
        context,
        state,
        held_by=left,
        held_since_ms=since_ms if left else 0,
        deliver_by_ms=_shifted(trade.deliver_by_ms, since_ms, shift_ms),
        settle_by_ms=_shifted(trade.settle_by_ms, since_ms, shift_ms),
    )
    context.emit(TradeReleased(trade_id, order, bool(left), shift_ms))


def _shifted(deadline_ms: int, since_ms: int, shift_ms: int) -> int:
    return deadline_ms + shift_ms if deadline_ms >= since_ms else deadline_ms


def refund_trade(trade_id: bytes, amount: int, order: bytes, context: Context, state: State) -> None:
    """Order ``amount`` (at least 1) back to the buyer, which says when it has arrived; a trade under way ends by it.

    The trade must be released before the buyer can say so.

    Raises:
        OperationFailed: a code of ``REFUNDING``.
    """
    trade = read_trade(state, trade_id)
    TRADE.step(trade.status, "order_refund")
    most = trade.paid + trade.paid_fee - trade.refunded
    if not 1 <= amount <= most:
        raise OperationFailed("refund-exceeds", f"{amount} of {most} that were paid and not refunded")
    if TRADE.after(trade.status, "annul") is not None and trade.status != "CERTIFIED":
        give_back(trade.listing_id, trade.quantity, state)
    step(trade, "order_refund", context, state, refund_due=amount)
    context.emit(RefundOrdered(trade_id, order, amount))


def cancel_trade(trade_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Undo a trade: what was certified leaves the statistics, and the buyer's right ends with what derives from it.

    What was paid is to be paid back, as after any cancellation.

    Raises:
        OperationFailed: a code of ``ANNULLING``.
    """
    trade = read_trade(state, trade_id)
    certified = trade.status == "CERTIFIED"
    step(trade, "annul", context, state)
    give_back(trade.listing_id, trade.quantity, state)
    if certified:
        state.delete(sale_key(trade.board_id, trade.certified_ms, trade_id))
        if RIGHT.after(read_right(state, trade.right_id).status, "annul") is not None:
            revoke_right(trade.right_id, order, context, state)
    context.emit(
        TradeAnnulled(
            trade_id=trade_id,
            board_id=trade.board_id,
            asset_id=trade.asset_id,
            order=order,
            was_certified=certified,
            certified_ms=trade.certified_ms,
            paid=trade.paid + trade.paid_fee,
        )
    )
