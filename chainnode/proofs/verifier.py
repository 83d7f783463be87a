"""The offline verifier: a bundle and one trusted hash in, facts or a coded refusal out.

It is pure and complete: every byte of a bundle is either bound by a hash or a
signature that was checked, or fixed by the canonical form, so each change of a bundle
is refused. It needs the standard library, msgspec, PyNaCl, the certificate rules of
``consensus`` and this package's neighbours below; no network, no files, no clock.

Order of the checks: form; the trusted hash up to the last header; that header down to
the claim's own; the claim. The first failure is the one reported.
"""

from dataclasses import dataclass
from hashlib import sha256

from chainnode.crypto import ed25519
from chainnode.errors import DecodeError, Misuse
from chainnode.proofs import document, merkle
from chainnode.proofs.authority import check_authority, read_header
from chainnode.proofs.bundle import (
    BUNDLE_VERSION,
    BlockOpened,
    Bundle,
    EvidenceExisted,
    ReceiptProof,
    StateAbsent,
    StatePresent,
    decode_bundle,
    kind_of,
)
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.evidence import Record, RecordBatch, find_evidence
from chainnode.proofs.sparse import verify_absent, verify_present
from chainnode.types import receipt as receipts
from chainnode.types.block import Header, block_hash
from chainnode.types.receipt import BlockReceipt, Receipt
from chainnode.types.transaction import Transaction, decode_transaction


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a digest was recorded as."""

    evidence_id: bytes
    digest: bytes
    kind: str
    algorithm: str
    batch_items: int | None
    """Items of the batch that holds it; None for a record of its own."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a bundle has shown, given the hash the reader trusts."""

    kind: str
    chain_id: str
    height: int
    """Of the block that holds the transaction, or after which the state was so."""
    time_ms: int
    """Milliseconds since 1970 UTC: of the transaction's block; for state, of the next block, which certified it."""
    block_hash: bytes
    """Of the block that holds the transaction; for state, of the next block."""
    validators_signed: int | None
    """Validators whose signatures certify this; None when the reader's trusted header stands for them."""
    tx_id: bytes | None = None
    sender: str | None = None
    """DID that asked for the transaction."""
    signers: tuple[bytes, ...] = ()
    """Ed25519 keys that signed it, all verified."""
    receipt: Receipt | None = None
    """What became of it; None if the bundle shows its inclusion only."""
    opened: BlockReceipt | None = None
    """What the block at ``height`` did by itself."""
    evidence: Evidence | None = None
    key: bytes | None = None
    value: bytes | None = None


def verify_bundle(
    bundle: bytes | str, *, genesis_hash: bytes | None = None, trusted_header_hash: bytes | None = None
) -> Verified:
    """Check a bundle (MessagePack bytes, or its JSON text as text or UTF-8) against what the reader trusts.

    With ``genesis_hash`` the bundle must carry its authority. With ``trusted_header_hash`` alone it
    must carry none (``without_authority`` removes it), since nothing would bind those bytes;
    with both, both are checked.

    Raises:
        ProofInvalid: the bundle does not show its claim; the code names the first failed check.
        Misuse: ``trust-root``: neither hash was given.
    """
    if genesis_hash is None and trusted_header_hash is None:
        raise Misuse("trust-root", "a genesis hash or a trusted header hash is needed")
    found = read_bundle(bundle)
    header_bytes = [*found.headers]
    headers = [read_header(data) for data in header_bytes]
    _check_chain(header_bytes, headers)
    last_bytes, last = header_bytes[-1], headers[-1]
    if found.history is not None:
        later = read_header(found.history.header)
        if later.chain_id != last.chain_id:
            raise ProofInvalid("chain-id", "the later header belongs to another chain", found=later.chain_id)
        leaf = merkle.leaf_hash(block_hash(last_bytes))
        merkle.verify_inclusion(leaf, last.height, later.height, found.history.path, later.history_root)
        last_bytes, last = found.history.header, later
    if trusted_header_hash is not None and block_hash(last_bytes) != trusted_header_hash:
        raise ProofInvalid("trusted-header", "the bundle leads to another header than the trusted one")
    signed = None
    if genesis_hash is not None:
        if found.authority is None:
            raise ProofInvalid("authority-missing", "the bundle carries no certificate; give the trusted header's hash")
        signed = check_authority(found.authority, last_bytes, last, genesis_hash)
    elif found.authority is not None:
        raise ProofInvalid("authority-unbound", "give the genesis hash, or remove the bundle's authority")
    return _check_claim(found, headers, block_hash(header_bytes[0]), signed)


def read_bundle(bundle: bytes | str) -> Bundle:
    """The bundle in either form, not yet verified.

    Raises:
        ProofInvalid: ``too-large``, ``malformed``, ``not-canonical`` or ``bundle-version``.
    """
    try:
        if isinstance(bundle, bytes) and bundle.startswith(b"{"):
            bundle = bundle.decode("ascii")
        found = document.parse(bundle) if isinstance(bundle, str) else decode_bundle(bundle)
    except UnicodeDecodeError as error:
        raise ProofInvalid("malformed", "the JSON form of a bundle is ASCII text") from error
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    if found.version != BUNDLE_VERSION:
        raise ProofInvalid("bundle-version", f"bundle version {found.version} is unknown", expected=BUNDLE_VERSION)
    return found


