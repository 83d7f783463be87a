"""Reading the state tree: proofs, and the keys next to a key."""

from collections.abc import Callable, Iterable
from hashlib import sha256

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY, OtherLeaf, StateProof, leaf_hash, root_above
from chainnode.state.page import (
    HASH_BYTES,
    LEAF_BYTES,
    PAYLOADS,
    SLOTS,
    VERSION_BYTES,
    Page,
    Subtree,
    digit,
    is_lone,
    list_hash,
    list_split,
    page_key,
    span,
)

Read = Callable[[bytes], Page]
"""Page by node key; raises StoreCorrupt where there is none."""
_Place = tuple[bytes, bytes, int]
"""What is stored for a subtree, the path to it (32 bytes, digits beyond the depth are zero), its depth."""


def prove(root: Subtree, read: Read, key: bytes) -> StateProof:
    """Proof of presence or absence of ``key`` under ``root``, checked against it before it is returned.

    Raises:
        StoreCorrupt: ``state-page``.
    """
    key_hash = sha256(key).digest()
    siblings: list[bytes] = []
    try:
        leaf = _descend(root[1], read, key_hash, siblings)
    except IndexError as error:
        raise StoreCorrupt("state-page", "the state tree is deeper than its keys are long") from error
    siblings.reverse()
    terminal = leaf_hash(leaf[:HASH_BYTES], leaf[HASH_BYTES:]) if leaf else EMPTY
    shown = root_above(terminal, key_hash, siblings)
    if shown != root[0]:
        raise StoreCorrupt("state-page", "the stored state tree does not hash to its root", root=root[0].hex())
    other = OtherLeaf(leaf[:HASH_BYTES], leaf[HASH_BYTES:]) if leaf and not leaf.startswith(key_hash) else None
    return StateProof(tuple(siblings), other)


def _descend(stored: bytes, read: Read, key_hash: bytes, siblings: list[bytes]) -> bytes:
    """Collect siblings from the top down; returns the leaf standing at the end, or nothing."""
    depth = 0
    while len(stored) == VERSION_BYTES:
        page = read(page_key(stored, depth, key_hash))
        node = 1
        target = SLOTS + digit(key_hash, depth)
        while node < SLOTS:
            node = target >> (5 - node.bit_length() - 1)
            siblings.append(page[node ^ 1])
            if node < SLOTS and page[node] == EMPTY:
                return b""
            if node < SLOTS and is_lone(page, node):
                return next(page[PAYLOADS + number] for number in range(*span(node)) if page[PAYLOADS + number])
        stored = page[PAYLOADS + target - SLOTS]
        depth += 1
    bit = 4 * depth
    while len(stored) > LEAF_BYTES:
        split = list_split(stored, bit)
        right = key_hash[bit >> 3] & (0x80 >> (bit & 7))
        stored, sibling = (stored[split:], stored[:split]) if right else (stored[:split], stored[split:])
        bit += 1
        siblings.append(list_hash(sibling, bit))
    return stored


def neighbours(root: Subtree, read: Read, key: bytes) -> tuple[bytes | None, bytes | None]:
    """Hashes of the keys next below and next above the hash of ``key``, whether or not ``key`` is present.

    Raises:
        StoreCorrupt: ``state-page``.
    """
    key_hash = sha256(key).digest()
    below: _Place | None = None
    above: _Place | None = None
    stored, depth = root[1], 0
    while len(stored) == VERSION_BYTES:
        page = read(page_key(stored, depth, key_hash))
        number = digit(key_hash, depth)
        below = _occupied(page, range(number - 1, -1, -1), key_hash, depth) or below
        above = _occupied(page, range(number + 1, SLOTS), key_hash, depth) or above
        stored = page[PAYLOADS + number]
        depth += 1
    hashes = [stored[at : at + HASH_BYTES] for at in range(0, len(stored), LEAF_BYTES)]
    lower = next((found for found in reversed(hashes) if found < key_hash), None)
    higher = next((found for found in hashes if found > key_hash), None)
    if lower is None and below is not None:
        lower = _edge(below, read, last=True)
    if higher is None and above is not None:
        higher = _edge(above, read, last=False)
    return lower, higher


def _occupied(page: Page, numbers: Iterable[int], path: bytes, depth: int) -> _Place | None:
    """The first slot of ``numbers`` that holds anything, as a place below ``depth`` digits of ``path``."""
    for number in numbers:
        if page[PAYLOADS + number]:
            return page[PAYLOADS + number], _extended(path, depth, number), depth + 1
    return None


def _extended(path: bytes, depth: int, number: int) -> bytes:
    """``path`` cut to ``depth`` digits with ``number`` as the next one."""
    width = HASH_BYTES * 8
    kept = int.from_bytes(path, "big") >> (width - 4 * depth)
    return ((kept << 4 | number) << (width - 4 * (depth + 1))).to_bytes(HASH_BYTES, "big")


def _edge(place: _Place, read: Read, *, last: bool) -> bytes:
    """Key hash of the first or last leaf of a subtree that is not empty."""
    stored, path, depth = place
    order = range(SLOTS - 1, -1, -1) if last else range(SLOTS)
    while len(stored) == VERSION_BYTES:
        found = _occupied(read(page_key(stored, depth, path)), order, path, depth)
        if found is None:
            raise StoreCorrupt("state-page", "a page of the state tree is empty", key=path.hex())
        stored, path, depth = found
    return stored[-LEAF_BYTES:-HASH_BYTES] if last else stored[:HASH_BYTES]
