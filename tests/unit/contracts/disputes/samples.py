"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
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
from contracts.disputes.record import EvidenceReference, Measure, Ruling, Subject
from contracts.kernel.operation import Operation
from tests.unit.contracts.disputes.court import (
    ABOUT,
    ARBITERS,
    CASE,
    CLAIM,
    CLAIMANT,
    FIRST,
    FORUM,
    FREEZE,
    HOLDER,
    UPHELD,
    filed,
    founded,
    heard,
    ok,
    ruled,
)
from tests.unit.contracts.world import World, did_of

EVIDENCE = EvidenceReference(CLAIMANT, bytes(16))
ACCEPT = AcceptDispute(CASE, FIRST, 2)

SAMPLES: tuple[Operation, ...] = (
    CLAIM,
    AnswerDispute(CASE, bytes(32), (EVIDENCE,)),
    AddDisputeEvidence(CASE, (EVIDENCE,)),
    WithdrawDispute(CASE),
    DismissDispute(CASE, "out of time"),
    ACCEPT,
    ReplaceArbitrator(CASE, FIRST[0], did_of(ARBITERS[3])),
    DecideDispute(CASE, Ruling("upheld", bytes(32), (FREEZE, Measure("transfer", ABOUT, CLAIMANT)))),
    AppealDispute(CASE, bytes(32)),
    EnforceRuling(CASE),
    CloseDispute(CASE, "moot"),
    LiftMeasures(CASE, "paid"),
)


def code(world: World, name: str, operation: Operation) -> str:
    return world.submit(name, operation).code


def foreign() -> str:
    world = heard()
    ok(world, "exchange", RegisterAsset("b", AssetDescription("dataset", "B")))
    other = Measure("freeze", Subject("asset", asset_id_of(HOLDER, "b")))
    return code(world, ARBITERS[0], DecideDispute(CASE, Ruling("upheld", bytes(32), (other,))))


REFUSALS: dict[str, Callable[[], str]] = {
    "dispute-exists": lambda: code(filed(), "member", CLAIM),
    "dispute-unknown": lambda: code(founded(), "member", WithdrawDispute(CASE)),
    "dispute-status": lambda: code(filed(), "member", EnforceRuling(CASE)),
    "dispute-subject-unknown": lambda: code(
        founded(), "member", FileDispute("case", HOLDER, Subject("right", bytes(32)), "x", bytes(32))
    ),
    "dispute-party": lambda: code(founded(), "exchange", CLAIM),
    "dispute-not-party": lambda: code(filed(), "governor", AnswerDispute(CASE, bytes(32))),
    "dispute-own-case": lambda: code(filed(), "exchange", ACCEPT),
    "dispute-arbitrators": lambda: code(filed(), FORUM, AcceptDispute(CASE, FIRST, 1)),
    "dispute-arbitrator-role": lambda: code(filed(), FORUM, AcceptDispute(CASE, (did_of("governor"),), 1)),
    "dispute-not-arbitrator": lambda: code(heard(), ARBITERS[3], DecideDispute(CASE, UPHELD)),
    "dispute-not-forum": lambda: code(ruled(), ARBITERS[0], CloseDispute(CASE, "moot")),
    "dispute-evidence": lambda: code(filed(), "member", AddDisputeEvidence(CASE, (EVIDENCE,))),
    "dispute-too-early": lambda: code(ruled(appeal_ms=1), "member", EnforceRuling(CASE)),
    "dispute-too-late": lambda: code(ruled(), "member", AppealDispute(CASE, bytes(32))),
    "dispute-measure": lambda: code(
        heard(), ARBITERS[0], DecideDispute(CASE, Ruling("upheld", bytes(32), (Measure("refund", ABOUT),)))
    ),
    "dispute-measure-foreign": foreign,
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
