"""What can come of an application: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class ApplicationDrafted(TypedEvent, frozen=True):
    """An application began, or its description was amended."""

    NAME = "asset.drafted"
    INDEXED = ("applicant", "asset_id", "identifier", "registrar")

    asset_id: bytes
    identifier: str
    applicant: str
    registrar: str
    """Empty until the application was first submitted."""
    revision: int
    description_hash: bytes


class ApplicationSubmitted(TypedEvent, frozen=True):
    """An application lies before a registrar."""

    NAME = "asset.submitted"
    INDEXED = ("applicant", "asset_id", "registrar")

    asset_id: bytes
    applicant: str
    registrar: str
    description_hash: bytes


class ApplicationDecided(TypedEvent, frozen=True):
    """A registrar accepted, returned or rejected an application, or its applicant withdrew it."""

    NAME = "asset.application_decided"
    INDEXED = ("applicant", "asset_id", "registrar", "status")

    asset_id: bytes
    applicant: str
    registrar: str
    status: str
    reason_hash: bytes
    """Empty where no reason was given."""
    deadline_ms: int


class ReviewersAssigned(TypedEvent, frozen=True):
    """An application has a panel."""

    NAME = "asset.reviewers_assigned"
    INDEXED = ("asset_id", "registrar")

    asset_id: bytes
    registrar: str
    reviewers: int
    deadline_ms: int


class ReviewerAssigned(TypedEvent, frozen=True):
    """One reviewer is newly on the panel of an application."""

    NAME = "asset.reviewer_assigned"
    INDEXED = ("asset_id", "reviewer")

    asset_id: bytes
    reviewer: str


class ApplicationReviewed(TypedEvent, frozen=True):
    """A reviewer gave an opinion."""

    NAME = "asset.reviewed"
    INDEXED = ("asset_id", "reviewer", "verdict")

    asset_id: bytes
    reviewer: str
    verdict: str
    opinion_hash: bytes
    status: str
    """REJECTED with the opinion after which approval became impossible."""


class ApplicationPublicised(TypedEvent, frozen=True):
    """An application is announced; objections are open."""

    NAME = "asset.publicised"
    INDEXED = ("applicant", "asset_id", "registrar")

    asset_id: bytes
    applicant: str
    registrar: str
    description_hash: bytes
    announced_until_ms: int


class ObjectionRaised(TypedEvent, frozen=True):
    """Somebody objected to an announced application."""

    NAME = "asset.objected"
    INDEXED = ("asset_id", "objector")

    asset_id: bytes
    objector: str
    ground: str
    statement_hash: bytes
    evidence_submitter: str
    evidence_id: bytes


class ObjectionResolved(TypedEvent, frozen=True):
    """A registrar decided on an objection."""

    NAME = "asset.objection_resolved"
    INDEXED = ("asset_id", "objector", "registrar")

    asset_id: bytes
    objector: str
    registrar: str
    ruling: str
    ruling_hash: bytes
    status: str


EVENTS: Final = (
    ApplicationDrafted,
    ApplicationSubmitted,
    ApplicationDecided,
    ReviewersAssigned,
    ReviewerAssigned,
    ApplicationReviewed,
    ApplicationPublicised,
    ObjectionRaised,
    ObjectionResolved,
)

CODES: Final[dict[str, Code]] = {
    "asset-application-exists": Code(
        "Application exists",
        "The sender has applied under this identifier before; a finished application spends its identifier.",
        "Amend the open application, or choose another identifier.",
    ),
    "asset-application-unknown": Code(
        "Application unknown",
        "Nobody applied for the registration of this asset.",
        "Compute the id from applicant and identifier.",
    ),
    "asset-application-status": Code(
        "Application not in this status",
        "The application's status does not allow this step.",
        "Look at the application's status; the message names those in which the step is possible.",
    ),
    "asset-not-applicant": Code(
        "Not the applicant",
        "Only the applicant may do this with its application.",
        "Sign in the name of the identity that drafted it.",
    ),
    "asset-not-registrar": Code(
        "Not the registrar",
        "Only the registrar that the application or asset is with may decide on it.",
        "Look at the registrar in its record.",
    ),
    "asset-registrar-unknown": Code(
        "No such registrar",
        "The identity named is no exchange or registrar of this chain, or is no longer active.",
        "Choose one that holds the role exchange or registrar.",
    ),
    "asset-policy-missing": Code(
        "Registrar without rules",
        "The registrar has not set the rules by which it decides on applications.",
        "The registrar sets them by asset.set_registrar_policy; or choose another.",
    ),
    "asset-description-changed": Code(
        "Another description",
        "The description that waits is not the one named by its digest.",
        "Read the description again, and name the digest of what you mean.",
    ),
    "asset-correction-late": Code(
        "Correction too late",
        "The time for submitting a returned application again has ended.",
        "Withdraw it and apply anew under another identifier.",
    ),
    "asset-reviewer-count": Code(
        "Wrong number of reviewers",
        "The panel has more or fewer members than the registrar's rules ask for.",
        "Name exactly as many reviewers as the rules fixed at submission say; none can be assigned where they say 0.",
    ),
    "asset-reviewer-twice": Code(
        "Reviewer twice",
        "One reviewer is named more than once.",
        "Name each reviewer once.",
    ),
    "asset-reviewer-role": Code(
        "Not a reviewer",
        "Somebody on the panel is no active identity with the role evaluator.",
        "Name evaluators of this chain.",
    ),
    "asset-reviewer-conflict": Code(
        "Conflict of interest",
        "A reviewer is the applicant or the registrar, controls one of them, or is controlled by one.",
        "Name reviewers who are independent of both.",
    ),
    "asset-reviewer-done": Code(
        "Opinion already given",
        "A reviewer who has given an opinion would lose the place on the panel.",
        "Replace only reviewers who have given none.",
    ),
    "asset-reviewer-missing": Code(
        "Not on the panel",
        "The sender was not assigned to review this application.",
        "Only the reviewers in the application's record may give opinions.",
    ),
    "asset-review-given": Code(
        "Opinion given before",
        "The sender has given its opinion on this application; each reviews once.",
        "An opinion cannot be changed.",
    ),
    "asset-review-late": Code(
        "Opinion too late",
        "The time for opinions on this application has ended.",
        "The registrar assigns the panel again, which gives it new time.",
    ),
    "asset-approvals-missing": Code(
        "Too few approvals",
        "Fewer reviewers have approved than the registrar's rules ask for.",
        "Wait for the missing opinions, or assign reviewers first.",
    ),
    "asset-announcement-open": Code(
        "Announcement still open",
        "The announcement has not ended, so the asset cannot be certified yet.",
        "Try again from the block time that the message names.",
    ),
    "asset-announcement-over": Code(
        "Announcement over",
        "The announcement has ended, so no objection can be raised any more.",
        "File a dispute instead.",
    ),
    "asset-objection-party": Code(
        "Objection by a party",
        "The applicant and the registrar do not object to their own application.",
        "The applicant withdraws it; the registrar decides on others' objections.",
    ),
    "asset-objection-role": Code(
        "May not object",
        "The registrar's rules give objections to other roles.",
        "Ask somebody who holds one of the roles in the application's rules.",
    ),
    "asset-objection-twice": Code(
        "Objected before",
        "The sender has objected to this application already.",
        "One member objects once; give all grounds in one statement.",
    ),
    "asset-objections-full": Code(
        "Too many objections",
        "As many objections have been raised as one application can hold.",
        "File a dispute instead.",
    ),
    "asset-objection-unknown": Code(
        "Objection unknown",
        "The identity named has not objected to this application.",
        "Look at the objections in the application's record.",
    ),
    "asset-objection-resolved": Code(
        "Objection decided before",
        "The objection has been decided on already.",
        "A ruling cannot be changed.",
    ),
    "asset-evidence-missing": Code(
        "Evidence missing",
        "The registrar's rules ask for evidence with an objection, and none is cited.",
        "Record the evidence first and cite it by submitter and id.",
    ),
    "asset-evidence-unknown": Code(
        "Evidence unknown",
        "The evidence cited is not on this ledger.",
        "Cite evidence by the DID of its submitter and its id.",
    ),
}
