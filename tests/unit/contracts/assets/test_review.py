import msgspec
import pytest

from contracts.assets.application_record import read_draft
from contracts.assets.operations_application import RejectApplication, ReturnApplication, SubmitApplication
from contracts.assets.registrar import RegistrarPolicy, SetRegistrarPolicy
from contracts.assets.review import approvals_of, deadline, entrusted_application, rules_of
from contracts.governance.operations import GrantRole, RevokeRole
from contracts.identity.operations import DeactivateIdentity, RotateIdentity
from contracts.identity.record import VerificationMethod
from tests.unit.contracts.assets.procedure import (
    ACCEPT,
    APPLICATION,
    HASH,
    NAMED,
    PANEL,
    PUBLICISE,
    application_of,
    applied,
    assignment,
    opinion,
)
from tests.unit.contracts.assets.register import POLICY, accepted, code_of, context_of, refused
from tests.unit.contracts.world import World, did_of, key_of


def test_only_the_registrar_it_lies_before_decides() -> None:
    world = applied("SUBMITTED")
    for operation in (ACCEPT, ReturnApplication(APPLICATION, HASH), RejectApplication(APPLICATION, HASH)):
        assert refused(world, "exchange", operation) == "asset-not-registrar"
        assert refused(world, "alice", operation) == "role-missing"
    governor = context_of(world)
    assert code_of(lambda: entrusted_application(APPLICATION, governor, world.overlay)) == "asset-not-registrar"


@pytest.mark.parametrize("status", ["SUBMITTED", "ACCEPTED"])
def test_rejected_application_ends_with_its_reason(status: str) -> None:
    world = applied(status)
    accepted(world, "registrar", RejectApplication(APPLICATION, HASH))
    record = application_of(world)
    assert (record.status, record.reason_hash) == ("REJECTED", HASH)
    assert read_draft(world.overlay, APPLICATION) is None
    assert refused(world, "registrar", ACCEPT) == "asset-application-status"


def test_panel_has_the_size_that_the_rules_fixed() -> None:
    """n-of-m reviewers chosen by the registrar."""
    world = applied("ACCEPTED")
    assert refused(world, "registrar", assignment("rita", "ravi")) == "asset-reviewer-count"
    assert refused(world, "registrar", assignment("rita", "ravi", "rosa", "reto")) == "asset-reviewer-count"
    assert refused(world, "registrar", assignment("rita", "ravi", "rita")) == "asset-reviewer-twice"
    accepted(world, "registrar", assignment(*PANEL))
    assert [review.reviewer for review in application_of(world).reviews] == [did_of(name) for name in PANEL]


@pytest.mark.parametrize("name", ["alice", "carol", "nobody"])
def test_reviewer_is_an_active_evaluator(name: str) -> None:
    assert refused(applied("ACCEPTED"), "registrar", assignment("rita", "ravi", name)) == "asset-reviewer-role"


def test_deactivated_evaluator_is_not_assigned() -> None:
    world = applied("ACCEPTED")
    accepted(world, "rosa", DeactivateIdentity())
    assert refused(world, "registrar", assignment(*PANEL)) == "asset-reviewer-role"


def controlled_by(world: World, name: str, controller: str) -> None:
    method = VerificationMethod("key-1", "ed25519", key_of(name).public_key, ("authentication",))
    accepted(world, name, RotateIdentity((method,), controllers=(did_of(controller),), controller_threshold=1))


@pytest.mark.parametrize(
    ("name", "controller"), [("rita", "alice"), ("rita", "registrar"), ("alice", "rita"), ("registrar", "rita")]
)
def test_reviewer_neither_controls_a_party_nor_is_controlled_by_one(name: str, controller: str) -> None:
    """Conflict of interest: a reviewer may not be holder or registrar, nor in their hands."""
    world = applied("ACCEPTED")
    controlled_by(world, name, controller)
    assert refused(world, "registrar", assignment(*PANEL)) == "asset-reviewer-conflict"


def test_applicant_that_is_an_evaluator_does_not_review_itself() -> None:
    world = applied("ACCEPTED")
    accepted(world, "governor", GrantRole(did_of("alice"), "evaluator"))
    assert refused(world, "registrar", assignment("rita", "ravi", "alice")) == "asset-reviewer-conflict"


def test_each_reviewer_gives_one_opinion_on_what_it_read() -> None:
    world = applied("IN_REVIEW")
    assert refused(world, "rita", opinion(named=HASH)) == "asset-description-changed"
    accepted(world, "rita", opinion())
    assert refused(world, "rita", opinion("reject")) == "asset-review-given"
    assert refused(world, "reto", opinion()) == "asset-reviewer-missing"
    assert refused(world, "alice", opinion()) == "role-missing"
    assert approvals_of(application_of(world)) == 1


def test_application_is_rejected_when_too_few_approvals_are_left_to_come() -> None:
    """Two of three must approve: the second rejection decides."""
    world = applied("IN_REVIEW")
    accepted(world, "rita", opinion("reject"))
    assert application_of(world).status == "IN_REVIEW"
    receipt = accepted(world, "ravi", opinion("reject"))
    assert application_of(world).status == receipt.events[0].attributes["status"] == "REJECTED"
    assert read_draft(world.overlay, APPLICATION) is None
    assert refused(world, "rosa", opinion()) == "asset-application-status"


def test_opinion_counts_until_the_millisecond_its_time_ends_and_a_new_panel_has_new_time() -> None:
    world = applied("IN_REVIEW")
    end_ms = application_of(world).deadline_ms
    assert end_ms == world.time_ms + POLICY.review_ms
    world.time_ms = end_ms - 1
    accepted(world, "rita", opinion())
    world.time_ms = end_ms
    assert refused(world, "ravi", opinion()) == "asset-review-late"
    assert refused(world, "registrar", assignment("ravi", "rosa", "reto")) == "asset-reviewer-done"
    accepted(world, "registrar", assignment("rita", "rosa", "reto"))
    assert approvals_of(application_of(world)) == 1
    accepted(world, "reto", opinion())
    accepted(world, "registrar", PUBLICISE)


def test_evaluator_that_lost_its_role_gives_no_opinion() -> None:
    world = applied("IN_REVIEW")
    accepted(world, "governor", RevokeRole(did_of("rita"), "evaluator"))
    assert refused(world, "rita", opinion()) == "role-missing"


def test_registrar_without_a_panel_reviews_alone() -> None:
    world = applied("ACCEPTED", RegistrarPolicy())
    assert rules_of(application_of(world)) == RegistrarPolicy()
    assert refused(world, "registrar", assignment("rita")) == "asset-reviewer-count"
    accepted(world, "registrar", PUBLICISE)


def test_period_of_nothing_has_no_end() -> None:
    context = context_of(World())
    assert (deadline(context, 0), deadline(context, 5)) == (0, context.time_ms + 5)


def test_submission_to_another_registrar_brings_its_rules() -> None:
    world = applied("RETURNED")
    other = msgspec.structs.replace(POLICY, reviewers=1, approvals=1)
    accepted(world, "exchange", SetRegistrarPolicy(other))
    accepted(world, "alice", SubmitApplication(APPLICATION, did_of("exchange"), NAMED))
    assert rules_of(application_of(world)) == other
    assert refused(world, "registrar", ACCEPT) == "asset-not-registrar"
