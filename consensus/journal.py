"""What a validator must remember: journal records, and the order in which it may sign.

Two memories guard against a vote the other way after a crash. The *journal* lets a replica resume where it was
(``recovery.py``); the *sign-state* is one small cell that can only grow, asked for every signature. The host owns both
files and their syncing; the rules are here.

| before sending | durable |
|---|---|
| PRE_PREPARE, PREPARE | block body, the proposal, own message, sign-state |
| COMMIT | PREPARE certificate, own message, sign-state |
| VIEW_CHANGE | own message (it names the new view and the certificate), sign-state |

Source: SPEC.md, Durable before sent.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from consensus import limits, scalar
from consensus.certificates import QuorumCertificate
from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange


class _Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Common settings."""


class PersistBlock(_Record, frozen=True, tag=1):
    """The body of a block this validator is about to vote for.

    The core asks with an empty ``body``; the host appends the record with the body it holds.
    """

    height: scalar.Height
    block_hash: scalar.Hash
    body: bytes = b""


class ProposalAccepted(_Record, frozen=True, tag=2):
    """The proposal of another validator that this one prepares; names the view by itself."""

    message: PrePrepare

    @property
    def height(self) -> int:
        """Of the proposal."""
        return self.message.height


class BlockPrepared(_Record, frozen=True, tag=3):
    """The PREPARE certificate that binds this validator's later VIEW_CHANGEs."""

    certificate: QuorumCertificate

    @property
    def height(self) -> int:
        """Of the certificate."""
        return self.certificate.height


class MessageSigned(_Record, frozen=True, tag=4):
    """An own message with its signature: what may leave, and what is sent again after a restart.

    The host appends it for every message in ``Outputs.sign``.
    """

    message: PrePrepare | Prepare | Commit | ViewChange

    @property
    def height(self) -> int:
        """Of the message."""
        return self.message.height


JournalRecord: TypeAlias = PersistBlock | ProposalAccepted | BlockPrepared | MessageSigned

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[JournalRecord] = msgspec.msgpack.Decoder(JournalRecord)


class MalformedRecord(ValueError):
    """Bytes that no version of ``encode_record`` wrote: the journal is damaged and the node must not start."""


def encode_record(record: JournalRecord) -> bytes:
    """Bytes of one record, without framing or checksum: both are the journal file's."""
    return _ENCODER.encode(record)


def decode_record(data: bytes) -> JournalRecord:
    """Read what ``encode_record`` wrote.

    Raises:
        MalformedRecord: anything else.
    """
    if len(data) > limits.RECORD_BYTES_MAX:
        raise MalformedRecord("record_too_large")
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRecord("record_malformed") from error


class SignPosition(NamedTuple):
    """Place of a message in the only order in which a validator may sign; compared field by field."""

    epoch: int
    height: int
    view: int
    step: int
    """VIEW_CHANGE 0 < PRE_PREPARE 1 < PREPARE 2 < COMMIT 3 within one view."""


STEP_VIEW_CHANGE: Final = 0
STEP_PRE_PREPARE: Final = 1
STEP_PREPARE: Final = 2
STEP_COMMIT: Final = 3

_STEPS: Final[dict[type, int]] = {
    ViewChange: STEP_VIEW_CHANGE,
    PrePrepare: STEP_PRE_PREPARE,
    Prepare: STEP_PREPARE,
    Commit: STEP_COMMIT,
}


def sign_position(message: Signed) -> SignPosition:
    """Where ``message`` stands in the order of signing."""
    return SignPosition(message.epoch, message.height, message.view, _STEPS[type(message)])


class SignState(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last thing a key signed. Survives everything, grows only, and outranks the core's own opinion.

    The host keeps it in two alternating slots; of two intact slots the one with the higher position counts.
    """

    position: SignPosition
    digest: bytes
    """``signing.signed_digest`` of the message."""
    signature: bytes

    def decide(self, position: SignPosition, digest: bytes) -> Literal["sign", "reuse", "refuse"]:
        """Say what to do about a request to sign ``digest`` at ``position``.

        ``sign``: higher than ever; durable before the message leaves. ``reuse``: the very payload signed last, hand out
        the stored signature. ``refuse``: below the last, or another payload at the same place; a correct core asks for
        neither, so the message is not sent, and the steps after it in the same ``Outputs.sign`` are dropped too.
        """
        if position > self.position:
            return "sign"
        if position == self.position and digest == self.digest:
            return "reuse"
        return "refuse"


NOTHING_SIGNED: Final = SignState(SignPosition(-1, -1, -1, -1), b"", b"")
"""State of a key that has never signed."""

_STATE_DECODER = msgspec.msgpack.Decoder(SignState)


def encode_sign_state(state: SignState) -> bytes:
    """Bytes of one slot, without padding or checksum; below 160 bytes."""
    return _ENCODER.encode(state)


def decode_sign_state(data: bytes) -> SignState:
    """Read what ``encode_sign_state`` wrote.

    Raises:
        MalformedRecord: anything else.
    """
    try:
        return _STATE_DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRecord("sign_state_malformed") from error
