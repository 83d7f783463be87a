"""What can come of an operation on public data: its event and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class PublicDataMoved(TypedEvent, frozen=True):
    """A resource of public data took a step of its life."""

    NAME = "public.moved"
    INDEXED = ("actor", "custodian", "evidence_id", "operator", "resource_id")

    custodian: str
    resource_id: bytes
    number: int
    action: str
    status: str
    actor: str
    evidence_id: bytes
    operator: str
    purpose: str


EVENTS: Final = (PublicDataMoved,)

CODES: Final[dict[str, Code]] = {
    "public-exists": Code(
        "Resource exists",
        "The custodian has already catalogued a resource under this id.",
        "Choose a fresh random id.",
    ),
    "public-unknown": Code(
        "Resource unknown",
        "The named custodian has catalogued no resource under this id.",
        "Check the custodian's DID and the id; only the custodian itself opens, authorises and withdraws.",
    ),
    "public-status": Code(
        "Resource in another status",
        "The status of the resource does not allow this step.",
        "Read the resource: open or authorise before use, and nothing after withdrawal.",
    ),
    "public-evidence": Code(
        "No evidence of the step",
        "The evidence named is not an active record of the sender of the kind public-data.",
        "Put evidence.record with the kind public-data before the step, in the same transaction if you like.",
    ),
    "public-operator-unknown": Code(
        "Operator unknown",
        "The operator is no active identity of this chain.",
        "Have the operator create its identity first.",
    ),
    "public-period": Code(
        "Authorisation already over",
        "The authorisation would end before it begins.",
        "Name an end after the block's time.",
    ),
    "public-not-authorised": Code(
        "Not authorised",
        "The resource is not open, and the sender has no authorisation in force.",
        "Ask the custodian for an authorisation, or for a new one where it has ended.",
    ),
}
