"""What a node says of itself."""

import msgspec


class PeerStatus(msgspec.Struct, frozen=True):
    """One link."""

    name: str
    role: str
    node_key: bytes
    address: str
    connected_since_ms: int
    """Monotonic milliseconds of this node."""
    height: int | None
    """What the peer last said of its tip; a hint."""


class Finality(msgspec.Struct, frozen=True):
    """Latency from admission here to durable here, in milliseconds; None before the first transaction."""

    p50: float | None
    p99: float | None


class NodeStatus(msgspec.Struct, frozen=True):
    """One moment of one node."""

    name: str
    role: str
    version: str
    chain_id: str
    genesis_hash: bytes
    height: int
    block_hash: bytes
    state_root: bytes
    """State after ``height``."""
    block_time_ms: int
    epoch: int
    view: int
    phase: str
    leader: str | None
    """Name of the validator that leads the current height and view."""
    syncing: bool
    halted: str | None
    """Why this node signs nothing (SPEC R11), or None."""
    history_from: int
    """The lowest height of which everything is here: 1, or where filling in below a snapshot has come to."""
    peers: list[PeerStatus]
    pool_transactions: int
    pool_bytes: int
    view_changes: int
    """Since this node started."""
    validators: int
    quorum: int
    committed_transactions: int
    """Since this node started."""
    transactions_per_second: float
    finality_ms: Finality
    uptime_ms: int
    upgrade_needed_at: int | None = None
    """The first height that this program cannot execute: the consortium has scheduled a feature unknown to it."""


class HealthCheck(msgspec.Struct, frozen=True):
    """One condition of readiness."""

    name: str
    ok: bool
    info: str
