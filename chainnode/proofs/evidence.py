"""What the verifier must know of evidence operations: the first fields of their wire form.

    ["evidence.record",       evidence_id, kind, algorithm, digest, salted, ...]
    ["evidence.record_batch", evidence_id, kind, algorithm, root,   count,  ...]

Further fields may follow and are not read here. A batch commits to ``count`` items by
the RFC 6962 root over ``leaf_hash(digest)`` of each.

Source: contracts/evidence/README.md.
"""

from typing import Annotated, Final

import msgspec

from chainnode.limits import OPERATIONS_MAX
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.merkle import PATH_HASHES_MAX, leaf_hash, verify_inclusion
from chainnode.types.block import Hash
from chainnode.types.transaction import Payload

BATCH_ITEMS_MAX: Final = 1 << 20
EvidenceId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
Digest = Annotated[bytes, msgspec.Meta(min_length=16, max_length=64)]
_Word = Annotated[str, msgspec.Meta(max_length=64)]


class Record(msgspec.Struct, frozen=True, array_like=True, tag="evidence.record"):
    """One digest."""

    evidence_id: EvidenceId
    kind: _Word
    algorithm: _Word
    digest: Digest
    salted: bool


class RecordBatch(msgspec.Struct, frozen=True, array_like=True, tag="evidence.record_batch"):
    """Many digests under one root."""

    evidence_id: EvidenceId
    kind: _Word
    algorithm: _Word
    root: Hash
    count: Annotated[int, msgspec.Meta(ge=1, le=BATCH_ITEMS_MAX)]


class BatchItem(msgspec.Struct, frozen=True, array_like=True):
    """Where one digest stands in a batch."""

    index: Annotated[int, msgspec.Meta(ge=0, lt=BATCH_ITEMS_MAX)]
    path: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=PATH_HASHES_MAX)]


_decoder: Final[msgspec.msgpack.Decoder[Record | RecordBatch]] = msgspec.msgpack.Decoder(Record | RecordBatch)
OPERATION_INDEX_MAX: Final = OPERATIONS_MAX - 1


def evidence_operations(payload: Payload) -> list[tuple[int, Record | RecordBatch]]:
    """The evidence operations of a payload, each with its index; other operations are passed over."""
    found = []
    for index, raw in enumerate(payload.operations):
        try:
            found.append((index, _decoder.decode(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return found


def find_evidence(payload: Payload, operation: int, digest: bytes, item: BatchItem | None) -> Record | RecordBatch:
    """The evidence operation at index ``operation`` of ``payload``, once it is shown to hold ``digest``.

    Raises:
        ProofInvalid: ``operation-index``, ``evidence-operation`` (another operation), ``evidence-digest``,
            ``evidence-item`` (a batch needs its item, a single record has none), or a code of
            ``merkle.verify_inclusion``.
    """
    if not 0 <= operation < len(payload.operations):
        raise ProofInvalid("operation-index", "the transaction has no such operation", index=operation)
    try:
        found = _decoder.decode(payload.operations[operation])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProofInvalid("evidence-operation", f"the operation does not record evidence: {error}") from error
    if (item is not None) != isinstance(found, RecordBatch):
        raise ProofInvalid("evidence-item", "a batch is shown with the item's path, a single record without")
    if isinstance(found, Record):
        if found.digest != digest:
            raise ProofInvalid("evidence-digest", "the recorded digest is another one", found=found.digest.hex())
    elif item is not None:
        verify_inclusion(leaf_hash(digest), item.index, found.count, item.path, found.root)
    return found
