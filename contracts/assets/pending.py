"""What the holder of a registered asset asked for and nobody has decided yet.

    asset-pending/<id in hex>     PendingRecord: one at a time, gone when decided
    asset-proposal/<id in hex>    AssetDescription: the one proposed, where a change is asked for

A description lies apart from what is decided about it: every step of a procedure then
writes a small record, and only the transaction that carries a description pays for it.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key_below, prefix
from chainnode.state.view import State
from chainnode.types.transaction import Height
from contracts.assets.description import AssetDescription, check_size
from contracts.kernel.text import AnyDid, Hash32, Time

Procedure = Literal["change", "transfer", "renewal"]
Period = Annotated[int, msgspec.Meta(ge=0, le=100 * 366 * 86_400_000)]
"""Milliseconds of block time, at most a hundred years."""


class PendingRecord(msgspec.Struct, frozen=True, array_like=True):
    """One request of the holder's, under the registrar's rules of the moment it was made."""

    procedure: Procedure
    description_hash: Hash32 | None
    """Of the description proposed; only for a change."""
    new_holder: AnyDid
    """To whom the asset is offered; only for a transfer."""
    accepted: bool
    """Whether the new holder agreed and the registrar's confirmation is awaited."""
    confirmed: bool
    """Whether a transfer needs that confirmation."""
    ends_ms: Time
    """Before this block time the new holder may accept, or the registrar may grant the renewal; 0 = without end."""
    validity_ms: Period
    """What a renewal adds to the certificate; 0 = it then holds without end."""
    reference: Hash32 | None
    """Digest of the document behind the request, such as the agreement on a transfer."""
    requested_height: Height
    requested_ms: int


_decode_pending = lru_cache(256)(msgspec.msgpack.Decoder(PendingRecord).decode)
_PENDING: Final = prefix("asset-pending")
_PROPOSALS: Final = prefix("asset-proposal")
_decode_proposal = msgspec.msgpack.Decoder(AssetDescription).decode


def pending_key(asset_id: bytes) -> bytes:
    """State key of a request."""
    return key_below(_PENDING, asset_id)


def proposal_key(asset_id: bytes) -> bytes:
    """State key of a description that waits for a decision."""
    return key_below(_PROPOSALS, asset_id)


def read_pending(state: State, asset_id: bytes) -> PendingRecord | None:
    """What waits for a decision about ``asset_id``."""
    stored = state.get(pending_key(asset_id))
    return None if stored is None else _decode_pending(stored)


def read_proposal(state: State, asset_id: bytes) -> AssetDescription | None:
    """The description that waits for a decision about ``asset_id``."""
    stored = state.get(proposal_key(asset_id))
    return None if stored is None else _decode_proposal(stored)


def put_proposal(asset_id: bytes, description: AssetDescription, state: State) -> None:
    """Write the description proposed.

    Raises:
        OperationFailed: ``asset-too-large``.
    """
    stored = encode(description)
    check_size(len(stored))
    state.put(proposal_key(asset_id), stored)


def drop_pending(asset_id: bytes, state: State) -> None:
    """Forget what waits for a decision, if anything does."""
    for state_key in (pending_key(asset_id), proposal_key(asset_id)):
        if state.get(state_key) is not None:
            state.delete(state_key)


RECORDS: Final = (
    ("asset-pending", 2, "", PendingRecord),
    ("asset-proposal", 2, "", AssetDescription),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
