from collections.abc import Callable

import pytest

from contracts.identity.operations import DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.operations_recovery import ApproveRecovery, CancelRecovery, ProposeRecovery, Recover
from contracts.identity.record import (
    METHODS_MAX,
    RECOVERY_DELAY_MS_MIN,
    RecoveryPlan,
    VerificationMethod,
    next_key_hash,
    read_identity,
)
from contracts.identity.recovery import RecoveryRecord, read_recovery
from contracts.kernel.operation import Operation
from tests.unit.contracts.world import World, did_of, key_of

LOST = did_of("member")
DELAY_MS = RECOVERY_DELAY_MS_MIN
PLAN = RecoveryPlan((did_of("exchange"), did_of("governor")), 2, DELAY_MS)
RECOVERED = (VerificationMethod("fresh", "ed25519", key_of("fresh").public_key, ("authentication",)),)
PROPOSE = ProposeRecovery(LOST, RECOVERED)


def own_key(name: str) -> VerificationMethod:
    return VerificationMethod(name, "ed25519", key_of(name).public_key, ("authentication",))


def guarded(plan: RecoveryPlan = PLAN, **fields: object) -> World:
    """A world in which the member's guardians are the exchange and the governor."""
    world = World()
    rotate = RotateIdentity((own_key("member"),), recovery=plan, **fields)  # type: ignore[arg-type]
    assert world.submit("member", rotate).code == "ok"
    return world


def proposal(world: World, proposer: str = "exchange") -> RecoveryRecord:
    found = read_recovery(world.overlay, LOST, did_of(proposer))
    assert found is not None
    return found


def approval(world: World) -> ApproveRecovery:
    return ApproveRecovery(LOST, did_of("exchange"), proposal(world).digest)


def waiting() -> World:
    world = guarded()
    assert world.submit("exchange", PROPOSE).code == "ok"
    assert world.submit("governor", approval(world)).code == "ok"
    return world


COMPLETE = Recover(LOST, did_of("exchange"))


def test_guardians_give_new_keys_once_the_delay_has_passed() -> None:
    """Possible from ``ready_ms`` on, that millisecond included."""
    world = waiting()
    ready_ms = world.time_ms + DELAY_MS
    assert (proposal(world).status, proposal(world).ready_ms) == ("WAITING", ready_ms)
    world.time_ms = ready_ms - 1
    assert world.submit("governor", COMPLETE).code == "recovery-too-early"
    world.time_ms = ready_ms
    receipt = world.submit("governor", COMPLETE)
    assert receipt.events[0].attributes["completed_by"] == did_of("governor")
    assert proposal(world).status == "COMPLETED"
    assert world.submit("member", UpdateIdentity()).code == "key-not-of-sender"
    assert world.submit("member", UpdateIdentity(), keys=[key_of("fresh")]).code == "ok"


def test_recovery_replaces_keys_whose_successors_were_announced_and_lost() -> None:
    """Announced next keys do not bind guardians."""
    world = guarded(next_key_hashes=(next_key_hash(b"lost"),))
    world.submit("exchange", PROPOSE)
    world.submit("governor", approval(world))
    world.time_ms += DELAY_MS
    assert world.submit("exchange", COMPLETE).code == "ok"
    record = read_identity(world.overlay, LOST)
    assert record is not None
    assert (record.next_key_hashes, record.recovery) == ((), PLAN)


def test_holder_of_the_keys_cancels_by_word_or_by_any_later_version() -> None:
    for objection in (CancelRecovery(did_of("exchange")), UpdateIdentity()):
        world = waiting()
        assert world.submit("member", objection).code == "ok"
        world.time_ms += DELAY_MS
        assert world.submit("exchange", COMPLETE).code in {"recovery-status", "recovery-void"}
        assert world.submit("exchange", PROPOSE).code == "ok"
        assert proposal(world).status == "PROPOSED"


def test_one_guardian_alone_is_enough_where_the_plan_says_so() -> None:
    world = guarded(RecoveryPlan((did_of("exchange"),), 1, DELAY_MS))
    assert world.submit("exchange", PROPOSE).code == "ok"
    assert proposal(world).status == "WAITING"


