"""Disputes follow their table, whoever tries what in whatever order; what they hold is held, and nothing else."""

from collections.abc import Callable

from chainnode.types.receipt import Receipt
from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, read_asset
from contracts.disputes.operations import (
    AcceptDispute,
    AddDisputeEvidence,
    AnswerDispute,
    AppealDispute,
    CloseDispute,
    DecideDispute,
    DismissDispute,
    EnforceRuling,
    FileDispute,
    LiftMeasures,
    ReplaceArbitrator,
    WithdrawDispute,
)
from contracts.disputes.record import (
    LIFECYCLE,
    DisputeRecord,
    EvidenceReference,
    Measure,
    Ruling,
    Subject,
    dispute_id_of,
    measure_order,
    read_dispute,
)
from contracts.evidence.operations import RecordEvidence
from tests.support.lifecycle_machine import Drive, machine_test, table_test
from tests.unit.contracts.disputes.court import ARBITERS, CLAIMANT, FORUM, HOLDER, founded, ok
from tests.unit.contracts.world import World, did_of

APPEAL_MS = 10
EVIDENCE = EvidenceReference(CLAIMANT, bytes(16))


def court() -> World:
    """Three assets, each with what is needed for a case about it."""
    world = founded()
    for n in range(3):
        ok(world, "exchange", RegisterAsset(f"asset-{n}", AssetDescription("dataset", "A")))
    ok(world, "member", RecordEvidence(bytes(16), "file", "sha256", bytes(32)))
    return world


def case_id(n: int) -> bytes:
    return dispute_id_of(CLAIMANT, f"case-{n}")


def subject(n: int) -> Subject:
    return Subject("asset", asset_id_of(HOLDER, f"asset-{n}"))


def ruling(n: int) -> Ruling:
    return Ruling("upheld", bytes(32), (Measure("freeze", subject(n)),))


def found(world: World, n: int) -> DisputeRecord | None:
    return read_dispute(world.overlay, case_id(n))


def status(world: World, n: int) -> str | None:
    record = found(world, n)
    return None if record is None else record.status


def file(world: World, n: int) -> Receipt:
    return world.submit("member", FileDispute(f"case-{n}", HOLDER, subject(n), "x", bytes(32)))


def accept(world: World, n: int) -> Receipt:
    """In the first instance by three arbitrators, in the second by the other two."""
    record = found(world, n)
    names = ARBITERS[3:5] if record is not None and record.round else ARBITERS[:3]
    panel = tuple(did_of(name) for name in names)
    return world.submit(FORUM, AcceptDispute(case_id(n), panel, 2, 0, APPEAL_MS, hold=True))


def name_of(did: str) -> str:
    return next(name for name in ARBITERS if did_of(name) == did)


def replace(world: World, n: int) -> Receipt:
    """The last arbitrator by one who is not of the panel and was not before; a full turn comes back to the first."""
    record = found(world, n)
    panel = record.arbitrators() if record is not None else (did_of(ARBITERS[0]),)
    barred = (*panel, *record.former) if record is not None else panel
    fresh = next(name for name in ARBITERS if did_of(name) not in barred)
    return world.submit(FORUM, ReplaceArbitrator(case_id(n), panel[-1] if panel else HOLDER, did_of(fresh)))


def vote(world: World, n: int) -> Receipt:
    """The next arbitrator whose vote is not yet for the ruling."""
    record = found(world, n)
    panel = record.arbitrators() if record is not None else ()
    silent = [one.arbitrator for one in record.votes if not one.ruling] if record is not None else []
    name = name_of((silent or list(panel) or [did_of(ARBITERS[0])])[0])
    return world.submit(name, DecideDispute(case_id(n), ruling(n)))


def enforce(world: World, n: int) -> Receipt:
    """Once nobody can appeal any more."""
    record = found(world, n)
    if record is not None:
        world.time_ms = max(world.time_ms, record.appeal_until_ms + 1)
    return world.submit("member", EnforceRuling(case_id(n)))


def close(world: World, n: int) -> Receipt:
    record = found(world, n)
    if record is not None:
        world.time_ms = max(world.time_ms, record.appeal_until_ms + 1)
    return world.submit(FORUM, CloseDispute(case_id(n), "moot"))


def appeal(world: World, n: int) -> Receipt:
    """At the last moment, where there is one."""
    record = found(world, n)
    if record is not None and record.appeal_until_ms:
        world.time_ms = record.appeal_until_ms
    return world.submit("exchange", AppealDispute(case_id(n), bytes(32)))


def way(*steps: Callable[[World, int], Receipt]) -> Callable[[World, int], None]:
    """A case taken through these steps."""

    def bring(world: World, n: int) -> None:
        for step in steps:
            assert step(world, n).code == "ok"

    return bring


def holds_are_those_of_open_cases(world: World) -> None:
    """An asset is frozen exactly by the open case that holds it, and by the measures of a ruling carried out."""
    for n in range(3):
        record, asset = found(world, n), read_asset(world.overlay, subject(n).id)
        assert asset is not None
        orders = () if record is None else ((case_id(n),) if record.held else ())
        if record is not None and record.status == "ENFORCED":
            orders = (measure_order(case_id(n), 0),)
        assert asset.frozen_by == orders
        assert (asset.status == "FROZEN") == bool(orders)
        if record is not None and record.status == "RULED":
            assert sum(bool(one.ruling) for one in record.votes) >= record.threshold


STEPS: dict[str, Callable[[World, int], Receipt]] = {
    "file": file,
    "answer": lambda world, n: world.submit("exchange", AnswerDispute(case_id(n), bytes(32))),
    "add evidence": lambda world, n: world.submit("member", AddDisputeEvidence(case_id(n), (EVIDENCE,))),
    "withdraw": lambda world, n: world.submit("member", WithdrawDispute(case_id(n))),
    "dismiss": lambda world, n: world.submit(ARBITERS[6], DismissDispute(case_id(n), "no ground")),
    "accept": accept,
    "replace arbitrator": replace,
    "vote": vote,
    "appeal": appeal,
    "enforce": enforce,
    "close": close,
    "lift": lambda world, n: world.submit(FORUM, LiftMeasures(case_id(n), "paid")),
}

RULED = (file, accept, vote, vote)

DISPUTE = Drive(
    lifecycle=LIFECYCLE,
    world=court,
    status=status,
    steps=STEPS,
    refusals={
        **{(None, action): "dispute-unknown" for action in STEPS if action != "file"},
        **{(one, "file"): "dispute-exists" for one in LIFECYCLE.statuses()},
    },
    derived=("rule",),
    reached_by={
        "HEARING": way(file, accept),
        "WITHDRAWN": way(file, STEPS["withdraw"]),
        "RULED": way(*RULED),
        "APPEALED": way(*RULED, appeal),
        "ENFORCED": way(*RULED, enforce),
        "CLOSED": way(*RULED, close),
        "LIFTED": way(*RULED, enforce, STEPS["lift"]),
    },
    check=holds_are_those_of_open_cases,
)

test_dispute_table = table_test(DISPUTE)
TestDispute = machine_test(DISPUTE, examples=15, steps=25)
