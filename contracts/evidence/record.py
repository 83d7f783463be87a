"""What the ledger holds about one piece of evidence.

    evidence/<submitter>/<id in hex>              EvidenceRecord
    evidence-signing/<submitter>/<id in hex>      SigningRecord: who is to countersign, who has
    evidence-log/<submitter>/<id in hex>          LogHead
    evidence-log/<submitter>/<id in hex>/<n>      LogEntry, n from 1

The id is the submitter's own choice (16 random bytes) and unique under its name: were
ids shared by all, whoever sees a transaction before it is ordered could take its id
first and block it.

The record is in the state tree, although block and history trees already prove that it
was submitted: its status changes (a later version supersedes it), and only the state
can prove the status, or that no such evidence exists.

Source: union of ChainMaker CMEVI, WeIdentity evidence and GB/T 43580 practice.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key, key_below, prefix
from chainnode.state.view import State
from chainnode.types.ids import did_chain
from chainnode.types.transaction import Did, Height
from contracts.evidence.digest import Algorithm
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Line, Time, Uri

BATCH_ITEMS_MAX: Final = 1 << 20
TOKEN_BYTES_MAX: Final = 16 * limits.KIB
"""An RFC 3161 token with its certificate chain takes 2 to 8 KiB."""

EvidenceId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
Kind = Literal[
    "file",
    "e-contract",
    "e-licence",
    "web-page",
    "transaction-log",
    "delivery",
    "public-data",
    "model-run",
    "other",
]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=64)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
PreviousId = Annotated[bytes, msgspec.Meta(max_length=32)]
AssetId = Annotated[bytes, msgspec.Meta(max_length=32)]
Token = Annotated[bytes, msgspec.Meta(max_length=TOKEN_BYTES_MAX)]
_MEDIA_NAME: Final = r"[A-Za-z0-9!#$&^_.+-]+"
MediaType = Annotated[str, msgspec.Meta(max_length=128, pattern=rf"\A(?:{_MEDIA_NAME}/{_MEDIA_NAME})?\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=BATCH_ITEMS_MAX)]

LIFECYCLE: Final = Lifecycle(
    "evidence",
    "evidence-status",
    {
        (None, "record"): "ACTIVE",
        ("ACTIVE", "supersede"): "SUPERSEDED",
        ("ACTIVE", "revoke"): "REVOKED",
        ("SUPERSEDED", "revoke"): "REVOKED",
        ("ACTIVE", "append"): "ACTIVE",
        ("SUPERSEDED", "append"): "SUPERSEDED",
        ("ACTIVE", "sign"): "ACTIVE",
    },
)
"""A revoked record still takes withdrawals of signatures, and nothing else."""
SIGNING: Final = Lifecycle(
    "countersigning",
    "evidence-signing-status",
    {
        (None, "request"): "OPEN",
        ("OPEN", "sign"): "OPEN",
        ("OPEN", "complete"): "COMPLETE",
        ("COMPLETE", "sign"): "COMPLETE",
        ("OPEN", "withdraw"): "OPEN",
        ("COMPLETE", "withdraw"): "COMPLETE",
        ("COMPLETE", "fall short"): "BROKEN",
        ("BROKEN", "sign"): "BROKEN",
        ("BROKEN", "withdraw"): "BROKEN",
        ("BROKEN", "complete"): "COMPLETE",
    },
)
"""``complete`` and ``fall short`` follow from a signature or a withdrawal that crosses the threshold."""
SIGNERS_MAX: Final = 32
"""One state value holds them all, and every signature writes it."""
LOG_ENTRIES_MAX: Final = 10_000
"""Of one record; a longer story continues in a new version."""


class EvidenceRecord(msgspec.Struct, frozen=True, array_like=True):
    """One digest, or the Merkle root over a batch of digests."""

    evidence_id: EvidenceId
    submitter: Did
    kind: Kind
    algorithm: Algorithm
    """Of ``digest``; of the items' digests where this is a batch (its tree is always SHA-256)."""
    digest: Digest
    salted: bool
    count: Count
    """Items of a batch under the root ``digest``; 0 = a single digest."""
    size: Size
    media_type: MediaType
    title: Line
    captured_at_ms: Time
    """The submitter's claim; ``recorded_ms`` is what the validators agreed on."""
    previous: PreviousId
    related_asset: AssetId
    storage_uri: Uri
    timestamp_token: Token
    status: str
    superseded_by: PreviousId
    recorded_height: Height
    recorded_ms: int


