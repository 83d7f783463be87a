"""How a node that holds nothing but the genesis begins from a snapshot, before it runs.

It links to its peers, votes on nothing and serves nothing, fetches a snapshot that proves
itself, and builds its ledger from it. Nothing is lost when it is stopped on the way; when no
peer leads to a snapshot, the node starts all the same and replays every block.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from chainnode.chain.genesis import genesis_commit
from chainnode.errors import Rejected
from chainnode.net.channel import Channel
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import OBSERVER, NodeIdentity, Peer, PeerAddress, PeerRole
from chainnode.net.tls import TlsFiles
from chainnode.node.config import NodeConfig
from chainnode.node.data_directory import JOINING, LEDGER
from chainnode.node.key_file import read_key, read_passphrase
from chainnode.node.links import Membership, NodeLinks
from chainnode.store.ledger_store import open_ledger
from chainnode.store.leveldb import LevelDBOptions
from chainnode.store.lock import DirectoryLock
from chainnode.store.snapshot_import import ImportedContent, build_replacement, settle_replacement
from chainnode.sync.certified_range import TrustedBlock
from chainnode.sync.snapshot_content import SnapshotContent
from chainnode.sync.snapshot_fetch import SnapshotFetch
from chainnode.sync.snapshot_offer import OpenedOffer
from chainnode.sync.snapshot_parts import SnapshotParts
from chainnode.types.genesis import decode_genesis, genesis_hash

LINK_SECONDS: Final = 10.0
"""How long the first link may take before the node starts without a snapshot."""
ASKED_MAX: Final = 3
"""Rounds of asking for a snapshot."""
ASK_PAUSE_SECONDS: Final = 1.0
BUILDS_MAX: Final = 3
"""A part that turns out damaged on disk is fetched again this often."""

log = structlog.get_logger(__name__)


def trusted_block(config: NodeConfig) -> TrustedBlock | None:
    """The block that the operator vouches for."""
    section = config.sync
    return TrustedBlock(section.trusted_height, bytes.fromhex(section.trusted_hash)) if section.trusted_hash else None


async def join_by_snapshot(config: NodeConfig, genesis: bytes) -> int:
    """Begin from a snapshot if the configuration says so and the ledger is empty.

    Returns the height of the ledger that now begins with a snapshot, 0 if there is none.

    Raises:
        StoreError, StoreCorrupt: the data directory cannot be used.
        ConfigError: keys, TLS files or the listening address cannot be used.
    """
    directory = config.node.data_dir
    if not config.sync.snapshot:
        return 0
    lock = DirectoryLock.acquire(directory)
    try:
        settle_replacement(directory / LEDGER)
        if _height(config, genesis) > 0:
            SnapshotParts(directory / JOINING).clear()
            return 0
        height = await _Join(config, genesis).run()
        settle_replacement(directory / LEDGER)
        return height
    finally:
        lock.release()


def _options(config: NodeConfig) -> LevelDBOptions:
    section = config.store
    return LevelDBOptions(write_buffer_bytes=section.write_buffer_bytes, block_cache_bytes=section.block_cache_bytes)


def _height(config: NodeConfig, genesis: bytes) -> int:
    store = open_ledger(config.node.data_dir / LEDGER, genesis_hash(genesis), options=_options(config))
    try:
        return store.tip().height
    finally:
        store.close()


class _Silent:
    """The network's handler of a node that does not run yet."""

    def __init__(self) -> None:
        self.linked: Final = asyncio.Event()
        """A first link is up."""

    def on_connected(self, peer: Peer) -> None:
        """Nothing to say."""
        self.linked.set()

    def on_disconnected(self, peer: Peer, reason: str) -> None:
        """Nothing to forget."""

    def on_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        """What is said now is said again."""

    def on_request(self, peer: Peer, kind: int, payload: bytes) -> bytes:
        """Refuse: nothing is here.

        Raises:
            Rejected: ``syncing``.
        """
        raise Rejected("syncing", "this node has nothing yet")


class _Join:
    """One attempt, from links to a finished ledger."""

    def __init__(self, config: NodeConfig, genesis: bytes) -> None:
        self._config = config
        self._genesis = genesis
        document = decode_genesis(genesis)
        membership = Membership(document.validators, document.observers)
        passphrase = None if config.keys.passphrase_file is None else read_passphrase(config.keys.passphrase_file)
        tls = TlsFiles(certificate=config.tls.cert_file, key=config.tls.key_file, authority=config.tls.ca_file)
        configured = {peer.node_key for peer in config.network.peers}

        def role_of(node_key: bytes) -> PeerRole | None:
            # Peers that joined after the genesis are known by the configuration only; nobody is believed anyway.
            return membership.role_of(node_key) or (OBSERVER if node_key in configured else None)

        self._handler = _Silent()
        self._network = PeerNetwork(
            NodeIdentity(
                read_key(config.keys.node_key_file, passphrase), tls, document.chain_id, genesis_hash(genesis)
            ),
            (config.network.listen.host, config.network.listen.port),
            [PeerAddress(peer.node_key, peer.address.host, peer.address.port) for peer in config.network.peers],
            role_of,
            self._handler,
        )
        self._links = NodeLinks(membership)
        self._links.network = self._network
        self._parts = SnapshotParts(config.node.data_dir / JOINING)
        self._fetch = SnapshotFetch(self._links, self._parts, genesis_hash(genesis), trusted_block(config))

    async def run(self) -> int:
        """Fetch and build; the height reached, or 0."""
        await self._network.start()
        try:
            await self._until_linked()
            for _ in range(BUILDS_MAX):
                offer = await self._offered()
                if offer is None:
                    log.info("no peer leads to a snapshot; every block will be replayed")
                    return 0
                log.info("snapshot fetched", height=offer.manifest.height, chunks=len(offer.manifest.chunks))
                try:
                    await self._build(offer)
                except Rejected as error:
                    log.warning("a part of the snapshot is fetched again", reason=error.message)
                else:
                    self._parts.clear()
                    log.info("ledger begins with a snapshot", height=offer.manifest.height)
                    return offer.manifest.height
            return 0
        finally:
            await self._network.close()

    async def _until_linked(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINK_SECONDS):
                await self._handler.linked.wait()

    async def _offered(self) -> OpenedOffer | None:
        for attempt in range(ASKED_MAX):
            if attempt:
                await asyncio.sleep(ASK_PAUSE_SECONDS)
            offer = await self._fetch.run()
            if offer is not None:
                return offer
        return None

    async def _build(self, offer: OpenedOffer) -> None:
        content = SnapshotContent(offer, self._parts)
        imported = ImportedContent(
            content.chunks(), content.recent_blocks(), offer.header_after.prev_results_root, offer.boundaries
        )
        path = self._config.node.data_dir / LEDGER
        first = genesis_commit(self._genesis)
        for _ in build_replacement(path, self._genesis, first, offer.manifest, imported, _options(self._config)):
            await asyncio.sleep(0)
