"""The ledger on disk: written one block at a time, opened only if it is whole and ours.

``initialise`` makes it once, from the genesis document. ``open_ledger`` never makes
anything: it refuses what is missing, of another chain, of a format it does not know, or
behind what the journal proves was durable.

One thread writes. Others may read at any time; a reader that needs several records of
one moment takes ``snapshot``.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from chainnode.codec.canonical import Decoder
from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.limits import STATE_KEY_BYTES_MAX
from chainnode.store import layout
from chainnode.store.block_commit import BlockCommit, OldBlock, Tip, batch_of, block_records, tip_of
from chainnode.store.durable_file import disk_error, fsync_directory
from chainnode.store.key_value import KeyValue, WriteBatch, prefix_stop
from chainnode.store.layout import height_key, seal, unseal
from chainnode.store.ledger_reader import LedgerReader, decoded
from chainnode.store.leveldb import LevelDBKeyValue, LevelDBOptions
from chainnode.types.block import block_hash, decode_header
from chainnode.types.genesis import genesis_hash

CHECKED_BLOCKS: Final = 16
"""Blocks below the tip whose links ``open`` walks: more than any crash can reach, and 1 ms."""
PRUNE_RECORDS_MAX: Final = 1
"""Stale records one ``prune_tree`` call works off: at most 1,024 nodes, 1.5 ms; 8 were pauses of 12 to 40 ms."""

_decode_stale: Final = Decoder(tuple[bytes, ...], layout.STALE_PER_RECORD * 2 * STATE_KEY_BYTES_MAX)


class LedgerStore(LedgerReader):
    """An open ledger."""

    __slots__ = ("_floor", "_pruned", "_store", "_tip")

    def __init__(self, store: KeyValue) -> None:
        """Take over ``store``, which holds a ledger.

        Raises:
            StoreError: ``data-missing``: nothing was ever written; ``format-unknown``.
            StoreCorrupt: ``data-corrupt``: the last blocks do not hang together.
        """
        super().__init__(store)
        self._store: Final = store
        marker = store.get(layout.FORMAT_KEY)
        if marker is None:
            if next(store.iterate(), None) is None:
                raise StoreError("data-missing", "the database is empty")
            raise StoreError("format-unknown", "the database holds no ledger of this program")
        if unseal(layout.FORMAT_KEY, marker) != layout.FORMAT:
            raise StoreError("format-unknown", "the ledger was written by another version of this program")
        self._tip = super().tip()
        self._floor = super().floor()
        pruned = self._get(layout.PRUNED_KEY)
        self._pruned = 0 if pruned is None else int.from_bytes(pruned, "big")
        self.check_links(max(0, self._tip.height - CHECKED_BLOCKS), self._tip.height)
        last = next(store.iterate(layout.HEADER, prefix_stop(layout.HEADER), reverse=True), None)
        if last is None or last[0] != height_key(layout.HEADER, self._tip.height):
            raise StoreCorrupt("data-corrupt", "the last block is not the one the tip names", tip=self._tip.height)

    @classmethod
    def initialise(cls, store: KeyValue, genesis: bytes, first: BlockCommit) -> "LedgerStore":
        """Write the genesis document and its block into an empty ``store``.

        Raises:
            Misuse: ``commit-inconsistent``: ``first`` is not the genesis block of ``genesis``.
            StoreError: ``data-exists``: the store is not empty.
            DecodeError: ``genesis`` is not a genesis document.
        """
        if next(store.iterate(), None) is not None:
            raise StoreError("data-exists", "the database is not empty")
        if first.block_hash != genesis_hash(genesis):
            raise Misuse("commit-inconsistent", "the first block is not the one of the genesis document")
        batch = batch_of(first, tip_of(first, None))
        batch.put(layout.GENESIS_KEY, seal(layout.GENESIS_KEY, genesis))
        batch.put(layout.FORMAT_KEY, seal(layout.FORMAT_KEY, layout.FORMAT))
        store.write(batch, sync=True)
        return cls(store)

    def tip(self) -> Tip:
        """The last durable block; costs nothing."""
        return self._tip

    def floor(self) -> int:
        """As ``LedgerReader.floor``; costs nothing."""
        return self._floor

    def commit(self, commit: BlockCommit) -> Tip:
        """Make one block durable, whole, and return the new tip.

        Blocks for the disk (a synced write). After any StoreError the block may or may not
        be there: open again to learn which.

        Raises:
            Misuse: ``commit-order``, ``commit-inconsistent``: nothing was written.
            StoreError: ``disk-full``, ``disk-error``, ``store-closed``.
        """
        tip = tip_of(commit, self._tip)
        self._store.write(batch_of(commit, tip), sync=True)
        self._tip = tip
        return tip

    def keep_old(self, blocks: Sequence[OldBlock]) -> None:
        """Write blocks below the floor, in any order, unsynced; they count once ``lower_floor`` has reached them.

        Raises:
            Misuse: ``commit-order``: a block is not below the floor; nothing was written.
            StoreError: ``disk-full``, ``disk-error``, ``store-closed``.
        """
        floor = self.floor()
        if not all(0 < block.height < floor for block in blocks):
            raise Misuse("commit-order", "an old block does not lie below the floor", floor=floor)
        batch = WriteBatch()
        for block in blocks:
            batch.operations.extend(block_records(block))
        self._store.write(batch, sync=False)

    def keep_seal(self, height: int, data: bytes) -> None:
        """Write a verified seal of a block that is here, unsynced: one that a crash takes is fetched from a peer.

        Raises:
            StoreError: ``disk-full``, ``disk-error``, ``store-closed``.
        """
        batch = WriteBatch()
        key = height_key(layout.SEALS, height)
        batch.put(key, seal(key, data))
        self._store.write(batch, sync=False)

    def lower_floor(self, height: int) -> None:
        """From ``height`` on everything is here, durably.

        Raises:
            Misuse: ``commit-order``: ``height`` is not below the floor.
            StoreCorrupt: ``data-corrupt``: a block between is missing, or is not the parent of the one above it.
            StoreError: ``disk-full``, ``disk-error``, ``store-closed``.
        """
        floor = self.floor()
        if not 0 < height < floor:
            raise Misuse("commit-order", "the floor only goes down", floor=floor, found=height)
        # The genesis block is always here: the last step ties the chain to it.
        self.check_links(height - (height == 1), floor)
        batch = WriteBatch()
        batch.put(layout.FLOOR_KEY, seal(layout.FLOOR_KEY, height.to_bytes(8, "big")))
        self._store.write(batch, sync=True)
        self._floor = height

    @contextmanager
    def snapshot(self) -> Iterator[LedgerReader]:
        """A reader of this moment, for reads that must agree with each other, and for backups."""
        with self._store.snapshot() as view:
            yield LedgerReader(view)

    def pruned(self) -> int:
        """State versions below this height may lack nodes or changes; 0 where nothing was pruned."""
        return self._pruned

    def prune_tree(self, height: int) -> bool:
        """Delete state-tree nodes and changes that only versions before ``height`` use; returns whether more remain.

        Proofs stay possible at ``height`` and above. One call does a bounded piece of work,
        unsynced: after a crash it is simply done again.

        Raises:
            Misuse: ``prune-range``: ``height`` is above the tip, whose state must stay.
        """
        if height > self._tip.height:
            raise Misuse("prune-range", "the tip's state cannot be pruned", found=height, tip=self._tip.height)
        batch = WriteBatch()
        records, reached = 0, self._pruned
        # Not from the beginning: LevelDB would step over every record deleted by earlier calls.
        for key, stored in self._store.iterate(
            height_key(layout.STALE, self._pruned), height_key(layout.STALE, height + 1)
        ):
            nodes: tuple[bytes, ...] = decoded(_decode_stale, unseal(key, stored))
            batch.operations.extend((layout.TREE + node, None) for node in nodes)
            batch.delete(key)
            records, reached = records + 1, int.from_bytes(key[1:9], "big")
            if records == PRUNE_RECORDS_MAX:
                break
        if records:
            # The nodes stored at ``reached`` replace what is made from changes up to there.
            last = height_key(layout.CHANGES, reached + 1)
            for key, _ in self._store.iterate(height_key(layout.CHANGES, self._pruned), last):
                batch.delete(key)
            batch.put(layout.PRUNED_KEY, seal(layout.PRUNED_KEY, reached.to_bytes(8, "big")))
            self._store.write(batch, sync=False)
            self._pruned = reached
        return records == PRUNE_RECORDS_MAX

    def check_links(self, low: int, high: int) -> None:
        """Walk headers ``low`` .. ``high``: each present, under its own hash, child of the one before.

        Raises:
            StoreCorrupt: ``data-corrupt``: a hole, or a block that is not the decided one.
        """
        parent: bytes | None = None
        for height in range(low, high + 1):
            header = self.header(height)
            if header is None:
                raise StoreCorrupt("data-corrupt", f"the block at height {height} is missing")
            block = decoded(decode_header, header)
            if block.height != height or parent not in (None, block.parent_hash):
                raise StoreCorrupt("data-corrupt", f"the block at height {height} does not follow the one before it")
            parent = block_hash(header)
        if high == self._tip.height and parent != self._tip.block_hash:
            raise StoreCorrupt("data-corrupt", "the tip names another block than the last one", tip=high)

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def initialise(path: Path, genesis: bytes, first: BlockCommit, options: LevelDBOptions | None = None) -> None:
    """Create the ledger directory ``path`` from a genesis document and its executed block.

    The directory appears whole or not at all; the remains of an interrupted attempt
    (``<path>.partial``) are removed first.

    Raises:
        StoreError: ``data-exists``: something is at ``path``; ``disk-full``, ``disk-error``.
        Misuse, DecodeError: as ``LedgerStore.initialise``.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        if path.exists():
            raise StoreError("data-exists", f"{path} exists already")
        if partial.exists():
            shutil.rmtree(partial)
        store = LevelDBKeyValue.create(partial, options)
        try:
            LedgerStore.initialise(store, genesis, first)
        finally:
            store.close()
        partial.rename(path)
    except OSError as error:
        raise disk_error(error, f"cannot create {path}") from error
    fsync_directory(path.parent)


