"""What can come of an evidence operation: its events and its refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class EvidenceRecorded(TypedEvent, frozen=True):
    """A digest, or the root over a batch of digests, stands on the ledger."""

    NAME = "evidence.recorded"
    INDEXED = ("evidence_id", "digest", "submitter")

    evidence_id: bytes
    submitter: str
    kind: str
    digest: bytes
    count: int
    """Items of a batch; 0 = a single digest."""


class EvidenceSuperseded(TypedEvent, frozen=True):
    """A later version took the place of a record."""

    NAME = "evidence.superseded"
    INDEXED = ("evidence_id", "submitter")

    evidence_id: bytes
    submitter: str
    superseded_by: bytes


class EvidenceRevoked(TypedEvent, frozen=True):
    """The submitter took its record back."""

    NAME = "evidence.revoked"
    INDEXED = ("evidence_id", "submitter")

    evidence_id: bytes
    submitter: str
    reason: str


class EvidenceAppended(TypedEvent, frozen=True):
    """The log of a record has a new entry."""

    NAME = "evidence.appended"
    INDEXED = ("evidence_id", "digest", "author")

    evidence_id: bytes
    submitter: str
    author: str
    number: int
    digest: bytes


class EvidenceSignaturesRequested(TypedEvent, frozen=True):
    """Signers were named."""

    NAME = "evidence.signatures_requested"
    INDEXED = ("evidence_id", "submitter")

    evidence_id: bytes
    submitter: str
    signers: int
    threshold: int


class EvidenceCountersigned(TypedEvent, frozen=True):
    """A named signer stands by a record."""

    NAME = "evidence.countersigned"
    INDEXED = ("evidence_id", "signer")

    evidence_id: bytes
    submitter: str
    signer: str
    statement: str


class EvidenceSignatureWithdrawn(TypedEvent, frozen=True):
    """A signer stands by a record no longer."""

    NAME = "evidence.signature_withdrawn"
    INDEXED = ("evidence_id", "signer")

    evidence_id: bytes
    submitter: str
    signer: str
    reason: str


class EvidenceSigningSettled(TypedEvent, frozen=True):
    """The count of standing signatures crossed the threshold, in either direction."""

    NAME = "evidence.signing_settled"
    INDEXED = ("evidence_id", "submitter")

    evidence_id: bytes
    submitter: str
    status: str
    standing: int


EVENTS: Final = (
    EvidenceRecorded,
    EvidenceSuperseded,
    EvidenceRevoked,
    EvidenceAppended,
    EvidenceSignaturesRequested,
    EvidenceCountersigned,
    EvidenceSignatureWithdrawn,
    EvidenceSigningSettled,
)

CODES: Final[dict[str, Code]] = {
    "evidence-exists": Code(
        "Evidence exists",
        "The submitter has already recorded evidence under this id.",
        "Choose a fresh random id; to record a new version, name the old id as previous.",
    ),
    "evidence-digest-length": Code(
        "Digest of wrong length",
        "The digest is not as long as its algorithm's digests are.",
        "Pass the raw digest bytes, not their hex text, and name the right algorithm.",
    ),
    "evidence-reference": Code(
        "Impossible reference",
        "A reference has the wrong length or names the record itself.",
        "Evidence ids have 16 to 32 bytes, asset ids 32; leave a reference empty when there is none.",
    ),
    "evidence-previous-unknown": Code(
        "Previous evidence unknown",
        "The submitter has recorded no evidence under the id given as previous.",
        "Name one of your own records, or leave previous empty.",
    ),
    "evidence-previous-superseded": Code(
        "Previous evidence has a successor",
        "Another version already took the place of the evidence given as previous.",
        "Name the latest version; versions form one line.",
    ),
    "evidence-asset-unknown": Code(
        "Related asset unknown",
        "No asset is registered under the id given as related.",
        "Register the asset first, or leave the reference empty.",
    ),
    "evidence-captured-in-future": Code(
        "Captured in the future",
        "The claimed capture time lies more than ten minutes after the block's time.",
        "Check the clock of the machine that captured the content; times are milliseconds since 1970 UTC.",
    ),
    "evidence-unknown": Code(
        "Evidence unknown",
        "The named submitter has recorded no evidence under this id.",
        "Check the submitter's DID and the id; both name a record.",
    ),
    "evidence-status": Code(
        "Evidence in another status",
        "The status of the evidence does not allow this.",
        "Read the record: what is revoked takes no entries, versions or signatures, what is superseded no signatures.",
    ),
    "evidence-log-full": Code(
        "Log full",
        "The log of this evidence has the most entries it can have.",
        "Record a new version and go on in its log.",
    ),
    "evidence-signers": Code(
        "Impossible signers",
        "A signer is named twice or not at all, or more signatures are asked than there are signers.",
        "Name each signer once and ask for at most as many signatures.",
    ),
    "evidence-signer-unknown": Code(
        "Signer unknown",
        "A named signer is no active identity of this chain.",
        "Have the signer create its identity first.",
    ),
    "evidence-signing-status": Code(
        "Signers already named",
        "Signatures under this evidence were asked for before.",
        "The signers of a record are named once; record a new version to ask others.",
    ),
    "evidence-signing-late": Code(
        "Too late to sign",
        "The block's time is after the last time at which a signature counts.",
        "Ask the submitter for a new version with a later limit.",
    ),
    "evidence-not-signer": Code(
        "Not a signer",
        "The sender is not among the signers of this evidence, or its signature does not stand.",
        "Only named signers sign, and only the submitter and those whose signatures stand add to the log.",
    ),
    "evidence-digest-differs": Code(
        "Another digest",
        "The digest given is not that of the record.",
        "Compute the digest of what you have been shown; if it differs, do not sign.",
    ),
    "evidence-signed": Code(
        "Already signed",
        "The signature of the sender stands.",
        "Nothing is left to do.",
    ),
    "evidence-not-signed": Code(
        "Not signed",
        "The sender has no standing signature to withdraw.",
        "Only a signature that stands can be withdrawn.",
    ),
}
