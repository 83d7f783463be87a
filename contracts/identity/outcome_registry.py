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


class StatusListAnchored(TypedEvent, frozen=True):
    """A version of a status list came into force."""

    NAME = "identity.status_list_anchored"
    INDEXED = ("issuer", "list_id")

    issuer: str
    list_id: str
    purpose: str
    sequence: int
    digest: bytes


class SchemaRegistered(TypedEvent, frozen=True):
    """A version of a schema stands on the ledger."""

    NAME = "identity.schema_registered"
    INDEXED = ("author", "schema_id", "digest")

    author: str
    schema_id: str
    version: int
    digest: bytes


class IssuanceLogged(TypedEvent, frozen=True):
    """A credential, or a batch of them, existed."""

    NAME = "identity.issuance_logged"
    INDEXED = ("issuer", "digest", "subject")

    issuer: str
    digest: bytes
    credential_type: str
    count: int
    subject: str
    accredited: bool


EVENTS: Final = (IdentityAccredited, AccreditationEnded, StatusListAnchored, SchemaRegistered, IssuanceLogged)

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
    "status-list-sequence": Code(
        "Not the next version",
        "The sequence number is not the one after that of the list in force, which another update may have moved.",
        "Read the list in force, make the change to it, and anchor the result under the next number.",
    ),
    "status-list-changed": Code(
        "Another kind of list",
        "A status list keeps its purpose and its length: issued credentials rely on both.",
        "Open a new list under another id.",
    ),
    "credential-schema-exists": Code(
        "Schema exists",
        "The sender has registered this version of this schema, and schemas never change.",
        "Register the change under the next version.",
    ),
    "issuance-exists": Code(
        "Logged before",
        "The sender has logged a credential of this digest.",
        "Nothing needs to be done.",
    ),
    "issuance-subject": Code(
        "Batch with a subject",
        "A batch of credentials cannot name one subject.",
        "Leave the subject empty, or log each credential alone.",
    ),
}
