from contracts.evidence.operations import RecordEvidence
from contracts.evidence.record import evidence_key
from contracts.kernel.citation import Citation, is_recorded
from tests.unit.contracts.world import World, did_of


def test_cited_evidence_is_found_under_the_key_of_its_family() -> None:
    world, cited = World(), Citation(did_of("member"), b"e" * 16)
    assert not is_recorded(cited, world.overlay)
    assert world.submit("member", RecordEvidence(b"e" * 16, "file", "sha256", bytes(32))).code == "ok"
    assert world.overlay.get(evidence_key(cited.submitter, cited.evidence_id)) is not None
    assert is_recorded(cited, world.overlay)


def test_half_a_citation_finds_nothing() -> None:
    state = World().overlay
    assert not is_recorded(Citation(did_of("member")), state)
    assert not is_recorded(Citation("did:web:example.org", b"e" * 16), state)
    assert Citation().is_empty
    assert not Citation(did_of("member")).is_empty
