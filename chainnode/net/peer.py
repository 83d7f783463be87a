"""Who stands at the other end of a link, and what the node above promises the network."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from chainnode.crypto.ed25519 import SigningKey
from chainnode.net.channel import Channel
from chainnode.net.tls import TlsFiles


class PeerRole(msgspec.Struct, frozen=True):
    """What the chain says a node key is."""

    validator_index: int | None
    """Position in the validator list; None for an observer."""

    @property
    def is_validator(self) -> bool:
        """Whether the node votes."""
        return self.validator_index is not None


OBSERVER = PeerRole(None)
AllowList = Callable[[bytes], PeerRole | None]
"""The role of a node key by the chain's present state; None if the chain does not know it."""


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """Who this node is."""

    node_key: SigningKey
    tls: TlsFiles
    chain_id: str
    genesis_hash: bytes


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where a known node listens; from configuration or the chain, never from gossip."""

    node_key: bytes
    host: str
    port: int


@dataclass(slots=True)
class Peer:
    """A node whose key was proven on a link that is up. The network keeps it current; others only read it."""

    node_key: bytes
    role: PeerRole
    address: str
    """Remote ``host:port`` of the connection."""
    outbound: bool
    """Whether we dialled."""
    since_ms: int
    """Monotonic time when the link came up."""
    tip_height: int
    """Height the peer announced when the link came up; a hint, not a proof."""
    listen: str
    """Where the peer says it listens; for people, never dialled."""
    rtt_ms: float | None = None
    """Smoothed round trip of pings, to the millisecond of the event loop's clock; None before the first."""


class PeerInfo(msgspec.Struct, frozen=True):
    """What is known of a link at one moment, for status pages and metrics."""

    node_key: bytes
    role: PeerRole
    address: str
    outbound: bool
    since_ms: int
    rtt_ms: float | None
    tip_height: int
    queue_messages: tuple[int, ...]
    """Messages that wait to be sent, by ``Channel``."""
    queue_bytes: tuple[int, ...]

    @property
    def validator_index(self) -> int | None:
        """Position in the validator list; None for an observer."""
        return self.role.validator_index


class NetworkHandler(Protocol):
    """What the node above gives the network.

    All calls come from the event loop, one at a time. A ``PeerError`` or ``DecodeError``
    raised by ``on_message`` or ``on_request`` closes the link and bans the peer for a
    while; any other exception of a method that returns None ends the network, because
    the state it left behind is unknown.
    """

    def on_connected(self, peer: Peer) -> None:
        """The link to ``peer`` is up; messages may follow at once."""

    def on_disconnected(self, peer: Peer, reason: str) -> None:
        """The link is gone; ``reason`` is a code. Comes exactly once per ``on_connected``."""

    def on_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        """One message, within the channel's bound. Must return quickly: queue what takes time."""

    def on_request(self, peer: Peer, kind: int, payload: bytes) -> bytes | Awaitable[bytes]:
        """Answer with at most ``ANSWER_BYTES_MAX`` bytes.

        A ``ChainError`` other than ``PeerError`` is answered with its code, any other
        exception with ``internal`` (and logged). An awaitable is cancelled when the
        link is lost.
        """
