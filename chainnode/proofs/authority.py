"""From the genesis hash to a header the consortium certified.

The genesis header names the first validator set. Each link is the last header of an
epoch, certified by that epoch's set, and names the next set; the last set must have
certified the header in question. One bad signature makes a certificate invalid.

Source: consensus/SPEC.md, Certificates; ledger format, "Proofs".
"""

from chainnode.crypto import ed25519
from chainnode.errors import DecodeError
from chainnode.proofs.bundle import Authority
from chainnode.proofs.errors import ProofInvalid
from chainnode.types.block import BLOCK_VERSION, Header, block_hash, decode_header
from chainnode.types.validator_set import decode_validators, voting_set
from consensus.certificates import (
    CertificateKind,
    MalformedCertificate,
    certificate_claims,
    check_certificate,
    decode_certificate,
)
from consensus.quorum import ValidatorSet


def read_header(data: bytes) -> Header:
    """A header of the version this verifier understands.

    Raises:
        ProofInvalid: a code of ``decode_header``, or ``block-version``.
    """
    try:
        header = decode_header(data)
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    if header.version != BLOCK_VERSION:
        raise ProofInvalid("block-version", f"block version {header.version} is unknown", expected=BLOCK_VERSION)
    return header


def _read_set(data: bytes, expected_hash: bytes, epoch: int) -> ValidatorSet:
    try:
        found = voting_set(decode_validators(data))
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    if found.hash != expected_hash or found.epoch != epoch:
        raise ProofInvalid("validators-hash", "the validator list is not the one the header names", epoch=epoch)
    return found


def check_commit(header_bytes: bytes, header: Header, certificate: bytes, validators: ValidatorSet) -> int:
    """Check that ``validators`` decided ``header``; returns how many of them signed.

    Raises:
        ProofInvalid: ``validators-hash``, ``certificate-block`` (it is over another block), a code of
            ``decode_certificate`` or ``check_certificate`` (with ``-`` for ``_``), or ``certificate-signature``.
    """
    if header.validators_hash != validators.hash or header.epoch != validators.epoch:
        raise ProofInvalid("validators-hash", "the header belongs to another validator set", height=header.height)
    try:
        found = decode_certificate(certificate)
    except MalformedCertificate as error:
        raise ProofInvalid(error.code.replace("_", "-"), "the certificate's bytes are not canonical") from error
    code = check_certificate(found, validators, kind=CertificateKind.COMMIT, chain_id=header.chain_id)
    if code is not None:
        raise ProofInvalid(code.replace("_", "-"), "the certificate does not fit the validator set")
    if found.block_hash != block_hash(header_bytes) or found.height != header.height:
        raise ProofInvalid("certificate-block", "the certificate is over another block", height=header.height)
    for claim in certificate_claims(found, validators, header.chain_id):
        if not ed25519.verify(claim.public_key, claim.signed_bytes, claim.signature):
            raise ProofInvalid("certificate-signature", "a signature of the certificate is wrong", height=header.height)
    return len(found.signatures)


def check_authority(authority: Authority, header_bytes: bytes, header: Header, genesis_hash: bytes) -> int:
    """Check the way from ``genesis_hash`` to ``header``; returns how many validators certified it.

    Raises:
        ProofInvalid: ``genesis-hash``, ``genesis-header``, ``chain-id``, ``epoch-link`` (the links do
            not follow each other or lead elsewhere), or a code of ``check_commit``.
    """
    if block_hash(authority.genesis_header) != genesis_hash:
        raise ProofInvalid("genesis-hash", "the bundle belongs to a chain with another genesis")
    genesis = read_header(authority.genesis_header)
    if genesis.height != 0 or genesis.next_validators_hash != genesis.validators_hash:
        raise ProofInvalid("genesis-header", "this header cannot begin a chain", height=genesis.height)
    validators = _read_set(authority.genesis_validators, genesis.validators_hash, genesis.epoch)
    height = 0
    for link in authority.links:
        last = read_header(link.header)
        if last.chain_id != genesis.chain_id:
            raise ProofInvalid("chain-id", "a link belongs to another chain", found=last.chain_id)
        if last.height <= height:
            raise ProofInvalid("epoch-link", "the links do not follow each other", height=last.height)
        check_commit(link.header, last, link.certificate, validators)
        validators = _read_set(link.validators, last.next_validators_hash, last.epoch + 1)
        height = last.height
    if header.chain_id != genesis.chain_id:
        raise ProofInvalid("chain-id", "the header belongs to another chain", found=header.chain_id)
    if header.height <= height:
        raise ProofInvalid("epoch-link", "the links lead beyond the header", height=header.height)
    return check_commit(header_bytes, header, authority.certificate, validators)
