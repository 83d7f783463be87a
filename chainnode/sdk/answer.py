"""What a node answers, typed.

Unknown fields are ignored, so that an older client reads a newer node; missing ones fail. Hashes, keys and ids are
lower-case hexadecimal as in the API's JSON, times are milliseconds since 1970 UTC, envelopes are base64.
"""

from typing import Any, Literal

import msgspec

Outcome = Literal["accepted", "duplicate", "committed", "rejected"]
Document = dict[str, Any]
"""A JSON object whose shape belongs to the contract that wrote it."""


class ReceiptSummary(msgspec.Struct, frozen=True):
    """Whether a committed transaction applied: ``code`` is ``ok``, or the reason why none of it did."""

    code: str
    failed_operation: int = -1
    info: str = ""


class Submission(msgspec.Struct, frozen=True):
    """What became of one submitted envelope."""

    tx_id: str
    outcome: Outcome
    code: str = "ok"
    """``ok`` unless rejected."""
    message: str = ""
    details: Document = {}
    retryable: bool = False
    """A rejection that the same bytes may survive later (a full pool, a node that is catching up)."""
    height: int | None = None
    index: int | None = None
    receipt: ReceiptSummary | None = None
    """Known once ``outcome`` is ``committed``."""

    @property
    def applied(self) -> bool:
        """Committed, and every operation took effect."""
        return self.outcome == "committed" and self.receipt is not None and self.receipt.code == "ok"


class Submissions(msgspec.Struct, frozen=True):
    """The answer to a bulk submission, in the order of the request."""

    results: tuple[Submission, ...]


class EventAnswer(msgspec.Struct, frozen=True):
    """One event inside a receipt."""

    name: str
    attributes: Document


class ReceiptAnswer(msgspec.Struct, frozen=True):
    """The certified outcome of a transaction."""

    tx_id: str
    height: int
    index: int
    code: str
    failed_operation: int
    info: str
    events: tuple[EventAnswer, ...]


class BlockReceiptAnswer(msgspec.Struct, frozen=True):
    """What a block did by itself."""

    height: int
    events: tuple[EventAnswer, ...]


class TransactionAnswer(msgspec.Struct, frozen=True):
    """A transaction a node knows."""

    tx_id: str
    state: Literal["committed", "pending"]
    height: int | None = None
    index: int | None = None
    time_ms: int | None = None
    sender: str = ""
    valid_until: int | None = None
    memo: str = ""
    operations: tuple[Document, ...] = ()
    signers: tuple[str, ...] = ()
    receipt: ReceiptAnswer | None = None
    envelope: str = ""
    """Base64; empty while pending."""


class BlockAnswer(msgspec.Struct, frozen=True):
    """A decided block: its header's fields, its hash and the ids of its transactions."""

    height: int
    block_hash: str
    header: Document
    header_bytes: str
    """Base64 of the canonical header, over which the hash is computed."""
    transactions: tuple[str, ...]
    certificate: str
    """Base64 of the quorum certificate; empty for the genesis block."""


class StateAnswer(msgspec.Struct, frozen=True):
    """One state value."""

    key: str
    """Hexadecimal."""
    value: str
    """Hexadecimal of the encoded value, as a state proof shows it."""
    document: Document
    height: int
    """Tip when it was read."""


class PeerAnswer(msgspec.Struct, frozen=True):
    """A node that the answering node is connected to."""

    name: str
    role: str
    node_key: str
    address: str
    connected_since_ms: int
    height: int | None
    """What the peer last said of its tip; a hint."""


class StatusAnswer(msgspec.Struct, frozen=True):
    """A node about itself."""

    name: str
    role: str
    chain_id: str
    genesis_hash: str
    height: int
    block_hash: str
    state_root: str
    """After ``height``."""
    block_time_ms: int
    epoch: int
    view: int
    phase: str
    leader: str | None
    syncing: bool
    halted: str | None
    peers: tuple[PeerAnswer, ...]
    pool_transactions: int
    pool_bytes: int
    view_changes: int
    validators: int
    quorum: int
    committed_transactions: int
    transactions_per_second: float
    finality_ms: dict[str, float | None]
    """``p50`` and ``p99`` of transactions submitted to this node; None before the first."""
    uptime_ms: int
    version: str
    history_from: int = 1
    """The lowest height that this node answers for."""
    upgrade_needed_at: int | None = None
    """The first height that the node's program cannot execute."""


class ValidatorAnswer(msgspec.Struct, frozen=True):
    """One voting member."""

    index: int
    name: str
    did: str
    consensus_key: str
    node_key: str


class ValidatorsAnswer(msgspec.Struct, frozen=True):
    """The validators of the running epoch."""

    epoch: int
    quorum: int
    validators_hash: str
    validators: tuple[ValidatorAnswer, ...]


class EventRecord(msgspec.Struct, frozen=True):
    """An event with its place on the ledger."""

    height: int
    tx_index: int | None
    """None where the block itself did it, before its transactions."""
    event_index: int
    tx_id: str | None
    time_ms: int
    name: str
    attributes: Document


class EventPage(msgspec.Struct, frozen=True):
    """Events in ledger order, and where to go on."""

    items: tuple[EventRecord, ...]
    next: str | None
    """Opaque cursor for ``after``; None at the end."""


class RecordPage(msgspec.Struct, frozen=True):
    """Records that match a question, and where to go on."""

    items: tuple[Document, ...]
    next: str | None
    """Opaque cursor for ``after``; None at the end. A page may be empty while more follows."""


class ProblemAnswer(msgspec.Struct, frozen=True):
    """RFC 9457 problem details."""

    code: str
    title: str = ""
    status: int = 0
    detail: str = ""
    hint: str = ""
    retryable: bool = False
    instance: str = ""
    details: Document = {}
