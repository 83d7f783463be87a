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


EVENTS: Final = (EvidenceRecorded, EvidenceSuperseded)

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
}
