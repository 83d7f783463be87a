"""What nodes ask each other for, and how answers are bounded.

Requests travel on the request channels of ``net``; each answer is verified by its hash or
its certificate, so it does not matter who gives it.

    GET_TRANSACTIONS  leaf hashes                 -> envelopes, in order, as many as fit (a prefix)
    GET_BLOCK         block hash                  -> one StoredBlock, undecided ones included; empty if not held
    GET_BLOCKS        first, last                 -> StoredBlocks from ``first`` on, as many as fit
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder
from chainnode.crypto.hashing import HASH_BYTES
from chainnode.types.block import BODY_BYTES_MAX, Hash
from chainnode.types.transaction import Height

GET_TRANSACTIONS: Final = 1
GET_BLOCK: Final = 2
GET_BLOCKS: Final = 3

BUSY: Final = "busy"
"""What a peer answers that has served enough for now."""
ANSWER_BYTES_MAX: Final = 6 * limits.MIB
"""Envelopes or blocks of one answer; leaves room for framing inside a frame."""
BLOCKS_PER_ANSWER_MAX: Final = 64
SERVED_BYTES_PER_S_MAX: Final = 48 * limits.MIB
"""Of ranges and snapshots, to all peers together: the loop that reads and encrypts them also votes."""
SERVED_BYTES_PER_S_PER_PEER_MAX: Final = 24 * limits.MIB
SERVED_BURST_SECONDS: Final = 1.0
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


Envelopes = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=limits.ENVELOPE_BYTES_MAX)], ...],
    msgspec.Meta(max_length=limits.BLOCK_TRANSACTIONS_MAX),
]
Blocks = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=STORED_BYTES_MAX)], ...],
    msgspec.Meta(max_length=BLOCKS_PER_ANSWER_MAX),
]

decode_transactions_wanted: Final = Decoder(TransactionsWanted, limits.BLOCK_TRANSACTIONS_MAX * HASH_BYTES + 16)
decode_block_wanted: Final = Decoder(BlockWanted, 64)
decode_blocks_wanted: Final = Decoder(BlocksWanted, 64)
decode_envelopes: Final = Decoder[tuple[bytes, ...]](Envelopes, limits.FRAME_BYTES_MAX)
decode_blocks: Final = Decoder[tuple[bytes, ...]](Blocks, limits.FRAME_BYTES_MAX)
