"""The registrar's and the reviewers' side of a registration, up to the announcement.

The rules are those fixed when the application was submitted. A reviewer is independent of
applicant and registrar, as far as the ledger can tell: neither of them, nor controlled
by one, nor in control of one.
"""

from typing import Final

from chainnode.state.view import State
from contracts.assets.application import decide
from contracts.assets.application_record import (
    LIFECYCLE,
    ApplicationRecord,
    Review,
    draft_key,
    known_application,
    put_application,
)
from contracts.assets.operations_application import (
    AcceptApplication,
    AssignReviewers,
    RejectApplication,
    ReturnApplication,
    ReviewApplication,
)
from contracts.assets.outcome_application import ApplicationReviewed, ReviewerAssigned, ReviewersAssigned
from contracts.assets.registrar import DEFAULT, REGISTRARS, RegistrarPolicy
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule, roles_of

REVIEWER_ROLE: Final = "evaluator"


def rules_of(record: ApplicationRecord) -> RegistrarPolicy:
    """The rules fixed at the last submission."""
    return record.policy or DEFAULT


def deadline(context: Context, period_ms: int) -> int:
    """The end of a period that begins with this block; 0 where it has none."""
    return context.time_ms + period_ms if period_ms else 0


def entrusted_application(asset_id: bytes, context: Context, state: State) -> ApplicationRecord:
    """The application, if it lies before the sender.

    Raises:
        OperationFailed: ``asset-application-unknown`` or ``asset-not-registrar``.
    """
    record = known_application(state, asset_id)
    if record.registrar != context.sender:
        raise OperationFailed(
            "asset-not-registrar", f"the application for {asset_id.hex()} is with {record.registrar or 'nobody'}"
        )
    return record


def accept(operation: AcceptApplication, context: Context, state: State) -> None:
    """Take the application up.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``.
    """
    decide(entrusted_application(operation.asset_id, context, state), "accept", None, context, state)


def give_back(operation: ReturnApplication, context: Context, state: State) -> None:
    """Give the application back; the time for its correction begins.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    deadline_ms = deadline(context, rules_of(record).correction_ms)
    decide(record, "return", operation.reason_hash, context, state, deadline_ms)


def reject(operation: RejectApplication, context: Context, state: State) -> None:
    """End the application; its description is dropped.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    decide(record, "reject", operation.reason_hash, context, state)


def assign_reviewers(operation: AssignReviewers, context: Context, state: State) -> None:
    """Set the panel; the time for opinions begins, also anew.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``, ``asset-reviewer-count``, ``asset-reviewer-role``,
            ``asset-reviewer-conflict`` or ``asset-reviewer-done``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "assign")
    policy = rules_of(record)
    if len(operation.reviewers) != policy.reviewers:
        raise OperationFailed(
            "asset-reviewer-count", f"{len(operation.reviewers)} named, the rules ask for {policy.reviewers}"
        )
    before = {review.reviewer: review for review in record.reviews}
    for review in record.reviews:
        if review.verdict and review.reviewer not in operation.reviewers:
            raise OperationFailed("asset-reviewer-done", f"{review.reviewer} has given its opinion")
    parties = _parties(record, state)
    for reviewer in operation.reviewers:
        if reviewer not in before:
            _check_reviewer(reviewer, record, parties, state)
            context.emit(ReviewerAssigned(record.asset_id, reviewer))
    reviews = tuple(before.get(reviewer) or Review(reviewer) for reviewer in operation.reviewers)
    deadline_ms = deadline(context, policy.review_ms)
    put_application(record, context, state, status=status, reviews=reviews, deadline_ms=deadline_ms)
    context.emit(ReviewersAssigned(record.asset_id, record.registrar, len(reviews), deadline_ms))


def _parties(record: ApplicationRecord, state: State) -> tuple[str, ...]:
    """Applicant and registrar, and who controls either."""
    named = (record.applicant, record.registrar)
    identities = [read_active(state, did) for did in named]
    return (*named, *(did for identity in identities if identity is not None for did in identity.controllers))


def _check_reviewer(reviewer: str, record: ApplicationRecord, parties: tuple[str, ...], state: State) -> None:
    identity = read_active(state, reviewer)
    if identity is None or REVIEWER_ROLE not in roles_of(state, reviewer):
        raise OperationFailed("asset-reviewer-role", f"{reviewer or 'nobody'} is no active {REVIEWER_ROLE}")
    controlled = record.applicant in identity.controllers or record.registrar in identity.controllers
    if reviewer in parties or controlled:
        raise OperationFailed(
            "asset-reviewer-conflict", f"{reviewer} is not independent of {record.applicant} and {record.registrar}"
        )


def review(operation: ReviewApplication, context: Context, state: State) -> None:
    """Note one opinion; with the one after which too few approvals are left, the application is rejected.

    Raises:
        OperationFailed: ``asset-application-unknown``, ``asset-application-status``, ``asset-reviewer-missing``,
            ``asset-review-given``, ``asset-review-late`` or ``asset-description-changed``.
    """
    record = known_application(state, operation.asset_id)
    sender, policy = context.sender, rules_of(record)
    status = LIFECYCLE.step(record.status, "review")
    at = next((at for at, found in enumerate(record.reviews) if found.reviewer == sender), None)
    if at is None:
        raise OperationFailed("asset-reviewer-missing", f"{sender} was not assigned")
    if record.reviews[at].verdict:
        raise OperationFailed("asset-review-given", f"{sender} said {record.reviews[at].verdict}")
    if 0 < record.deadline_ms <= context.time_ms:
        raise OperationFailed("asset-review-late", f"opinions were asked for before {record.deadline_ms}")
    if operation.description_hash != record.description_hash:
        raise OperationFailed("asset-description-changed", f"under review is {record.description_hash.hex()}")
    given = Review(sender, operation.verdict, operation.opinion_hash, context.time_ms)
    reviews = (*record.reviews[:at], given, *record.reviews[at + 1 :])
    if sum(1 for found in reviews if found.verdict == "reject") > policy.reviewers - policy.approvals:
        status = LIFECYCLE.step(record.status, "fail")
        state.delete(draft_key(record.asset_id))
    put_application(record, context, state, status=status, reviews=reviews)
    context.emit(ApplicationReviewed(record.asset_id, sender, operation.verdict, operation.opinion_hash, status))


def approvals_of(record: ApplicationRecord) -> int:
    """How many reviewers have approved."""
    return sum(1 for found in record.reviews if found.verdict == "approve")


ENTRUSTED: Final = ("asset-application-unknown", "asset-not-registrar", "asset-application-status")
"""Codes of a step that only the application's registrar may take."""

OPERATIONS: Final = (
    OperationSpec(AcceptApplication, accept, REGISTRARS, ENTRUSTED),
    OperationSpec(ReturnApplication, give_back, REGISTRARS, ENTRUSTED),
    OperationSpec(RejectApplication, reject, REGISTRARS, ENTRUSTED),
    OperationSpec(
        AssignReviewers,
        assign_reviewers,
        REGISTRARS,
        (
            *ENTRUSTED,
            "asset-reviewer-count",
            "asset-reviewer-twice",
            "asset-reviewer-role",
            "asset-reviewer-conflict",
            "asset-reviewer-done",
        ),
    ),
    OperationSpec(
        ReviewApplication,
        review,
        Rule("ANY", (REVIEWER_ROLE,)),
        (
            "asset-application-unknown",
            "asset-application-status",
            "asset-reviewer-missing",
            "asset-review-given",
            "asset-review-late",
            "asset-description-changed",
        ),
    ),
)
