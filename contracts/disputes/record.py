"""What the ledger holds about one dispute.

    dispute/<id in hex>     DisputeRecord

The id follows from the complainant and its own name for the case, so nobody can take
another's id first.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.money import Amount
from contracts.kernel.text import AnyDid, Hash32, Name, Time

ARBITRATORS_MAX: Final = 9
"""Courts of more do not decide faster; one state value holds their votes."""
EVIDENCE_MAX: Final = 32
"""Of one side and of one operation; more goes into one record's log."""
MEASURES_MAX: Final = 8
PERIOD_MS_MAX: Final = 366 * 86_400_000

LIFECYCLE: Final = Lifecycle(
    "dispute",
    "dispute-status",
    {
        (None, "file"): "FILED",
        ("FILED", "answer"): "FILED",
        ("FILED", "add evidence"): "FILED",
        ("FILED", "withdraw"): "WITHDRAWN",
        ("FILED", "dismiss"): "DISMISSED",
        ("FILED", "accept"): "HEARING",
        ("HEARING", "answer"): "HEARING",
        ("HEARING", "add evidence"): "HEARING",
        ("HEARING", "withdraw"): "WITHDRAWN",
        ("HEARING", "replace arbitrator"): "HEARING",
        ("HEARING", "vote"): "HEARING",
        ("HEARING", "rule"): "RULED",
        ("RULED", "appeal"): "APPEALED",
        ("RULED", "enforce"): "ENFORCED",
        ("RULED", "close"): "CLOSED",
        ("APPEALED", "accept"): "HEARING",
        ("APPEALED", "dismiss"): "RULED",
        ("ENFORCED", "lift"): "LIFTED",
    },
)
"""``rule`` follows from the vote that makes enough arbitrators agree on one ruling."""

SubjectKind = Literal["asset", "right", "trade"]
Outcome = Literal["upheld", "partly-upheld", "rejected"]
MeasureKind = Literal["freeze", "revoke", "transfer", "refund", "cancel"]
MEASURES_OF: Final = {
    "asset": ("freeze", "revoke", "transfer"),
    "right": ("freeze", "revoke"),
    "trade": ("cancel", "refund"),
}
"""What can be done to what."""


class Subject(msgspec.Struct, frozen=True, array_like=True):
    """What a dispute, or one of its measures, is about."""

    kind: SubjectKind
    id: Hash32


class EvidenceReference(msgspec.Struct, frozen=True, array_like=True):
    """A piece of evidence on this ledger."""

    submitter: Annotated[AnyDid, msgspec.Meta(min_length=1)]
    evidence_id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]


class Measure(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a ruling orders."""

    kind: MeasureKind
    subject: Subject
    party: AnyDid = ""
    """New holder of a transferred asset; empty for other measures."""
    amount: Amount = 0
    """Minor units to refund; 0 for other measures."""


class Ruling(msgspec.Struct, frozen=True, array_like=True):
    """What arbitrators decide; they agree when theirs are equal in every field."""

    outcome: Outcome
    digest: Hash32
    """SHA-256 of the written ruling."""
    measures: Annotated[tuple[Measure, ...], msgspec.Meta(max_length=MEASURES_MAX)] = ()
    """Enforced in this order."""


class Vote(msgspec.Struct, frozen=True, array_like=True):
    """The ruling that one arbitrator stands by, by its digest; empty = none yet."""

    arbitrator: Did
    ruling: bytes = b""


class DisputeRecord(msgspec.Struct, frozen=True, array_like=True):
    """One dispute."""

    dispute_id: Hash32
    complainant: Did
    respondent: Did
    subject: Subject
    title: Name
    claim_digest: Hash32
    status: str
    evidence: tuple[EvidenceReference, ...]
    """Of both sides, in order of arrival."""
    answer_digest: bytes
    """Empty until the respondent answers."""
    forum: str
    """DID of who accepted, and leads, the case; empty before."""
    former: tuple[Did, ...]
    """Arbitrators of the first instance, once there is a second; they judge no more."""
    votes: tuple[Vote, ...]
    """One for each arbitrator of the present round."""
    threshold: int
    round: int
    """0 before the hearing, 1 in the first, 2 in the second instance."""
    answer_by_ms: Time
    """Until then only an answered case is decided."""
    appeal_ms: int
    """How long after a first ruling the parties may appeal."""
    appeal_until_ms: Time
    """Last block time of an appeal against the ruling; 0 = final."""
    held: bool
    """Whether the subject is on hold for this dispute."""
    ruling: Ruling | None
    filed_height: Height
    filed_ms: int
    updated_height: Height
    updated_ms: int

    def arbitrators(self) -> tuple[str, ...]:
        """Who decides in the present round."""
        return tuple(vote.arbitrator for vote in self.votes)


_dispute_hash = tagged_hash("dispute")
_ruling_hash = tagged_hash("ruling")
_order_hash = tagged_hash("dispute-measure")
decode_dispute = lru_cache(64)(msgspec.msgpack.Decoder(DisputeRecord).decode)


def dispute_id_of(complainant: str, identifier: str) -> bytes:
    """The 32-byte id of what ``complainant`` calls ``identifier``."""
    return _dispute_hash(encode((complainant, identifier)))


def ruling_digest(dispute_id: bytes, ruling: Ruling) -> bytes:
    """What a vote commits to."""
    return _ruling_hash(dispute_id + encode(ruling))


def measure_order(dispute_id: bytes, number: int) -> bytes:
    """Under which order measure ``number`` (from 0) freezes its subject, apart from the hold during the case."""
    return _order_hash(dispute_id + number.to_bytes(1, "big"))


def dispute_key(dispute_id: bytes) -> bytes:
    """State key of a record."""
    return key("dispute", dispute_id)


def read_dispute(state: State, dispute_id: bytes) -> DisputeRecord | None:
    """The record under ``dispute_id``."""
    stored = state.get(dispute_key(dispute_id))
    return None if stored is None else decode_dispute(stored)


RECORDS: Final = (("dispute", 2, "", DisputeRecord),)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
