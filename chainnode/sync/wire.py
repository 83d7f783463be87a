"""What nodes ask each other for, and how answers are bounded.

Requests travel on the request channels of ``net``; each answer is verified by its hash or
its certificate, so it does not matter who gives it.

    GET_TRANSACTIONS  leaf hashes                 -> envelopes, in order, as many as fit (a prefix)
    GET_BLOCK         block hash                  -> one StoredBlock, undecided ones included; empty if not held
    GET_BLOCKS        first, last                 -> StoredBlocks from ``first`` on, as many as fit
    GET_HEADERS       first, last                 -> headers from ``first`` on, as many as fit
    GET_SNAPSHOT      height to be shown, or none -> the newest certified snapshot as an Offer; empty if there is none
    GET_CHUNK         manifest hash, index        -> one chunk of that snapshot; empty if not held
    GET_RECEIPTS      first, last, skipped        -> for each block from ``first`` on its own receipt (empty bytes where
                                                     it has no events) and those of its transactions, as many as fit;
                                                     of the first block without so many, and cut off if it alone is
                                                     too long
    GET_SEALS         first                       -> seals of blocks from ``first`` on, as many as fit
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder
from chainnode.crypto.hashing import HASH_BYTES
from chainnode.store.snapshot import CHUNKS_MAX
from chainnode.types.block import BODY_BYTES_MAX, HEADER_BYTES_MAX, Hash
from chainnode.types.seal import SEAL_BYTES_MAX
from chainnode.types.transaction import Height

GET_TRANSACTIONS: Final = 1
GET_BLOCK: Final = 2
GET_BLOCKS: Final = 3
GET_HEADERS: Final = 4
GET_SNAPSHOT: Final = 5
GET_CHUNK: Final = 6
GET_RECEIPTS: Final = 7
GET_SEALS: Final = 8

BUSY: Final = "busy"
"""Answered by a node that has served enough history for now."""
PEER_SHARE: Final = "peer-share"
"""Answered by a node from which this peer has asked enough for now."""
ANSWER_BYTES_MAX: Final = 6 * limits.MIB
"""Envelopes or blocks of one answer; leaves room for framing inside a frame."""
BLOCKS_PER_ANSWER_MAX: Final = 64
HEADERS_PER_ANSWER_MAX: Final = 4_096
"""At most 1 KiB each: they always fit."""
SEALS_PER_ANSWER_MAX: Final = 64
HISTORY_BYTES_PER_S_MAX: Final = 96 * limits.MIB
"""Of ranges and snapshots, to all peers together: the loop that reads and encrypts them also votes."""
STORED_BYTES_MAX: Final = BODY_BYTES_MAX + 64 * limits.KIB


class TransactionsWanted(msgspec.Struct, frozen=True, array_like=True):
    """Bodies missing from a proposal."""

    leaf_hashes: Annotated[bytes, msgspec.Meta(max_length=limits.BLOCK_TRANSACTIONS_MAX * HASH_BYTES)]
    """32 bytes each."""


class BlockWanted(msgspec.Struct, frozen=True, array_like=True):
    """One block by hash."""

    block_hash: Hash


class BlocksWanted(msgspec.Struct, frozen=True, array_like=True):
    """Decided blocks by height."""

    first: Height
    last: Height


class ReceiptsWanted(msgspec.Struct, frozen=True, array_like=True):
    """Receipts of decided blocks by height; those of one block can be longer than an answer."""

    first: Height
    last: Height
    skipped: Annotated[int, msgspec.Meta(ge=0, le=limits.BLOCK_TRANSACTIONS_MAX)]
    """Receipts of the first block that the asker has."""


class SnapshotWanted(msgspec.Struct, frozen=True, array_like=True):
    """The newest snapshot, with the path that shows the block at a height to be part of its chain."""

    shown_height: Height | None


class SealsWanted(msgspec.Struct, frozen=True, array_like=True):
    """Seals of decided blocks by height."""

    first: Height


class ChunkWanted(msgspec.Struct, frozen=True, array_like=True):
    """One chunk of a snapshot."""

    manifest_hash: Hash
    index: Annotated[int, msgspec.Meta(ge=0, lt=CHUNKS_MAX)]


Envelopes = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=limits.ENVELOPE_BYTES_MAX)], ...],
    msgspec.Meta(max_length=limits.BLOCK_TRANSACTIONS_MAX),
]
Blocks = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=STORED_BYTES_MAX)], ...],
    msgspec.Meta(max_length=BLOCKS_PER_ANSWER_MAX),
]

Headers = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)], ...],
    msgspec.Meta(max_length=HEADERS_PER_ANSWER_MAX),
]

Seals = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=SEAL_BYTES_MAX)], ...], msgspec.Meta(max_length=SEALS_PER_ANSWER_MAX)
]

Receipts = Annotated[
    tuple[
        Annotated[tuple[bytes, ...], msgspec.Meta(min_length=1, max_length=limits.BLOCK_TRANSACTIONS_MAX + 1)], ...
    ],
    msgspec.Meta(max_length=BLOCKS_PER_ANSWER_MAX),
]

decode_transactions_wanted: Final = Decoder(TransactionsWanted, limits.BLOCK_TRANSACTIONS_MAX * HASH_BYTES + 16)
decode_block_wanted: Final = Decoder(BlockWanted, 64)
decode_blocks_wanted: Final = Decoder(BlocksWanted, 64)
decode_receipts_wanted: Final = Decoder(ReceiptsWanted, 64)
decode_snapshot_wanted: Final = Decoder(SnapshotWanted, 64)
decode_chunk_wanted: Final = Decoder(ChunkWanted, 64)
decode_seals_wanted: Final = Decoder(SealsWanted, 64)
decode_seals: Final = Decoder[tuple[bytes, ...]](Seals, SEALS_PER_ANSWER_MAX * (SEAL_BYTES_MAX + 3) + 3)
decode_headers: Final = Decoder[tuple[bytes, ...]](Headers, limits.FRAME_BYTES_MAX)
decode_envelopes: Final = Decoder[tuple[bytes, ...]](Envelopes, limits.FRAME_BYTES_MAX)
decode_blocks: Final = Decoder[tuple[bytes, ...]](Blocks, limits.FRAME_BYTES_MAX)
decode_receipts: Final = Decoder[tuple[tuple[bytes, ...], ...]](Receipts, limits.FRAME_BYTES_MAX)
