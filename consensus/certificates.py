"""Quorum certificates: q signatures of one vote, able to convince anybody who knows the validator set.

A certificate is checked in two steps. ``check_certificate`` looks at its shape and needs no cryptography;
``certificate_claims`` then lists the signatures, every one of which the caller must verify. A certificate counts only
when both succeed: one bad signature among enough good ones makes it invalid, so all nodes judge it alike.

Source: SPEC.md, Certificates.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec

from consensus import domain, limits, scalar
from consensus.canonical import CanonicalReader
from consensus.quorum import ValidatorSet

SCHEME_ED25519_LIST: Final = 1
"""A list of Ed25519 signatures in the order of the bitmap; other numbers are reserved for later schemes."""


class CertificateKind(IntEnum):
    """Which vote the signatures are over."""

    PREPARE = 1
    COMMIT = 2


PREPARE: Final = CertificateKind.PREPARE
COMMIT: Final = CertificateKind.COMMIT

_VOTE_TAGS: Final = {CertificateKind.PREPARE: domain.PREPARE, CertificateKind.COMMIT: domain.COMMIT}


class QuorumCertificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """At least q votes of one kind for one block in one view.

    The chain and the validator-set hash are not repeated here: they are part of what was signed, so a certificate of
    another chain or set does not verify.
    """

    kind: CertificateKind
    scheme: int
    epoch: scalar.Epoch
    height: scalar.Height
    view: scalar.View
    block_hash: scalar.Hash
    signers: scalar.Signers
    """Bit ``i % 8`` (least significant first) of byte ``i // 8`` stands for validator ``i``."""
    signatures: scalar.Signatures
    """One for each set bit, in ascending order of index."""

    def signer_indexes(self) -> tuple[int, ...]:
        """Indexes of the set bits, ascending."""
        bits = int.from_bytes(self.signers, "little")
        return tuple(index for index in range(len(self.signers) * 8) if bits >> index & 1)


class SignatureClaim(NamedTuple):
    """One signature that must verify: ``signature`` by ``public_key`` over ``signed_bytes``."""

    public_key: bytes
    signed_bytes: bytes
    signature: bytes


class MalformedCertificate(ValueError):
    """Bytes that are not the canonical encoding of one certificate."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def vote_bytes(
    kind: CertificateKind,
    *,
    chain_id: str,
    epoch: int,
    validators_hash: bytes,
    height: int,
    view: int,
    block_hash: bytes,
) -> bytes:
    """What a validator signs to cast a PREPARE or COMMIT; the same bytes for every validator."""
    return domain.tagged_bytes(_VOTE_TAGS[kind], chain_id, epoch, validators_hash, height, view, block_hash)


def make_certificate(
    kind: CertificateKind, votes: Sequence[tuple[int, bytes]], *, epoch: int, height: int, view: int, block_hash: bytes
) -> QuorumCertificate:
    """Join ``votes``, pairs of sender index and signature in ascending order of index."""
    bits = 0
    for index, _ in votes:
        bits |= 1 << index
    signers = bits.to_bytes(max(1, (bits.bit_length() + 7) // 8), "little")
    signatures = tuple(signature for _, signature in votes)
    return QuorumCertificate(kind, SCHEME_ED25519_LIST, epoch, height, view, block_hash, signers, signatures)


def check_certificate(
    certificate: QuorumCertificate, validators: ValidatorSet, *, kind: CertificateKind, chain_id: str
) -> str | None:
    """Judge the shape of a certificate of any origin, without cryptography.

    Returns:
        ``None`` when only its signatures remain to be verified, else a stable code that says what is wrong. A signer
        cannot appear twice by construction of the bitmap; unknown signers, padding (a bitmap whose last byte is
        zero), a count that differs from the signatures and fewer than q signers are refused.
    """
    if not 1 <= len(chain_id) <= limits.CHAIN_ID_CHARS_MAX:
        return "certificate_chain_id"
    if certificate.kind != kind:
        return "certificate_kind"
    if certificate.scheme != SCHEME_ED25519_LIST:
        return "certificate_scheme"
    if certificate.epoch != validators.epoch:
        return "certificate_epoch"
    if len(certificate.block_hash) != limits.HASH_BYTES:
        return "certificate_block_hash"
    signers = certificate.signers
    if not signers or signers[-1] == 0:
        return "certificate_bitmap"
    bits = int.from_bytes(signers, "little")
    if bits >> validators.size:
        return "certificate_unknown_signer"
    count = bits.bit_count()
    if count != len(certificate.signatures):
        return "certificate_signature_count"
    if count < validators.quorum:
        return "certificate_no_quorum"
    for signature in certificate.signatures:
        if len(signature) != limits.SIGNATURE_BYTES:
            return "certificate_signature_length"
    return None


def certificate_claims(
    certificate: QuorumCertificate, validators: ValidatorSet, chain_id: str
) -> list[SignatureClaim]:
    """List every signature of a certificate whose shape ``check_certificate`` has accepted; all must verify."""
    signed = vote_bytes(
        certificate.kind,
        chain_id=chain_id,
        epoch=certificate.epoch,
        validators_hash=validators.hash,
        height=certificate.height,
        view=certificate.view,
        block_hash=certificate.block_hash,
    )
    keys = validators.public_keys
    return [
        SignatureClaim(keys[index], signed, signature)
        for index, signature in zip(certificate.signer_indexes(), certificate.signatures, strict=True)
    ]


_ENCODER = msgspec.msgpack.Encoder()
_read: CanonicalReader[QuorumCertificate] = CanonicalReader(
    QuorumCertificate, "certificate", limits.CERTIFICATE_BYTES_MAX, MalformedCertificate
)


def encode_certificate(certificate: QuorumCertificate) -> bytes:
    """Canonical bytes, as carried inside blocks and proofs."""
    return _ENCODER.encode(certificate)


def decode_certificate(data: bytes) -> QuorumCertificate:
    """Read canonical bytes of any origin.

    Raises:
        MalformedCertificate: too large, not a certificate, or not in canonical form.
    """
    return _read(data)
