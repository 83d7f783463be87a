"""What the operations about accreditation do."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.identity.accreditation import LIFECYCLE, AccreditationRecord, accreditation_key, read_accreditation
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.outcome_registry import AccreditationEnded, IdentityAccredited
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Role, Rule, roles_of
from contracts.relay.ports.accreditation import END_STATE_BYTES, announce_end

BY_ACCREDITOR: Final = Rule("ANY", ("exchange", "governor", "regulator"))
OVERSEEING_ROLES: Final[tuple[Role, ...]] = ("governor", "regulator")
"""Who may end what others have accredited."""


def accredit(operation: Accredit, context: Context, state: State) -> None:
    """Write an accreditation, or renew the sender's own.

    A renewal before the end continues the one before it: the first moment stays.

    Raises:
        OperationFailed: ``accreditation-self``, ``accreditation-did-unknown``, ``accreditation-period`` or
            ``accreditation-not-yours``.
    """
    did, kind, now_ms = operation.did, operation.kind, context.time_ms
    if did == context.sender:
        raise OperationFailed("accreditation-self", f"{did} cannot vouch for itself")
    if read_active(state, did) is None:
        raise OperationFailed("accreditation-did-unknown", f"{did} is no active identity of this chain")
    valid_from_ms = operation.valid_from_ms or now_ms
    if valid_from_ms < now_ms:
        raise OperationFailed("accreditation-period", f"it would begin at {valid_from_ms}, before the block's {now_ms}")
    if operation.valid_until_ms and operation.valid_until_ms <= valid_from_ms:
        raise OperationFailed(
            "accreditation-period", f"it would end at {operation.valid_until_ms}, not after {valid_from_ms}"
        )
    before = read_accreditation(state, did, kind, operation.credential_type)
    action = "accredit"
    if before is not None and before.status == "ACTIVE":
        action = "renew"
        if before.accredited_by != context.sender and not _is_over(before, now_ms):
            raise OperationFailed(
                "accreditation-not-yours", f"{before.accredited_by} has accredited {did} as {kind}; only it can renew"
            )
        if before.holds_at(now_ms):
            valid_from_ms = before.valid_from_ms
    record = AccreditationRecord(
        did=did,
        kind=kind,
        credential_type=operation.credential_type,
        jurisdiction=operation.jurisdiction,
        status=LIFECYCLE.step(None if before is None else before.status, action),
        valid_from_ms=valid_from_ms,
        valid_until_ms=operation.valid_until_ms,
        ended_ms=0,
        accredited_by=context.sender,
        accredited_height=context.height,
        accredited_ms=now_ms,
        reason="",
    )
    state.put(accreditation_key(did, kind, operation.credential_type), encode(record))
    context.emit(
        IdentityAccredited(
            did,
            kind,
            record.credential_type,
            record.jurisdiction,
            valid_from_ms,
            record.valid_until_ms,
            context.sender,
        )
    )


def end_accreditation(operation: EndAccreditation, context: Context, state: State) -> None:
    """End an accreditation at the block's time, and tell every chain that was told of it.

    Raises:
        OperationFailed: ``accreditation-unknown``, ``accreditation-not-yours`` or ``accreditation-status``.
    """
    did, kind = operation.did, operation.kind
    before = read_accreditation(state, did, kind, operation.credential_type)
    if before is None:
        raise OperationFailed("accreditation-unknown", f"{did} was never accredited as {kind}")
    if before.accredited_by != context.sender and not any(
        role in OVERSEEING_ROLES for role in roles_of(state, context.sender)
    ):
        raise OperationFailed(
            "accreditation-not-yours", f"{before.accredited_by} has accredited {did}; {context.sender} has no say"
        )
    status = LIFECYCLE.step(before.status, "end")
    after = msgspec.structs.replace(before, status=status, ended_ms=context.time_ms, reason=operation.reason)
    state.put(accreditation_key(did, kind, operation.credential_type), encode(after))
    context.emit(AccreditationEnded(did, kind, before.credential_type, context.sender, operation.reason))
    announce_end(after, context, state)


def _is_over(record: AccreditationRecord, time_ms: int) -> bool:
    return record.valid_until_ms != 0 and record.valid_until_ms <= time_ms


OPERATIONS: Final = (
    OperationSpec(
        Accredit,
        accredit,
        BY_ACCREDITOR,
        (
            "accreditation-type",
            "accreditation-period",
            "accreditation-self",
            "accreditation-did-unknown",
            "accreditation-not-yours",
        ),
    ),
    OperationSpec(
        EndAccreditation,
        end_accreditation,
        BY_ACCREDITOR,
        ("accreditation-type", "accreditation-unknown", "accreditation-not-yours", "accreditation-status"),
        state_bytes=END_STATE_BYTES,
        work=4,
    ),
)
