"""Identities that an order keeps from acting."""

from contracts.governance.suspension import release_identity, suspend_identity
from contracts.kernel.context import Context
from contracts.kernel.policy import role_record
from tests.unit.contracts.world import CHAIN, World, did_of


def context() -> Context:
    return Context(chain_id=CHAIN, height=1, time_ms=1, tx_id=bytes(32), index=0, sender="x", signers=())


def test_orders_stand_in_the_role_record_and_leave_the_roles_alone() -> None:
    world, did, here = World(), did_of("member"), context()
    before = role_record(world.overlay, did)
    suspend_identity(did, b"1" * 32, here, world.overlay)
    suspend_identity(did, b"2" * 32, here, world.overlay)
    release_identity(did, b"1" * 32, here, world.overlay)
    held = role_record(world.overlay, did)
    assert before is not None
    assert held is not None
    assert (held.grants, held.suspended_by) == (before.grants, (b"2" * 32,))
    assert here.events[-1].attributes == {"did": did, "order": b"1" * 32, "remaining": 1}
    release_identity(did, b"2" * 32, here, world.overlay)
    assert role_record(world.overlay, did) == before


def test_nobody_is_released_who_was_never_known() -> None:
    world, here = World(), context()
    release_identity(did_of("stranger"), b"1" * 32, here, world.overlay)
    assert here.events == []
