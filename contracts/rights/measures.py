"""What lawful orders and rulings do to rights; whoever calls has checked the power to.

Several orders may hold one right at a time; it comes free when the last is lifted.
"""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.rights.exclusivity import vacate
from contracts.rights.outcome import RightFrozen, RightReleased, RightRevoked
from contracts.rights.record import LIFECYCLE, ORDERS_MAX, RightRecord, read_right, write_right

FREEZING: Final = ("right-unknown", "right-status", "right-order-held", "right-orders-full")
RELEASING: Final = ("right-unknown", "right-order-unknown")
REVOKING: Final = ("right-unknown", "right-status")


def freeze_right(right_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Hold a right, and with it all granted out of it, by ``order``.

    Raises:
        OperationFailed: a code of ``FREEZING``.
    """
    record = read_right(state, right_id)
    status = LIFECYCLE.step(record.status, "freeze")
    if order in record.frozen_by:
        raise OperationFailed("right-order-held", f"{right_id.hex()} is held by order {order.hex()} already")
    if len(record.frozen_by) == ORDERS_MAX:
        raise OperationFailed("right-orders-full", f"{ORDERS_MAX} orders hold {right_id.hex()}")
    write_right(state, _changed(record, context, status=status, frozen_by=(*record.frozen_by, order)))
    context.emit(RightFrozen(right_id, record.asset_id, record.holder, order))


def release_right(right_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Lift ``order`` from a right; the last one gives it back its status.

    Raises:
        OperationFailed: a code of ``RELEASING``; also of a right that a ruling has revoked since.
    """
    record = read_right(state, right_id)
    if order not in record.frozen_by:
        raise OperationFailed("right-order-unknown", f"{right_id.hex()} is not held by order {order.hex()}")
    left = tuple(held for held in record.frozen_by if held != order)
    status = LIFECYCLE.step(record.status, "lift" if left else "release")
    write_right(state, _changed(record, context, status=status, frozen_by=left))
    context.emit(RightReleased(right_id, record.asset_id, record.holder, order, status))


def revoke_right(right_id: bytes, order: bytes, context: Context, state: State) -> None:
    """End a right by ``order``, irrevocable and frozen ones too.

    Raises:
        OperationFailed: a code of ``REVOKING``.
    """
    record = read_right(state, right_id)
    status = LIFECYCLE.step(record.status, "annul")
    write_right(state, _changed(record, context, status=status, frozen_by=()))
    vacate(record.parent or record.asset_id, right_id, record.terms, state)
    context.emit(RightRevoked.of(record, context.sender, f"order {order.hex()}"))


def _changed(record: RightRecord, context: Context, *, status: str, frozen_by: tuple[bytes, ...]) -> RightRecord:
    return msgspec.structs.replace(
        record, status=status, frozen_by=frozen_by, updated_height=context.height, updated_ms=context.time_ms
    )
