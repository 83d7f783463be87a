"""Identities, recoveries and accreditations under any steps: what their tables allow happens, nothing else does."""

from functools import partial

from chainnode.types.receipt import OK, Receipt
from contracts.governance.operations import GrantRole
from contracts.identity.accreditation import LIFECYCLE as ACCREDITATION
from contracts.identity.accreditation import accredited, read_accreditation
from contracts.identity.operations import CreateIdentity, DeactivateIdentity, RotateIdentity, UpdateIdentity
from contracts.identity.operations_accreditation import Accredit, EndAccreditation
from contracts.identity.operations_recovery import ApproveRecovery, CancelRecovery, ProposeRecovery, Recover
from contracts.identity.record import LIFECYCLE as IDENTITY
from contracts.identity.record import (
    RECOVERY_DELAY_MS_MIN,
    IdentityRecord,
    RecoveryPlan,
    VerificationMethod,
    read_identity,
    read_identity_at,
    read_identity_version,
)
from contracts.identity.recovery import LIFECYCLE as RECOVERY
from contracts.identity.recovery import read_recovery
from tests.support.lifecycle_machine import RECORDS, Drive, machine_test, table_test
from tests.unit.contracts.world import World, did_of, key_of

ALONE = RecoveryPlan((did_of("exchange"),), 1, RECOVERY_DELAY_MS_MIN)
TOGETHER = RecoveryPlan((did_of("exchange"), did_of("governor"), did_of("member")), 2, RECOVERY_DELAY_MS_MIN)


def person(n: int) -> str:
    return f"person-{n}"


def method(n: int) -> VerificationMethod:
    """The person's one key all along: who may sign is not the question here."""
    return VerificationMethod("key-1", "ed25519", key_of(person(n)).public_key, ("authentication", "assertion"))


def creation(n: int, plan: RecoveryPlan) -> CreateIdentity:
    return CreateIdentity(key_of(person(n)).public_key, recovery=plan)


def recovered(world: World, n: int) -> Receipt:
    """The whole of a recovery; the refusal of its first step where it is refused."""
    receipt = world.submit("exchange", ProposeRecovery(did_of(person(n)), (method(n),)))
    if receipt.code != OK:
        return receipt
    world.time_ms += RECOVERY_DELAY_MS_MIN
    return world.submit("exchange", Recover(did_of(person(n)), did_of("exchange")))


def later(world: World, n: int, operation: UpdateIdentity | RotateIdentity | DeactivateIdentity) -> Receipt:
    world.time_ms += 1
    return world.submit(person(n), operation)


def identity_status(world: World, n: int) -> str | None:
    record = read_identity(world.overlay, did_of(person(n)))
    return None if record is None else record.status


def history_is_whole(world: World) -> None:
    """Every version is kept, each holds from its own moment on, and what never changes never does."""
    for n in range(RECORDS):
        current = read_identity(world.overlay, did_of(person(n)))
        if current is None:
            continue
        moments: dict[int, IdentityRecord] = {}
        for number in range(1, current.version + 1):
            record = read_identity_version(world.overlay, current.did, number)
            assert record is not None
            assert (record.did, record.version, record.created_ms) == (current.did, number, current.created_ms)
            assert record.recovery == ALONE
            assert (record.status == "DEACTIVATED") <= (number == current.version)
            assert record.updated_ms >= max(moments, default=0)
            moments[record.updated_ms] = record
        before = None
        for moment, record in moments.items():
            assert read_identity_at(world.overlay, current.did, moment - 1) == before
            assert read_identity_at(world.overlay, current.did, moment) == record
            before = record


IDENTITIES = Drive(
    lifecycle=IDENTITY,
    world=World,
    status=identity_status,
    steps={
        "create": lambda world, n: world.submit(person(n), creation(n, ALONE)),
        "update": lambda world, n: later(world, n, UpdateIdentity(also_known_as=(f"https://{world.time_ms}.example/",))),
        "rotate": lambda world, n: later(world, n, RotateIdentity((method(n),))),
        "recover": recovered,
        "deactivate": lambda world, n: later(world, n, DeactivateIdentity()),
    },
    refusals={
        ("ACTIVE", "create"): "identity-exists",
        (None, "update"): "unknown-sender",
        (None, "rotate"): "unknown-sender",
        (None, "deactivate"): "unknown-sender",
        (None, "recover"): "recovery-did-unknown",
        ("DEACTIVATED", "recover"): "recovery-did-unknown",
    },
    check=history_is_whole,
)
test_identities_follow_their_table = table_test(IDENTITIES)
TestIdentities = machine_test(IDENTITIES)


