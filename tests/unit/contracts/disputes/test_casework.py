from chainnode.codec.canonical import encode
from contracts.disputes.casework import CASE_EVIDENCE_MAX
from contracts.disputes.operations import AddDisputeEvidence
from contracts.disputes.record import EvidenceReference
from contracts.evidence.operations import RecordEvidence
from tests.unit.contracts.disputes.court import CASE, CLAIMANT, case, filed, ok


def test_case_holds_so_much_evidence_and_no_more() -> None:
    world = filed()
    for number in range(CASE_EVIDENCE_MAX + 1):
        ok(world, "member", RecordEvidence(number.to_bytes(16, "big"), "file", "sha256", bytes(32)))
    references = tuple(EvidenceReference(CLAIMANT, number.to_bytes(16, "big")) for number in range(65))
    ok(world, "member", AddDisputeEvidence(CASE, references[:32]))
    ok(world, "member", AddDisputeEvidence(CASE, references[32:64]))
    assert world.submit("member", AddDisputeEvidence(CASE, references[64:])).code == "dispute-evidence"
    ok(world, "member", AddDisputeEvidence(CASE, references[:1]))
    assert case(world).evidence == references[:64]
    assert len(encode(case(world))) < 16_384


def test_step_tells_who_did_what() -> None:
    world = filed()
    ok(world, "member", RecordEvidence(bytes(16), "file", "sha256", bytes(32)))
    receipt = world.submit("member", AddDisputeEvidence(CASE, (EvidenceReference(CLAIMANT, bytes(16)),)))
    attributes = receipt.events[0].attributes
    assert (attributes["action"], attributes["actor"], attributes["status"]) == ("add evidence", CLAIMANT, "FILED")
