"""What can come of an operation on disputes: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class DisputeFiled(TypedEvent, frozen=True):
    """Somebody complains."""

    NAME = "dispute.filed"
    INDEXED = ("complainant", "dispute_id", "respondent", "subject")

    dispute_id: bytes
    complainant: str
    respondent: str
    subject_kind: str
    subject: bytes
    identifier: str


class DisputeMoved(TypedEvent, frozen=True):
    """A dispute took a step; ``status`` is the one after it."""

    NAME = "dispute.moved"
    INDEXED = ("actor", "dispute_id", "status")

    dispute_id: bytes
    action: str
    status: str
    actor: str
    detail: str


class DisputeRuled(TypedEvent, frozen=True):
    """Enough arbitrators agree."""

    NAME = "dispute.ruled"
    INDEXED = ("dispute_id", "outcome")

    dispute_id: bytes
    outcome: str
    digest: bytes
    measures: int
    round: int
    appeal_until_ms: int


class MeasureEnforced(TypedEvent, frozen=True):
    """One measure of a ruling was carried out."""

    NAME = "dispute.measure_enforced"
    INDEXED = ("dispute_id", "subject")

    dispute_id: bytes
    number: int
    measure: str
    subject_kind: str
    subject: bytes
    party: str
    amount: int


EVENTS: Final = (DisputeFiled, DisputeMoved, DisputeRuled, MeasureEnforced)

CODES: Final[dict[str, Code]] = {
    "dispute-exists": Code(
        "Dispute exists",
        "The complainant has already filed a case under this name.",
        "Look the case up, or choose another name.",
    ),
    "dispute-unknown": Code(
        "Dispute unknown", "No dispute has this id.", "The id follows from complainant and name of the case."
    ),
    "dispute-status": Code(
        "Dispute in another status",
        "The status of the dispute does not allow this step.",
        "Read the case: the table of its life cycle says what can follow.",
    ),
    "dispute-subject-unknown": Code(
        "Subject unknown", "What the dispute is about does not exist here.", "Check the kind and the id of the subject."
    ),
    "dispute-party": Code(
        "Impossible party",
        "The respondent is the complainant itself, or no active identity of this chain.",
        "Name whoever answers for the subject.",
    ),
    "dispute-not-party": Code(
        "Not a party",
        "The sender is not the party that may do this.",
        "Only the respondent answers, only the complainant withdraws, only both of them bring evidence and appeal.",
    ),
    "dispute-own-case": Code(
        "Own case",
        "Nobody leads or judges a case to which it is a party, nor an appeal against its own ruling.",
        "Let somebody else do it.",
    ),
    "dispute-arbitrators": Code(
        "Impossible arbitrators",
        "An arbitrator is named twice, or the threshold is no majority of them.",
        "Name each once; more than half must agree, so that there can be one ruling only.",
    ),
    "dispute-arbitrator-role": Code(
        "Not an arbitrator",
        "Somebody named as arbitrator does not hold that role.",
        "A governor grants the role arbitrator.",
    ),
    "dispute-not-arbitrator": Code(
        "Not of this case", "The sender does not judge this case.", "Only the arbitrators named in the case vote."
    ),
    "dispute-not-forum": Code(
        "Not the forum", "The sender does not lead this case.", "Whoever accepted the case leads it."
    ),
    "dispute-evidence": Code(
        "Evidence unknown or too much",
        "A reference names no evidence of this ledger, or the case would hold more than 64 pieces.",
        "Record evidence first; put more into the log of one record.",
    ),
    "dispute-too-early": Code(
        "Too early",
        "The time to answer, or to appeal, is not over.",
        "Wait for the block time that the message names.",
    ),
    "dispute-too-late": Code(
        "Too late", "The time to answer, or to appeal, is over, or the ruling is final.", "Nothing is left to do."
    ),
    "dispute-measure": Code(
        "Impossible measure",
        "A measure does not fit its subject, misses its party or amount, or follows from a rejected complaint.",
        "Assets are frozen, revoked or transferred, rights frozen or revoked, trades cancelled or refunded.",
    ),
    "dispute-measure-foreign": Code(
        "Measure beyond the case",
        "A measure reaches something that has nothing to do with the subject of the dispute.",
        "A ruling reaches its subject, the asset behind it, and the rights and trades on that asset.",
    ),
}
