"""Everything one decided block writes, and the one batch it becomes.

A block, its certificate, what it did to the state, and every index over it go to disk
together or not at all: no two of them can disagree after a crash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from chainnode.codec.canonical import Decoder, encode
from chainnode.errors import Misuse
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.store.layout import chunk_key, height_key, history_key, seal
from chainnode.types.block import Hash, StoredBlock, block_hash, decode_header
from chainnode.types.transaction import Height


class Tip(msgspec.Struct, frozen=True, array_like=True):
    """The last block that is durable, and the results it led to."""

    height: Height
    block_hash: Hash
    state_root: Hash
    """State tree after this block; the next header's ``prev_state_root``."""
    results_root: Hash
    """RFC 6962 tree over the block's own receipt and its transactions'; the next header's ``prev_results_root``."""
    time_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    """The block's own time."""


decode_tip: Final = Decoder(Tip, 256)


@dataclass(frozen=True, slots=True)
class BlockCommit:
    """One decided and executed block."""

    height: int
    block_hash: bytes
    stored: StoredBlock
    receipts: Sequence[bytes]
    """Canonical receipts in block order."""
    tx_ids: Sequence[bytes]
    """32-byte ids in block order; as many as receipts."""
    state_changes: dict[bytes, bytes | None]
    """Net change of each state key; None deletes it."""
    tree_writes: dict[bytes, bytes]
    """Nodes of the state tree: of an earlier version as a rule (``state.deferred``), of the genesis block its own."""
    tree_stale: Sequence[bytes]
    """Stored nodes that only versions before ``tree_version`` use."""
    state_root: bytes
    results_root: bytes
    history_nodes: Sequence[tuple[int, int, bytes]] = field(default=())
    """``(level, index, hash)`` of subtrees of the history tree that this block completed."""
    history_frontier: bytes = b""
    index_entries: Mapping[bytes, bytes | bytearray] = field(default_factory=dict)
    """Places of events (``layout.event_place``, joined) by the fact that is true of them (``layout.index_fact``)."""
    block_receipt: bytes = b""
    """Canonical receipt of the block itself; empty where it has no events."""
    tree_changes: bytes = b""
    """What the block changed in the state tree (``state.deferred``); empty for the genesis block."""
    tree_version: int | None = None
    """The version of the state tree that is whole with ``tree_writes``, if one is."""


@dataclass(frozen=True, slots=True)
class OldBlock:
    """A block below the ledger's floor, verified by the caller: all of it but what it did to the state."""

    height: int
    block_hash: bytes
    stored: StoredBlock
    receipts: Sequence[bytes]
    tx_ids: Sequence[bytes]
    index_entries: Mapping[bytes, bytes | bytearray]
    block_receipt: bytes
    """As in ``BlockCommit``."""


def tip_of(commit: BlockCommit, before: Tip | None) -> Tip:
    """The tip after ``commit``, which must extend ``before`` (None: the genesis block).

    Raises:
        Misuse: ``commit-order`` or ``commit-inconsistent``: a bug above us; nothing was written.
    """
    header = decode_header(commit.stored.header)
    if commit.height != (0 if before is None else before.height + 1):
        raise Misuse("commit-order", "a block does not follow the tip", found=commit.height)
    if before is not None and header.parent_hash != before.block_hash:
        raise Misuse("commit-order", "a block's parent is not the tip", height=commit.height)
    if header.height != commit.height or block_hash(commit.stored.header) != commit.block_hash:
        raise Misuse("commit-inconsistent", "a block's header is not the one that is named", height=commit.height)
    if len(commit.receipts) != len(commit.tx_ids):
        raise Misuse("commit-inconsistent", "a block has not one receipt for each transaction", height=commit.height)
    return Tip(commit.height, commit.block_hash, commit.state_root, commit.results_root, header.time_ms)


def block_records(block: BlockCommit | OldBlock) -> list[tuple[bytes, bytes]]:
    """What a block is found by later: its parts, receipts, ids and index entries; as they are written."""
    height = block.height
    sealed: list[tuple[bytes, bytes]] = [
        (height_key(layout.HEADER, height), block.stored.header),
        (height_key(layout.BODY, height), block.stored.body),
        (height_key(layout.CERTIFICATE, height), block.stored.certificate),
        (layout.BLOCK_HASH + block.block_hash, height.to_bytes(8, "big")),
    ]
    if block.tx_ids:
        sealed.append((height_key(layout.TX_IDS, height), b"".join(block.tx_ids)))
    if block.block_receipt:
        sealed.append((chunk_key(layout.RECEIPTS, height, layout.BLOCK_CHUNK), encode((block.block_receipt,))))
    first = layout.BLOCK_CHUNK + 1
    sealed += _chunks(layout.RECEIPTS, height, block.receipts, layout.RECEIPTS_PER_RECORD, first)
    place = height.to_bytes(8, "big")
    sealed += [
        (layout.TRANSACTION + tx_id, place + index.to_bytes(4, "big")) for index, tx_id in enumerate(block.tx_ids)
    ]
    records = [(key, seal(key, value)) for key, value in sealed]
    records += [(layout.INDEX + fact + place, bytes(places)) for fact, places in block.index_entries.items()]
    return records


def batch_of(commit: BlockCommit, tip: Tip) -> WriteBatch:
    """All records of ``commit``, ending with the tip."""
    height = commit.height
    batch = WriteBatch()
    operations = batch.operations
    operations += block_records(commit)
    sealed = [(layout.FRONTIER_KEY, commit.history_frontier)]
    if commit.tree_version is not None:
        sealed += _chunks(layout.STALE, commit.tree_version, commit.tree_stale, layout.STALE_PER_RECORD)
    sealed += [(history_key(level, index), node) for level, index, node in commit.history_nodes]
    sealed += [(layout.TREE + key, node) for key, node in commit.tree_writes.items()]
    if commit.tree_changes:
        sealed.append((height_key(layout.CHANGES, height), commit.tree_changes))
    for state_key, value in commit.state_changes.items():
        if value is None:
            operations.append((layout.STATE + state_key, None))
        else:
            sealed.append((layout.STATE + state_key, value))
    sealed.append((layout.TIP_KEY, encode(tip)))
    operations += [(key, seal(key, value)) for key, value in sealed]
    return batch


def _chunks(prefix: bytes, height: int, items: Sequence[bytes], size: int, first: int = 0) -> list[tuple[bytes, bytes]]:
    return [
        (chunk_key(prefix, height, number), encode(tuple(items[start : start + size])))
        for number, start in enumerate(range(0, len(items), size), first)
    ]
