from contracts.disputes.operations import (
    AddDisputeEvidence,
    AnswerDispute,
    AppealDispute,
    DecideDispute,
    WithdrawDispute,
)
from contracts.disputes.record import EvidenceReference
from contracts.evidence.operations import RecordEvidence
from tests.unit.contracts.disputes.court import (
    ARBITERS,
    CASE,
    CLAIM,
    CLAIMANT,
    HOLDER,
    UPHELD,
    asset,
    case,
    filed,
    founded,
    heard,
    ok,
    ruled,
)

PAPER = RecordEvidence(bytes(16), "file", "sha256", bytes(32))


def test_claim_is_kept_with_its_parties_and_evidence() -> None:
    world = founded()
    ok(world, "member", PAPER)
    from_the_claimant = EvidenceReference(CLAIMANT, bytes(16))
    receipt = world.submit("member", type(CLAIM)(*CLAIM_FIELDS, (from_the_claimant, from_the_claimant)))
    found = case(world)
    assert (found.status, found.complainant, found.respondent) == ("FILED", CLAIMANT, HOLDER)
    assert found.evidence == (from_the_claimant,), "named twice counts once"
    assert receipt.events[0].attributes["subject"] == CLAIM.subject.id


CLAIM_FIELDS = (CLAIM.identifier, CLAIM.respondent, CLAIM.subject, CLAIM.title, CLAIM.claim_digest)


def test_both_parties_bring_evidence_and_strangers_none() -> None:
    world = filed()
    for name, did in (("member", CLAIMANT), ("exchange", HOLDER)):
        ok(world, name, PAPER)
        ok(world, name, AddDisputeEvidence(CASE, (EvidenceReference(did, bytes(16)),)))
    assert len(case(world).evidence) == 2
    stranger = AddDisputeEvidence(CASE, (EvidenceReference(CLAIMANT, bytes(16)),))
    assert world.submit("governor", stranger).code == "dispute-not-party"


def test_answer_is_taken_until_the_last_millisecond() -> None:
    until = filed().time_ms + 10
    world = heard(answer_by_ms=until)
    world.time_ms = until
    ok(world, "exchange", AnswerDispute(CASE, b"a" * 32))
    assert case(world).answer_digest == b"a" * 32
    world.time_ms = until + 1
    assert world.submit("exchange", AnswerDispute(CASE, b"b" * 32)).code == "dispute-too-late"


def test_withdrawal_releases_the_subject() -> None:
    world = heard(hold=True)
    assert asset(world).status == "FROZEN"
    assert world.submit("exchange", WithdrawDispute(CASE)).code == "dispute-not-party"
    ok(world, "member", WithdrawDispute(CASE))
    assert (case(world).status, case(world).held, asset(world).status) == ("WITHDRAWN", False, "CERTIFIED")
    assert world.submit("arbiter-1", DecideDispute(CASE, UPHELD)).code == "dispute-status"


def test_appeal_is_taken_until_the_last_millisecond_and_from_parties_only() -> None:
    world = ruled(appeal_ms=10)
    until = case(world).appeal_until_ms
    assert until == world.time_ms + 10
    world.time_ms = until
    assert world.submit(ARBITERS[0], AppealDispute(CASE, bytes(32))).code == "dispute-not-party"
    ok(world, "exchange", AppealDispute(CASE, bytes(32)))
    late = ruled(appeal_ms=10)
    late.time_ms = until + 1
    assert late.submit("exchange", AppealDispute(CASE, bytes(32))).code == "dispute-too-late"
