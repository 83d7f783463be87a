from typing import Any

import msgspec
import pytest

from chainnode.codec.canonical import encode
from contracts.evidence.digest import DIGEST_BYTES
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch, check_references
from contracts.evidence.record import BATCH_ITEMS_MAX
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import decode_operation


@pytest.mark.parametrize("algorithm", DIGEST_BYTES)
def test_digest_has_the_length_of_its_algorithm(algorithm: Any) -> None:
    length = DIGEST_BYTES[algorithm]
    RecordEvidence(bytes(16), "file", algorithm, bytes(length)).check()
    wrong = 64 if length < 64 else 32
    with pytest.raises(OperationFailed) as found:
        RecordEvidence(bytes(16), "file", algorithm, bytes(wrong)).check()
    assert found.value.code == "evidence-digest-length"


@pytest.mark.parametrize(
    ("previous", "asset", "good"),
    [(b"", b"", True), (b"p" * 16, bytes(32), True), (b"p", b"", False), (b"i" * 16, b"", False), (b"", b"a", False)],
)
def test_references_can_name_something(previous: bytes, asset: bytes, good: bool) -> None:
    if good:
        check_references(b"i" * 16, previous, asset)
    else:
        with pytest.raises(OperationFailed) as found:
            check_references(b"i" * 16, previous, asset)
        assert found.value.code == "evidence-reference"


@pytest.mark.parametrize(
    ("count", "good"), [(0, False), (1, True), (BATCH_ITEMS_MAX, True), (BATCH_ITEMS_MAX + 1, False)]
)
def test_batch_holds_one_to_a_million_items(count: int, good: bool) -> None:
    """One operation anchors a Merkle root of up to 2^20 digests."""
    batch = RecordEvidenceBatch(bytes(16), "file", "sha256", bytes(32), count)
    if good:
        assert decode_operation(encode(batch)) == batch
    else:
        with pytest.raises(OperationFailed):
            decode_operation(encode(batch))


@pytest.mark.parametrize(
    "change",
    [
        {"evidence_id": bytes(15)},
        {"evidence_id": bytes(33)},
        {"kind": "rumour"},
        {"media_type": "text"},
        {"media_type": "text/html; charset=x"},
        {"title": "a\nb"},
        {"storage_uri": "javascript:x"},
        {"captured_at_ms": -1},
        {"timestamp_token": bytes(16 * 1024 + 1)},
    ],
)
def test_field_beyond_its_bound_is_malformed(change: dict) -> None:
    operation = msgspec.structs.replace(RecordEvidence(bytes(16), "file", "sha256", bytes(32)), **change)
    with pytest.raises(OperationFailed) as found:
        decode_operation(encode(operation))
    assert found.value.code == "operation-malformed"


def test_salted_is_the_default() -> None:
    """Bare hashes of guessable data are a privacy leak: salted by default."""
    assert RecordEvidence(bytes(16), "file", "sha256", bytes(32)).salted
    assert RecordEvidenceBatch(bytes(16), "file", "sha256", bytes(32), 1).salted
