"""A ledger that begins with a snapshot: its state whole, its recent blocks, nothing older.

The caller has verified every part. The ledger is built beside the present one and takes
its place by two renames, each of which may be the last thing that happens before a crash:
``settle_replacement`` finishes what was begun.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chainnode.codec.canonical import encode
from chainnode.errors import StoreCorrupt
from chainnode.proofs.history import HistoryFrontier, Node
from chainnode.state.bulk import TreeBuilder
from chainnode.store import layout
from chainnode.store.block_commit import BlockCommit, Tip, batch_of, tip_of
from chainnode.store.durable_file import disk_error, fsync_directory
from chainnode.store.key_value import KeyValue, WriteBatch
from chainnode.store.layout import height_key, history_key, seal, unseal
from chainnode.store.leveldb import LevelDBKeyValue, LevelDBOptions
from chainnode.store.snapshot import Manifest, Pair, open_frontier
from chainnode.types.block import StoredBlock, block_hash, decode_header

BUILDING: Final = ".incoming.partial"
READY: Final = ".incoming"
REPLACED: Final = ".replaced"


@dataclass(frozen=True, slots=True)
class RecentBlock:
    """A block below the snapshot that is kept: for the replay rule, and to show where the chain comes from."""

    height: int
    stored: StoredBlock
    tx_ids: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ImportedContent:
    """Everything a ledger begins with beside the genesis and the manifest."""

    chunks: Iterable[Sequence[Pair]]
    blocks: Iterable[RecentBlock]
    """Consecutive; the last one is the snapshot's."""
    results_root: bytes
    """Over the receipts of the snapshot's block."""
    boundaries: Iterable[tuple[bytes, bytes]] = ()
    """Header and certificate of the last block of each past epoch: with them this node can prove what it holds."""


def peaks(frontier: HistoryFrontier) -> list[Node]:
    """The complete subtrees that a frontier stands for, as the history tree stores them."""
    found: list[Node] = []
    start = 0
    for peak in frontier.peaks:
        level = (frontier.size - start).bit_length() - 1
        found.append((level, start >> level, peak))
        start += 1 << level
    return found


