"""What the ledger holds about one piece of evidence.

    evidence/<submitter>/<id in hex>

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
from chainnode.state.keys import key
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
    "evidence-previous-superseded",
    {(None, "record"): "ACTIVE", ("ACTIVE", "supersede"): "SUPERSEDED"},
)


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


decode_evidence = lru_cache(64)(msgspec.msgpack.Decoder(EvidenceRecord).decode)


def evidence_key(submitter: str, evidence_id: bytes) -> bytes:
    """State key of a record."""
    return key("evidence", submitter, evidence_id)


def read_evidence(state: State, submitter: str, evidence_id: bytes) -> EvidenceRecord | None:
    """The record of ``submitter`` under ``evidence_id``."""
    if did_chain(submitter) is None or not evidence_id:
        return None
    stored = state.get(evidence_key(submitter, evidence_id))
    return None if stored is None else decode_evidence(stored)


RECORDS: Final = (("evidence", 3, "", EvidenceRecord),)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
