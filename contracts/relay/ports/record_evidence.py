"""What the ledger holds about the pasts of chains that countersign each other.

relay-checkpoint/<client>/<sequence>  CheckpointRecord: sent, and what the other chain keeps of it
relay-anchor/<client>/<height>        AnchorRecord: a header of another chain, kept here for ever
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Hash32
from contracts.relay.packet import ClientId
from contracts.relay.ports.record import Sequence
from contracts.relay.record import ChainName

CHECKPOINT: Final = Lifecycle(
    "checkpoint",
    "relay-checkpoint-status",
    {
        (None, "send"): "SENT",
        ("SENT", "countersign"): "COUNTERSIGNED",
        ("SENT", "refuse"): "REFUSED",
        ("SENT", "lapse"): "LAPSED",
    },
)


class CheckpointRecord(msgspec.Struct, frozen=True, array_like=True):
    """The past of this chain, told to another one, and what that one keeps of it."""

    client_id: ClientId
    sequence: Sequence
    chain_id: ChainName
    status: str
    sent_by: Did
    sent_height: Height
    sent_ms: int
    height: Height = 0
    """Of this chain's header that the other one keeps; 0 = not countersigned."""
    block_hash: bytes = b""
    history_root: bytes = b""
    recorded_height: Height = 0
    """Of the other chain's block that keeps it."""
    recorded_ms: int = 0
    their_height: Height = 0
    """Of the other chain's header, at or after that block, which this chain keeps in return."""
    their_block_hash: bytes = b""
    their_history_root: bytes = b""


class AnchorRecord(msgspec.Struct, frozen=True, array_like=True):
    """A header of another chain, as this chain verified it: that chain cannot rewrite what came before it alone."""

    client_id: ClientId
    height: Height
    chain_id: ChainName
    time_ms: int
    block_hash: Hash32
    state_root: Hash32
    history_root: Hash32
    sequence: Sequence
    """Of the first packet that asked for it."""
    recorded_height: Height
    recorded_ms: int


_decode_checkpoint = msgspec.msgpack.Decoder(CheckpointRecord).decode
_decode_anchor = msgspec.msgpack.Decoder(AnchorRecord).decode


def checkpoint_key(client_id: str, sequence: int) -> bytes:
    """State key of a checkpoint that was sent."""
    return key("relay-checkpoint", client_id, sequence)


def read_checkpoint(state: State, client_id: str, sequence: int) -> CheckpointRecord | None:
    """The checkpoint that packet ``sequence`` of ``client_id`` carried."""
    stored = state.get(checkpoint_key(client_id, sequence))
    return None if stored is None else _decode_checkpoint(stored)


def write_checkpoint(state: State, record: CheckpointRecord) -> None:
    """Put it under its key."""
    state.put(checkpoint_key(record.client_id, record.sequence), encode(record))


def anchor_key(client_id: str, height: int) -> bytes:
    """State key of another chain's header."""
    return key("relay-anchor", client_id, height)


def read_anchor(state: State, client_id: str, height: int) -> AnchorRecord | None:
    """The header that another chain had countersigned; None where it did not ask for that one."""
    stored = state.get(anchor_key(client_id, height))
    return None if stored is None else _decode_anchor(stored)


RECORDS: Final = (
    ("relay-checkpoint", 3, "", CheckpointRecord),
    ("relay-anchor", 3, "", AnchorRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
