"""Lawful orders: a regulator holds something still, on a written ground, and every use of the power stays on record.

Whoever holds the role regulator may issue an order and lift any order; the consortium may do either by a vote. An
order with an end is lifted by the first block of that time, without anybody's doing.
"""

from bisect import insort
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.measures import freeze_asset, release_asset
from contracts.evidence.record import read_evidence
from contracts.governance.operations_order import IssueOrder, LiftOrder
from contracts.governance.order import (
    CALENDAR_MAX,
    EXPIRIES_MAX,
    ORDER,
    STATE_BYTES,
    CalendarItem,
    OrderRecord,
    find_order,
    order_key,
    order_of,
    read_calendar,
    read_order,
    write_calendar,
)
from contracts.governance.outcome_order import OrderEnded, OrderIssued
from contracts.governance.suspension import SUSPENDING, release_identity, suspend_identity
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule
from contracts.market.measures import HOLDING, hold_trade, release_trade
from contracts.rights.measures import FREEZING, freeze_right, release_right

Measure = Callable[[bytes, bytes, Context, State], None]
_HOLD: Final[MappingProxyType[str, Measure]] = MappingProxyType(
    {"asset": freeze_asset, "right": freeze_right, "trade": hold_trade}
)
_RELEASE: Final[MappingProxyType[str, Measure]] = MappingProxyType(
    {"asset": release_asset, "right": release_right, "trade": release_trade}
)
BY_REGULATOR: Final = Rule("ANY", ("regulator",))


def issue_order(operation: IssueOrder, context: Context, state: State) -> None:
    """Hold the target still.

    Raises:
        OperationFailed: ``order-exists``, ``order-until``, ``order-evidence-unknown``, ``order-calendar-full`` or a
            refusal of the target's own.
    """
    order = order_of(context.sender, operation.order_id)
    if find_order(state, order) is not None:
        raise OperationFailed("order-exists", f"{context.sender} has issued order {operation.order_id.hex()}")
    until_ms, evidence = operation.until_ms, operation.evidence
    if until_ms and until_ms <= context.time_ms:
        raise OperationFailed("order-until", f"it would end at {until_ms}, and it is {context.time_ms}")
    if evidence is not None and read_evidence(state, evidence.submitter, evidence.evidence_id) is None:
        raise OperationFailed("order-evidence-unknown", f"{evidence.submitter} has recorded no such evidence")
    if until_ms:
        calendar = list(read_calendar(state))
        if len(calendar) >= CALENDAR_MAX:
            raise OperationFailed("order-calendar-full", f"{CALENDAR_MAX} orders end by themselves")
        insort(calendar, CalendarItem(until_ms, order))
        write_calendar(state, tuple(calendar))
    record = OrderRecord(
        order,
        context.sender,
        operation.order_id,
        operation.target,
        operation.target_id,
        operation.identity,
        operation.legal_basis,
        operation.document_hash,
        operation.reason,
        evidence,
        ORDER.step(None, "issue"),
        context.height,
        context.time_ms,
        until_ms,
    )
    state.put(order_key(order), encode(record))
    context.emit(
        OrderIssued(
            order, record.issuer, record.target, record.target_id, record.did, record.legal_basis,
            record.document_hash, until_ms,
        )
    )  # fmt: skip
    if record.target == "identity":
        suspend_identity(record.did, order, context, state)
    else:
        _HOLD[record.target](record.target_id, order, context, state)


def lift_order(operation: LiftOrder, context: Context, state: State) -> None:
    """End an order before its time.

    Raises:
        OperationFailed: ``order-unknown`` or ``order-status``.
    """
    record = read_order(state, operation.order)
    ended = msgspec.structs.replace(
        record,
        status=ORDER.step(record.status, "lift"),
        ended_by=context.sender,
        ending_reason=operation.reason,
        ending_document=operation.document_hash,
    )
    if record.until_ms:
        write_calendar(state, tuple(item for item in read_calendar(state) if item.order != record.order))
    _end(ended, context, state)


def expire_orders(context: Context, state: State) -> None:
    """End up to ``EXPIRIES_MAX`` orders whose time is over, while the block of ``context`` opens."""
    calendar = read_calendar(state)
    due = [item for item in calendar[:EXPIRIES_MAX] if item.until_ms <= context.time_ms]
    if not due:
        return
    write_calendar(state, calendar[len(due) :])
    for item in due:
        record = read_order(state, item.order)
        _end(msgspec.structs.replace(record, status=ORDER.step(record.status, "expire")), context, state)


def _end(record: OrderRecord, context: Context, state: State) -> None:
    ended = msgspec.structs.replace(record, ended_height=context.height, ended_ms=context.time_ms)
    state.put(order_key(record.order), encode(ended))
    released = True
    if record.target == "identity":
        release_identity(record.did, record.order, context, state)
    else:
        try:
            _RELEASE[record.target](record.target_id, record.order, context, state)
        except OperationFailed:
            # What was held has ended by another way, such as a ruling: the order ends all the same.
            released = False
    context.emit(
        OrderEnded(
            record.order, record.status, record.target, record.target_id, record.did, record.ended_by, released
        )
    )


_ASSET: Final = ("asset-unknown", "asset-status", "asset-order-held", "asset-orders-full")

OPERATIONS: Final = (
    OperationSpec(
        IssueOrder,
        issue_order,
        BY_REGULATOR,
        ("order-target", "order-exists", "order-until", "order-evidence-unknown", "order-calendar-full",
         *SUSPENDING, *_ASSET, *FREEZING, *HOLDING),
        by_proposal=True,
        state_bytes=STATE_BYTES, work=4,
    ),
    OperationSpec(
        LiftOrder, lift_order, BY_REGULATOR, ("order-unknown", "order-status"), by_proposal=True,
        state_bytes=STATE_BYTES, work=4,
    ),
)  # fmt: skip
