"""From the order to the agreement: offers, counter-offers and their answers."""

from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.eligibility import BUYER_CODES, SELLER_CODES, check_buyer, check_seller
from contracts.market.event import TradeAgreed, TradeOffered
from contracts.market.listing import reserve
from contracts.market.operations_trade import Agree, Counter, Decline, Lapse, Order, Withdraw
from contracts.market.record import BOARD, BoardRecord, ListingRecord, read_board, read_listing
from contracts.market.record_trade import TRADE, TradeRecord, find_trade, trade_id_of, write_trade
from contracts.market.trade import (
    STEP_CODES,
    Money,
    check_ahead,
    check_sender,
    end,
    free_trade,
    owed,
    party_trade,
    step,
)


def order(operation: Order, context: Context, state: State) -> None:
    """Write the offer in the sender's name, and reserve its units.

    Raises:
        OperationFailed: one of the codes beside ``Order`` in ``OPERATIONS``.
    """
    buyer, now_ms = context.sender, context.time_ms
    trade_id = trade_id_of(buyer, operation.reference)
    if find_trade(state, trade_id) is not None:
        raise OperationFailed("trade-exists", f"{buyer} has begun {operation.reference} as {trade_id.hex()}")
    listing = read_listing(state, operation.listing_id)
    board = read_board(state, listing.board_id)
    BOARD.step(board.status, "trade")
    if listing.seller == buyer:
        raise OperationFailed("trade-with-oneself", f"{buyer} sells this itself")
    check_ahead(context, operation.accept_by_ms, operation.deliver_by_ms, operation.settle_by_ms)
    if listing.price_mode != "negotiable" and operation.price != listing.price:
        raise OperationFailed("trade-price", f"{operation.price} is offered, the price is {listing.price}")
    money = owed(board.rules, operation.price, operation.quantity)
    _check_parties(board, listing, buyer, state, now_ms)
    reserve(listing, operation.quantity, context, state)
    trade = _offered(operation, trade_id, listing, board, money, context)
    write_trade(state, trade)
    _emit_offer(trade, context)


def _check_parties(board: BoardRecord, listing: ListingRecord, buyer: str, state: State, time_ms: int) -> None:
    check_seller(board, listing.asset_id, listing.seller, listing.right_id, listing.terms, state, time_ms)
    check_buyer(board, buyer, listing.terms, state, time_ms)


def _offered(
    operation: Order,
    trade_id: bytes,
    listing: ListingRecord,
    board: BoardRecord,
    money: Money,
    context: Context,
) -> TradeRecord:
    return TradeRecord(
        trade_id=trade_id,
        reference=operation.reference,
        board_id=listing.board_id,
        listing_id=listing.listing_id,
        asset_id=listing.asset_id,
        seller=listing.seller,
        buyer=context.sender,
        reported_by="",
        currency=board.currency,
        price=money.price,
        quantity=operation.quantity,
        amount=money.amount,
        proceeds=money.proceeds,
        fee=money.fee,
        agreement_hash=operation.agreement_hash,
        accept_by_ms=operation.accept_by_ms,
        deliver_by_ms=operation.deliver_by_ms,
        settle_by_ms=operation.settle_by_ms,
        status=TRADE.step(None, "order"),
        right_id=listing.right_id,
        terms=None,
        created_height=context.height,
        created_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )


def counter(operation: Counter, context: Context, state: State) -> None:
    """Put another offer in the place of the other party's.

    Raises:
        OperationFailed: one of the codes beside ``Counter`` in ``OPERATIONS``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "counter")
    check_sender((trade.waits_for(),), context)
    check_in_time(trade, context)
    if read_listing(state, trade.listing_id).price_mode != "negotiable":
        raise OperationFailed("trade-price-fixed", f"the price of listing {trade.listing_id.hex()} is not negotiable")
    check_ahead(context, operation.accept_by_ms, operation.deliver_by_ms, operation.settle_by_ms)
    money = owed(read_board(state, trade.board_id).rules, operation.price, trade.quantity)
    found = step(
        trade,
        "counter",
        context,
        state,
        **money._asdict(),
        agreement_hash=operation.agreement_hash,
        accept_by_ms=operation.accept_by_ms,
        deliver_by_ms=operation.deliver_by_ms,
        settle_by_ms=operation.settle_by_ms,
    )
    _emit_offer(found, context)


def agree(operation: Agree, context: Context, state: State) -> None:
    """Accept the offer as it stands, if both parties may still trade.

    Raises:
        OperationFailed: one of the codes beside ``Agree`` in ``OPERATIONS``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "agree")
    check_sender((trade.waits_for(),), context)
    check_in_time(trade, context)
    check_same(trade, operation.price, operation.agreement_hash)
    board = read_board(state, trade.board_id)
    BOARD.step(board.status, "trade")
    _check_parties(board, read_listing(state, trade.listing_id), trade.buyer, state, context.time_ms)
    found = step(trade, "agree", context, state, agreed_ms=context.time_ms)
    context.emit(
        TradeAgreed(
            trade_id=found.trade_id,
            board_id=found.board_id,
            asset_id=found.asset_id,
            seller=found.seller,
            buyer=found.buyer,
            currency=found.currency,
            amount=found.amount,
            proceeds=found.proceeds,
            fee=found.fee,
            agreement_hash=found.agreement_hash,
            deliver_by_ms=found.deliver_by_ms,
            settle_by_ms=found.settle_by_ms,
        )
    )


