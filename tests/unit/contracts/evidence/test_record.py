from chainnode.state.overlay import Overlay
from contracts.evidence.operations import RecordEvidence
from contracts.evidence.record import evidence_key, read_evidence
from tests.unit.contracts.world import World, did_of


def test_same_id_under_two_submitters_is_two_records() -> None:
    """Were ids shared by all, whoever sees a transaction before it is ordered could take its id first."""
    world = World()
    for name, digest in (("member", b"m" * 32), ("exchange", b"e" * 32)):
        assert world.submit(name, RecordEvidence(bytes(16), "file", "sha256", digest)).code == "ok"
    found = [read_evidence(world.overlay, did_of(name), bytes(16)) for name in ("member", "exchange")]
    assert [record.digest[:1] for record in found if record] == [b"m", b"e"]


def test_impossible_names_and_ids_are_absent() -> None:
    overlay = Overlay(lambda _key: None)
    assert read_evidence(overlay, "", bytes(16)) is None
    assert read_evidence(overlay, "x" * 600, bytes(16)) is None
    assert read_evidence(overlay, did_of("member"), b"") is None


def test_key_names_submitter_and_id() -> None:
    assert evidence_key("did:cnode:c:x", b"\xab" * 16) == b"evidence/did:cnode:c:x/" + b"ab" * 16
