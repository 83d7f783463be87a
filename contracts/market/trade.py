"""What every step of a trade has in common: who may, that nothing holds it, and the write at the end."""

from typing import Any, Final, NamedTuple

import msgspec

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.money import AMOUNT_MAX, portion
from contracts.kernel.outcome import OperationFailed
from contracts.market.event import TradeEnded
from contracts.market.listing import give_back
from contracts.market.record import BoardRules, read_listing
from contracts.market.record_trade import TRADE, TradeRecord, read_trade, write_trade
from contracts.rights.terms import RightTerms

DEADLINE_AHEAD_MS_MAX: Final = 10 * 366 * 86_400_000
"""Ten years: what is agreed for longer is agreed anew; and times stay far from the bounds of integers."""

STEP_CODES: Final = ("trade-unknown", "trade-held", "trade-not-party", "trade-status")
"""What a step that one party takes can end in, beside codes of its own."""


def party_trade(trade_id: bytes, who: str, context: Context, state: State) -> TradeRecord:
    """The trade, if nothing holds it and the sender is its ``who``: ``seller``, ``buyer`` or ``party``.

    Raises:
        OperationFailed: ``trade-unknown``, ``trade-held`` or ``trade-not-party``.
    """
    trade = free_trade(trade_id, state)
    allowed = (trade.seller, trade.buyer) if who == "party" else (getattr(trade, who),)
    check_sender(allowed, context)
    return trade


def free_trade(trade_id: bytes, state: State) -> TradeRecord:
    """The trade, if nothing holds it.

    Raises:
        OperationFailed: ``trade-unknown`` or ``trade-held``.
    """
    trade = read_trade(state, trade_id)
    if trade.held_by:
        raise OperationFailed("trade-held", f"trade {trade_id.hex()} is held by {trade.held_by[0].hex()}")
    return trade


def check_sender(allowed: tuple[str, ...], context: Context) -> None:
    """Check that the sender is one of ``allowed``.

    Raises:
        OperationFailed: ``trade-not-party``.
    """
    if context.sender not in allowed:
        raise OperationFailed("trade-not-party", f"this is for {' or '.join(allowed)}")


def step(trade: TradeRecord, action: str, context: Context, state: State, **fields: Any) -> TradeRecord:
    """Take the trade along one line of its table, with ``fields`` changed; the record as written.

    Raises:
        OperationFailed: ``trade-status``.
    """
    status = TRADE.step(trade.status, action)
    if status != trade.status:
        fields["cancellation_by"] = ""  # who asked to cancel asked it of the trade as it stood
    now = {"updated_height": context.height, "updated_ms": context.time_ms}
    found = msgspec.structs.replace(trade, status=status, **fields, **now)
    write_trade(state, found)
    return found


def end(trade: TradeRecord, action: str, context: Context, state: State, defaulter: str = "") -> TradeRecord:
    """Let the trade come to nothing: free what it reserved, and say what is to be paid back.

    Raises:
        OperationFailed: ``trade-status``.
    """
    found = step(trade, action, context, state)
    give_back(trade.listing_id, trade.quantity, state)
    context.emit(
        TradeEnded(
            trade_id=trade.trade_id,
            board_id=trade.board_id,
            asset_id=trade.asset_id,
            status=found.status,
            by=context.sender,
            defaulter=defaulter,
            paid=trade.paid + trade.paid_fee,
        )
    )
    return found


def terms_of(trade: TradeRecord, state: State) -> RightTerms:
    """Of the right that the buyer receives: the listing's, or those of an off-exchange trade."""
    return trade.terms or read_listing(state, trade.listing_id).terms


def check_ahead(context: Context, *deadlines_ms: int) -> None:
    """Refuse deadlines that have passed or lie over ten years ahead; this very millisecond has not passed.

    Raises:
        OperationFailed: ``trade-deadlines``.
    """
    now_ms = context.time_ms
    if min(deadlines_ms) < now_ms or max(deadlines_ms) > now_ms + DEADLINE_AHEAD_MS_MAX:
        raise OperationFailed("trade-deadlines", f"{', '.join(map(str, deadlines_ms))}; it is {now_ms} ms")


class Money(NamedTuple):
    """What is owed to whom; the buyer owes ``proceeds + fee``."""

    price: int
    amount: int
    proceeds: int
    fee: int


def owed(rules: BoardRules, price: int, quantity: int) -> Money:
    """What ``quantity`` units at ``price`` come to under a board's rules.

    Raises:
        OperationFailed: ``trade-amount``.
    """
    amount = price * quantity
    fee = portion(amount, rules.fee_basis_points)
    whole = amount + fee if rules.fee_payer == "buyer" else amount
    if whole > AMOUNT_MAX:
        raise OperationFailed("trade-amount", f"{whole} is owed for {quantity} units at {price}, at most {AMOUNT_MAX}")
    return Money(price, amount, whole - fee, fee)
