"""What can come of the operations about accreditation and credentials: their events and their refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class IdentityAccredited(TypedEvent, frozen=True):
    """An identity is trusted with one kind of work, or for longer."""

    NAME = "identity.accredited"
    INDEXED = ("did", "kind", "accredited_by")

    did: str
    kind: str
    credential_type: str
    jurisdiction: str
    valid_from_ms: int
    valid_until_ms: int
    accredited_by: str


class AccreditationEnded(TypedEvent, frozen=True):
    """The trust placed in an identity was withdrawn."""

    NAME = "identity.accreditation_ended"
    INDEXED = ("did", "kind", "ended_by")

    did: str
    kind: str
    credential_type: str
    ended_by: str
    reason: str


EVENTS: Final = (IdentityAccredited, AccreditationEnded)

CODES: Final[dict[str, Code]] = {
    "accreditation-type": Code(
        "Kind and credential type contradict",
        "An issuer is accredited for one type of credential, every other kind for none.",
        "Name the credential type for the kind issuer, and leave it empty otherwise.",
    ),
    "accreditation-period": Code(
        "Impossible period",
        "The accreditation would begin before its block, or end before it begins.",
        "Leave valid_from_ms 0 to begin now; valid_until_ms is the first moment at which it no longer holds.",
    ),
    "accreditation-self": Code(
        "Accredits itself",
        "The sender would vouch for itself.",
        "Let another accreditor do it.",
    ),
    "accreditation-did-unknown": Code(
        "Identity unknown",
        "The identity to be accredited does not exist or was deactivated.",
        "Let it create its identity first.",
    ),
    "accreditation-unknown": Code(
        "Never accredited",
        "The identity holds no accreditation of this kind.",
        "Check the kind and, for an issuer, the credential type.",
    ),
    "accreditation-not-yours": Code(
        "Accredited by another",
        "Another institution has placed this trust: it alone can renew it, it or an overseer can end it.",
        "Ask the accreditor named in the message, a governor or a regulator.",
    ),
    "accreditation-status": Code(
        "Accreditation has ended",
        "The accreditation was ended before.",
        "Nothing needs to be done; accredit again to restore it.",
    ),
}
