"""Others stand by a piece of evidence: n of m named signers, each signature and withdrawal kept with its time."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.evidence.continuation import existing_evidence
from contracts.evidence.operations import Countersign, RequestSignatures, WithdrawSignature
from contracts.evidence.outcome import (
    EvidenceCountersigned,
    EvidenceSignaturesRequested,
    EvidenceSignatureWithdrawn,
    EvidenceSigningSettled,
)
from contracts.evidence.record import (
    LIFECYCLE,
    SIGNING,
    Signature,
    SigningRecord,
    read_signing,
    signing_key,
)
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER, EVERYONE


def request(operation: RequestSignatures, context: Context, state: State) -> None:
    """Name the signers of the sender's own record.

    Raises:
        OperationFailed: ``evidence-unknown``, ``evidence-status``, ``evidence-signing-status``,
            ``evidence-signing-late`` or ``evidence-signer-unknown``.
    """
    submitter, evidence_id = context.sender, operation.evidence_id
    LIFECYCLE.step(existing_evidence(state, submitter, evidence_id).status, "sign")
    before = read_signing(state, submitter, evidence_id)
    status = SIGNING.step(None if before is None else before.status, "request")
    if operation.sign_by_ms and operation.sign_by_ms < context.time_ms:
        raise OperationFailed("evidence-signing-late", f"the time to sign ended at {operation.sign_by_ms}")
    for signer in operation.signers:
        if read_active(state, signer) is None:
            raise OperationFailed("evidence-signer-unknown", f"{signer} is no active identity of this chain")
    signatures = tuple(Signature(signer) for signer in operation.signers)
    record = SigningRecord(evidence_id, submitter, operation.threshold, operation.sign_by_ms, status, signatures, 0, 0)
    state.put(signing_key(submitter, evidence_id), encode(record))
    context.emit(EvidenceSignaturesRequested(evidence_id, submitter, len(signatures), operation.threshold))


def countersign(operation: Countersign, context: Context, state: State) -> None:
    """Add the sender's signature.

    Raises:
        OperationFailed: ``evidence-unknown``, ``evidence-status``, ``evidence-not-signer``,
            ``evidence-digest-differs``, ``evidence-signed`` or ``evidence-signing-late``.
    """
    submitter, evidence_id, signer = operation.submitter, operation.evidence_id, context.sender
    evidence = existing_evidence(state, submitter, evidence_id)
    LIFECYCLE.step(evidence.status, "sign")
    record, place = _place_of(signer, submitter, evidence_id, state)
    if operation.digest != evidence.digest:
        raise OperationFailed(
            "evidence-digest-differs", f"the digest of {evidence_id.hex()} is {evidence.digest.hex()}"
        )
    if record.signatures[place].stands():
        raise OperationFailed("evidence-signed", f"{signer} has signed {evidence_id.hex()}")
    if record.sign_by_ms and context.time_ms > record.sign_by_ms:
        raise OperationFailed("evidence-signing-late", f"the time to sign ended at {record.sign_by_ms}")
    signature = Signature(signer, operation.statement, context.height, context.time_ms)
    _put(record, place, signature, SIGNING.step(record.status, "sign"), context, state)
    context.emit(EvidenceCountersigned(evidence_id, submitter, signer, operation.statement))


def withdraw(operation: WithdrawSignature, context: Context, state: State) -> None:
    """Mark the sender's signature as taken back; possible at any time, whatever became of the record.

    Raises:
        OperationFailed: ``evidence-unknown``, ``evidence-not-signer`` or ``evidence-not-signed``.
    """
    submitter, evidence_id, signer = operation.submitter, operation.evidence_id, context.sender
    existing_evidence(state, submitter, evidence_id)
    record, place = _place_of(signer, submitter, evidence_id, state)
    before = record.signatures[place]
    if not before.stands():
        raise OperationFailed("evidence-not-signed", f"no signature of {signer} stands under {evidence_id.hex()}")
    after = msgspec.structs.replace(
        before, withdrawn_height=context.height, withdrawn_ms=context.time_ms, reason=operation.reason
    )
    _put(record, place, after, SIGNING.step(record.status, "withdraw"), context, state)
    context.emit(EvidenceSignatureWithdrawn(evidence_id, submitter, signer, operation.reason))


def _place_of(signer: str, submitter: str, evidence_id: bytes, state: State) -> tuple[SigningRecord, int]:
    record = read_signing(state, submitter, evidence_id)
    if record is not None:
        for place, signature in enumerate(record.signatures):
            if signature.signer == signer:
                return record, place
    raise OperationFailed("evidence-not-signer", f"{signer} is not asked to sign {evidence_id.hex()}")


def _put(record: SigningRecord, place: int, signature: Signature, status: str, context: Context, state: State) -> None:
    """Write one changed signature, and the status that the new count of standing ones means."""
    signatures = (*record.signatures[:place], signature, *record.signatures[place + 1 :])
    after = msgspec.structs.replace(record, signatures=signatures, status=status)
    enough = after.standing() >= record.threshold
    if enough != (status == "COMPLETE"):
        status = SIGNING.step(status, "complete" if enough else "fall short")
        after = msgspec.structs.replace(after, status=status)
        if enough and not after.completed_height:
            after = msgspec.structs.replace(after, completed_height=context.height, completed_ms=context.time_ms)
        context.emit(EvidenceSigningSettled(record.evidence_id, record.submitter, status, after.standing()))
    state.put(signing_key(record.submitter, record.evidence_id), encode(after))


OPERATIONS: Final = (
    OperationSpec(
        RequestSignatures,
        request,
        ANY_MEMBER,
        (
            "evidence-signers",
            "evidence-unknown",
            "evidence-status",
            "evidence-signing-status",
            "evidence-signing-late",
            "evidence-signer-unknown",
        ),
    ),
    OperationSpec(
        Countersign,
        countersign,
        EVERYONE,
        (
            "evidence-unknown",
            "evidence-status",
            "evidence-not-signer",
            "evidence-digest-differs",
            "evidence-signed",
            "evidence-signing-late",
        ),
    ),
    OperationSpec(
        WithdrawSignature, withdraw, EVERYONE, ("evidence-unknown", "evidence-not-signer", "evidence-not-signed")
    ),
)
"""Whoever is named may sign, role or none: a notary of another city, a party to a contract."""
