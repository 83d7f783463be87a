import msgspec
import pytest

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence, RecordEvidenceBatch
from contracts.evidence.record import EvidenceRecord, read_evidence
from contracts.evidence.recording import CAPTURE_AHEAD_MS_MAX
from tests.unit.contracts.world import World, did_of

PLAIN = RecordEvidence(b"1" * 16, "file", "sha256", b"d" * 32)


def record(world: World, evidence_id: bytes) -> EvidenceRecord:
    found = read_evidence(world.overlay, did_of("member"), evidence_id)
    assert found is not None
    return found


def test_record_keeps_what_was_said_and_when_it_was_agreed() -> None:
    world = World()
    told = msgspec.structs.replace(
        PLAIN, kind="e-contract", salted=False, size=9, media_type="application/pdf", title="合同", captured_at_ms=5
    )
    receipt = world.submit("member", told)
    found = record(world, b"1" * 16)
    for name in ("kind", "algorithm", "digest", "salted", "size", "media_type", "title", "captured_at_ms"):
        assert getattr(found, name) == getattr(told, name)
    assert (found.status, found.count, found.recorded_height) == ("ACTIVE", 0, world.height)
    assert (found.recorded_ms, found.submitter) == (world.time_ms, did_of("member"))
    assert receipt.events[0].attributes == {
        "evidence_id": b"1" * 16,
        "submitter": did_of("member"),
        "kind": "e-contract",
        "digest": b"d" * 32,
        "count": 0,
    }


def test_batch_keeps_root_and_count() -> None:
    world = World()
    receipt = world.submit("member", RecordEvidenceBatch(b"1" * 16, "delivery", "sm3", b"r" * 32, 1 << 20))
    found = record(world, b"1" * 16)
    assert (found.digest, found.count, found.algorithm) == (b"r" * 32, 1 << 20, "sm3")
    assert receipt.events[0].attributes["count"] == 1 << 20


def test_id_is_used_once_by_either_form() -> None:
    world = World()
    world.submit("member", PLAIN)
    assert (
        world.submit("member", RecordEvidenceBatch(b"1" * 16, "file", "sha256", bytes(32), 1)).code == "evidence-exists"
    )


def test_versions_form_one_line() -> None:
    world = World()
    second = msgspec.structs.replace(PLAIN, evidence_id=b"2" * 16, previous=b"1" * 16)
    third = msgspec.structs.replace(PLAIN, evidence_id=b"3" * 16, previous=b"1" * 16)
    assert world.submit("member", second).code == "evidence-previous-unknown"
    world.submit("member", PLAIN)
    receipt = world.submit("member", second)
    assert [event.name for event in receipt.events] == ["evidence.superseded", "evidence.recorded"]
    first = record(world, b"1" * 16)
    assert (first.status, first.superseded_by) == ("SUPERSEDED", b"2" * 16)
    assert world.submit("member", third).code == "evidence-previous-superseded"


def test_nobody_supersedes_anothers_evidence() -> None:
    world = World()
    world.submit("exchange", PLAIN)
    successor = msgspec.structs.replace(PLAIN, evidence_id=b"2" * 16, previous=b"1" * 16)
    assert world.submit("member", successor).code == "evidence-previous-unknown"


def test_related_asset_must_be_registered() -> None:
    world = World()
    related = msgspec.structs.replace(PLAIN, related_asset=asset_id_of(did_of("exchange"), "a"))
    assert world.submit("member", related).code == "evidence-asset-unknown"
    world.submit("exchange", RegisterAsset("a", AssetDescription("dataset", "A")))
    assert world.submit("member", related).code == "ok"


@pytest.mark.parametrize(
    ("ahead", "code"), [(CAPTURE_AHEAD_MS_MAX, "ok"), (CAPTURE_AHEAD_MS_MAX + 1, "evidence-captured-in-future")]
)
def test_claimed_time_may_run_ahead_a_little(ahead: int, code: str) -> None:
    world = World()
    assert world.submit("member", msgspec.structs.replace(PLAIN, captured_at_ms=world.time_ms + ahead)).code == code
