"""What can come of the operations of recovery: their events and their refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class RecoveryProposed(TypedEvent, frozen=True):
    """A guardian asks for new keys for an identity; its holder may object."""

    NAME = "identity.recovery_proposed"
    INDEXED = ("did", "proposer")

    did: str
    proposer: str
    digest: bytes
    version: int


class RecoveryApproved(TypedEvent, frozen=True):
    """A guardian agreed; with enough of them the proposal waits until ``ready_ms``."""

    NAME = "identity.recovery_approved"
    INDEXED = ("did", "guardian")

    did: str
    proposer: str
    guardian: str
    digest: bytes
    approvals: int
    status: str
    ready_ms: int


class RecoveryCancelled(TypedEvent, frozen=True):
    """The present keys objected to a proposal."""

    NAME = "identity.recovery_cancelled"
    INDEXED = ("did", "proposer")

    did: str
    proposer: str


class IdentityRecovered(TypedEvent, frozen=True):
    """Guardians gave an identity new signing keys."""

    NAME = "identity.recovered"
    INDEXED = ("did",)

    did: str
    version: int
    proposer: str
    completed_by: str


EVENTS: Final = (RecoveryProposed, RecoveryApproved, RecoveryCancelled, IdentityRecovered)

CODES: Final[dict[str, Code]] = {
    "recovery-did-unknown": Code(
        "Identity unknown",
        "The identity to be recovered does not exist or was deactivated.",
        "Check the DID; a deactivated identity cannot come back.",
    ),
    "recovery-not-guardian": Code(
        "Not a guardian",
        "The sender is not among the guardians that the identity's document names.",
        "Ask one of its guardians; the document lists them under recovery.",
    ),
    "recovery-unknown": Code(
        "No such proposal",
        "The guardian named as proposer proposes nothing for this identity.",
        "Name the guardian whose proposal is meant.",
    ),
    "recovery-void": Code(
        "Proposal is void",
        "The identity's document changed after the proposal: its keys are not lost.",
        "If they are lost now, propose the recovery anew.",
    ),
    "recovery-digest": Code(
        "Another proposal",
        "The proposal now holds other keys than the ones agreed to.",
        "Read the proposal again, and agree to its present digest if its keys are right.",
    ),
    "recovery-approved": Code(
        "Agreed before",
        "The sender has agreed to this proposal.",
        "Nothing needs to be done.",
    ),
    "recovery-status": Code(
        "Not possible now",
        "The proposal is not in a state in which this can be done.",
        "See the state machine of recovery; the message names the states in which it is possible.",
    ),
    "recovery-too-early": Code(
        "Too early",
        "The delay of the identity's recovery plan has not passed.",
        "Wait until the moment named in the message.",
    ),
}
