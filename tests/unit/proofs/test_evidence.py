"""Evidence operations as the verifier reads them."""

from hashlib import sha256

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.proofs import merkle
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.evidence import BatchItem, Record, RecordBatch, evidence_operations, find_evidence
from chainnode.types.transaction import Payload
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.kernel.operation import encode_operation

DIGEST = sha256(b"file").digest()
ITEMS = [sha256(b"%d" % number).digest() for number in range(3)]
LEAVES = [merkle.leaf_hash(item) for item in ITEMS]
ID = bytes(range(16))
SINGLE = RecordEvidence(ID, "file", "sha256", DIGEST)
BATCH = RecordEvidenceBatch(ID, "file", "sha256", merkle.root(LEAVES), 3)
ITEM = BatchItem(1, tuple(merkle.inclusion_path(LEAVES, 1)))


def payload(*operations: bytes) -> Payload:
    return Payload(1, "test", "did", bytes(16), 1, tuple(msgspec.Raw(item) for item in operations))


BOTH = payload(encode_operation(SINGLE), encode(["asset.register", 1]), encode_operation(BATCH))


def test_wire_form_of_the_contract_is_what_the_verifier_reads() -> None:
    """The first fields of the operations are fixed for the verifier; the contract has the same order."""
    assert find_evidence(BOTH, 0, DIGEST, None) == Record(ID, "file", "sha256", DIGEST, SINGLE.salted)
    assert find_evidence(BOTH, 2, ITEMS[1], ITEM) == RecordBatch(ID, "file", "sha256", merkle.root(LEAVES), 3)


def test_evidence_operations_are_found_among_others() -> None:
    """Other operations are passed over."""
    assert [index for index, _ in evidence_operations(BOTH)] == [0, 2]


@pytest.mark.parametrize(
    ("operation", "digest", "item", "code"),
    [
        (3, DIGEST, None, "operation-index"),
        (-1, DIGEST, None, "operation-index"),
        (1, DIGEST, None, "evidence-operation"),
        (0, ITEMS[0], None, "evidence-digest"),
        (0, DIGEST, ITEM, "evidence-item"),
        (2, merkle.root(LEAVES), None, "evidence-item"),
        (2, ITEMS[0], ITEM, "root-mismatch"),
        (2, ITEMS[1], BatchItem(3, ITEM.path), "leaf-index"),
    ],
)
def test_digest_that_is_not_recorded_there_is_refused(
    operation: int, digest: bytes, item: BatchItem | None, code: str
) -> None:
    """The operation inside the payload must contain the digest."""
    with pytest.raises(ProofInvalid) as caught:
        find_evidence(BOTH, operation, digest, item)
    assert caught.value.code == code


@pytest.mark.parametrize("raw", [b"\xc0", b"\x91\xaf", b"\x95\xafevidence.record\xc4\x01x", b"\x91" * 2_000 + b"\xc0"])
def test_malformed_operation_is_refused_with_a_code(raw: bytes) -> None:
    """Strangers write these bytes; nothing but ProofInvalid leaves the verifier."""
    with pytest.raises(ProofInvalid) as caught:
        find_evidence(payload(raw), 0, DIGEST, None)
    assert caught.value.code == "evidence-operation"