class SnapshotImport:
    """Writes a new ledger into an empty store."""

    def __init__(self, store: KeyValue, genesis: bytes, first: BlockCommit, manifest: Manifest) -> None:
        """``first`` is the genesis block's commit; of it only the block is kept."""
        self._store = store
        self._genesis = genesis
        self._first = first
        self._manifest = manifest
        self._tree = TreeBuilder(manifest.height, self._tree_node)

    def _tree_node(self, node_key: bytes) -> bytes | None:
        stored = self._store.get(layout.TREE + node_key)
        return None if stored is None else unseal(layout.TREE + node_key, stored)

    def steps(self, content: ImportedContent) -> Iterator[None]:
        """Write everything, giving way between pieces; the format's marker comes last.

        Raises:
            StoreCorrupt: ``data-corrupt``: the parts do not make the state they were verified to make.
            StoreError: ``disk-full``, ``disk-error``.
        """
        self._write_genesis()
        for header, certificate in content.boundaries:
            self._write_boundary(header, certificate)
        for pairs in content.chunks:
            batch = WriteBatch()
            self._add(batch, [(layout.STATE + key, value) for key, value in pairs])
            self._add(batch, [(layout.TREE + key, page) for key, page in self._tree.add(pairs).items()])
            self._store.write(batch, sync=False)
            yield
        tip: Tip | None = None
        for block in content.blocks:
            batch = WriteBatch()
            tip = self._write_block(batch, block, content.results_root)
            self._store.write(batch, sync=False)
            yield
        if self._tree.root != self._manifest.state_root:
            raise StoreCorrupt("data-corrupt", "the chunks on disk do not make the certified state")
        if tip is None or tip.block_hash != self._manifest.block_hash:
            raise StoreCorrupt("data-corrupt", "the blocks on disk do not end with that of the snapshot")
        self._finish(tip)

    @staticmethod
    def _add(batch: WriteBatch, records: Iterable[tuple[bytes, bytes]]) -> None:
        batch.operations.extend((key, seal(key, value)) for key, value in records)

    def _write_genesis(self) -> None:
        whole = batch_of(self._first, tip_of(self._first, None))
        kept = (layout.HEADER, layout.BODY, layout.CERTIFICATE, layout.BLOCK_HASH)
        batch = WriteBatch()
        batch.operations.extend(operation for operation in whole.operations if operation[0][:1] in kept)
        self._add(batch, [(layout.GENESIS_KEY, self._genesis)])
        self._store.write(batch, sync=False)

    def _write_boundary(self, header: bytes, certificate: bytes) -> None:
        height = decode_header(header).height
        batch = WriteBatch()
        self._add(
            batch,
            [
                (height_key(layout.HEADER, height), header),
                (height_key(layout.CERTIFICATE, height), certificate),
                (layout.BLOCK_HASH + block_hash(header), height.to_bytes(8, "big")),
            ],
        )
        self._store.write(batch, sync=False)

    def _write_block(self, batch: WriteBatch, block: RecentBlock, results_root: bytes) -> Tip:
        hash_ = block_hash(block.stored.header)
        height = block.height
        records = [
            (height_key(layout.HEADER, height), block.stored.header),
            (height_key(layout.BODY, height), block.stored.body),
            (height_key(layout.CERTIFICATE, height), block.stored.certificate),
            (layout.BLOCK_HASH + hash_, height.to_bytes(8, "big")),
        ]
        if block.tx_ids:
            records.append((height_key(layout.TX_IDS, height), b"".join(block.tx_ids)))
        self._add(batch, records)
        time_ms = decode_header(block.stored.header).time_ms
        return Tip(height, hash_, self._manifest.state_root, results_root, time_ms)

    def _finish(self, tip: Tip) -> None:
        key, record = self._tree.root_record()
        place = tip.height.to_bytes(8, "big")
        nodes = peaks(open_frontier(self._manifest))
        batch = WriteBatch()
        self._add(batch, [(history_key(level, index), node) for level, index, node in nodes])
        self._add(
            batch,
            [
                (layout.TREE + key, record),
                (layout.FRONTIER_KEY, self._manifest.frontier),
                (layout.PRUNED_KEY, place),
                (layout.BASE_KEY, place),
                (layout.TIP_KEY, encode(tip)),
                (layout.FORMAT_KEY, layout.FORMAT),
            ],
        )
        self._store.write(batch, sync=True)


def build_replacement(
    path: Path,
    genesis: bytes,
    first: BlockCommit,
    manifest: Manifest,
    content: ImportedContent,
    options: LevelDBOptions | None = None,
) -> Iterator[None]:
    """Build the ledger that is to stand at ``path`` beside it; ``settle_replacement`` puts it there.

    What an interrupted attempt left is removed first.

    Raises:
        StoreError, StoreCorrupt: as ``SnapshotImport.steps``; the present ledger is untouched.
    """
    building = path.with_name(path.name + BUILDING)
    try:
        shutil.rmtree(building, ignore_errors=True)
        store = LevelDBKeyValue.create(building, options)
        try:
            yield from SnapshotImport(store, genesis, first, manifest).steps(content)
        finally:
            store.close()
        building.rename(path.with_name(path.name + READY))
    except OSError as error:
        raise disk_error(error, f"cannot create {building}") from error
    fsync_directory(path.parent)


def settle_replacement(path: Path) -> bool:
    """Put a finished replacement in the place of the ledger at ``path``; False if there is none.

    Call it before the ledger is opened, holding the data directory's lock. It may be
    interrupted anywhere and is then called again.

    Raises:
        StoreError: ``disk-error``.
    """
    ready = path.with_name(path.name + READY)
    replaced = path.with_name(path.name + REPLACED)
    try:
        found = ready.exists()
        if found:
            if path.exists():
                shutil.rmtree(replaced, ignore_errors=True)
                path.rename(replaced)
                fsync_directory(path.parent)
            ready.rename(path)
            fsync_directory(path.parent)
        shutil.rmtree(replaced, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, f"cannot replace {path}") from error
    return found
