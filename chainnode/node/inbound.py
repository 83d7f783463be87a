"""What the network hands to the node: messages to their owners, requests to the server."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final

from chainnode.clock import Clock, SystemClock
from chainnode.errors import PeerError, Rejected
from chainnode.limits import KIB, MIB
from chainnode.mempool.admission import Admitter
from chainnode.mempool.gossip import Outbox, decode_batch
from chainnode.net.channel import Channel
from chainnode.net.peer import Peer
from chainnode.node.links import MessageGate, NodeLinks
from chainnode.node.share import PeerShare
from chainnode.sync.server import HISTORY, SyncServer

BATCHES_WAITING_MAX: Final = 64
"""Gossip batches not yet admitted (up to 1 MiB each); more are dropped: the sender repeats what stays unsettled."""
BATCHES_OF_PEER_MAX: Final = 16
"""Of them from one peer, so that a flood from one leaves room for the others."""
SERVED_BYTES_PER_S_MAX: Final = 48 * MIB
"""Of work for one peer's requests, a tenth of what this node can do; a peer that catches up needs a tenth of that."""
RANGE_COST_BYTES: Final = 512 * KIB
"""Beside the bytes of the answer: 64 blocks are read however small they are."""
REQUEST_COST_BYTES: Final = 64 * KIB
NAMED_COST_FACTOR: Final = 4
"""Of the bytes of a request, each of which may name something to look for."""
OFFENCES: Final = frozenset(
    {"malformed", "not-canonical", "too-large", "version", "duplicate-signer", "bad-signature", "wrong-chain",
     "signature-scheme", "signature-form"}
)
"""Refusals that no correct node lets through to others: the peer itself is at fault."""


class InboundGossip:
    """Admits transactions that peers pass on, one batch at a time."""

    def __init__(self, admitter: Admitter, report: Callable[[bytes, str], None]) -> None:
        """``report(node_key, code)`` names a peer that passed on what it must have refused."""
        self._admitter = admitter
        self._report = report
        self._waiting: deque[tuple[bytes, tuple[bytes, ...]]] = deque()
        self._waiting_of: Counter[bytes] = Counter()
        self._wake = asyncio.Event()
        self.dropped = 0
        """Batches dropped because too many waited."""

    def receive(self, peer: Peer, payload: bytes) -> None:
        """Queue one batch.

        Raises:
            DecodeError: it is malformed.
        """
        envelopes = decode_batch(payload)
        if len(self._waiting) >= BATCHES_WAITING_MAX or self._waiting_of[peer.node_key] >= BATCHES_OF_PEER_MAX:
            self.dropped += 1
            return
        self._waiting_of[peer.node_key] += 1
        self._waiting.append((peer.node_key, envelopes))
        self._wake.set()

    async def run(self) -> None:
        """Admit what arrives until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                node_key, envelopes = self._waiting.popleft()
                self._waiting_of[node_key] -= 1
                if not self._waiting_of[node_key]:
                    del self._waiting_of[node_key]
                for admission in await self._admitter.submit(envelopes, local=False):
                    if admission.code in OFFENCES:
                        self._report(node_key, admission.code)
                        break


class NodeInbound:
    """The node's ``NetworkHandler``."""

    def __init__(
        self, gate: MessageGate, gossip: InboundGossip, server: SyncServer, outbox: Outbox, links: NodeLinks,
        clock: Clock | None = None,
    ) -> None:
        self._gate = gate
        self._gossip = gossip
        self._server = server
        self._outbox = outbox
        self._links = links
        self._served = PeerShare(SERVED_BYTES_PER_S_MAX, SERVED_BYTES_PER_S_MAX, clock or SystemClock())

    def on_connected(self, peer: Peer) -> None:
        """Say where we stand and repeat what the peer may have missed."""
        self._gate.greet(peer.node_key)
        if peer.role.is_validator:
            for batch in self._outbox.unsettled():
                # What does not fit its queue need not be encoded: a peer may come and go ten times a second.
                if not self._links.gossip_to(peer.node_key, batch):
                    break

    def on_disconnected(self, peer: Peer, reason: str) -> None:
        """Forget what the peer said."""
        del reason
        self._gate.forget(peer.node_key)

    def on_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        """Dispatch by channel.

        Raises:
            PeerError, DecodeError: the peer broke the protocol.
        """
        if channel is Channel.CONSENSUS:
            self._gate.receive(peer, payload)
        elif channel is Channel.TRANSACTIONS:
            self._gossip.receive(peer, payload)
        else:
            raise PeerError("channel", f"nothing is sent on channel {channel.name}")

    def on_request(self, peer: Peer, kind: int, payload: bytes) -> bytes | Awaitable[bytes]:
        """Answer a peer's request.

        Raises:
            PeerError, DecodeError: the request is unknown or malformed.
            Rejected: ``peer-share``: this peer has asked for too much; it may ask again. ``busy``: all have.
        """
        cost = RANGE_COST_BYTES if kind in HISTORY else REQUEST_COST_BYTES
        if not self._served.take(peer.node_key, cost + NAMED_COST_FACTOR * len(payload)):
            raise Rejected("peer-share", "too much was asked for by one peer")
        answer = self._server.answer(kind, payload)
        self._served.charge(peer.node_key, len(answer))
        return answer
