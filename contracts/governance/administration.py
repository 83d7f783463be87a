"""What the governance operations do.

At genesis the founders act: they all hold the same genesis hash, so no signature says
more. Afterwards a governor grants and revokes roles, unless the policy asks for a vote;
parameters, policies and features change by vote (``contracts.governance.rulemaking``).
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from contracts.governance.operations import GrantRole, RevokeRole
from contracts.governance.outcome import RoleGranted, RoleRevoked
from contracts.governance.record import REGISTRAR_COUNT_KEY, REGISTRARS_MAX
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.electorate import HOLDERS_BYTES_MAX, add_holder, holders_of, remove_holder
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import BY_VOTE, Grant, Role, RoleRecord, role_record, roles_key

REGISTERING_ROLES: Final = ("exchange", "registrar")

_decode_count = msgspec.msgpack.Decoder(int).decode


def grant_role(operation: GrantRole, context: Context, state: State) -> None:
    """Add the role, and a registrar number with the first registering role.

    Raises:
        OperationFailed: ``role-did-unknown``, ``role-held``, ``role-full`` or ``registrar-numbers-spent``.
    """
    did, role = operation.did, operation.role
    if read_active(state, did) is None:
        raise OperationFailed("role-did-unknown", f"{did} is no active identity of this chain")
    before = role_record(state, did) or RoleRecord(did, (), 0)
    if any(grant.role == role for grant in before.grants):
        raise OperationFailed("role-held", f"{did} holds {role}")
    number = before.registrar_number
    if role in REGISTERING_ROLES and number == 0:
        number = _next_registrar_number(state)
    grant = Grant(role, context.height, context.time_ms, context.sender)
    grants = tuple(sorted((*before.grants, grant), key=lambda held: held.role))
    add_holder(state, role, did)
    state.put(roles_key(did), encode(RoleRecord(did, grants, number, before.suspended_by)))
    context.emit(RoleGranted(did, role, context.sender, number))


def revoke_role(operation: RevokeRole, context: Context, state: State) -> None:
    """Remove the role; the registrar number stays with its holder for ever.

    Raises:
        OperationFailed: ``role-not-held``, ``role-own-governor`` or ``governor-last``.
    """
    did, role = operation.did, operation.role
    if role == "governor" and did == context.sender:
        raise OperationFailed("role-own-governor", "another governor must revoke this role")
    before = role_record(state, did) if did_chain(did) is not None else None
    if before is None or all(grant.role != role for grant in before.grants):
        raise OperationFailed("role-not-held", f"{did} does not hold {role}")
    _remove(before, role, context, state)


def leave_offices(context: Context, state: State) -> None:
    """Take every role from the sender, whose identity has just ended: nobody counts who can no longer vote.

    Raises:
        OperationFailed: ``governor-last``.
    """
    record = role_record(state, context.sender)
    while record is not None and record.grants:
        record = _remove(record, record.grants[0].role, context, state)


def _remove(before: RoleRecord, role: Role, context: Context, state: State) -> RoleRecord:
    if role == "governor" and holders_of(state, role) == (before.did,):
        raise OperationFailed("governor-last", f"{before.did} is the last governor: nobody could grant a role again")
    grants = tuple(grant for grant in before.grants if grant.role != role)
    after = RoleRecord(before.did, grants, before.registrar_number, before.suspended_by)
    remove_holder(state, role, before.did)
    state.put(roles_key(before.did), encode(after))
    context.emit(RoleRevoked(before.did, role, context.sender))
    return after


def _next_registrar_number(state: State) -> int:
    stored = state.get(REGISTRAR_COUNT_KEY)
    number = (_decode_count(stored) if stored is not None else 0) + 1
    if number > REGISTRARS_MAX:
        raise OperationFailed("registrar-numbers-spent", f"all {REGISTRARS_MAX} registrar numbers were given")
    state.put(REGISTRAR_COUNT_KEY, encode(number))
    return number


OPERATIONS: Final = (
    OperationSpec(
        GrantRole,
        grant_role,
        BY_VOTE,
        ("role-did-unknown", "role-held", "role-full", "registrar-numbers-spent"),
        genesis="also",
        by_proposal=True,
        state_bytes=HOLDERS_BYTES_MAX,
        work=16,
    ),
    OperationSpec(
        RevokeRole,
        revoke_role,
        BY_VOTE,
        ("role-not-held", "role-own-governor", "governor-last"),
        by_proposal=True,
        state_bytes=HOLDERS_BYTES_MAX,
        work=16,
    ),
)
