"""What the parties of a dispute do: file, answer, bring evidence, withdraw, appeal."""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.disputes.casework import append_evidence, known_dispute, move, write
from contracts.disputes.operations import (
    AddDisputeEvidence,
    AnswerDispute,
    AppealDispute,
    FileDispute,
    WithdrawDispute,
)
from contracts.disputes.outcome import DisputeFiled
from contracts.disputes.record import LIFECYCLE, DisputeRecord, dispute_id_of, read_dispute
from contracts.disputes.subject import asset_behind, release_subject
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE


def file(operation: FileDispute, context: Context, state: State) -> None:
    """Open a case of the sender.

    Raises:
        OperationFailed: ``dispute-exists``, ``dispute-party``, ``dispute-subject-unknown`` or
            ``dispute-evidence``.
    """
    complainant, respondent, subject = context.sender, operation.respondent, operation.subject
    dispute_id = dispute_id_of(complainant, operation.identifier)
    if read_dispute(state, dispute_id) is not None:
        raise OperationFailed("dispute-exists", f"{complainant} has filed {operation.identifier}")
    if respondent == complainant or read_active(state, respondent) is None:
        raise OperationFailed("dispute-party", f"{respondent} cannot answer a claim of {complainant}")
    asset_behind(subject, state)
    record = DisputeRecord(
        dispute_id=dispute_id,
        complainant=complainant,
        respondent=respondent,
        subject=subject,
        title=operation.title,
        claim_digest=operation.claim_digest,
        status=LIFECYCLE.step(None, "file"),
        evidence=append_evidence((), operation.evidence, state),
        answer_digest=b"",
        forum="",
        former=(),
        votes=(),
        threshold=0,
        round=0,
        answer_by_ms=0,
        appeal_ms=0,
        appeal_until_ms=0,
        held=False,
        ruling=None,
        filed_height=context.height,
        filed_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    write(record, context, state)
    context.emit(DisputeFiled(dispute_id, complainant, respondent, subject.kind, subject.id, operation.identifier))


def answer(operation: AnswerDispute, context: Context, state: State) -> None:
    """Keep the respondent's answer.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-party``,
            ``dispute-too-late`` or ``dispute-evidence``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "answer")
    if context.sender != record.respondent:
        raise OperationFailed("dispute-not-party", f"{record.respondent} answers, not {context.sender}")
    if record.answer_by_ms and context.time_ms > record.answer_by_ms:
        raise OperationFailed("dispute-too-late", f"the time to answer ended at {record.answer_by_ms}")
    evidence = append_evidence(record.evidence, operation.evidence, state)
    changed = msgspec.structs.replace(record, status=status, answer_digest=operation.answer_digest, evidence=evidence)
    move(changed, "answer", operation.answer_digest.hex(), context, state)


def add_evidence(operation: AddDisputeEvidence, context: Context, state: State) -> None:
    """Add a party's evidence.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-party`` or ``dispute-evidence``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "add evidence")
    _check_party(record, context.sender)
    evidence = append_evidence(record.evidence, operation.evidence, state)
    changed = msgspec.structs.replace(record, status=status, evidence=evidence)
    move(changed, "add evidence", f"{len(operation.evidence)} pieces", context, state)


def withdraw(operation: WithdrawDispute, context: Context, state: State) -> None:
    """End the case as if it had not been; a hold is released.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status`` or ``dispute-not-party``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "withdraw")
    if context.sender != record.complainant:
        raise OperationFailed("dispute-not-party", f"{record.complainant} withdraws, not {context.sender}")
    released = release_subject(record, context, state)
    move(msgspec.structs.replace(released, status=status), "withdraw", "", context, state)


def appeal(operation: AppealDispute, context: Context, state: State) -> None:
    """Take a first ruling to the second instance.

    Raises:
        OperationFailed: ``dispute-unknown``, ``dispute-status``, ``dispute-not-party`` or ``dispute-too-late``.
    """
    record = known_dispute(operation.dispute_id, state)
    status = LIFECYCLE.step(record.status, "appeal")
    _check_party(record, context.sender)
    if context.time_ms > record.appeal_until_ms:
        ended = f"ended at {record.appeal_until_ms}" if record.appeal_until_ms else "never began: the ruling is final"
        raise OperationFailed("dispute-too-late", f"the time to appeal {ended}")
    changed = msgspec.structs.replace(record, status=status)
    move(changed, "appeal", operation.digest.hex(), context, state)


def _check_party(record: DisputeRecord, sender: str) -> None:
    if sender not in (record.complainant, record.respondent):
        raise OperationFailed("dispute-not-party", f"{sender} is neither complainant nor respondent")


OPERATIONS: Final = (
    OperationSpec(
        FileDispute,
        file,
        EVERYONE,
        ("dispute-exists", "dispute-party", "dispute-subject-unknown", "dispute-evidence"),
    ),
    OperationSpec(
        AnswerDispute,
        answer,
        EVERYONE,
        ("dispute-unknown", "dispute-status", "dispute-not-party", "dispute-too-late", "dispute-evidence"),
    ),
    OperationSpec(
        AddDisputeEvidence,
        add_evidence,
        EVERYONE,
        ("dispute-unknown", "dispute-status", "dispute-not-party", "dispute-evidence"),
    ),
    OperationSpec(WithdrawDispute, withdraw, EVERYONE, ("dispute-unknown", "dispute-status", "dispute-not-party")),
    OperationSpec(
        AppealDispute,
        appeal,
        EVERYONE,
        ("dispute-unknown", "dispute-status", "dispute-not-party", "dispute-too-late"),
    ),
)
"""Parties act under no role: whoever trades may complain, and whoever is sued must be able to answer."""
