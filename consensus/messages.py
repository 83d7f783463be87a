"""What validators say to one another.

Every signed message names chain, epoch, validator-set hash, height and view; its sender is an index into that set. The
wire form is a MessagePack array whose first element is an integer tag. ``decode_message`` accepts canonical bytes only:
what was decoded, encoded again, equals what came in.

Source: SPEC.md, Messages.
"""

from typing import Final, TypeAlias

import msgspec

from consensus import limits, scalar
from consensus.canonical import CanonicalReader
from consensus.certificates import QuorumCertificate

NOTHING_PREPARED: Final = -1
"""``ViewChange.prepared_view`` of a validator that has prepared nothing at this height."""


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Common settings: immutable, an array on the wire, no surplus elements."""


class ViewChange(_Message, frozen=True, tag=4):
    """The sender left all views below ``view`` and reports the highest block it prepared at this height."""

    chain_id: scalar.ChainId
    epoch: scalar.Epoch
    validators_hash: scalar.Hash
    height: scalar.Height
    view: scalar.View
    """The new view the sender asks for; at least 1."""
    sender: scalar.Sender
    prepared_view: scalar.PreparedView
    """View of ``certificate``, or ``NOTHING_PREPARED``."""
    prepared_hash: scalar.HashOrEmpty
    """Block of ``certificate``, or empty."""
    signature: scalar.Signature = b""
    """Covers everything above; empty while unsigned."""
    certificate: QuorumCertificate | None = None
    """PREPARE certificate of ``(prepared_view, prepared_hash)``. Proves itself, hence unsigned; left out inside a
    justification, which carries the highest one once."""


class Justification(_Message, frozen=True):
    """Why a leader may propose in a view above 0, and what it must propose.

    Source: SPEC.md R2, R7.
    """

    view_changes: tuple[ViewChange, ...]
    """At least q of distinct senders for exactly this height and view, ascending by sender, without certificates."""
    certificate: QuorumCertificate | None
    """The PREPARE certificate of the highest prepared view among them, or ``None`` when none had prepared."""


class PrePrepare(_Message, frozen=True, tag=1):
    """The leader's proposal. Its signature covers every field, the proposal and the justification included."""

    chain_id: scalar.ChainId
    epoch: scalar.Epoch
    validators_hash: scalar.Hash
    height: scalar.Height
    view: scalar.View
    sender: scalar.Sender
    block_hash: scalar.Hash
    proposal: scalar.Proposal
    """Opaque to the core: the host's encoding of header, transaction identifiers and last certificate."""
    justification: Justification | None = None
    """Present exactly when ``view`` is above 0."""
    signature: scalar.Signature = b""


class Prepare(_Message, frozen=True, tag=2):
    """The sender accepted ``block_hash`` as the proposal of this view."""

    chain_id: scalar.ChainId
    epoch: scalar.Epoch
    validators_hash: scalar.Hash
    height: scalar.Height
    view: scalar.View
    sender: scalar.Sender
    block_hash: scalar.Hash
    signature: scalar.Signature = b""


class Commit(_Message, frozen=True, tag=3):
    """The sender holds, durably, a PREPARE certificate for ``block_hash`` in this view."""

    chain_id: scalar.ChainId
    epoch: scalar.Epoch
    validators_hash: scalar.Hash
    height: scalar.Height
    view: scalar.View
    sender: scalar.Sender
    block_hash: scalar.Hash
    signature: scalar.Signature = b""


class Decided(_Message, frozen=True, tag=5):
    """A block that q validators committed. Proves itself, so it may come from anybody and is not signed."""

    chain_id: scalar.ChainId
    height: scalar.Height
    block_hash: scalar.Hash
    certificate: QuorumCertificate


class Status(_Message, frozen=True, tag=6):
    """Where the sender stands: a hint that may make us help it, never a proof of anything."""

    chain_id: scalar.ChainId
    sender: int
    """Index in the set, or -1 for an observer. Not signed: the host drops it unless it matches the channel's peer."""
    height: scalar.Height
    """Of the sender's last durable block."""
    block_hash: scalar.Hash
    view: scalar.View
    """Current view at ``height + 1``."""
    phase: int
    lowest_height: scalar.Height
    """Oldest block the sender can still serve."""


Vote: TypeAlias = Prepare | Commit
Signed: TypeAlias = PrePrepare | Prepare | Commit | ViewChange
Message: TypeAlias = PrePrepare | Prepare | Commit | ViewChange | Decided | Status


class MalformedMessage(ValueError):
    """Bytes that are no message.

    ``code`` is ``message_too_large``, ``message_malformed`` or ``message_not_canonical``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_ENCODER = msgspec.msgpack.Encoder()
_read: CanonicalReader[Message] = CanonicalReader(Message, "message", limits.MESSAGE_BYTES_MAX, MalformedMessage)


def encode_message(message: Message) -> bytes:
    """Canonical bytes of ``message``."""
    return _ENCODER.encode(message)


def decode_message(data: bytes) -> Message:
    """Read one message of any origin; F0's checks of size, form and field bounds.

    Raises:
        MalformedMessage: too many bytes, not a message, a field out of bounds, or not canonical. The bounds of the
            fields keep PREPARE, COMMIT and STATUS below 512 bytes, VIEW_CHANGE and DECIDED below 16 KiB.
    """
    return _read(data)