def _check_chain(header_bytes: list[bytes], headers: list[Header]) -> None:
    for parent_bytes, parent, child in zip(header_bytes, headers, headers[1:], strict=False):
        if child.parent_hash != block_hash(parent_bytes) or child.height != parent.height + 1:
            raise ProofInvalid("header-parent", "the headers do not follow each other", height=child.height)
        if child.chain_id != parent.chain_id:
            raise ProofInvalid("chain-id", "the headers belong to different chains", found=child.chain_id)


def _check_claim(bundle: Bundle, headers: list[Header], first_hash: bytes, signed: int | None) -> Verified:
    claim, header = bundle.claim, headers[0]
    if isinstance(claim, StatePresent | StateAbsent):
        return _check_state(claim, headers, first_hash, signed)
    if isinstance(claim, BlockOpened):
        return _check_opened(claim, headers, first_hash, signed)
    transaction = _check_transaction(claim.envelope, claim.index, claim.path, header)
    receipt = None
    if claim.receipt is not None:
        _expect_headers(headers, 2)
        receipt = _check_receipt(claim.receipt, transaction, claim.index, headers)
    else:
        _expect_headers(headers, 1)
    evidence = _check_evidence(claim, transaction, receipt) if isinstance(claim, EvidenceExisted) else None
    return Verified(
        kind=kind_of(claim),
        chain_id=header.chain_id,
        height=header.height,
        time_ms=header.time_ms,
        block_hash=first_hash,
        validators_signed=signed,
        tx_id=transaction.tx_id,
        sender=transaction.payload.sender,
        signers=transaction.signers,
        receipt=receipt,
        evidence=evidence,
    )


def _expect_headers(headers: list[Header], count: int) -> None:
    if len(headers) != count:
        raise ProofInvalid("header-count", f"this claim needs {count} headers", found=len(headers))


def _check_state(
    claim: StatePresent | StateAbsent, headers: list[Header], first_hash: bytes, signed: int | None
) -> Verified:
    _expect_headers(headers, 1)
    header = headers[0]
    if header.height < 1:
        raise ProofInvalid("header-height", "the genesis header commits to no state")
    value = None
    if isinstance(claim, StatePresent):
        value = claim.value
        verify_present(header.prev_state_root, claim.key, value, claim.proof)
    else:
        if sha256(claim.key).digest() != claim.key_hash:
            raise ProofInvalid("key-hash", "the claim names one key and proves another")
        verify_absent(header.prev_state_root, claim.key, claim.proof)
    return Verified(
        kind=kind_of(claim),
        chain_id=header.chain_id,
        height=header.height - 1,
        time_ms=header.time_ms,
        block_hash=first_hash,
        validators_signed=signed,
        key=claim.key,
        value=value,
    )


def _check_opened(claim: BlockOpened, headers: list[Header], first_hash: bytes, signed: int | None) -> Verified:
    _expect_headers(headers, 2)
    header, following = headers
    if header.height < 1:
        raise ProofInvalid("header-height", "the genesis block has no receipt")
    merkle.verify_inclusion(
        merkle.leaf_hash(claim.receipt), 0, header.tx_count + 1, claim.path, following.prev_results_root
    )
    try:
        opened = receipts.decode_block_receipt(claim.receipt)
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    if opened.height != header.height:
        raise ProofInvalid("receipt-block", "the receipt is of another block", found=opened.height)
    return Verified(
        kind=kind_of(claim),
        chain_id=header.chain_id,
        height=header.height,
        time_ms=header.time_ms,
        block_hash=first_hash,
        validators_signed=signed,
        opened=opened,
    )


def _check_transaction(envelope: bytes, index: int, path: tuple[bytes, ...], header: Header) -> Transaction:
    try:
        transaction = decode_transaction(envelope)
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    merkle.verify_inclusion(transaction.leaf_hash, index, header.tx_count, path, header.tx_root)
    if transaction.payload.chain_id != header.chain_id:
        raise ProofInvalid("chain-id", "the transaction is for another chain", found=transaction.payload.chain_id)
    for signature in transaction.signatures:
        if signature.scheme != ed25519.SCHEME_ED25519 or not ed25519.verify(
            signature.public_key, transaction.signed_bytes, signature.signature
        ):
            raise ProofInvalid("transaction-signature", "a signature of the transaction is wrong")
    return transaction


def _check_receipt(proof: ReceiptProof, transaction: Transaction, index: int, headers: list[Header]) -> Receipt:
    header, following = headers
    leaf = merkle.leaf_hash(proof.receipt)
    # Leaf 0 is the block's own receipt, whether or not it did anything.
    merkle.verify_inclusion(leaf, index + 1, header.tx_count + 1, proof.path, following.prev_results_root)
    try:
        receipt = receipts.decode_receipt(proof.receipt)
    except DecodeError as error:
        raise ProofInvalid(error.code, error.message) from error
    if (receipt.tx_id, receipt.height, receipt.index) != (transaction.tx_id, header.height, index):
        raise ProofInvalid("receipt-transaction", "the receipt is of another transaction")
    return receipt


def _check_evidence(claim: EvidenceExisted, transaction: Transaction, receipt: Receipt | None) -> Evidence:
    if receipt is None or receipt.code != receipts.OK:
        raise ProofInvalid("not-applied", "the transaction was ordered but not applied")
    found: Record | RecordBatch = find_evidence(transaction.payload, claim.operation, claim.digest, claim.item)
    if found.evidence_id != claim.evidence_id:
        raise ProofInvalid("evidence-id", "the record has another id", found=found.evidence_id.hex())
    return Evidence(
        evidence_id=found.evidence_id,
        digest=claim.digest,
        kind=found.kind,
        algorithm=found.algorithm,
        batch_items=found.count if isinstance(found, RecordBatch) else None,
    )
