import msgspec
import pytest

from contracts.assets import announcement
from contracts.assets.application_record import read_draft
from contracts.assets.certificate import is_certificate_number
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import ObjectToApplication
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.governance.operations import GrantRole
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel.citation import Citation
from tests.unit.contracts.assets.procedure import (
    APPLICATION,
    CERTIFY,
    DESCRIPTION,
    HASH,
    NAMED,
    OBJECT,
    PUBLICISE,
    application_of,
    applied,
    opinion,
    ruling,
)
from tests.unit.contracts.assets.register import POLICY, accepted, asset_of, refused
from tests.unit.contracts.world import did_of


def test_application_is_announced_once_enough_reviewers_approved() -> None:
    world = applied("IN_REVIEW")
    accepted(world, "rita", opinion())
    assert refused(world, "registrar", PUBLICISE) == "asset-approvals-missing"
    accepted(world, "ravi", opinion())
    receipt = accepted(world, "registrar", PUBLICISE)
    assert receipt.events[0].attributes["announced_until_ms"] == world.time_ms + POLICY.announcement_ms
    assert receipt.events[0].attributes["description_hash"] == NAMED


def test_application_that_needs_reviewers_is_not_announced_without() -> None:
    assert refused(applied("ACCEPTED"), "registrar", PUBLICISE) == "asset-approvals-missing"


def test_asset_is_certified_from_the_millisecond_the_announcement_ends() -> None:
    """Announcement periods by block time; certify before the announcement ends is refused."""
    world = applied("PUBLICISED")
    end_ms = application_of(world).announced_until_ms
    world.time_ms = end_ms - 1
    assert refused(world, "registrar", CERTIFY) == "asset-announcement-open"
    world.time_ms = end_ms
    receipt = accepted(world, "registrar", CERTIFY)
    record = asset_of(world, APPLICATION)
    assert (record.status, record.holder, record.registrar) == ("CERTIFIED", did_of("alice"), did_of("registrar"))
    assert (record.applicant, record.identifier, record.version) == (did_of("alice"), "set", 1)
    assert (record.description, record.valid_until_ms) == (DESCRIPTION, end_ms + POLICY.validity_ms)
    assert is_certificate_number(record.certificate)
    assert receipt.events[0].attributes["certificate"] == record.certificate
    assert application_of(world).status == "CERTIFIED"
    assert read_draft(world.overlay, APPLICATION) is None


def test_objection_is_raised_until_the_millisecond_the_announcement_ends() -> None:
    world = applied("PUBLICISED")
    end_ms = application_of(world).announced_until_ms
    world.time_ms = end_ms
    assert refused(world, "carol", OBJECT) == "asset-announcement-over"
    world.time_ms = end_ms - 1
    accepted(world, "carol", OBJECT)
    assert application_of(world).status == "OBJECTED"
    world.time_ms = end_ms
    assert refused(world, "registrar", CERTIFY) == "asset-application-status"


def test_dismissed_objections_give_way_to_the_certificate() -> None:
    world = applied("OBJECTED")
    accepted(world, "bob", OBJECT)
    accepted(world, "registrar", ruling())
    assert application_of(world).status == "OBJECTED"
    assert refused(world, "registrar", ruling()) == "asset-objection-resolved"
    accepted(world, "registrar", ruling(objector="bob"))
    assert application_of(world).status == "RESOLVED"
    world.time_ms = application_of(world).announced_until_ms
    accepted(world, "registrar", CERTIFY)


def test_objection_may_follow_on_a_dismissed_one() -> None:
    world = applied("RESOLVED")
    accepted(world, "bob", OBJECT)
    assert application_of(world).status == "OBJECTED"


def test_upheld_objection_rejects_the_application() -> None:
    world = applied("OBJECTED")
    receipt = accepted(world, "registrar", ruling("upheld"))
    assert receipt.events[0].attributes["status"] == application_of(world).status == "REJECTED"
    assert read_draft(world.overlay, APPLICATION) is None


def test_objection_is_for_outsiders_once_each() -> None:
    """By anyone with a role."""
    world = applied("PUBLICISED")
    assert refused(world, "alice", OBJECT) == "asset-objection-party"
    assert refused(world, "registrar", OBJECT) == "asset-objection-party"
    assert refused(world, "stranger", OBJECT) == "role-missing"
    accepted(world, "carol", OBJECT)
    assert refused(world, "carol", OBJECT) == "asset-objection-twice"
    assert refused(world, "registrar", ruling(objector="bob")) == "asset-objection-unknown"


def test_objections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcement, "OBJECTIONS_MAX", 1)
    assert refused(applied("OBJECTED"), "bob", OBJECT) == "asset-objections-full"


def test_rules_may_ask_for_a_role_and_for_evidence_on_the_ledger() -> None:
    """Registrar policy: objection rules."""
    world = applied("PUBLICISED", msgspec.structs.replace(POLICY, objection_roles=("notary",), objection_evidence=True))
    evidence = RecordEvidence(bytes(16), "file", "sha256", bytes(32))
    cited = ObjectToApplication(APPLICATION, "source", HASH, Citation(did_of("carol"), bytes(16)))
    assert refused(world, "bob", OBJECT) == "asset-objection-role"
    assert refused(world, "carol", OBJECT) == "asset-evidence-missing"
    assert refused(world, "carol", cited) == "asset-evidence-unknown"
    accepted(world, "carol", evidence)
    receipt = accepted(world, "carol", cited)
    assert receipt.events[0].attributes["evidence_submitter"] == did_of("carol")


def test_certificate_needs_an_active_holder_and_a_free_identifier() -> None:
    world = applied("PUBLICISED")
    world.time_ms += POLICY.announcement_ms
    accepted(world, "governor", GrantRole(did_of("alice"), "exchange"))
    accepted(world, "alice", RegisterAsset("set", DESCRIPTION))
    assert asset_id_of(did_of("alice"), "set") == APPLICATION
    assert refused(world, "registrar", CERTIFY) == "asset-exists"
    other = applied("PUBLICISED")
    other.time_ms += POLICY.announcement_ms
    accepted(other, "alice", DeactivateIdentity())
    assert refused(other, "registrar", CERTIFY) == "asset-holder-unknown"
