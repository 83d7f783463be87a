"""What the network hands to the node: messages to their owners, requests to the server."""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chainnode.clock import Clock, SystemClock
from chainnode.errors import PeerError, Rejected
from chainnode.limits import KIB, MIB
from chainnode.mempool.admission import Admitter
from chainnode.mempool.gossip import Outbox, decode_batch
from chainnode.mempool.verification import Verification
from chainnode.net.channel import Channel
from chainnode.net.peer import Peer
from chainnode.node.links import MessageGate, NodeLinks
from chainnode.node.sealer import Sealer
from chainnode.node.share import PeerShare
from chainnode.proofs.merkle import leaf_hash
from chainnode.sync.server import HISTORY, SyncServer

WAITING_BYTES_MAX: Final = 32 * MIB
"""Of gossip not yet admitted; batches beyond it are dropped: the sender repeats what stays unsettled."""
WAITING_BYTES_OF_PEER_MAX: Final = 8 * MIB
"""Of it from one peer, so that a flood from one leaves room for the others; two full queues of a link."""
ENVELOPE_COST_BYTES: Final = 512
"""What an envelope that waits costs beside its bytes."""
SLICE_TRANSACTIONS: Final = 64
"""Taken from the queue at a time; what is still in it can be brought forward."""
GRACE_SECONDS: Final = 0.01
"""A proposal may overtake the gossip of what it names, by the pause between two frames and a few milliseconds;
what is not here then is fetched."""
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


class _Batch:
    """What waits of one batch."""

    __slots__ = ("cost_bytes", "envelopes", "node_key")

    def __init__(self, node_key: bytes, cost_bytes: int) -> None:
        self.node_key = node_key
        self.cost_bytes = cost_bytes
        self.envelopes: dict[bytes, bytes] = {}
        """By leaf hash."""


class InboundGossip:
    """Admits transactions that peers pass on, in the order of their arrival; those that a proposal names first."""

    def __init__(self, admitter: Admitter, verification: Verification, report: Callable[[bytes, str], None]) -> None:
        """``report(node_key, code)`` names a peer that passed on what it must have refused."""
        self._admitter = admitter
        self._verification = verification
        self._report = report
        self._waiting: deque[_Batch] = deque()
        self.waiting_bytes = 0
        """What waits, by what it costs."""
        self._waiting_of: Counter[bytes] = Counter()
        """Of the bytes, by peer."""
        self._batch_of: dict[bytes, _Batch] = {}
        """By the leaf hash of each envelope that waits."""
        self._arrival = asyncio.Event()
        """Of the next batch; every batch makes a new one."""
        self.dropped = 0
        """Batches dropped because too many waited."""

    def receive(self, peer: Peer, payload: bytes) -> None:
        """Queue one batch.

        Raises:
            DecodeError: it is malformed.
        """
        envelopes = decode_batch(payload)
        node_key = peer.node_key
        cost_bytes = len(payload) + ENVELOPE_COST_BYTES * (1 + len(envelopes))
        if (
            self.waiting_bytes + cost_bytes > WAITING_BYTES_MAX
            or self._waiting_of[node_key] + cost_bytes > WAITING_BYTES_OF_PEER_MAX
        ):
            self.dropped += 1
            return
        batch = _Batch(node_key, cost_bytes)
        for envelope in envelopes:
            leaf = leaf_hash(envelope)
            if leaf not in self._batch_of:
                self._batch_of[leaf] = batch
                batch.envelopes[leaf] = envelope
        self.waiting_bytes += cost_bytes
        self._waiting_of[node_key] += cost_bytes
        self._waiting.append(batch)
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    async def run(self) -> None:
        """Admit what arrives until cancelled."""
        while True:
            arrival = self._arrival
            while self._waiting:
                batch = self._waiting[0]
                # What is not begun yet stays where a proposal finds it.
                leaves = list(itertools.islice(batch.envelopes, SLICE_TRANSACTIONS))
                envelopes = [self._take(leaf) for leaf in leaves]
                if not batch.envelopes:
                    self._forget(self._waiting.popleft())
                await self._admit(batch.node_key, envelopes, urgent=False)
            await arrival.wait()

    def _take(self, leaf: bytes) -> bytes:
        return self._batch_of.pop(leaf).envelopes.pop(leaf)

    def _forget(self, batch: _Batch) -> None:
        self.waiting_bytes -= batch.cost_bytes
        self._waiting_of[batch.node_key] -= batch.cost_bytes
        if not self._waiting_of[batch.node_key]:
            del self._waiting_of[batch.node_key]

    async def bring(self, leaf_hashes: Sequence[bytes], held: Callable[[bytes], object | None]) -> None:
        """Have admitted first, of these, what waits here or arrives within ``GRACE_SECONDS``.

        Returns when all of them are ``held``, or when the time is over and none of them is being verified. What came
        while others were verified is looked at once more, and that ends it: a peer that sends the same again and
        again, or one at a time, must not keep us from fetching the block.
        """
        loop = asyncio.get_running_loop()
        end_s = loop.time() + GRACE_SECONDS
        missing = leaf_hashes
        while True:
            arrival = self._arrival
            is_last = loop.time() >= end_s
            for node_key, envelopes in self._take_waiting(missing).items():
                await self._admit(node_key, envelopes, urgent=True)
            await self._verification.settled(missing)
            missing = [leaf for leaf in missing if held(leaf) is None]
            if not missing or is_last:
                return
            try:
                async with asyncio.timeout_at(end_s):
                    await arrival.wait()
            except TimeoutError:
                return

    def _take_waiting(self, leaf_hashes: Sequence[bytes]) -> dict[bytes, list[bytes]]:
        """Envelopes by the peer that passed them on."""
        found: dict[bytes, list[bytes]] = {}
        for leaf in leaf_hashes:
            batch = self._batch_of.get(leaf)
            if batch is not None:
                found.setdefault(batch.node_key, []).append(self._take(leaf))
        return found

    async def _admit(self, node_key: bytes, envelopes: list[bytes], *, urgent: bool) -> None:
        for admission in await self._admitter.submit(envelopes, local=False, urgent=urgent):
            if admission.code in OFFENCES:
                self._report(node_key, admission.code)
                break


class NodeInbound:
    """The node's ``NetworkHandler``."""

    def __init__(
        self, gate: MessageGate, gossip: InboundGossip, server: SyncServer, outbox: Outbox, links: NodeLinks,
        sealer: Sealer, clock: Clock | None = None,
    ) -> None:
        self._gate = gate
        self._gossip = gossip
        self._server = server
        self._outbox = outbox
        self._links = links
        self._sealer = sealer
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
        elif channel is Channel.SEALS:
            self._sealer.receive(peer, payload)
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
