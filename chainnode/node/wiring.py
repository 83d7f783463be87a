"""The composition root: builds every object of a node and hands each what it needs.

    node = Node.open(config, genesis)
    await node.start()          links, verifier, replica
    await node.wait()           returns on close, raises what ended it
    await node.close()

No globals, no registry: who uses what is to be read here.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

import structlog

from chainnode.chain.epochs import boundary_of
from chainnode.chain.ledger import Ledger, LedgerDiverged
from chainnode.chain.queries import LedgerQueries
from chainnode.clock import Clock, SystemClock
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import StoreError
from chainnode.mempool.admission import Admitter
from chainnode.mempool.backlog import Backlog
from chainnode.mempool.gossip import Outbox
from chainnode.mempool.verification import Verification
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import NodeIdentity, PeerAddress
from chainnode.net.tls import TlsFiles
from chainnode.node.config import NodeConfig
from chainnode.node.data_directory import SNAPSHOTS, DataDirectory
from chainnode.node.inbound import InboundGossip, NodeInbound
from chainnode.node.key_file import read_key, read_passphrase
from chainnode.node.links import Membership, MessageGate, NodeLinks
from chainnode.node.opening import build_pool, build_replica, build_verifier, check_keys, read_voting_keys
from chainnode.node.proposal_desk import ProposalDesk
from chainnode.node.rejoin import Rejoin
from chainnode.node.replica_driver import ReplicaDriver
from chainnode.node.seal_fetch import SealFetch
from chainnode.node.seal_worker import SealWorker
from chainnode.node.sealer import Sealer
from chainnode.node.service import NodeService
from chainnode.node.snapshot_join import trusted_block
from chainnode.node.snapshot_keeper import SnapshotKeeper
from chainnode.node.vote_signer import VoteSigner
from chainnode.node.voting_keys import VotingKeys
from chainnode.store.leveldb import LevelDBOptions
from chainnode.sync.back_fill import BackFill
from chainnode.sync.body_fetcher import BodyFetcher
from chainnode.sync.catch_up import CatchUp
from chainnode.sync.server import SyncServer
from chainnode.types.genesis import genesis_hash
from chainnode.types.transaction import Transaction
from consensus.inputs import MessageReceived
from consensus.replica import Replica
from consensus.state import Phase
from contracts.governance.queries import read_observers
from contracts.governance.record import OBSERVERS_KEY

log = structlog.get_logger(__name__)

GOSSIP_INTERVAL_SECONDS: Final = 0.002
"""Between two frames: under load, arrivals of two milliseconds share one; a single transaction goes at once."""
MAINTENANCE_SECONDS: Final = 5.0
PRUNE_CALLS_MAX: Final = 200
"""A bounded piece of pruning each round; more than blocks can arrive meanwhile."""
PRUNE_PAUSE_SECONDS: Final = 0.02
"""Between two calls: validators prune in the same seconds, and blocks are not to wait."""
REJOIN_LOOK_SECONDS: Final = 0.1
REJOINING: Final = "rejoin-after-loss"
"""Why a validator that came back is silent for a while."""
TREE_PAGE_BYTES: Final = 1_024
"""What one cached page of the state tree takes, about."""


class Node:
    """One node process: everything below the API."""

    def __init__(self, config: NodeConfig, data: DataDirectory, genesis_hash_: bytes, clock: Clock) -> None:
        """Use ``open``; this only connects what it opened."""
        self._data = data
        self._clock = clock
        store = config.store
        ledger = Ledger(
            data.store, tree_cache_bytes=store.tree_cache_pages * TREE_PAGE_BYTES, proof_heights=store.proof_heights
        )
        self.ledger: Final = ledger
        membership = self._membership = Membership(ledger.validators, read_observers(ledger.committed_state()))
        self._observers = ledger.committed_state().get(OBSERVERS_KEY)
        self._epoch = ledger.validators.epoch
        passphrase = None if config.keys.passphrase_file is None else read_passphrase(config.keys.passphrase_file)
        node_key = read_key(config.keys.node_key_file, passphrase)
        keys = read_voting_keys(config.keys, node_key.public_key, passphrase)
        check_keys(config, ledger, membership, keys, node_key)
        self._pool = build_pool(config.mempool)
        self._verifier = build_verifier(config.mempool)
        self._links = NodeLinks(membership)
        self._outbox = Outbox(self._soon, self._links.gossip)
        self._verification = Verification(self._verifier)
        backlog = Backlog(self._pool, clock)
        self._admitter = Admitter(ledger, self._pool, self._verification, self._on_admitted, backlog)
        replica, votes = build_replica(ledger, data, keys, rejoins=data.rejoins)
        self._gate = MessageGate(
            ledger.chain_id, replica, self._links, self._feed, clock, lambda height: boundary_of(ledger, height),
            ledger.signatures,
        )
        self._gossip = InboundGossip(self._admitter, self._verification, self._links.report)
        self.service: Final = NodeService(
            name=config.node.name, node_key=node_key.public_key, replica=replica, queries=LedgerQueries(ledger),
            genesis_hash=genesis_hash_, membership=membership, pool=self._pool, admitter=self._admitter,
            outbox=self._outbox, gate=self._gate, clock=clock, counts=self._counts,
        )
        present_key = None if keys is None else keys.current
        self._signer = VoteSigner(present_key, data.journal, data.sign_state, votes.silent_height, ledger.signatures)
        self._rejoin = Rejoin(node_key.public_key) if data.rejoins and keys is not None else None
        self._driver = ReplicaDriver(
            replica=replica, ledger=ledger, signer=self._signer, links=self._links, clock=clock,
            listener=self.service, pending_count=lambda: len(self._pool), after_commit=self._after_commit,
            catch_up=self._start_catch_up, on_progress=self._gate.take_early,
            voting_keys=None if votes.refusal is not None else keys,
        )
        fetcher = BodyFetcher(self._links, self._verification, self._pool.by_leaf)
        self._desk = ProposalDesk(
            ledger, self._pool, fetcher, clock, self._driver.feed, self._driver.fail, self._gossip.bring
        )
        self._driver.desk = self._desk
        self._desk.restore(votes.bodies, None if replica.prepared is None else replica.prepared.block_hash)
        self._build_sealing(keys)
        self._build_sync(config, replica)
        self._network = self._build_network(config, node_key, genesis_hash_, membership)
        self._links.network = self.service.network = self._network
        self._gossip_s = 0.0
        """When gossip was sent last, or will be, by the event loop's clock."""
        self._supervisor: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self._syncing: asyncio.Task[None] | None = None
        if votes.refusal is not None:
            self.service.on_follow_only(votes.refusal)

    @classmethod
    def open(
        cls, config: NodeConfig, genesis: bytes, clock: Clock | None = None, *, rejoin_after_loss: bool = False
    ) -> Self:
        """Open the data directory and build the node on it; nothing runs yet.

        With ``rejoin_after_loss`` a validator forgets what it remembers of its votes and stays silent until it cannot
        vote twice (``rejoin``). Starts that follow go on with that, whether they are told or not.

        Raises:
            StoreError, StoreCorrupt: the data directory cannot be used, as ``DataDirectory.open``.
            ConfigError: a key is missing, or is not this chain's.
            DecodeError: ``genesis`` is unusable.
        """
        options = LevelDBOptions(
            write_buffer_bytes=config.store.write_buffer_bytes, block_cache_bytes=config.store.block_cache_bytes
        )
        hash_ = genesis_hash(genesis)
        data = DataDirectory.open(config.node.data_dir, hash_, options, doubt_votes=rejoin_after_loss)
        try:
            return cls(config, data, hash_, clock or SystemClock())
        except BaseException:
            data.close()
            raise

    def _build_sealing(self, keys: VotingKeys | None) -> None:
        store, worker = self.ledger.store, SealWorker()
        self._seal_worker = worker
        self._sealer = Sealer(store, keys, worker, self._links.seals_to_validators, self._clock)
        self._seal_fetch = SealFetch(store, self._links, worker, self._sealer.note_fetched)

    def _build_sync(self, config: NodeConfig, replica: Replica) -> None:
        self._catch_up = CatchUp(
            self.ledger, self._links, self._verification, self._driver.apply_synced, trusted=trusted_block(config),
            held=self._pool.by_leaf,
        )
        self._snapshots = SnapshotKeeper(
            self.ledger.store, self.ledger.chain_id, config.node.data_dir / SNAPSHOTS,
            every=config.store.snapshot_every, kept=config.store.snapshots_kept,
        )
        self._back_fill = BackFill(self.ledger, self._links, lambda: replica.phase is Phase.SYNCING)
        self._fills_back = config.sync.back_fill

    def _build_network(
        self, config: NodeConfig, node_key: SigningKey, genesis_hash_: bytes, membership: Membership
    ) -> PeerNetwork:
        tls = TlsFiles(certificate=config.tls.cert_file, key=config.tls.key_file, authority=config.tls.ca_file)
        server = SyncServer(
            self.ledger.store, self._pool, self._desk.candidates, shelf=self._snapshots.shelf, clock=self._clock
        )
        return PeerNetwork(
            NodeIdentity(node_key, tls, self.ledger.chain_id, genesis_hash_),
            (config.network.listen.host, config.network.listen.port),
            [PeerAddress(peer.node_key, peer.address.host, peer.address.port) for peer in config.network.peers],
            membership.role_of,
            NodeInbound(self._gate, self._gossip, server, self._outbox, self._links, self._sealer, self._clock),
            tip_height=lambda: self.ledger.tip.height,
        )

    # Life.

    async def start(self) -> None:
        """Open links and begin to agree; returns once listening.

        Raises:
            ConfigError: TLS files or the listening address cannot be used.
        """
        await self._verifier.start()
        try:
            await self._network.start()
        except BaseException:
            await self._verifier.close()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name="node")

    async def _supervise(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._driver.run(), name="replica")
            group.create_task(self._gossip.run(), name="gossip")
            group.create_task(self._network.wait(), name="network")
            group.create_task(self._maintain(), name="maintenance")
            group.create_task(self._snapshots.run(), name="snapshots")
            group.create_task(self._sealer.run(), name="seals")
            group.create_task(self._seal_fetch.run(), name="seal-fetch")
            if self._fills_back and self.ledger.store.floor() > 1:
                group.create_task(self._fill_back(), name="back-fill")
            if self._rejoin is not None:
                group.create_task(self._come_back(self._rejoin), name="rejoin")

    async def wait(self) -> None:
        """Return when the node is closed; raise what ended it otherwise."""
        if self._supervisor is None:
            return
        await asyncio.wait({self._supervisor})
        if self._supervisor.cancelled():
            return
        error = self._supervisor.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            raise error

    async def close(self) -> None:
        """Stop in order: agreement, links, verifier, data. What was acknowledged is durable already."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
            await self._network.close()
            await self._verifier.close()
        self._seal_worker.close()
        self._data.close()

    async def _come_back(self, rejoin: Rejoin) -> None:
        """SPEC, Rejoin: speak again once nothing that was forgotten can be contradicted; then forget the loss."""
        self.service.halted = REJOINING
        while self.service.halted == REJOINING:
            await asyncio.sleep(REJOIN_LOOK_SECONDS)
            around = self.ledger.surroundings
            height = rejoin.speak_above(
                around.tip.height, around.validators.quorum, self._membership.node_keys, self._gate.peer_heights
            )
            if height is not None:
                self._signer.speak_above(height)
                self.service.halted = None
                log.warning("rejoined: this key votes again", from_height=height + 1)
                await self._until_voted(height)

    async def _until_voted(self, height: int) -> None:
        """A restart before the first vote above ``height`` would know nothing of the silence up to there."""
        while self._signer.signed_height <= height:  # noqa: ASYNC110 - the signer tells nobody
            await asyncio.sleep(REJOIN_LOOK_SECONDS)
        try:
            self._data.trust_votes()
        except StoreError as error:
            self._driver.halt(error.code, {"message": error.message})

    async def _fill_back(self) -> None:
        try:
            await self._back_fill.run()
        except StoreError as error:
            self._driver.halt(error.code, {"message": error.message})

    async def _maintain(self) -> None:
        """Repeat what may have been lost, and let go of old state versions."""
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            for batch in self._outbox.unsettled():
                self._links.gossip(batch)
            if self.service.halted is None:
                await self._prune()

    async def _prune(self) -> None:
        try:
            for _ in range(PRUNE_CALLS_MAX):
                if not self.ledger.prune():
                    break
                await asyncio.sleep(PRUNE_PAUSE_SECONDS)
        except StoreError as error:
            # As after every failed write: nothing is signed any more, and reads go on.
            self._driver.halt(error.code, {"message": error.message})

    # Glue between objects that must not know each other.

    def _feed(self, event: MessageReceived) -> None:
        self._driver.feed(event)

    def _soon(self, flush: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._gossip_s = max(loop.time(), self._gossip_s + GOSSIP_INTERVAL_SECONDS)
        loop.call_later(self._gossip_s - loop.time(), flush)

    def _on_admitted(self, transactions: list[Transaction], local: bool) -> None:
        self.service.on_admitted(transactions, local=local)
        self._driver.note_pending()

    def _after_commit(self, transactions: Sequence[Transaction]) -> None:
        self._snapshots.note_block(self.ledger.tip.height)
        self._sealer.note_block(self.ledger.tip.height, last_of_set=self.ledger.validators.epoch != self._epoch)
        self._pool.remove([transaction.tx_id for transaction in transactions])
        self._follow_membership()
        expired = self._pool.expire(self.ledger.tip.height)
        if expired:
            self.service.on_expired(expired)

    def _follow_membership(self) -> None:
        """E2: links follow the chain: who may connect, and as what."""
        members, observers = self.ledger.validators, self.ledger.committed_state().get(OBSERVERS_KEY)
        if observers == self._observers and members.epoch == self._epoch:
            return
        self._observers, self._epoch = observers, members.epoch
        self._membership.update(members, read_observers(self.ledger.committed_state()))

    def _start_catch_up(self, height: int, hints: Sequence[int]) -> None:
        if self._group is not None and (self._syncing is None or self._syncing.done()):
            self._syncing = self._group.create_task(self._run_catch_up(height, hints), name="catch-up")

    async def _run_catch_up(self, height: int, hints: Sequence[int]) -> None:
        try:
            await self._catch_up.run(height, hints)
        except (StoreError, LedgerDiverged):
            # The driver has halted the node and said why; reads go on.
            return
        self._driver.sync_finished()

    def _counts(self) -> Mapping[str, Mapping[str, int]]:
        return {
            "consensus_rejected": self._driver.rejected,
            "consensus_filtered": self._gate.filtered,
            "peers_reported": self._links.reported,
            "sync_sources_slow": self._links.slow,
            "snapshots_failed": Counter({"disk": self._snapshots.failed}),
            "transaction_signatures": Counter(
                {"checked": self._verification.checked, "known": self._verification.spared}
            ),
            "gossip_batches_dropped": Counter({"queue-full": self._gossip.dropped}),
            "seals": self._sealer.seals,
            "seal_shares": self._sealer.shares,
            "network": self._network.counters.snapshot(),
        }
