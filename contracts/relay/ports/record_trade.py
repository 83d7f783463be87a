"""What the ledger holds about orders between chains.

relay-order/<order>                   OrderRecord: sent to another chain by a buyer of ours
relay-foreign-order/<client>/<order>  ForeignOrder: of another chain's buyer, on a listing of ours
"""

from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.evidence.digest import Algorithm
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.money import Amount, Currency
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32, ShortName, Time
from contracts.market.record import Quantity
from contracts.relay.packet import ClientId
from contracts.relay.ports.message import AnswerKind, ForeignDid
from contracts.relay.ports.record import Sequence
from contracts.relay.record import ChainName

ORDER: Final = Lifecycle(
    "cross-chain order",
    "relay-order-status",
    {
        (None, "order"): "PENDING",
        ("PENDING", "place"): "PLACED",
        ("PENDING", "refuse"): "REFUSED",
        ("PENDING", "lapse"): "LAPSED",
        **{(status, "accept"): "ACCEPTED" for status in ("PENDING", "PLACED")},
        **{(status, "decline"): "DECLINED" for status in ("PENDING", "PLACED")},
        **{(status, "deliver"): "DELIVERED" for status in ("PENDING", "PLACED", "ACCEPTED")},
        ("DELIVERED", "accept"): "DELIVERED",
        **{(status, "place"): status for status in ("ACCEPTED", "DECLINED", "DELIVERED")},
    },
)
"""Packets keep no order among them: an answer may arrive before the order's own acknowledgement, and a delivery before
the acceptance."""
FOREIGN_ORDER: Final = Lifecycle(
    "foreign order",
    "relay-foreign-order-status",
    {
        (None, "place"): "PLACED",
        ("PLACED", "accept"): "ACCEPTED",
        ("PLACED", "decline"): "DECLINED",
        ("ACCEPTED", "deliver"): "DELIVERED",
        **{(status, "repeat"): status for status in ("ACCEPTED", "DECLINED", "DELIVERED")},
    },
)


class OrderRecord(msgspec.Struct, frozen=True, array_like=True):
    """An order of this chain's buyer, on another chain's listing."""

    order_id: Hash32
    client_id: ClientId
    chain_id: ChainName
    reference: ShortName
    buyer: Did
    listing_id: Hash32
    asset_id: Hash32
    seller: ForeignDid
    currency: Currency
    price: Amount
    quantity: Quantity
    amount: Amount
    agreement_hash: Hash32
    accept_by_ms: Time
    deliver_by_ms: Time
    status: str
    sequence: Sequence
    ordered_height: Height
    ordered_ms: int
    updated_height: Height
    updated_ms: int
    algorithm: Algorithm = "sha256"
    digest: Annotated[bytes, msgspec.Meta(max_length=64)] = b""
    """Of the delivery's evidence on the other chain; empty before."""


class ForeignOrder(msgspec.Struct, frozen=True, array_like=True):
    """An order of another chain's buyer, on a listing of this chain."""

    client_id: ClientId
    order_id: Hash32
    chain_id: ChainName
    buyer: ForeignDid
    listing_id: Hash32
    asset_id: Hash32
    board_id: Hash32
    seller: Did
    currency: Currency
    price: Amount
    quantity: Quantity
    amount: Amount
    fee: Amount
    """What the exchange receives of it, or on top of it, by its rules when the order came."""
    agreement_hash: Hash32
    accept_by_ms: Time
    deliver_by_ms: Time
    status: str
    placed_height: Height
    placed_ms: int
    updated_height: Height
    updated_ms: int
    answer: AnswerKind | None = None
    """The last one."""
    telling: str = ""
    """Of that answer, as an announcement: SENT, KNOWN, FAILED; empty before."""
    sequence: Sequence = 0
    """Of the packet that tells it."""
    answered_ms: int = 0
    algorithm: Algorithm = "sha256"
    digest: Annotated[bytes, msgspec.Meta(max_length=64)] = b""


_order_hash = tagged_hash("relay-order")
_decode_order = msgspec.msgpack.Decoder(OrderRecord).decode
_decode_foreign_order = msgspec.msgpack.Decoder(ForeignOrder).decode


def order_id_of(buyer: str, reference: str) -> bytes:
    """The 32-byte id of the order that ``buyer`` calls ``reference``."""
    return _order_hash(encode((buyer, reference)))


def order_key(order_id: bytes) -> bytes:
    """State key of an order to another chain."""
    return key("relay-order", order_id)


def read_order(state: State, order_id: bytes) -> OrderRecord | None:
    """The order that was sent to another chain."""
    stored = state.get(order_key(order_id))
    return None if stored is None else _decode_order(stored)


def write_order(state: State, record: OrderRecord) -> None:
    """Put it under its key."""
    state.put(order_key(record.order_id), encode(record))


def foreign_order_key(client_id: str, order_id: bytes) -> bytes:
    """State key of another chain's order; its id is that chain's word, so it stands below the client."""
    return key("relay-foreign-order", client_id, order_id)


def find_foreign_order(state: State, client_id: str, order_id: bytes) -> ForeignOrder | None:
    """The order that came through ``client_id``; None where none did."""
    stored = state.get(foreign_order_key(client_id, order_id))
    return None if stored is None else _decode_foreign_order(stored)


def read_foreign_order(state: State, client_id: str, order_id: bytes) -> ForeignOrder:
    """The order that came through ``client_id``.

    Raises:
        OperationFailed: ``relay-order-unknown``.
    """
    found = find_foreign_order(state, client_id, order_id)
    if found is None:
        raise OperationFailed("relay-order-unknown", f"no order {order_id.hex()} came through {client_id}")
    return found


def write_foreign_order(state: State, record: ForeignOrder) -> None:
    """Put it under its key."""
    state.put(foreign_order_key(record.client_id, record.order_id), encode(record))


RECORDS: Final = (
    ("relay-order", 2, "", OrderRecord),
    ("relay-foreign-order", 3, "", ForeignOrder),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