def guarded_world() -> World:
    world = World()
    for n in range(RECORDS):
        assert world.submit(person(n), creation(n, TOGETHER)).code == OK
    return world


def recovery_status(world: World, n: int) -> str | None:
    record = read_recovery(world.overlay, did_of(person(n)), did_of("exchange"))
    return None if record is None else record.status


def approved(world: World, n: int) -> Receipt:
    record = read_recovery(world.overlay, did_of(person(n)), did_of("exchange"))
    digest = bytes(32) if record is None else record.digest
    return world.submit("governor", ApproveRecovery(did_of(person(n)), did_of("exchange"), digest))


def completed(world: World, n: int) -> Receipt:
    world.time_ms += RECOVERY_DELAY_MS_MIN
    return world.submit("member", Recover(did_of(person(n)), did_of("exchange")))


def nobody_recovers_alone(world: World) -> None:
    """New keys need as many guardians as the plan says, and its whole delay."""
    for n in range(RECORDS):
        record = read_recovery(world.overlay, did_of(person(n)), did_of("exchange"))
        if record is None:
            continue
        agreed = len(set(record.approvals)) >= TOGETHER.threshold
        assert set(record.approvals) <= set(TOGETHER.guardians)
        assert (record.ready_ms != 0) == agreed
        assert agreed or record.status in ("PROPOSED", "CANCELLED")
        if record.status == "COMPLETED":
            identity = read_identity(world.overlay, record.did)
            assert identity is not None
            assert identity.updated_ms >= record.ready_ms >= record.proposed_ms + TOGETHER.delay_ms


RECOVERIES = Drive(
    lifecycle=RECOVERY,
    world=guarded_world,
    status=recovery_status,
    steps={
        "propose": lambda world, n: world.submit("exchange", ProposeRecovery(did_of(person(n)), (method(n),))),
        "approve": approved,
        "cancel": lambda world, n: world.submit(person(n), CancelRecovery(did_of("exchange"))),
        "complete": completed,
    },
    derived=("agree",),
    refusals=dict.fromkeys(((None, "approve"), (None, "cancel"), (None, "complete")), "recovery-unknown"),
    check=nobody_recovers_alone,
)
test_recoveries_follow_their_table = table_test(RECOVERIES)
TestRecoveries = machine_test(RECOVERIES)


def accrediting_world() -> World:
    world = World()
    assert world.submit("governor", GrantRole(did_of("stranger"), "exchange")).code == OK
    for n in range(RECORDS):
        assert world.submit(person(n), creation(n, ALONE)).code == OK
    return world


def accreditation_status(world: World, n: int) -> str | None:
    record = read_accreditation(world.overlay, did_of(person(n)), "supplier")
    return None if record is None else record.status


def accredit(world: World, n: int) -> Receipt:
    """By one institution, and by the other where the first one's still holds: by the same it would be a renewal."""
    world.time_ms += 1
    active = accreditation_status(world, n) == "ACTIVE"
    record = read_accreditation(world.overlay, did_of(person(n)), "supplier")
    first = record is None or record.accredited_by != did_of("exchange")
    return world.submit("exchange" if first or not active else "stranger", Accredit(did_of(person(n)), "supplier"))


def ended(world: World, n: int) -> Receipt:
    world.time_ms += 1
    return world.submit("governor", EndAccreditation(did_of(person(n)), "supplier"))


def trust_holds_exactly_while_it_is_active(world: World) -> None:
    for n in range(RECORDS):
        active = accreditation_status(world, n) == "ACTIVE"
        holds = partial(accredited, world.overlay, did_of(person(n)), "supplier")
        assert holds(world.time_ms) == active
        record = read_accreditation(world.overlay, did_of(person(n)), "supplier")
        if record is not None:
            assert not holds(record.valid_from_ms - 1)
            assert holds(record.valid_from_ms)


ACCREDITATIONS = Drive(
    lifecycle=ACCREDITATION,
    world=accrediting_world,
    status=accreditation_status,
    steps={"accredit": accredit, "end": ended},
    derived=("renew",),
    refusals={("ACTIVE", "accredit"): "accreditation-not-yours", (None, "end"): "accreditation-unknown"},
    check=trust_holds_exactly_while_it_is_active,
)
test_accreditations_follow_their_table = table_test(ACCREDITATIONS)
TestAccreditations = machine_test(ACCREDITATIONS)
