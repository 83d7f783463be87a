"""Trades made elsewhere, recorded by the consent of both parties and linked to the same asset."""

from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.eligibility import BUYER_CODES, SELLER_CODES, check_buyer, check_seller
from contracts.market.event import TradeReported
from contracts.market.operations_trade import ConfirmReport, ReportTrade
from contracts.market.ordering import check_in_time, check_same
from contracts.market.record import BOARD, BoardRecord, read_board
from contracts.market.record_trade import TRADE, TradeRecord, find_trade, trade_id_of, write_trade
from contracts.market.settlement import emit_settled
from contracts.market.trade import STEP_CODES, check_ahead, check_sender, free_trade, step, terms_of


def report(operation: ReportTrade, context: Context, state: State) -> None:
    """Write what one party says was traded.

    Raises:
        OperationFailed: one of the codes beside ``ReportTrade`` in ``OPERATIONS``.
    """
    reporter = context.sender
    check_sender((operation.seller, operation.buyer), context)
    trade_id = trade_id_of(reporter, operation.reference)
    if find_trade(state, trade_id) is not None:
        raise OperationFailed("trade-exists", f"{reporter} has begun {operation.reference} as {trade_id.hex()}")
    board = read_board(state, operation.board_id)
    BOARD.step(board.status, "trade")
    if not board.rules.off_exchange:
        raise OperationFailed("trade-off-exchange", f"board {board.board_id.hex()} records only its own trades")
    check_ahead(context, operation.accept_by_ms)
    trade = _reported(operation, trade_id, board, context)
    _check_parties(board, trade, state, context.time_ms)
    write_trade(state, trade)
    context.emit(
        TradeReported(
            trade_id=trade_id,
            board_id=trade.board_id,
            asset_id=trade.asset_id,
            seller=trade.seller,
            buyer=trade.buyer,
            by=reporter,
            currency=trade.currency,
            price=trade.price,
            quantity=trade.quantity,
            amount=trade.amount,
            agreement_hash=trade.agreement_hash,
            accept_by_ms=trade.accept_by_ms,
        )
    )


def _reported(operation: ReportTrade, trade_id: bytes, board: BoardRecord, context: Context) -> TradeRecord:
    """No exchange had a part in it, so there is no fee."""
    amount = operation.price * operation.quantity
    return TradeRecord(
        trade_id=trade_id,
        reference=operation.reference,
        board_id=operation.board_id,
        listing_id=b"",
        asset_id=operation.asset_id,
        seller=operation.seller,
        buyer=operation.buyer,
        reported_by=context.sender,
        currency=board.currency,
        price=operation.price,
        quantity=operation.quantity,
        amount=amount,
        proceeds=amount,
        fee=0,
        agreement_hash=operation.agreement_hash,
        accept_by_ms=operation.accept_by_ms,
        deliver_by_ms=operation.accept_by_ms,
        settle_by_ms=operation.accept_by_ms,
        status=TRADE.step(None, "report"),
        right_id=operation.right_id,
        terms=operation.terms,
        created_height=context.height,
        created_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )


def _check_parties(board: BoardRecord, trade: TradeRecord, state: State, time_ms: int) -> None:
    terms = terms_of(trade, state)
    check_seller(board, trade.asset_id, trade.seller, trade.right_id, terms, state, time_ms)
    check_buyer(board, trade.buyer, terms, state, time_ms)


def confirm(operation: ConfirmReport, context: Context, state: State) -> None:
    """Let the report stand: agreed, delivered and paid by both parties' word.

    Raises:
        OperationFailed: one of the codes beside ``ConfirmReport`` in ``OPERATIONS``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "confirm")
    check_sender((trade.waits_for(),), context)
    check_in_time(trade, context)
    check_same(trade, operation.price, operation.agreement_hash)
    board = read_board(state, trade.board_id)
    BOARD.step(board.status, "trade")
    _check_parties(board, trade, state, context.time_ms)
    emit_settled(step(trade, "confirm", context, state, agreed_ms=context.time_ms, paid=trade.proceeds), context)


_REPORT: Final = (
    "trade-amount",
    "trade-with-oneself",
    "right-terms",
    "trade-not-party",
    "trade-exists",
    "board-unknown",
    "board-status",
    "trade-off-exchange",
    "trade-deadlines",
    *SELLER_CODES,
    *BUYER_CODES,
)
_CONFIRM: Final = (
    *STEP_CODES,
    "trade-accept-late",
    "trade-price",
    "trade-agreement",
    "board-status",
    *SELLER_CODES,
    *BUYER_CODES,
)

OPERATIONS: Final = (
    OperationSpec(ReportTrade, report, EVERYONE, _REPORT),
    OperationSpec(ConfirmReport, confirm, EVERYONE, _CONFIRM),
)
