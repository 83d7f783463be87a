"""RFC 6962 Merkle trees over lists: transactions and receipts of a block, items of an evidence batch.

Leaf ``SHA-256(0x00 || data)``, node ``SHA-256(0x01 || left || right)``, empty tree ``SHA-256("")``.
Every function takes leaf *hashes*, so callers that already hold them never hash twice.

Source: RFC 6962, section 2.1; inclusion check as in RFC 9162, section 2.1.3.2.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from chainnode.errors import Misuse
from chainnode.proofs.errors import ProofInvalid

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
PATH_HASHES_MAX: Final = 64
"""A tree of 2**64 leaves; no honest path is longer."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The leaf of ``data``."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The parent of two subtrees."""
    return sha256(_NODE + left + right).digest()


def _parents(level: Sequence[bytes]) -> list[bytes]:
    """One level up; a last node without a sibling rises unchanged, as RFC 6962's split at powers of two has it."""
    pairs = iter(level)
    above = [sha256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) & 1:
        above.append(level[-1])
    return above


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The tree's root; ``EMPTY_ROOT`` without leaves. Hashes each inner node once (10,000 leaves: about 8 ms)."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = leaf_hashes
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def inclusion_path(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings of leaf ``index`` from the bottom up.

    Raises:
        Misuse: ``leaf-index``: there is no such leaf.
    """
    if not 0 <= index < len(leaf_hashes):
        raise Misuse("leaf-index", "no leaf at this index", index=index, size=len(leaf_hashes))
    path: list[bytes] = []
    level = leaf_hashes
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _parents(level)
        index >>= 1
    return path


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of ``size`` leaves in which ``path`` leads from leaf hash ``leaf`` at ``index`` to the top.

    Index and size are the caller's claim; they fix the length of the path and the side
    of each sibling, so one path fits one position only.

    Raises:
        ProofInvalid: ``leaf-index`` (outside the tree), ``hash-length`` (a hash is not 32
            bytes) or ``path-length`` (too short or too long for this position).

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofInvalid("leaf-index", "the leaf's index is not inside the tree", index=index, size=size)
    if len(leaf) != HASH_BYTES or len(path) > PATH_HASHES_MAX or any(len(item) != HASH_BYTES for item in path):
        raise ProofInvalid("hash-length", "every hash of a path has 32 bytes and a path at most 64 hashes")
    position, last = index, size - 1
    running = leaf
    for sibling in path:
        if last == 0:
            raise ProofInvalid("path-length", "the path is longer than the tree is high", hashes=len(path))
        if position & 1 or position == last:
            running = node_hash(sibling, running)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            running = node_hash(running, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofInvalid("path-length", "the path ends below the root", hashes=len(path))
    return running


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected_root: bytes) -> None:
    """Check that leaf hash ``leaf`` is at ``index`` in the tree of ``size`` leaves with ``expected_root``.

    Raises:
        ProofInvalid: as ``root_from_path``, or ``root-mismatch``.
    """
    if root_from_path(leaf, index, size, path) != expected_root:
        raise ProofInvalid("root-mismatch", "the path does not lead to the expected root")
