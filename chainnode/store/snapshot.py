"""The state at one height in chunks, each of which proves itself.

A chunk holds every state pair whose hashed key begins with the same bits, in order of the
hashed keys. The manifest lists the chunks with the roots of their subtrees; together they
must cover the whole key space and lead to the state root, which the header of the next height
certifies. So a manifest is checked before any chunk is fetched, and a chunk alone as it
arrives: whoever lies is found with the first false chunk.

The same state gives the same manifest and the same chunks, byte for byte, on every node.

    <folder>/<height, 16 digits>/manifest
    <folder>/<height, 16 digits>/chunk-00000 ...
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.errors import DecodeError, Rejected
from chainnode.proofs.history import HistoryFrontier, decode_frontier
from chainnode.proofs.sparse import EMPTY
from chainnode.state.bulk import joined, leaf_of, part_root
from chainnode.types.block import Hash
from chainnode.types.transaction import Height

MANIFEST_VERSION: Final = 1
CHUNK_BYTES_TARGET: Final = limits.MIB
"""A chunk above it is divided by the next bit of the hashed key."""
CHUNK_BYTES_MAX: Final = 6 * limits.MIB
"""Of one chunk, encoded; fits one answer."""
CHUNK_BITS_MAX: Final = 16
"""65,536 chunks at most: a state of some 100 GiB."""
CHUNKS_MAX: Final = 1 << CHUNK_BITS_MAX
CHUNK_PAIRS_MAX: Final = 1_000_000
MANIFEST_BYTES_MAX: Final = 5 * limits.MIB
FRONTIER_BYTES_MAX: Final = 8 + 64 * 32

Pair = tuple[bytes, bytes]
manifest_hash = tagged_hash("snapshot-manifest")
"""Names a snapshot: chunks are asked for under it, so that two ways of cutting a state are never mixed."""


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """One part of the state: every pair whose hashed key begins with ``bits`` bits that read ``prefix``."""

    bits: Annotated[int, msgspec.Meta(ge=0, le=CHUNK_BITS_MAX)]
    prefix: Annotated[int, msgspec.Meta(ge=0, lt=CHUNKS_MAX)]
    pairs: Annotated[int, msgspec.Meta(ge=0, le=CHUNK_PAIRS_MAX)]
    size_bytes: Annotated[int, msgspec.Meta(ge=0, le=CHUNK_BYTES_MAX)]
    """Encoded."""
    root: Hash


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot consists of."""

    version: int
    chain_id: Annotated[str, msgspec.Meta(max_length=limits.CHAIN_ID_BYTES_MAX)]
    height: Height
    block_hash: Hash
    """Of the block after which the state stood so."""
    state_root: Hash
    frontier: Annotated[bytes, msgspec.Meta(max_length=FRONTIER_BYTES_MAX)]
    """``HistoryFrontier.encode`` over the hashes of blocks 0 .. height."""
    chunks: Annotated[tuple[Chunk, ...], msgspec.Meta(min_length=1, max_length=CHUNKS_MAX)]


_decode_manifest: Final = Decoder(Manifest, MANIFEST_BYTES_MAX)
_Bytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=limits.STATE_VALUE_BYTES_MAX)]
_Pairs = Annotated[tuple[tuple[_Bytes, _Bytes], ...], msgspec.Meta(max_length=CHUNK_PAIRS_MAX)]
_decode_pairs: Final = Decoder[tuple[Pair, ...]](_Pairs, CHUNK_BYTES_MAX)


def chunk_root(chunks: Sequence[Chunk]) -> bytes:
    """The state root that ``chunks`` lead to.

    Raises:
        Rejected: ``snapshot-cover``: they do not cover the key space once and in order, or one
            that is said to be empty is not.
    """
    left = list(reversed(chunks))

    def subtree(bits: int, prefix: int) -> tuple[bytes, int]:
        if left and (left[-1].bits, left[-1].prefix) == (bits, prefix):
            chunk = left.pop()
            if (chunk.pairs == 0) != (chunk.root == EMPTY):
                raise Rejected("snapshot-cover", "an empty chunk has no root, and no other", prefix=prefix)
            return chunk.root, chunk.pairs
        if not left or bits >= CHUNK_BITS_MAX:
            raise Rejected("snapshot-cover", "the chunks do not cover the state", bits=bits, prefix=prefix)
        return joined(subtree(bits + 1, 2 * prefix), subtree(bits + 1, 2 * prefix + 1))

    root, _ = subtree(0, 0)
    if left:
        raise Rejected("snapshot-cover", "the chunks cover parts of the state twice")
    return root


def open_manifest(data: bytes) -> Manifest:
    """Read a manifest and check it against itself; whether its state root is the chain's is the caller's question.

    Raises:
        DecodeError: not a manifest, or ``version``.
        Rejected: ``snapshot-cover``, ``snapshot-root`` (the chunks lead to another root) or ``snapshot-frontier``.
    """
    manifest = _decode_manifest(data)
    if manifest.version != MANIFEST_VERSION:
        raise DecodeError("version", f"manifest version {manifest.version} is unknown", expected=MANIFEST_VERSION)
    if chunk_root(manifest.chunks) != manifest.state_root:
        raise Rejected("snapshot-root", "the chunks do not lead to the state root", height=manifest.height)
    if open_frontier(manifest).size != manifest.height + 1:
        raise Rejected("snapshot-frontier", "the history frontier is of another height", height=manifest.height)
    return manifest


def open_frontier(manifest: Manifest) -> HistoryFrontier:
    """The history tree's right edge after the snapshot's block.

    Raises:
        DecodeError: ``malformed``.
    """
    return decode_frontier(manifest.frontier)


def encode_chunk(pairs: Sequence[Pair]) -> bytes:
    """Canonical bytes of a chunk; ``pairs`` are in order of their hashed keys."""
    return encode(tuple(pairs))


def open_chunk(chunk: Chunk, data: bytes) -> tuple[Pair, ...]:
    """The pairs of a chunk, proved to be exactly those under its root.

    Raises:
        DecodeError: not a chunk.
        Rejected: ``chunk-order``, ``chunk-prefix`` (a key of another chunk) or ``chunk-root``.
    """
    pairs = _decode_pairs(data)
    leaves = [leaf_of(key, value) for key, value in pairs]
    if any(low[:32] >= high[:32] for low, high in pairwise(leaves)):
        raise Rejected("chunk-order", "the pairs of a chunk are not in order of their hashed keys", prefix=chunk.prefix)
    for edge in (leaves[0], leaves[-1]) if leaves else ():
        if int.from_bytes(edge[:32], "big") >> (256 - chunk.bits) != chunk.prefix:
            raise Rejected("chunk-prefix", "a chunk holds a key of another one", prefix=chunk.prefix)
    if len(leaves) != chunk.pairs or part_root(leaves, chunk.bits) != chunk.root:
        raise Rejected("chunk-root", "a chunk is not what the manifest commits to", prefix=chunk.prefix)
    return pairs


def chunk_of(bits: int, prefix: int, pairs: Sequence[Pair]) -> tuple[Chunk, bytes]:
    """A chunk over ``pairs``, which are in order of their hashed keys, and its bytes."""
    data = encode_chunk(pairs)
    root = part_root([leaf_of(key, value) for key, value in pairs], bits)
    return Chunk(bits, prefix, len(pairs), len(data), root), data


def key_prefix(key: bytes) -> int:
    """The first ``CHUNK_BITS_MAX`` bits of the hashed key."""
    return int.from_bytes(sha256(key).digest()[: CHUNK_BITS_MAX // 8], "big")
