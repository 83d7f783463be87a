"""Which bytes a message's sender signs, and which signatures the host must verify before the core may see a message.

Source: SPEC.md, Signatures.
"""

from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from consensus import domain
from consensus.certificates import COMMIT, PREPARE, SignatureClaim, certificate_claims, vote_bytes
from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Signed, Status, ViewChange
from consensus.quorum import ValidatorSet

__all__ = ["SignatureClaim", "required", "signed_bytes", "signed_digest", "with_signature"]

_NO_JUSTIFICATION: Final = b""
_ENCODER = msgspec.msgpack.Encoder()

SignedT = TypeVar("SignedT", bound=Signed)


def signed_bytes(message: Signed) -> bytes:
    """The canonical, domain-separated bytes under the sender's signature.

    A PRE_PREPARE commits to SHA-256 of its proposal and of its justification, so nobody who passes it on can make an
    honest leader look faulty by altering what only the block hash would cover. The sender's index is not named: the
    public key already binds it, and equal bytes let one certificate share them.
    """
    match message:
        case Prepare():
            kind = PREPARE
        case Commit():
            kind = COMMIT
        case PrePrepare():
            return _pre_prepare_bytes(message)
        case ViewChange():
            return _view_change_bytes(message)
    return vote_bytes(
        kind,
        chain_id=message.chain_id,
        epoch=message.epoch,
        validators_hash=message.validators_hash,
        height=message.height,
        view=message.view,
        block_hash=message.block_hash,
    )


def _pre_prepare_bytes(message: PrePrepare) -> bytes:
    justification = message.justification
    return domain.tagged_bytes(
        domain.PRE_PREPARE,
        message.chain_id,
        message.epoch,
        message.validators_hash,
        message.height,
        message.view,
        message.block_hash,
        sha256(message.proposal).digest(),
        _NO_JUSTIFICATION if justification is None else sha256(_ENCODER.encode(justification)).digest(),
    )


def _view_change_bytes(message: ViewChange) -> bytes:
    return domain.tagged_bytes(
        domain.VIEW_CHANGE,
        message.chain_id,
        message.epoch,
        message.validators_hash,
        message.height,
        message.view,
        message.prepared_view,
        message.prepared_hash,
    )


def signed_digest(message: Signed) -> bytes:
    """SHA-256 of ``signed_bytes``: how the sign-state guard tells one payload from another."""
    return sha256(signed_bytes(message)).digest()


def with_signature(message: SignedT, signature: bytes) -> SignedT:
    """A copy of ``message`` that carries ``signature``."""
    return msgspec.structs.replace(message, signature=signature)


def required(message: Message, validators: ValidatorSet) -> list[SignatureClaim]:
    """Every signature that must verify before ``message`` may enter the core; one failure makes it worthless.

    The sender's own, those of the VIEW_CHANGEs in a justification, and those of every certificate carried. Call it
    only for a message that ``Replica.filter`` let pass: that is what bounds the work and makes every index valid.

    Source: SPEC.md F0, R2.
    """
    match message:
        case Prepare() | Commit():
            return [_own_claim(message, validators)]
        case PrePrepare():
            claims = [_own_claim(message, validators)]
            if message.justification is not None:
                claims.extend(_own_claim(item, validators) for item in message.justification.view_changes)
                if message.justification.certificate is not None:
                    claims += certificate_claims(message.justification.certificate, validators, message.chain_id)
            return claims
        case ViewChange():
            claims = [_own_claim(message, validators)]
            if message.certificate is not None:
                claims += certificate_claims(message.certificate, validators, message.chain_id)
            return claims
        case Decided():
            return certificate_claims(message.certificate, validators, message.chain_id)
        case Status():
            return []


def _own_claim(message: Signed, validators: ValidatorSet) -> SignatureClaim:
    return SignatureClaim(validators.public_keys[message.sender], signed_bytes(message), message.signature)
