"""What the operations of recovery do.

Guardians replace *lost* keys. Against a thief who holds the present keys they are no help, because
the present keys can cancel: that is what announced next keys are for.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.identity.management import with_signing_keys, write_next
from contracts.identity.operations_recovery import ApproveRecovery, CancelRecovery, ProposeRecovery, Recover
from contracts.identity.outcome_recovery import (
    IdentityRecovered,
    RecoveryApproved,
    RecoveryCancelled,
    RecoveryProposed,
)
from contracts.identity.record import LIFECYCLE as IDENTITY_LIFECYCLE
from contracts.identity.record import IdentityRecord, read_active
from contracts.identity.recovery import LIFECYCLE, RecoveryRecord, read_recovery, recovery_digest, recovery_key
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE, SELF


def propose(operation: ProposeRecovery, context: Context, state: State) -> None:
    """Write the sender's proposal; where its own agreement is enough, the delay begins.

    Raises:
        OperationFailed: ``recovery-did-unknown``, ``recovery-not-guardian``, ``recovery-status``,
            ``identity-duplicate``, ``identity-key-form`` or ``identity-too-large``.
    """
    identity = _guarded(operation.did, context, state)
    before = read_recovery(state, operation.did, context.sender)
    status = LIFECYCLE.step(None if before is None or before.is_void(identity.version) else before.status, "propose")
    # What could not be put in place must not be agreed to: the document cannot change in between.
    with_signing_keys(identity, operation.methods, operation.threshold, operation.next_key_hashes)
    digest = recovery_digest(
        operation.did, identity.version, operation.methods, operation.threshold, operation.next_key_hashes
    )
    record = RecoveryRecord(
        did=operation.did,
        proposer=context.sender,
        version=identity.version,
        methods=operation.methods,
        threshold=operation.threshold,
        next_key_hashes=operation.next_key_hashes,
        digest=digest,
        approvals=(),
        status=status,
        proposed_ms=context.time_ms,
        ready_ms=0,
    )
    context.emit(RecoveryProposed(operation.did, context.sender, digest, identity.version))
    _agree(record, identity, context, state)


def approve(operation: ApproveRecovery, context: Context, state: State) -> None:
    """Add the sender's agreement to a proposal.

    Raises:
        OperationFailed: ``recovery-did-unknown``, ``recovery-not-guardian``, ``recovery-unknown``, ``recovery-void``,
            ``recovery-digest``, ``recovery-approved`` or ``recovery-status``.
    """
    identity = _guarded(operation.did, context, state)
    record = _present(operation.did, operation.proposer, identity, state)
    LIFECYCLE.step(record.status, "approve")
    if record.digest != operation.digest:
        raise OperationFailed(
            "recovery-digest", f"{operation.proposer} proposes {record.digest.hex()}, not {operation.digest.hex()}"
        )
    if context.sender in record.approvals:
        raise OperationFailed("recovery-approved", f"{context.sender} has agreed to it")
    _agree(record, identity, context, state)


def cancel(operation: CancelRecovery, context: Context, state: State) -> None:
    """End a proposal for the sender's own identity.

    Raises:
        OperationFailed: ``recovery-unknown``, ``recovery-void`` or ``recovery-status``.
    """
    identity = read_active(state, context.sender)
    if identity is None:
        raise OperationFailed("recovery-did-unknown", f"{context.sender} is no active identity of this chain")
    record = _present(context.sender, operation.proposer, identity, state)
    _write(msgspec.structs.replace(record, status=LIFECYCLE.step(record.status, "cancel")), state)
    context.emit(RecoveryCancelled(context.sender, operation.proposer))


def recover(operation: Recover, context: Context, state: State) -> None:
    """Write a version with the agreed keys; possible from ``ready_ms`` on, that millisecond included.

    Raises:
        OperationFailed: ``recovery-did-unknown``, ``recovery-not-guardian``, ``recovery-unknown``, ``recovery-void``,
            ``recovery-status`` or ``recovery-too-early``.
    """
    identity = _guarded(operation.did, context, state)
    record = _present(operation.did, operation.proposer, identity, state)
    status = LIFECYCLE.step(record.status, "complete")
    if context.time_ms < record.ready_ms:
        raise OperationFailed("recovery-too-early", f"possible from {record.ready_ms} on, and it is {context.time_ms}")
    changed = msgspec.structs.replace(
        with_signing_keys(identity, record.methods, record.threshold, record.next_key_hashes),
        status=IDENTITY_LIFECYCLE.step(identity.status, "recover"),
    )
    version = write_next(context, state, identity, changed)
    _write(msgspec.structs.replace(record, status=status), state)
    context.emit(IdentityRecovered(operation.did, version, operation.proposer, context.sender))


def _agree(record: RecoveryRecord, identity: IdentityRecord, context: Context, state: State) -> None:
    """Write ``record`` with the sender's agreement, and the moment it takes effect if that is enough."""
    approvals = (*record.approvals, context.sender)
    plan = identity.recovery
    enough = len(approvals) >= plan.threshold
    status = LIFECYCLE.step(record.status, "agree" if enough else "approve")
    ready_ms = context.time_ms + plan.delay_ms if enough else 0
    _write(msgspec.structs.replace(record, approvals=approvals, status=status, ready_ms=ready_ms), state)
    context.emit(
        RecoveryApproved(record.did, record.proposer, context.sender, record.digest, len(approvals), status, ready_ms)
    )


def _guarded(did: str, context: Context, state: State) -> IdentityRecord:
    """The identity ``did``, of which the sender is a guardian."""
    identity = read_active(state, did)
    if identity is None:
        raise OperationFailed("recovery-did-unknown", f"{did} is no active identity of this chain")
    if context.sender not in identity.recovery.guardians:
        raise OperationFailed("recovery-not-guardian", f"{context.sender} is no guardian of {did}")
    return identity


def _present(did: str, proposer: str, identity: IdentityRecord, state: State) -> RecoveryRecord:
    record = read_recovery(state, did, proposer)
    if record is None:
        raise OperationFailed("recovery-unknown", f"{proposer} proposes nothing for {did}")
    if record.is_void(identity.version):
        raise OperationFailed(
            "recovery-void", f"it was to replace version {record.version}, and {did} has version {identity.version}"
        )
    return record


def _write(record: RecoveryRecord, state: State) -> None:
    state.put(recovery_key(record.did, record.proposer), encode(record))


_BY_GUARDIAN: Final = ("recovery-did-unknown", "recovery-not-guardian")
_OF_PROPOSAL: Final = ("recovery-unknown", "recovery-void", "recovery-status")

OPERATIONS: Final = (
    OperationSpec(
        ProposeRecovery,
        propose,
        EVERYONE,
        (
            "identity-key-form",
            "identity-duplicate",
            "identity-authentication-key",
            "identity-threshold",
            "identity-too-large",
            *_BY_GUARDIAN,
            "recovery-status",
        ),
    ),
    OperationSpec(
        ApproveRecovery,
        approve,
        EVERYONE,
        (*_BY_GUARDIAN, *_OF_PROPOSAL, "recovery-digest", "recovery-approved"),
    ),
    OperationSpec(CancelRecovery, cancel, SELF, ("recovery-did-unknown", *_OF_PROPOSAL)),
    OperationSpec(
        Recover, recover, EVERYONE, (*_BY_GUARDIAN, *_OF_PROPOSAL, "recovery-too-early", "identity-too-often")
    ),
)