def open_ledger(
    path: Path, expected_genesis_hash: bytes, height_at_least: int = 0, options: LevelDBOptions | None = None
) -> LedgerStore:
    """Open the ledger in ``path``; creates nothing.

    Args:
        path: The ledger directory.
        expected_genesis_hash: Identity of the chain the node is configured for.
        height_at_least: What the journal proves was durable (``Journal.height``): a log that
            lost its end opens without complaint, so the database alone cannot show that it went back.
        options: Memory and files to use.

    Raises:
        StoreError: ``data-missing``, ``data-in-use``, ``format-unknown``, ``data-of-other-chain``.
        StoreCorrupt: ``data-corrupt``; ``data-rolled-back``: the tip is below ``height_at_least``.
    """
    with ExitStack() as undo:
        store = LevelDBKeyValue.open(path, options)
        undo.callback(store.close)
        ledger = LedgerStore(store)
        found = genesis_hash(ledger.genesis())
        if found != expected_genesis_hash or ledger.height_of(found) != 0:
            raise StoreError(
                "data-of-other-chain",
                f"{path} belongs to another chain",
                expected=expected_genesis_hash.hex(),
                found=found.hex(),
            )
        if ledger.tip().height < height_at_least:
            raise StoreCorrupt(
                "data-rolled-back",
                f"{path} ends below what was durable before",
                expected=height_at_least,
                found=ledger.tip().height,
            )
        undo.pop_all()
    return ledger
