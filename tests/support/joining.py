"""A source with a snapshot, and a node's way to it, without sockets."""

from collections.abc import Callable
from pathlib import Path

from chainnode.chain.genesis import genesis_commit
from chainnode.chain.ledger import Ledger
from chainnode.mempool.pool import Pool
from chainnode.store.ledger_store import LedgerStore, open_ledger
from chainnode.store.snapshot_export import SnapshotExport
from chainnode.store.snapshot_import import ImportedContent, build_replacement, settle_replacement
from chainnode.sync.server import SyncServer
from chainnode.sync.snapshot_content import SnapshotContent
from chainnode.sync.snapshot_offer import OpenedOffer
from chainnode.sync.snapshot_parts import SnapshotParts
from chainnode.sync.snapshot_shelf import SnapshotShelf
from tests.support.local_chain import CHAIN_ID, GENESIS, GENESIS_HASH, LocalChain

SMALL_CHUNKS = 400
"""Bytes: a state of a few transactions makes some dozens of chunks."""


def export(chain: LocalChain, folder: Path, *, bytes_target: int = SMALL_CHUNKS) -> Path:
    """A snapshot of the chain's present state."""
    with chain.ledger.store.snapshot() as reader:
        made = SnapshotExport(reader, CHAIN_ID, folder, bytes_target=bytes_target)
        for _ in made.steps():
            pass
    return made.path


class SnapshotSource:
    """A chain with a snapshot at ``at`` and ``more`` blocks after it; ``answer`` is its server."""

    def __init__(self, folder: Path, *, at: int = 8, more: int = 3, transactions: int = 3) -> None:
        self.chain = LocalChain()
        self.chain.grow(at, transactions)
        self.path = export(self.chain, folder)
        self.chain.grow(more, transactions)
        self.shelf = SnapshotShelf(folder)
        self.answer: Callable[[int, bytes], bytes] = SyncServer(
            self.chain.ledger.store, Pool(), list, shelf=self.shelf
        ).answer


def build(offer: OpenedOffer, parts: SnapshotParts, path: Path) -> Ledger:
    """The ledger at ``path`` that begins with what was fetched."""
    content = SnapshotContent(offer, parts)
    imported = ImportedContent(
        content.chunks(), content.recent_blocks(), offer.header_after.prev_results_root, offer.boundaries
    )
    for _ in build_replacement(path, GENESIS, genesis_commit(GENESIS), offer.manifest, imported):
        pass
    assert settle_replacement(path)
    return ledger_at(open_ledger(path, GENESIS_HASH))


def ledger_at(store: LedgerStore) -> Ledger:
    return Ledger(store, tree_cache_bytes=1 << 20, proof_heights=64)
