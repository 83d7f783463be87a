"""Proof of equivocation: two payloads signed by one validator for one place, small enough for a block.

The signature of a PRE_PREPARE covers its proposal and justification by their digests, so a proof carries the digests
and never the megabytes. What an honest validator signs is unique for each height, view and type (Invariants, 4), so
nothing that it ever signed makes a proof against it; and without both signatures there is no proof.

Source: SPEC.md R10.
"""

from hashlib import sha256
from typing import Annotated, Final

import msgspec

from consensus import domain, limits, scalar
from consensus.canonical import CanonicalReader
from consensus.certificates import COMMIT, PREPARE, CertificateKind, SignatureClaim, vote_bytes
from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange
from consensus.quorum import ValidatorSet

PRE_PREPARE_TYPE: Final = 1
PREPARE_TYPE: Final = 2
COMMIT_TYPE: Final = 3
_TYPES: Final[dict[type, int]] = {PrePrepare: PRE_PREPARE_TYPE, Prepare: PREPARE_TYPE, Commit: COMMIT_TYPE}
_NO_JUSTIFICATION: Final = b""


class Statement(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One of the two payloads: what its type adds to the place, and the signature."""

    block_hash: scalar.Hash
    proposal_digest: scalar.HashOrEmpty
    """SHA-256 of a PRE_PREPARE's proposal; empty for a vote."""
    justification_digest: scalar.HashOrEmpty
    """SHA-256 of its justification; empty without one."""
    signature: scalar.Signature


class Equivocation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A validator said two things where it may say one."""

    type: Annotated[int, msgspec.Meta(ge=PRE_PREPARE_TYPE, le=COMMIT_TYPE)]
    """PRE_PREPARE 1, PREPARE 2, COMMIT 3."""
    epoch: scalar.Epoch
    validators_hash: scalar.Hash
    height: scalar.Height
    view: scalar.View
    accused: scalar.Sender
    first: Statement
    """The one with the lower block hash: a pair has one encoding."""
    second: Statement


class MalformedEquivocation(ValueError):
    """Bytes that are not the canonical encoding of one proof.

    ``code`` is ``equivocation_too_large``, ``equivocation_malformed`` or ``equivocation_not_canonical``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_ENCODER = msgspec.msgpack.Encoder()
_read: CanonicalReader[Equivocation] = CanonicalReader(
    Equivocation, "equivocation", limits.EQUIVOCATION_BYTES_MAX, MalformedEquivocation
)


def encode_equivocation(equivocation: Equivocation) -> bytes:
    """Canonical bytes, as a block body carries them; at most ``EQUIVOCATION_BYTES_MAX``."""
    return _ENCODER.encode(equivocation)


def decode_equivocation(data: bytes) -> Equivocation:
    """Read canonical bytes of any origin.

    Raises:
        MalformedEquivocation: too large, not a proof, or not in canonical form.
    """
    return _read(data)


def make_equivocation(one: Signed, other: Signed) -> Equivocation | None:
    """The proof that two signed messages make, in either order; ``None`` if they prove nothing.

    VIEW_CHANGEs are never comparable; two messages that name the same block are no contradiction.
    """
    place = (type(one), one.epoch, one.validators_hash, one.height, one.view, one.sender)
    if place != (type(other), other.epoch, other.validators_hash, other.height, other.view, other.sender):
        return None
    if isinstance(one, ViewChange) or isinstance(other, ViewChange) or one.block_hash == other.block_hash:
        return None
    first, second = (one, other) if one.block_hash < other.block_hash else (other, one)
    return Equivocation(
        _TYPES[type(one)],
        one.epoch,
        one.validators_hash,
        one.height,
        one.view,
        one.sender,
        _statement(first),
        _statement(second),
    )


def _statement(message: PrePrepare | Prepare | Commit) -> Statement:
    if not isinstance(message, PrePrepare):
        return Statement(message.block_hash, b"", b"", message.signature)
    justification = message.justification
    digest = _NO_JUSTIFICATION if justification is None else sha256(_ENCODER.encode(justification)).digest()
    return Statement(message.block_hash, sha256(message.proposal).digest(), digest, message.signature)


def check_equivocation(equivocation: Equivocation, validators: ValidatorSet) -> str | None:
    """Judge the shape of a proof of any origin, without cryptography.

    Returns:
        ``None`` when only its two signatures remain to be verified (``equivocation_claims``), else a stable code.
    """
    if equivocation.epoch != validators.epoch:
        return "equivocation_epoch"
    if equivocation.validators_hash != validators.hash:
        return "equivocation_validators"
    if equivocation.accused >= validators.size:
        return "equivocation_accused"
    if equivocation.first.block_hash >= equivocation.second.block_hash:
        # Equal: no contradiction. In the other order: a second encoding of one pair.
        return "equivocation_order"
    for statement in (equivocation.first, equivocation.second):
        digests = (len(statement.proposal_digest), len(statement.justification_digest))
        if digests not in _digest_lengths(equivocation):
            return "equivocation_statement"
    return None


def _digest_lengths(equivocation: Equivocation) -> tuple[tuple[int, int], ...]:
    if equivocation.type != PRE_PREPARE_TYPE:
        return ((0, 0),)
    return ((limits.HASH_BYTES, limits.HASH_BYTES if equivocation.view else 0),)


def equivocation_claims(
    equivocation: Equivocation, validators: ValidatorSet, chain_id: str
) -> tuple[SignatureClaim, SignatureClaim]:
    """Both signatures of a proof whose shape ``check_equivocation`` has accepted; both must verify."""
    key = validators.public_keys[equivocation.accused]
    first, second = equivocation.first, equivocation.second
    return (
        SignatureClaim(key, _signed_bytes(equivocation, first, chain_id), first.signature),
        SignatureClaim(key, _signed_bytes(equivocation, second, chain_id), second.signature),
    )


def _signed_bytes(equivocation: Equivocation, statement: Statement, chain_id: str) -> bytes:
    """Rebuilds what ``signing.signed_bytes`` gives for the message itself."""
    if equivocation.type == PRE_PREPARE_TYPE:
        return domain.tagged_bytes(
            domain.PRE_PREPARE,
            chain_id,
            equivocation.epoch,
            equivocation.validators_hash,
            equivocation.height,
            equivocation.view,
            statement.block_hash,
            statement.proposal_digest,
            statement.justification_digest,
        )
    kind: CertificateKind = PREPARE if equivocation.type == PREPARE_TYPE else COMMIT
    return vote_bytes(
        kind,
        chain_id=chain_id,
        epoch=equivocation.epoch,
        validators_hash=equivocation.validators_hash,
        height=equivocation.height,
        view=equivocation.view,
        block_hash=statement.block_hash,
    )
