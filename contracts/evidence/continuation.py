"""What happens to evidence after it was recorded: its log grows, it is taken back."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.evidence.operations import AppendEvidence, RevokeEvidence
from contracts.evidence.outcome import EvidenceAppended, EvidenceRevoked
from contracts.evidence.record import (
    LIFECYCLE,
    LOG_ENTRIES_MAX,
    EvidenceRecord,
    LogEntry,
    LogHead,
    evidence_key,
    log_chain,
    log_entry_key,
    log_key,
    read_evidence,
    read_log_head,
    read_signing,
)
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER


def existing_evidence(state: State, submitter: str, evidence_id: bytes) -> EvidenceRecord:
    """The record that an operation speaks of.

    Raises:
        OperationFailed: ``evidence-unknown``.
    """
    found = read_evidence(state, submitter, evidence_id)
    if found is None:
        raise OperationFailed("evidence-unknown", f"{submitter or 'nobody'} never recorded {evidence_id.hex()}")
    return found


def revoke(operation: RevokeEvidence, context: Context, state: State) -> None:
    """Mark the sender's own record.

    Raises:
        OperationFailed: ``evidence-unknown`` or ``evidence-status``.
    """
    found = existing_evidence(state, context.sender, operation.evidence_id)
    status = LIFECYCLE.step(found.status, "revoke")
    state.put(
        evidence_key(context.sender, operation.evidence_id), encode(msgspec.structs.replace(found, status=status))
    )
    context.emit(EvidenceRevoked(operation.evidence_id, context.sender, operation.reason))


def append(operation: AppendEvidence, context: Context, state: State) -> None:
    """Add the next entry to the log.

    Raises:
        OperationFailed: ``evidence-unknown``, ``evidence-status``, ``evidence-not-signer`` or
            ``evidence-log-full``.
    """
    submitter, evidence_id, author = operation.submitter, operation.evidence_id, context.sender
    LIFECYCLE.step(existing_evidence(state, submitter, evidence_id).status, "append")
    if author != submitter:
        signing = read_signing(state, submitter, evidence_id)
        signatures = () if signing is None else signing.signatures
        if not any(signature.signer == author and signature.stands() for signature in signatures):
            raise OperationFailed("evidence-not-signer", f"no signature of {author} stands under {evidence_id.hex()}")
    head = read_log_head(state, submitter, evidence_id)
    number = head.count + 1
    if number > LOG_ENTRIES_MAX:
        raise OperationFailed("evidence-log-full", f"the log of {evidence_id.hex()} has {head.count} entries")
    entry = LogEntry(
        number=number,
        author=author,
        algorithm=operation.algorithm,
        digest=operation.digest,
        salted=operation.salted,
        title=operation.title,
        storage_uri=operation.storage_uri,
        height=context.height,
        time_ms=context.time_ms,
    )
    state.put(log_entry_key(submitter, evidence_id, number), encode(entry))
    state.put(log_key(submitter, evidence_id), encode(LogHead(number, log_chain(head.chain, entry))))
    context.emit(EvidenceAppended(evidence_id, submitter, author, number, operation.digest))


OPERATIONS: Final = (
    OperationSpec(RevokeEvidence, revoke, ANY_MEMBER, ("evidence-unknown", "evidence-status")),
    OperationSpec(
        AppendEvidence,
        append,
        ANY_MEMBER,
        ("evidence-digest-length", "evidence-unknown", "evidence-status", "evidence-not-signer", "evidence-log-full"),
    ),
)
