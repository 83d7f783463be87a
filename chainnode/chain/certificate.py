"""Quorum certificates, with their signatures checked.

The agreement library knows what a certificate must look like and what each signer
signed; here the signatures are verified.
"""

from collections.abc import Callable

from chainnode.crypto.ed25519 import verify
from chainnode.errors import DecodeError, Rejected
from consensus.certificates import (
    CertificateKind,
    MalformedCertificate,
    QuorumCertificate,
    certificate_claims,
    check_certificate,
    decode_certificate,
)
from consensus.quorum import ValidatorSet


def open_certificate(data: bytes) -> QuorumCertificate:
    """Read a certificate's canonical bytes.

    Raises:
        DecodeError: ``certificate-malformed``, ``certificate-not-canonical`` or ``certificate-too-large``.
    """
    try:
        return decode_certificate(data)
    except MalformedCertificate as error:
        raise DecodeError(error.code.replace("_", "-"), f"not a quorum certificate: {error}") from error


SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, message, signature) is valid: ``ed25519.verify``, or one that remembers."""


def require_certificate(
    certificate: QuorumCertificate, *, chain_id: str, validators: ValidatorSet, height: int, block_hash: bytes,
    verify_signature: SignatureCheck | None = None,
) -> None:
    """Check that a quorum of ``validators`` committed ``block_hash`` at ``height``.

    Each signature is checked, by ``verify_signature`` where the caller remembers those that it has seen.

    Raises:
        Rejected: ``certificate-mismatch`` (another block), ``certificate-...`` (its
            shape, as ``consensus.certificates``), or ``certificate-signature``.
    """
    if certificate.height != height or certificate.block_hash != block_hash:
        raise Rejected("certificate-mismatch", "the certificate is over another block", height=height)
    wrong = check_certificate(certificate, validators, kind=CertificateKind.COMMIT, chain_id=chain_id)
    if wrong is not None:
        raise Rejected(wrong.replace("_", "-"), f"the certificate does not prove a decision: {wrong}", height=height)
    check = verify if verify_signature is None else verify_signature
    for claim in certificate_claims(certificate, validators, chain_id):
        if not check(claim.public_key, claim.signed_bytes, claim.signature):
            raise Rejected("certificate-signature", "a signature of the certificate is invalid", height=height)
