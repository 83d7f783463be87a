"""Identities that an order keeps from acting.

The orders stand in the identity's role record, which every transaction reads anyway. A suspended identity can still
do what concerns its own keys: a suspension must not leave it with keys that somebody else has.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from contracts.governance.order import SUSPENSIONS_MAX
from contracts.governance.outcome_order import IdentityReleased, IdentitySuspended
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import RoleRecord, role_record, roles_key

GOVERNING_ROLES: Final = ("governor", "operator")
SUSPENDING: Final = ("order-identity-unknown", "order-target-governs", "order-suspensions-full")


def suspend_identity(did: str, order: bytes, context: Context, state: State) -> None:
    """Keep ``did`` from acting until ``order`` ends.

    Raises:
        OperationFailed: a code of ``SUSPENDING``.
    """
    if did_chain(did) != context.chain_id or read_active(state, did) is None:
        raise OperationFailed("order-identity-unknown", f"{did} is no active identity of this chain")
    before = role_record(state, did) or RoleRecord(did, (), 0)
    governing = [grant.role for grant in before.grants if grant.role in GOVERNING_ROLES]
    if governing:
        raise OperationFailed("order-target-governs", f"{did} is {' and '.join(governing)}")
    if len(before.suspended_by) >= SUSPENSIONS_MAX:
        raise OperationFailed("order-suspensions-full", f"{SUSPENSIONS_MAX} orders suspend {did}")
    after = msgspec.structs.replace(before, suspended_by=(*before.suspended_by, order))
    state.put(roles_key(did), encode(after))
    context.emit(IdentitySuspended(did, order))


def release_identity(did: str, order: bytes, context: Context, state: State) -> None:
    """Let ``order`` no longer keep ``did`` from acting."""
    before = role_record(state, did)
    if before is None:
        return
    remaining = tuple(held for held in before.suspended_by if held != order)
    state.put(roles_key(did), encode(msgspec.structs.replace(before, suspended_by=remaining)))
    context.emit(IdentityReleased(did, order, len(remaining)))
