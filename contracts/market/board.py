"""What an exchange does with its boards."""

from typing import Any, Final

import msgspec

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule
from contracts.market.event import BoardAmended, BoardOpened, BoardStatusChanged
from contracts.market.operations import AmendBoard, CloseBoard, OpenBoard, ResumeBoard, SuspendBoard
from contracts.market.record import BOARD, BoardRecord, board_id_of, board_key, read_board, write_board


def open_board(operation: OpenBoard, context: Context, state: State) -> None:
    """Write the board in the sender's name.

    Raises:
        OperationFailed: ``board-exists``.
    """
    operator, rules = context.sender, operation.rules
    board_id = board_id_of(operator, operation.reference)
    if state.get(board_key(board_id)) is not None:
        raise OperationFailed("board-exists", f"{operator} has opened {operation.reference} as {board_id.hex()}")
    record = BoardRecord(
        board_id=board_id,
        reference=operation.reference,
        operator=operator,
        currency=operation.currency,
        rules=rules,
        status=BOARD.step(None, "open"),
        opened_height=context.height,
        opened_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    write_board(state, record)
    context.emit(BoardOpened(board_id, operator, record.reference, rules.name, record.currency, rules.fee_basis_points))


def amend_board(operation: AmendBoard, context: Context, state: State) -> None:
    """Replace the rules.

    Raises:
        OperationFailed: ``board-unknown``, ``board-not-yours`` or ``board-status``.
    """
    _step(operation.board_id, "amend", context, state, rules=operation.rules)
    context.emit(BoardAmended(operation.board_id, operation.rules.name, operation.rules.fee_basis_points))


def suspend_board(operation: SuspendBoard, context: Context, state: State) -> None:
    """Begin nothing new; raises as ``_change``."""
    _change(operation.board_id, "suspend", context, state)


def resume_board(operation: ResumeBoard, context: Context, state: State) -> None:
    """Begin new things again; raises as ``_change``."""
    _change(operation.board_id, "resume", context, state)


def close_board(operation: CloseBoard, context: Context, state: State) -> None:
    """End it; raises as ``_change``."""
    _change(operation.board_id, "close", context, state)


def _change(board_id: bytes, action: str, context: Context, state: State) -> None:
    """Take the board along one line of its table.

    Raises:
        OperationFailed: ``board-unknown``, ``board-not-yours`` or ``board-status``.
    """
    status = _step(board_id, action, context, state)
    context.emit(BoardStatusChanged(board_id, action, status))


def _step(board_id: bytes, action: str, context: Context, state: State, **fields: Any) -> str:
    board = read_board(state, board_id)
    if board.operator != context.sender:
        raise OperationFailed("board-not-yours", f"board {board_id.hex()} is operated by {board.operator}")
    status = BOARD.step(board.status, action)
    now = {"updated_height": context.height, "updated_ms": context.time_ms}
    write_board(state, msgspec.structs.replace(board, status=status, **fields, **now))
    return status


_EXCHANGE: Final = Rule("ANY", ("exchange",))
_OWN: Final = ("board-unknown", "board-not-yours", "board-status")

OPERATIONS: Final = (
    OperationSpec(OpenBoard, open_board, _EXCHANGE, ("board-price-modes", "board-exists")),
    OperationSpec(AmendBoard, amend_board, _EXCHANGE, ("board-price-modes", *_OWN)),
    OperationSpec(SuspendBoard, suspend_board, _EXCHANGE, _OWN),
    OperationSpec(ResumeBoard, resume_board, _EXCHANGE, _OWN),
    OperationSpec(CloseBoard, close_board, _EXCHANGE, _OWN),
)
