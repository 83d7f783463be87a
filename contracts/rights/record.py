"""What the ledger holds about rights.

    right/<id>            RightRecord
    right-source/<id>     SourceRecord: what was granted out of an asset or a right, as far as exclusivity asks

The holder of an asset has all three rights in it without a record: they follow the
asset's ``holder``, cost nothing at registration and cannot disagree with it. A right that
names no parent was granted out of them.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32, Time
from contracts.rights.terms import LEVELS_MAX, RightKind, RightTerms, Uses

LIFECYCLE: Final = Lifecycle(
    "right",
    "right-status",
    {
        (None, "grant"): "ACTIVE",
        (None, "offer"): "OFFERED",
        ("OFFERED", "accept"): "ACTIVE",
        ("OFFERED", "decline"): "DECLINED",
        ("OFFERED", "revoke"): "REVOKED",
        ("OFFERED", "expire"): "EXPIRED",
        ("OFFERED", "annul"): "REVOKED",
        ("OFFERED", "freeze"): "FROZEN_OFFER",
        ("FROZEN_OFFER", "freeze"): "FROZEN_OFFER",
        ("FROZEN_OFFER", "lift"): "FROZEN_OFFER",
        ("FROZEN_OFFER", "release"): "OFFERED",
        ("FROZEN_OFFER", "annul"): "REVOKED",
        ("ACTIVE", "amend"): "ACTIVE",
        ("ACTIVE", "use"): "ACTIVE",
        ("ACTIVE", "revoke"): "REVOKED",
        ("ACTIVE", "surrender"): "SURRENDERED",
        ("ACTIVE", "expire"): "EXPIRED",
        ("ACTIVE", "annul"): "REVOKED",
        ("ACTIVE", "freeze"): "FROZEN",
        ("FROZEN", "freeze"): "FROZEN",
        ("FROZEN", "lift"): "FROZEN",
        ("FROZEN", "release"): "ACTIVE",
        ("FROZEN", "annul"): "REVOKED",
    },
)
"""``annul`` is a measure's revocation; ``lift`` removes one of several orders, ``release`` the last."""
FROZEN: Final = ("FROZEN", "FROZEN_OFFER")

ORDERS_MAX: Final = 8
"""Orders that hold one right at a time: several authorities may, but each read pays for the list."""
EXCLUSIVES_MAX: Final = 8
"""Exclusive rights of one source: divided by region and purpose, each further grant is compared with all."""
HULL_MAX: Final = 32
"""Members of a hull; beyond, it stands for everything."""

Orders = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=ORDERS_MAX)]
ParentId = Annotated[bytes, msgspec.Meta(max_length=32)]
"""A right's id; empty = granted by the asset's holder."""

_right_hash = tagged_hash("right")


class RightRecord(msgspec.Struct, frozen=True, array_like=True):
    """One right as granted."""

    right_id: Hash32
    asset_id: Hash32
    parent: ParentId
    depth: Annotated[int, msgspec.Meta(ge=1, le=LEVELS_MAX + 1)]
    """1 where granted by the asset's holder, one more than the parent's otherwise."""
    grantor: Did
    """Who granted it; whoever holds the source now stands in for it."""
    holder: Did
    terms: RightTerms
    status: str
    frozen_by: Orders
    """Orders that hold it, in the order they came."""
    uses_spent: Uses
    """Uses made, and uses passed on to rights granted out of it."""
    granted_height: Height
    granted_ms: int
    updated_height: Height
    updated_ms: int


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """What one exclusive right keeps others out of; its terms were checked when it was granted."""

    right_id: Hash32
    kind: RightKind
    purposes: tuple[str, ...]
    regions: tuple[str, ...]
    from_ms: Time
    until_ms: Time


class Hull(msgspec.Struct, frozen=True, array_like=True):
    """What the shared rights of one kind may reach together: at least as far as they do."""

    kind: RightKind
    count: Uses
    """Rights not ended by an operation; 0 empties the hull."""
    purposes: Annotated[tuple[str, ...], msgspec.Meta(max_length=HULL_MAX)]
    regions: Annotated[tuple[str, ...], msgspec.Meta(max_length=HULL_MAX)]
    from_ms: Time
    until_ms: Time


class SourceRecord(msgspec.Struct, frozen=True, array_like=True):
    """What was granted out of one asset or right."""

    exclusives: Annotated[tuple[Claim, ...], msgspec.Meta(max_length=EXCLUSIVES_MAX)] = ()
    shared: Annotated[tuple[Hull, ...], msgspec.Meta(max_length=3)] = ()
    """Sorted by kind."""


_decode_right = lru_cache(1024)(msgspec.msgpack.Decoder(RightRecord).decode)
_decode_source = lru_cache(256)(msgspec.msgpack.Decoder(SourceRecord).decode)


def right_id_of(grantor: str, asset_id: bytes, parent: bytes, salt: bytes) -> bytes:
    """The 32-byte id of the right that ``grantor`` grants under ``salt``: nobody else can take it first."""
    return _right_hash(encode((grantor, asset_id, parent, salt)))


def right_key(right_id: bytes) -> bytes:
    """State key of a right, as ``state.keys.key`` makes it."""
    return b"right/" + right_id.hex().encode()  # read at every step upwards; five times as fast as the general form


def source_key(source_id: bytes) -> bytes:
    """State key of what was granted out of an asset or a right, as ``state.keys.key`` makes it."""
    return b"right-source/" + source_id.hex().encode()


def read_right(state: State, right_id: bytes) -> RightRecord:
    """The right under ``right_id``.

    Raises:
        OperationFailed: ``right-unknown``.
    """
    stored = state.get(right_key(right_id)) if right_id else None
    if stored is None:
        raise OperationFailed("right-unknown", f"no right {right_id.hex()}")
    return _decode_right(stored)


def write_right(state: State, record: RightRecord) -> None:
    """Keep ``record``."""
    state.put(right_key(record.right_id), encode(record))


def read_source(state: State, source_id: bytes) -> SourceRecord:
    """What was granted out of an asset or a right; empty where nothing was."""
    stored = state.get(source_key(source_id))
    return SourceRecord() if stored is None else _decode_source(stored)


RECORDS: Final = (
    ("right", 2, "", RightRecord),
    ("right-source", 2, "", SourceRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
