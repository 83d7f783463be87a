"""What the evidence operations do."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.record import asset_key
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.evidence.outcome import EvidenceRecorded, EvidenceSuperseded
from contracts.evidence.record import LIFECYCLE, EvidenceRecord, evidence_key, read_evidence
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER

CAPTURE_AHEAD_MS_MAX: Final = 600_000
"""Clients' clocks may differ from the validators'; a claim further ahead is false."""


def record(operation: RecordEvidence, context: Context, state: State) -> None:
    """Write one digest.

    Raises:
        OperationFailed: see ``_write``.
    """
    _write(operation, operation.digest, 0, context, state)


def record_batch(operation: RecordEvidenceBatch, context: Context, state: State) -> None:
    """Write the root over a batch.

    Raises:
        OperationFailed: see ``_write``.
    """
    _write(operation, operation.root, operation.count, context, state)


def _write(
    operation: RecordEvidence | RecordEvidenceBatch, digest: bytes, count: int, context: Context, state: State
) -> None:
    """Write the record of either form, and mark the one it succeeds.

    Raises:
        OperationFailed: ``evidence-exists``, ``evidence-captured-in-future``,
            ``evidence-asset-unknown``, ``evidence-previous-unknown``,
            ``evidence-previous-superseded`` or ``evidence-status``: the previous one is revoked.
    """
    submitter, evidence_id = context.sender, operation.evidence_id
    state_key = evidence_key(submitter, evidence_id)
    if state.get(state_key) is not None:
        raise OperationFailed("evidence-exists", f"{submitter} has recorded {evidence_id.hex()}")
    if operation.captured_at_ms > context.time_ms + CAPTURE_AHEAD_MS_MAX:
        raise OperationFailed("evidence-captured-in-future", f"captured at {operation.captured_at_ms}")
    if operation.related_asset and state.get(asset_key(operation.related_asset)) is None:
        raise OperationFailed("evidence-asset-unknown", f"no asset {operation.related_asset.hex()}")
    if operation.previous:
        _supersede(operation.previous, evidence_id, context, state)
    # By position, in the record's own order: naming nineteen fields costs as much as all the rest of this function.
    found = EvidenceRecord(
        evidence_id,
        submitter,
        operation.kind,
        operation.algorithm,
        digest,
        operation.salted,
        count,
        operation.size,
        operation.media_type,
        operation.title,
        operation.captured_at_ms,
        operation.previous,
        operation.related_asset,
        operation.storage_uri,
        operation.timestamp_token,
        LIFECYCLE.transitions[None, "record"],
        b"",
        context.height,
        context.time_ms,
    )
    state.put(state_key, encode(found))
    context.emit(EvidenceRecorded(evidence_id, submitter, operation.kind, digest, count))


def _supersede(previous: bytes, evidence_id: bytes, context: Context, state: State) -> None:
    before = read_evidence(state, context.sender, previous)
    if before is None:
        raise OperationFailed("evidence-previous-unknown", f"{context.sender} never recorded {previous.hex()}")
    if before.superseded_by:
        raise OperationFailed(
            "evidence-previous-superseded", f"{previous.hex()} was succeeded by {before.superseded_by.hex()}"
        )
    status = LIFECYCLE.step(before.status, "supersede")
    after = msgspec.structs.replace(before, status=status, superseded_by=evidence_id)
    state.put(evidence_key(context.sender, previous), encode(after))
    context.emit(EvidenceSuperseded(previous, context.sender, evidence_id))


_WRITING: Final = (
    "evidence-exists",
    "evidence-reference",
    "evidence-captured-in-future",
    "evidence-asset-unknown",
    "evidence-previous-unknown",
    "evidence-previous-superseded",
    "evidence-status",
)

OPERATIONS: Final = (
    OperationSpec(RecordEvidence, record, ANY_MEMBER, ("evidence-digest-length", *_WRITING)),
    OperationSpec(RecordEvidenceBatch, record_batch, ANY_MEMBER, _WRITING),
)
