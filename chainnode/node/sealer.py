"""Seals decided blocks together with the other validators, beside the agreement and after it.

    note_block   a block became durable: one comparison on the hot path
    run          signs a share of it in a thread, sends it to the other validators, adds up a quorum of theirs
    receive      a share came

Nothing waits for a seal: shares may be lost, and whoever lacks a seal in the end asks a peer for it (``seal_fetch``).
A validator that sent a wrong share is not heard for a while, so f of them cost one look at each share in ten minutes.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final

import structlog

from chainnode import limits
from chainnode.clock import Clock
from chainnode.errors import StoreError
from chainnode.net.peer import Peer
from chainnode.node.seal_round import SealRound, judge, sign_share
from chainnode.node.seal_worker import SealingEnded, SealWorker
from chainnode.node.share import PeerShare
from chainnode.node.voting_keys import VotingKeys
from chainnode.state.overlay import Overlay
from chainnode.store.ledger_store import LedgerStore
from chainnode.types.seal import SealShare, decode_share, is_sealed
from chainnode.types.validator_set import ValidatorList
from contracts.governance.queries import epoch_of_height

ROUNDS_MAX: Final = 8
"""Blocks that are being sealed at once; the oldest goes without."""
EARLY_OF_PEER_MAX: Final = 4
"""Shares kept of one validator for blocks that are not committed here yet."""
SHARES_PER_S: Final = 8
SHARES_SAVED: Final = 64
SUSPECT_MS: Final = 600_000
RESEND_SECONDS: Final = 2.0
RESENDS_MAX: Final = 3
"""A share may have been sent before the link was up."""

log = structlog.get_logger(__name__)


class Sealer:
    """Makes this node's shares and collects those of the others."""

    def __init__(
        self, store: LedgerStore, keys: VotingKeys | None, worker: SealWorker, send: Callable[[bytes], None],
        clock: Clock,
    ) -> None:
        """``keys`` are those of a node that may vote; ``send`` takes a share to every other validator."""
        self._store = store
        self._keys = keys
        self._worker = worker
        self._send = send
        self._clock = clock
        self._share = PeerShare(SHARES_PER_S, SHARES_SAVED, clock)
        self._due: deque[int] = deque(maxlen=ROUNDS_MAX)
        self._rounds: OrderedDict[int, SealRound] = OrderedDict()
        self._begun = store.tip().height
        """The highest height that has its round, or never will."""
        self._early: dict[bytes, OrderedDict[int, SealShare]] = {}
        """By node key, then by height."""
        self._suspects: OrderedDict[bytes, int] = OrderedDict()
        """Who sent a wrong share, and until when (by the monotonic clock) it is not heard."""
        self._wake = asyncio.Event()
        self.seals: Counter[str] = Counter()
        """Seals by how they came here: ``made``, ``fetched``."""
        self.shares: Counter[str] = Counter()
        """Shares by what became of them: ``sent``, ``taken``, or the code of why they were of no use."""

    def note_block(self, height: int, *, last_of_set: bool) -> None:
        """The block became durable just now."""
        if self._keys is not None and is_sealed(height, last_of_set=last_of_set):
            self._due.append(height)
            self._wake.set()

    def note_fetched(self) -> None:
        """Another's seal came here."""
        self.seals["fetched"] += 1

    def receive(self, peer: Peer, payload: bytes) -> None:
        """Take a share from its validator.

        Raises:
            DecodeError: it is malformed.
        """
        share = decode_share(payload)
        code = self._judge_arrival(peer, share)
        self.shares["taken" if code is None else code] += 1

    def _judge_arrival(self, peer: Peer, share: SealShare) -> str | None:
        if self._keys is None or not peer.role.is_validator or self._worker.failure is not None:
            return "unwanted"
        if not self._share.take(peer.node_key, 1):
            return "peer-share"
        until_ms = self._suspects.get(peer.node_key)
        if until_ms is not None and self._clock.monotonic_ms() < until_ms:
            return "suspect"
        if share.height > self._begun:
            self._keep_early(peer.node_key, share)
            return None
        return self._take(share, peer.node_key)

    def _keep_early(self, node_key: bytes, share: SealShare) -> None:
        waiting = self._early.setdefault(node_key, OrderedDict())
        waiting.setdefault(share.height, share)
        if len(waiting) > EARLY_OF_PEER_MAX:
            waiting.popitem(last=False)
        if len(self._early) > limits.LINKS_MAX:
            del self._early[next(iter(self._early))]

    def _take(self, share: SealShare, node_key: bytes) -> str | None:
        found = self._rounds.get(share.height)
        if found is None:
            return "late"
        code = found.add(share, node_key)
        if code == "block":
            self._suspect(found.members, share.signer, share.height)
        if code is None and found.is_ready:
            self._wake.set()
        return code

    def _suspect(self, members: ValidatorList, index: int, height: int) -> None:
        """Name whoever sent a wrong share, and hear it no more for a while."""
        member = members.validators[index]
        self.shares["wrong"] += 1
        log.warning("wrong share of a seal", validator=member.name, height=height)
        self._suspects.pop(member.node_key, None)
        self._suspects[member.node_key] = self._clock.monotonic_ms() + SUSPECT_MS
        if len(self._suspects) > limits.VALIDATORS_MAX:
            self._suspects.popitem(last=False)

    async def run(self) -> None:
        """Seal until cancelled; ends by itself only if sealing becomes impossible."""
        if self._keys is None:
            return
        try:
            while True:
                await self._until_woken()
                while self._due:
                    await self._begin(self._due.popleft(), self._keys)
                for found in list(self._rounds.values()):
                    if found.is_ready:
                        await self._finish(found)
        except SealingEnded:
            return
        except StoreError as error:
            # Whoever writes the next block meets the same, and halts the node; seals are not worth that.
            log.error("sealing ended: a seal could not be written", code=error.code, reason=error.message)

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(RESEND_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            for found in self._rounds.values():
                if found.own is not None and not found.is_sealed and found.resent < RESENDS_MAX:
                    found.resent += 1
                    self._send(found.own)
        self._wake.clear()

    async def _begin(self, height: int, keys: VotingKeys) -> None:
        """Open the round of a block, with this node's share and with those that came before."""
        header = self._store.header(height)
        if header is None or self._store.seal(height) is not None:
            self._begun = max(self._begun, height)
            return
        members = epoch_of_height(Overlay(self._store.state), height).validators
        found = SealRound(header, members)
        place = keys.key_in(members)
        if place is not None:
            index, key = place
            seal_key = members.validators[index].seal_key
            signature = await self._worker.run(sign_share, key, seal_key, found.message)
            if signature is not None:
                self._send(found.add_own(index, signature))
                self.shares["sent"] += 1
        self._rounds[height] = found
        self._begun = max(self._begun, height)
        if len(self._rounds) > ROUNDS_MAX:
            self._rounds.popitem(last=False)
        for node_key, waiting in list(self._early.items()):
            early = waiting.pop(height, None)
            if early is not None:
                self._take(early, node_key)
            for older in [at for at in waiting if at < height]:
                del waiting[older]
            if not waiting:
                del self._early[node_key]

    async def _finish(self, found: SealRound) -> None:
        """Make the seal of a round that has enough shares; name and leave out those that are wrong."""
        answer = await self._worker.run(judge, found.question())
        found.settle(answer)
        for index in answer.wrong:
            self._suspect(found.members, index, found.height)
        if answer.seal is not None:
            self._store.keep_seal(found.height, answer.seal)
            self.seals["made"] += 1
