import pytest

from chainnode.state.view import State
from contracts.assets.application_record import LIFECYCLE, read_draft
from contracts.assets.description import AssetDescription, Field
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import AmendDraft, DraftAsset, SubmitApplication, WithdrawApplication
from contracts.assets.record import description_hash, read_asset
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.governance.operations import RevokeRole
from tests.unit.contracts.assets.procedure import (
    APPLICATION,
    BROUGHT,
    DESCRIPTION,
    DRAFT,
    HASH,
    NAMED,
    SUBMIT,
    application_of,
    applied,
)
from tests.unit.contracts.assets.register import DAY_MS, POLICY, accepted, refused, register_world
from tests.unit.contracts.world import did_of

OTHER = AssetDescription("dataset", "Another")


def test_draft_is_no_asset_yet_and_its_description_stands_once() -> None:
    world = applied("DRAFT")
    record = application_of(world)
    assert (record.applicant, record.revision, record.registrar) == (did_of("alice"), 1, "")
    assert record.description_hash == NAMED
    assert read_draft(world.overlay, APPLICATION) == DESCRIPTION
    assert read_asset(world.overlay, APPLICATION) is None


def test_amendment_replaces_the_description_and_counts() -> None:
    world = applied("DRAFT")
    receipt = accepted(world, "alice", AmendDraft(APPLICATION, OTHER))
    assert receipt.events[0].attributes["revision"] == 2
    assert read_draft(world.overlay, APPLICATION) == OTHER
    assert application_of(world).description_hash == description_hash(OTHER)
    assert refused(world, "alice", SUBMIT) == "asset-description-changed"


def test_identifier_serves_one_application_and_one_asset() -> None:
    world = applied("DRAFT")
    assert refused(world, "alice", DRAFT) == "asset-application-exists"
    accepted(world, "alice", WithdrawApplication(APPLICATION))
    assert refused(world, "alice", DRAFT) == "asset-application-exists"
    accepted(world, "exchange", RegisterAsset("x", DESCRIPTION))
    assert refused(world, "exchange", DraftAsset("x", DESCRIPTION)) == "asset-exists"


def test_rules_are_fixed_at_submission() -> None:
    """Periods and thresholds come from the policy, fixed into the application at submission."""
    world = applied("SUBMITTED")
    accepted(world, "registrar", SetRegistrarPolicy(RegistrarPolicy()))
    assert application_of(world).policy == POLICY


@pytest.mark.parametrize("registrar", ["alice", "nobody", ""])
def test_only_a_registrar_takes_applications(registrar: str) -> None:
    world = applied("DRAFT")
    named = did_of(registrar) if registrar else ""
    assert refused(world, "alice", SubmitApplication(APPLICATION, named, NAMED)) == "asset-registrar-unknown"


def test_registrar_without_role_or_rules_takes_no_applications() -> None:
    world = register_world(None)
    accepted(world, "alice", DRAFT)
    assert refused(world, "alice", SUBMIT) == "asset-policy-missing"
    accepted(world, "registrar", SetRegistrarPolicy(POLICY))
    accepted(world, "governor", RevokeRole(did_of("registrar"), "registrar"))
    assert refused(world, "alice", SUBMIT) == "asset-registrar-unknown"


def test_returned_application_comes_back_until_the_millisecond_its_time_ends() -> None:
    world = applied("RETURNED")
    end_ms = application_of(world).deadline_ms
    assert end_ms == world.time_ms + POLICY.correction_ms
    accepted(world, "alice", AmendDraft(APPLICATION, OTHER))
    again = SubmitApplication(APPLICATION, did_of("registrar"), description_hash(OTHER))
    world.time_ms = end_ms
    assert refused(world, "alice", again) == "asset-correction-late"
    world.time_ms = end_ms - 1
    accepted(world, "alice", again)
    assert (application_of(world).status, application_of(world).deadline_ms) == ("SUBMITTED", 0)


@pytest.mark.parametrize("status", [status for status in BROUGHT if status != "CERTIFIED"])
def test_applicant_may_withdraw_until_the_certificate(status: str) -> None:
    """WITHDRAWN before certification; what was described is dropped."""
    world = applied(status)
    assert refused(world, "bob", WithdrawApplication(APPLICATION)) == "asset-not-applicant"
    accepted(world, "alice", WithdrawApplication(APPLICATION, HASH))
    assert (application_of(world).status, application_of(world).reason_hash) == ("WITHDRAWN", HASH)
    assert read_draft(world.overlay, APPLICATION) is None
    assert LIFECYCLE.actions("WITHDRAWN") == ()


def test_certified_asset_is_not_withdrawn() -> None:
    assert refused(applied("CERTIFIED"), "alice", WithdrawApplication(APPLICATION)) == "asset-application-status"


@pytest.mark.parametrize("status", ["SUBMITTED", "ACCEPTED", "IN_REVIEW", "PUBLICISED", "CERTIFIED"])
def test_description_does_not_change_under_the_registrars_hands(status: str) -> None:
    assert refused(applied(status), "alice", AmendDraft(APPLICATION, OTHER)) == "asset-application-status"


def test_only_the_applicant_handles_its_application() -> None:
    world = applied("DRAFT")
    assert refused(world, "bob", AmendDraft(APPLICATION, OTHER)) == "asset-not-applicant"
    assert refused(world, "bob", SUBMIT) == "asset-not-applicant"
    assert refused(world, "bob", AmendDraft(bytes(32), OTHER)) == "asset-application-unknown"
    assert refused(world, "stranger", DraftAsset("y", OTHER)) == "role-missing"


def test_description_is_bounded_in_every_revision() -> None:
    large = AssetDescription("dataset", "A", fields=(Field("f" * 60, description="d" * 240),) * 90)
    world = applied("DRAFT")
    assert refused(world, "alice", AmendDraft(APPLICATION, large)) == "asset-too-large"
    assert refused(world, "alice", DraftAsset("large", large)) == "asset-too-large"


def test_steps_of_an_application_write_little_whatever_the_description() -> None:
    """The description is stored once; a step writes the small record."""
    rich = AssetDescription("dataset", "A", fields=(Field("f" * 60, description="d" * 240),) * 70)
    world = register_world()
    accepted(world, "alice", DraftAsset("set", rich))
    before = world.overlay.put_bytes
    accepted(world, "alice", SubmitApplication(APPLICATION, did_of("registrar"), description_hash(rich)))
    assert world.overlay.put_bytes - before < 1_024
    world.time_ms += DAY_MS
    accepted(world, "alice", WithdrawApplication(APPLICATION))
    state: State = world.overlay
    assert read_draft(state, APPLICATION) is None
