"""What the ledger holds about lawful orders, and the states one goes through.

    governance/orders/<order>       the order, from its issue to its end
    governance/order-calendar       orders that end by themselves, soonest first

``order`` is a hash of issuer and order id, so that nobody can take another's id, and what is held names it.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.limits import KIB
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.block import Hash
from chainnode.types.transaction import Height
from contracts.governance.operations_order import EvidenceOfOrder, OrderId, Target, TargetId
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Time

CALENDAR_MAX: Final = 1_024
"""Orders that end by themselves at a time: the list stays at 45 KiB; further ones are issued open-ended and lifted."""
STATE_BYTES: Final = 96 * KIB
"""The calendar, the order and the largest asset: what one order writes."""
EXPIRIES_MAX: Final = 16
"""Orders that end in one block; more that are due follow in the next."""
SUSPENSIONS_MAX: Final = 8
"""Orders that suspend one identity at a time, as many as hold an asset."""

ORDER: Final = Lifecycle(
    "order",
    "order-status",
    {(None, "issue"): "IN_FORCE", ("IN_FORCE", "lift"): "LIFTED", ("IN_FORCE", "expire"): "EXPIRED"},
)
_order_hash = tagged_hash("order")


class OrderRecord(msgspec.Struct, frozen=True, array_like=True):
    """One use of the power, and on what ground."""

    order: Hash
    issuer: str
    """DID of the regulator, or ``proposal:<number>``."""
    order_id: OrderId
    target: Target
    target_id: TargetId
    did: str
    legal_basis: str
    document_hash: Hash
    reason: str
    evidence: EvidenceOfOrder | None
    status: str
    issued_height: Height
    issued_ms: Time
    until_ms: Time
    ended_height: Height = 0
    ended_ms: Time = 0
    ended_by: str = ""
    """Who lifted it; empty where its time ended."""
    ending_reason: str = ""
    ending_document: Hash | None = None


class CalendarItem(msgspec.Struct, frozen=True, array_like=True, order=True):
    """When an order ends by itself."""

    until_ms: Time
    order: Hash


class Calendar(msgspec.Struct, frozen=True, array_like=True):
    """Orders that end by themselves, soonest first."""

    items: Annotated[tuple[CalendarItem, ...], msgspec.Meta(max_length=CALENDAR_MAX)] = ()


CALENDAR_KEY: Final = key("governance", "order-calendar")
_decode_order = lru_cache(64)(msgspec.msgpack.Decoder(OrderRecord).decode)
_decode_calendar = lru_cache(8)(msgspec.msgpack.Decoder(Calendar).decode)


def order_of(issuer: str, order_id: bytes) -> bytes:
    """The 32 bytes that name the order ``order_id`` of ``issuer`` everywhere on the ledger."""
    return _order_hash(encode((issuer, order_id)))


def order_key(order: bytes) -> bytes:
    """State key of an order."""
    return key("governance", "orders", order)


def find_order(state: State, order: bytes) -> OrderRecord | None:
    """The order of this name, if there is one."""
    stored = state.get(order_key(order))
    return None if stored is None else _decode_order(stored)


def read_order(state: State, order: bytes) -> OrderRecord:
    """The order of this name.

    Raises:
        OperationFailed: ``order-unknown``.
    """
    found = find_order(state, order)
    if found is None:
        raise OperationFailed("order-unknown", f"there is no order {order.hex()}")
    return found


def read_calendar(state: State) -> tuple[CalendarItem, ...]:
    """Orders that end by themselves, soonest first."""
    stored = state.get(CALENDAR_KEY)
    return () if stored is None else _decode_calendar(stored).items


def write_calendar(state: State, items: tuple[CalendarItem, ...]) -> None:
    """Keep ``items``, which are sorted."""
    if items:
        state.put(CALENDAR_KEY, encode(Calendar(items)))
    else:
        state.delete(CALENDAR_KEY)


RECORDS: Final = (
    ("governance", 2, "order-calendar", Calendar),
    ("governance", 3, "orders", OrderRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