def test_guardian_that_goes_astray_blocks_no_other() -> None:
    """Each guardian may have one open proposal."""
    world = guarded()
    wrong = ProposeRecovery(LOST, (own_key("thief"),))
    assert world.submit("governor", wrong).code == "ok"
    assert world.submit("exchange", PROPOSE).code == "ok"
    assert world.submit("governor", approval(world)).code == "ok"
    assert proposal(world, "governor").status == "PROPOSED"


def test_approval_binds_to_the_keys_that_were_read() -> None:
    world = guarded()
    world.submit("exchange", PROPOSE)
    read = approval(world)
    assert world.submit("exchange", ProposeRecovery(LOST, (own_key("thief"),))).code == "ok"
    assert world.submit("governor", read).code == "recovery-digest"


def test_plan_stays_where_a_rotation_does_not_name_one_and_goes_where_it_names_none() -> None:
    """Nil leaves it as it is."""
    world = guarded()
    for operation, plan in ((RotateIdentity(RECOVERED), PLAN), (RotateIdentity(RECOVERED, recovery=RecoveryPlan()), 0)):
        keys = [key_of("member" if plan else "fresh")]
        assert world.submit("member", operation, keys=keys).code == "ok"
        record = read_identity(world.overlay, LOST)
        assert record is not None
        assert record.recovery == (plan or RecoveryPlan())


def test_events_name_what_guardians_agreed_to() -> None:
    world = guarded()
    receipt = world.submit("exchange", PROPOSE)
    assert [event.name for event in receipt.events] == ["identity.recovery_proposed", "identity.recovery_approved"]
    assert receipt.events[0].attributes["digest"] == proposal(world).digest
    assert receipt.events[1].attributes["approvals"] == 1


def after(world: World, *steps: tuple[str, Operation]) -> str:
    return [world.submit(name, operation).code for name, operation in steps][-1]


def approved_twice() -> str:
    world = guarded()
    world.submit("exchange", PROPOSE)
    return world.submit("exchange", approval(world)).code


def overfull() -> str:
    world = guarded()
    asserting = tuple(
        VerificationMethod(f"a{n}", "ed25519", key_of(f"a{n}").public_key, ("assertion",))
        for n in range(METHODS_MAX - 1)
    )
    assert world.submit("member", UpdateIdentity(asserting)).code == "ok"
    return world.submit("exchange", ProposeRecovery(LOST, (own_key("x"), own_key("y")))).code


REFUSALS: dict[str, Callable[[], str]] = {
    "recovery-did-unknown": lambda: after(guarded(), ("member", DeactivateIdentity()), ("exchange", PROPOSE)),
    "recovery-not-guardian": lambda: guarded().submit("stranger", PROPOSE).code,
    "recovery-unknown": lambda: guarded().submit("exchange", COMPLETE).code,
    "recovery-void": lambda: after(waiting(), ("member", UpdateIdentity()), ("exchange", COMPLETE)),
    "recovery-digest": lambda: after(
        guarded(), ("exchange", PROPOSE), ("governor", ApproveRecovery(LOST, did_of("exchange"), bytes(32)))
    ),
    "recovery-approved": approved_twice,
    "recovery-status": lambda: after(guarded(), ("exchange", PROPOSE), ("exchange", COMPLETE)),
    "recovery-too-early": lambda: waiting().submit("exchange", COMPLETE).code,
    "identity-recovery-plan": lambda: (
        World().submit("member", RotateIdentity(RECOVERED, recovery=RecoveryPlan(PLAN.guardians, 3, DELAY_MS))).code
    ),
    "identity-guardian-unknown": lambda: (
        World().submit("member", RotateIdentity(RECOVERED, recovery=RecoveryPlan((LOST,), 1, DELAY_MS))).code
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_has_its_code(code: str) -> None:
    assert REFUSALS[code]() == code


def test_what_could_not_be_put_in_place_cannot_be_proposed() -> None:
    assert overfull() == "identity-key-form"


def test_completed_recovery_cannot_be_completed_again() -> None:
    world = waiting()
    world.time_ms += DELAY_MS
    assert after(world, ("exchange", COMPLETE), ("exchange", COMPLETE)) == "recovery-status"