def check_same(trade: TradeRecord, price: int, agreement_hash: bytes) -> None:
    """Check that who accepts has read what it accepts.

    Raises:
        OperationFailed: ``trade-price`` or ``trade-agreement``.
    """
    if price != trade.price:
        raise OperationFailed("trade-price", f"{price} is named, the offer says {trade.price}")
    if agreement_hash != trade.agreement_hash:
        raise OperationFailed("trade-agreement", f"the offer names the agreement {trade.agreement_hash.hex()}")


def check_in_time(trade: TradeRecord, context: Context) -> None:
    """Check that the offer can still be answered: up to and including its last millisecond.

    Raises:
        OperationFailed: ``trade-accept-late``.
    """
    if context.time_ms > trade.accept_by_ms:
        raise OperationFailed("trade-accept-late", f"it was to be answered by {trade.accept_by_ms} ms")


def decline(operation: Decline, context: Context, state: State) -> None:
    """Refuse the other party's offer; raises one of ``STEP_CODES``."""
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "decline")
    check_sender((trade.waits_for(),), context)
    end(trade, "decline", context, state)


def withdraw(operation: Withdraw, context: Context, state: State) -> None:
    """Take one's own offer back; raises one of ``STEP_CODES``."""
    trade = party_trade(operation.trade_id, "party", context, state)
    TRADE.step(trade.status, "withdraw")
    waiting = trade.waits_for()
    check_sender((trade.seller if waiting == trade.buyer else trade.buyer,), context)
    end(trade, "withdraw", context, state)


def lapse(operation: Lapse, context: Context, state: State) -> None:
    """End an offer that nobody answered in time.

    Raises:
        OperationFailed: ``trade-unknown``, ``trade-held``, ``trade-status`` or ``trade-not-due``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "lapse")
    if context.time_ms <= trade.accept_by_ms:
        raise OperationFailed("trade-not-due", f"it can be answered up to {trade.accept_by_ms} ms")
    end(trade, "lapse", context, state)


def _emit_offer(trade: TradeRecord, context: Context) -> None:
    context.emit(
        TradeOffered(
            trade_id=trade.trade_id,
            board_id=trade.board_id,
            listing_id=trade.listing_id,
            asset_id=trade.asset_id,
            seller=trade.seller,
            buyer=trade.buyer,
            by=context.sender,
            currency=trade.currency,
            price=trade.price,
            quantity=trade.quantity,
            amount=trade.amount,
            fee=trade.fee,
            agreement_hash=trade.agreement_hash,
            accept_by_ms=trade.accept_by_ms,
            deliver_by_ms=trade.deliver_by_ms,
            settle_by_ms=trade.settle_by_ms,
        )
    )


_ORDER: Final = (
    "trade-deadlines",
    "trade-amount",
    "trade-exists",
    "listing-unknown",
    "board-status",
    "trade-with-oneself",
    "trade-price",
    *SELLER_CODES,
    *BUYER_CODES,
    "listing-status",
    "listing-expired",
    "listing-sold-out",
)
_COUNTER: Final = (*STEP_CODES, "trade-accept-late", "trade-price-fixed", "trade-deadlines", "trade-amount")
_AGREE: Final = (*STEP_CODES, "trade-accept-late", "trade-price", "trade-agreement", "board-status", *SELLER_CODES)

OPERATIONS: Final = (
    OperationSpec(Order, order, EVERYONE, _ORDER),
    OperationSpec(Counter, counter, EVERYONE, _COUNTER),
    OperationSpec(Agree, agree, EVERYONE, (*_AGREE, *BUYER_CODES)),
    OperationSpec(Decline, decline, EVERYONE, STEP_CODES),
    OperationSpec(Withdraw, withdraw, EVERYONE, STEP_CODES),
    OperationSpec(Lapse, lapse, EVERYONE, ("trade-unknown", "trade-held", "trade-status", "trade-not-due")),
)