class Signature(msgspec.Struct, frozen=True, array_like=True):
    """One named signer, and what it did."""

    signer: Did
    statement: Line = ""
    signed_height: Height = 0
    """0 = has not signed."""
    signed_ms: int = 0
    withdrawn_height: Height = 0
    """0 = stands."""
    withdrawn_ms: int = 0
    reason: Line = ""

    def stands(self) -> bool:
        """Whether the signer has signed and not taken it back."""
        return self.signed_height > 0 and self.withdrawn_height == 0


class SigningRecord(msgspec.Struct, frozen=True, array_like=True):
    """Who countersigns one piece of evidence."""

    evidence_id: EvidenceId
    submitter: Did
    threshold: int
    sign_by_ms: Time
    status: str
    signatures: tuple[Signature, ...]
    """In the order of the request."""
    completed_height: Height
    """When the threshold was first met; 0 = never."""
    completed_ms: int

    def standing(self) -> int:
        """How many signatures stand."""
        return sum(signature.stands() for signature in self.signatures)


class LogHead(msgspec.Struct, frozen=True, array_like=True):
    """Where the log of one piece of evidence stands."""

    count: int
    chain: bytes
    """Digest over every entry in order: entry ``n`` is hashed with the value before it."""


class LogEntry(msgspec.Struct, frozen=True, array_like=True):
    """One thing added to a piece of evidence."""

    number: int
    author: Did
    algorithm: Algorithm
    digest: Digest
    salted: bool
    title: Line
    storage_uri: Uri
    height: Height
    time_ms: int


EMPTY_LOG: Final = LogHead(0, bytes(32))
_log_hash = tagged_hash("evidence-log")
decode_signing = lru_cache(64)(msgspec.msgpack.Decoder(SigningRecord).decode)
_decode_head = lru_cache(64)(msgspec.msgpack.Decoder(LogHead).decode)
decode_evidence = lru_cache(64)(msgspec.msgpack.Decoder(EvidenceRecord).decode)


@lru_cache(1024)
def _evidence_of(submitter: str) -> bytes:
    return prefix("evidence", submitter)


def evidence_key(submitter: str, evidence_id: bytes) -> bytes:
    """State key of a record."""
    return key_below(_evidence_of(submitter), evidence_id)


def read_evidence(state: State, submitter: str, evidence_id: bytes) -> EvidenceRecord | None:
    """The record of ``submitter`` under ``evidence_id``."""
    if did_chain(submitter) is None or not evidence_id:
        return None
    stored = state.get(evidence_key(submitter, evidence_id))
    return None if stored is None else decode_evidence(stored)


def signing_key(submitter: str, evidence_id: bytes) -> bytes:
    """State key of the countersigning of a record."""
    return key("evidence-signing", submitter, evidence_id)


def read_signing(state: State, submitter: str, evidence_id: bytes) -> SigningRecord | None:
    """Who countersigns; None where nobody was asked."""
    stored = state.get(signing_key(submitter, evidence_id))
    return None if stored is None else decode_signing(stored)


def log_key(submitter: str, evidence_id: bytes) -> bytes:
    """State key of the head of a record's log."""
    return key("evidence-log", submitter, evidence_id)


def log_entry_key(submitter: str, evidence_id: bytes, number: int) -> bytes:
    """State key of one entry, from 1."""
    return key("evidence-log", submitter, evidence_id, number)


def read_log_head(state: State, submitter: str, evidence_id: bytes) -> LogHead:
    """Where the log stands; ``EMPTY_LOG`` where nothing was added."""
    stored = state.get(log_key(submitter, evidence_id))
    return EMPTY_LOG if stored is None else _decode_head(stored)


def log_chain(before: bytes, entry: LogEntry) -> bytes:
    """The chain value after ``entry``, from the one before it; anyone with all entries can recompute the head."""
    return _log_hash(before + encode(entry))


RECORDS: Final = (
    ("evidence", 3, "", EvidenceRecord),
    ("evidence-signing", 3, "", SigningRecord),
    ("evidence-log", 3, "", LogHead),
    ("evidence-log", 4, "", LogEntry),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
