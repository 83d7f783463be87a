"""What the governance operations do.

At genesis the founders act: they all hold the same genesis hash, so no signature says
more. Afterwards a governor grants and revokes roles; parameters and policies change
only with the consortium's vote, which this version does not carry, so they are fixed
at genesis.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from contracts.governance.operations import GrantRole, RevokeRole, SetParameters, SetPolicy
from contracts.governance.outcome import RoleGranted, RoleRevoked
from contracts.governance.record import PARAMETERS_KEY, REGISTRAR_COUNT_KEY, REGISTRARS_MAX
from contracts.identity.record import read_identity
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import (
    FORBIDDEN,
    POLICIES_KEY,
    Grant,
    Policies,
    RoleRecord,
    Rule,
    read_policies,
    role_record,
    roles_key,
)

REGISTERING_ROLES: Final = ("exchange", "registrar")

_decode_count = msgspec.msgpack.Decoder(int).decode


def grant_role(operation: GrantRole, context: Context, state: State) -> None:
    """Add the role, and a registrar number with the first registering role.

    Raises:
        OperationFailed: ``role-did-unknown``, ``role-held`` or ``registrar-numbers-spent``.
    """
    did, role = operation.did, operation.role
    identity = read_identity(state, did)
    if identity is None or identity.deactivated:
        raise OperationFailed("role-did-unknown", f"{did} is no active identity of this chain")
    before = role_record(state, did) or RoleRecord(did, (), 0)
    if any(grant.role == role for grant in before.grants):
        raise OperationFailed("role-held", f"{did} holds {role}")
    number = before.registrar_number
    if role in REGISTERING_ROLES and number == 0:
        number = _next_registrar_number(state)
    grant = Grant(role, context.height, context.time_ms, context.sender)
    grants = tuple(sorted((*before.grants, grant), key=lambda held: held.role))
    state.put(roles_key(did), encode(RoleRecord(did, grants, number)))
    context.emit(RoleGranted(did, role, context.sender, number))


def revoke_role(operation: RevokeRole, context: Context, state: State) -> None:
    """Remove the role; the registrar number stays with its holder for ever.

    Raises:
        OperationFailed: ``role-not-held`` or ``role-own-governor``.
    """
    did, role = operation.did, operation.role
    if role == "governor" and did == context.sender:
        raise OperationFailed("role-own-governor", "another governor must revoke this role")
    before = role_record(state, did) if did_chain(did) is not None else None
    if before is None or all(grant.role != role for grant in before.grants):
        raise OperationFailed("role-not-held", f"{did} does not hold {role}")
    grants = tuple(grant for grant in before.grants if grant.role != role)
    state.put(roles_key(did), encode(RoleRecord(did, grants, before.registrar_number)))
    context.emit(RoleRevoked(did, role, context.sender))


def set_parameters(operation: SetParameters, _context: Context, state: State) -> None:
    """Replace the parameters."""
    state.put(PARAMETERS_KEY, encode(operation.parameters))


def set_policy(operation: SetPolicy, _context: Context, state: State) -> None:
    """Replace one operation's rule; that the operation exists is checked when genesis is complete."""
    rules = dict(read_policies(state))
    rules[operation.target] = operation.rule
    state.put(POLICIES_KEY, encode(Policies(tuple(sorted(rules.items(), key=lambda item: item[0])))))


def _next_registrar_number(state: State) -> int:
    stored = state.get(REGISTRAR_COUNT_KEY)
    number = (_decode_count(stored) if stored is not None else 0) + 1
    if number > REGISTRARS_MAX:
        raise OperationFailed("registrar-numbers-spent", f"all {REGISTRARS_MAX} registrar numbers were given")
    state.put(REGISTRAR_COUNT_KEY, encode(number))
    return number


BY_GOVERNOR: Final = Rule("ANY", ("governor",))

OPERATIONS: Final = (
    OperationSpec(
        GrantRole,
        grant_role,
        BY_GOVERNOR,
        ("role-did-unknown", "role-held", "registrar-numbers-spent"),
        genesis="also",
    ),
    OperationSpec(RevokeRole, revoke_role, BY_GOVERNOR, ("role-not-held", "role-own-governor")),
    OperationSpec(SetParameters, set_parameters, FORBIDDEN, ("parameters-contradict",), genesis="only"),
    OperationSpec(SetPolicy, set_policy, FORBIDDEN, ("policy-rule",), genesis="only"),
)
