"""Evidence and its countersigning follow their tables, whatever is tried in whatever order."""

from chainnode.types.receipt import Receipt
from contracts.evidence.operations import (
    AppendEvidence,
    Countersign,
    RecordEvidence,
    RequestSignatures,
    RevokeEvidence,
    WithdrawSignature,
)
from contracts.evidence.record import LIFECYCLE, SIGNING, read_evidence, read_signing
from tests.support.lifecycle_machine import Drive, machine_test, table_test
from tests.unit.contracts.world import World, did_of

MEMBER = did_of("member")
DIGEST = bytes(32)
SIGNERS = ("exchange", "governor", "stranger")


def name(n: int) -> bytes:
    return bytes((n + 1,)) * 16


def fresh(world: World) -> bytes:
    """An id that no record of this test has; the state grows with every record."""
    return b"v" * 8 + len(world.content()).to_bytes(8, "big")


def record(world: World, n: int) -> Receipt:
    return world.submit("member", RecordEvidence(name(n), "file", "sha256", DIGEST))


def supersede(world: World, n: int) -> Receipt:
    return world.submit("member", RecordEvidence(fresh(world), "file", "sha256", DIGEST, previous=name(n)))


def revoke(world: World, n: int) -> Receipt:
    return world.submit("member", RevokeEvidence(name(n), "why"))


def append(world: World, n: int) -> Receipt:
    return world.submit("member", AppendEvidence(MEMBER, name(n), "sha256", DIGEST))


def request(world: World, n: int) -> Receipt:
    """Two of three, so that signatures cross the threshold in both directions."""
    return world.submit("member", RequestSignatures(name(n), tuple(did_of(who) for who in SIGNERS), 2))


def status(world: World, n: int) -> str | None:
    found = read_evidence(world.overlay, MEMBER, name(n))
    return None if found is None else found.status


def request_or_sign(world: World, n: int) -> Receipt:
    """The first asks for signatures; later ones sign with whoever has not, which the status of the record gates too."""
    found = read_signing(world.overlay, MEMBER, name(n))
    if found is None:
        return request(world, n)
    waiting = [one.signer for one in found.signatures if not one.stands()]
    signer = next((who for who in SIGNERS if did_of(who) in waiting), "exchange")
    if not waiting and status(world, n) == "ACTIVE":
        world.submit("exchange", WithdrawSignature(MEMBER, name(n), "again"))
    return world.submit(signer, Countersign(MEMBER, name(n), DIGEST))


EVIDENCE = Drive(
    lifecycle=LIFECYCLE,
    world=World,
    status=status,
    steps={
        "record": record,
        "supersede": supersede,
        "revoke": revoke,
        "append": append,
        "sign": request_or_sign,
    },
    refusals={
        (None, "supersede"): "evidence-previous-unknown",
        (None, "revoke"): "evidence-unknown",
        (None, "append"): "evidence-unknown",
        (None, "sign"): "evidence-unknown",
        ("ACTIVE", "record"): "evidence-exists",
        ("SUPERSEDED", "record"): "evidence-exists",
        ("REVOKED", "record"): "evidence-exists",
        ("SUPERSEDED", "supersede"): "evidence-previous-superseded",
        ("REVOKED", "supersede"): ("evidence-previous-superseded", "evidence-status"),
    },
)


test_evidence_table = table_test(EVIDENCE)
TestEvidence = machine_test(EVIDENCE)


def recorded() -> World:
    """Three records whose signatures can be asked for."""
    world = World()
    assert all(record(world, n).code == "ok" for n in range(3))
    return world


def signing_status(world: World, n: int) -> str | None:
    found = read_signing(world.overlay, MEMBER, name(n))
    return None if found is None else found.status


def sign(world: World, n: int) -> Receipt:
    """By the first signer whose signature does not stand; one makes room where all do."""
    if signing_status(world, n) and not signers(world, n, standing=False):
        withdraw(world, n)
    return world.submit(signers(world, n, standing=False)[0], Countersign(MEMBER, name(n), DIGEST))


def withdraw(world: World, n: int) -> Receipt:
    """By the first signer whose signature stands; one signs first where none does."""
    if signing_status(world, n) and not signers(world, n, standing=True):
        sign(world, n)
    return world.submit(signers(world, n, standing=True)[0], WithdrawSignature(MEMBER, name(n), "why"))


def signers(world: World, n: int, *, standing: bool) -> list[str]:
    found = read_signing(world.overlay, MEMBER, name(n))
    if found is None:
        return ["stranger"]
    fit = [one.signer for one in found.signatures if one.stands() == standing]
    return [who for who in SIGNERS if did_of(who) in fit]


def complete(world: World, n: int) -> None:
    request(world, n)
    sign(world, n)
    sign(world, n)


def broken(world: World, n: int) -> None:
    complete(world, n)
    withdraw(world, n)


def threshold_decides(world: World) -> None:
    """COMPLETE is exactly when enough signatures stand."""
    for n in range(3):
        found = read_signing(world.overlay, MEMBER, name(n))
        if found is not None:
            assert (found.status == "COMPLETE") == (found.standing() >= found.threshold)


COUNTERSIGNING = Drive(
    lifecycle=SIGNING,
    world=recorded,
    status=signing_status,
    steps={"request": request, "sign": sign, "withdraw": withdraw},
    refusals={(None, "sign"): "evidence-not-signer", (None, "withdraw"): "evidence-not-signer"},
    derived=("complete", "fall short"),
    reached_by={"COMPLETE": complete, "BROKEN": broken},
    check=threshold_decides,
)
test_countersigning_table = table_test(COUNTERSIGNING)
TestCountersigning = machine_test(COUNTERSIGNING)
