"""One stored page of the state tree: four binary levels, hashes only.

A subtree of up to four leaves is a *leaf list*: ``key hash || value hash`` (64 bytes each), in
key order. A larger one is a page over its next four bits (one hex digit of the hashed
key), stored under ``"p" || version || depth || digits``:

    16 bytes    units of each slot: 0 empty, 8n = a list of n leaves, 1 = a page below
    30 x 32     hashes of nodes 2..31 in heap order (node 1, the page's own root, is kept above)
    payload     slot after slot: the leaf list, or the version (8 bytes) of the page below

Inner hashes are kept, so changing one slot costs four hashes and no decoding; a page
with four leaves or fewer is folded back into a list, so the stored form, like the
root, depends on the content alone, never on the order of writes.

Node ``i`` covers the slots below it; a node over exactly one leaf has that leaf's hash
(path compression), over none 32 zero bytes.
"""

from hashlib import sha256
from typing import Final

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY, INNER_PREFIX, LEAF_PREFIX

SLOTS: Final = 16
HASH_BYTES: Final = 32
LEAF_BYTES: Final = 64
UNIT_BYTES: Final = 8
LEAF_UNITS: Final = LEAF_BYTES // UNIT_BYTES
CHILD_UNITS: Final = 1
VERSION_BYTES: Final = 8
LIST_LEAVES_MAX: Final = 4
LIST_BYTES_MAX: Final = LIST_LEAVES_MAX * LEAF_BYTES
PAYLOAD_START: Final = SLOTS + 30 * HASH_BYTES
PAGE_BYTES_MAX: Final = PAYLOAD_START + SLOTS * LIST_BYTES_MAX
DEPTH_MAX: Final = 64
"""Hex digits of a hashed key."""

Subtree = tuple[bytes, bytes]
"""Hash of a subtree and what is stored for it: a leaf list, or the version of its page."""
NOTHING: Final[Subtree] = (EMPTY, b"")

# Positions as ready slices: building them anew is a tenth of an update.
NODE: Final = tuple(slice(SLOTS + HASH_BYTES * (node - 2), SLOTS + HASH_BYTES * (node - 1)) for node in range(32))
"""Where node 2..31 lies in a page (entries 0 and 1 are unused)."""
CHILDREN: Final = tuple(slice(SLOTS + 64 * (node - 1), SLOTS + 64 * node) for node in range(16))
"""Where the two children of node 1..15 lie."""
CLIMB: Final = tuple(
    tuple(
        (NODE[node], NODE[node ^ 1], bool(node & 1), node >> 1)
        for node in (leaf, leaf >> 1, leaf >> 2, leaf >> 3)
    )
    for leaf in range(SLOTS, 2 * SLOTS)
)
"""The way up from each slot: own place, sibling's place, whether the own place is the right one, parent."""


def page_key(version: bytes, depth: int, key_hash: bytes) -> bytes:
    """Where the page of ``version`` (8 bytes) at ``depth`` hex digits on the way to ``key_hash`` is stored."""
    whole = depth >> 1
    if depth & 1:
        return b"p%b%c%b%c" % (version, depth, key_hash[:whole], key_hash[whole] & 0xF0)
    return b"p%b%c%b" % (version, depth, key_hash[:whole])


def digit(key_hash: bytes, depth: int) -> int:
    """The hex digit of ``key_hash`` that chooses the slot of a page at ``depth``."""
    byte = key_hash[depth >> 1]
    return byte & 0x0F if depth & 1 else byte >> 4


def list_hash(leaves: bytes, bit: int) -> bytes:
    """Root over a leaf list whose members share their first ``bit`` bits."""
    if len(leaves) <= LEAF_BYTES:
        return sha256(LEAF_PREFIX + leaves).digest() if leaves else EMPTY
    split = list_split(leaves, bit)
    left, right = list_hash(leaves[:split], bit + 1), list_hash(leaves[split:], bit + 1)
    return sha256(INNER_PREFIX + left + right).digest()


def list_split(leaves: bytes, bit: int) -> int:
    """Offset of the first leaf whose bit number ``bit`` is set."""
    byte, mask = bit >> 3, 0x80 >> (bit & 7)
    for at in range(byte, len(leaves), LEAF_BYTES):
        if leaves[at] & mask:
            return at - byte
    return len(leaves)


def span(node: int) -> tuple[int, int]:
    """First slot under ``node`` (1..31) and the one after the last."""
    width = 5 - node.bit_length()
    first = (node << width) - SLOTS
    return first, first + (1 << width)


def node_at(page: bytes | bytearray, node: int) -> bytes:
    """The hash of ``node`` (2..31)."""
    return bytes(page[NODE[node]])


def slot(page: bytes | bytearray, number: int) -> tuple[int, bytes]:
    """Units and payload of one slot."""
    start = PAYLOAD_START + UNIT_BYTES * sum(page[:number])
    units = page[number]
    return units, bytes(page[start : start + UNIT_BYTES * units])


def rehash(page: bytearray, dirty: list[int]) -> bytes:
    """Recompute every node above the ``dirty`` ones (heap indices of one level, ascending); returns the page's root."""
    full = 0 not in page[:SLOTS]
    while True:
        parents: list[int] = []
        last = 0
        for node in dirty:
            parent = node >> 1
            if parent == last:
                continue
            last = parent
            parents.append(parent)
            pair = page[CHILDREN[parent]]
            value = sha256(INNER_PREFIX + pair).digest() if full else combine(page, parent, pair)
            if parent == 1:
                return value
            page[NODE[parent]] = value
        dirty = parents


def combine(page: bytearray, node: int, pair: bytes | bytearray) -> bytes:
    """Hash of ``node`` over its children's hashes: a lone leaf rises, nothing stays empty, all else is hashed."""
    if pair.startswith(EMPTY) or pair.endswith(EMPTY):
        first, stop = span(node)
        units = sum(page[first:stop])
        if units == 0:
            return EMPTY
        if units == LEAF_UNITS and CHILD_UNITS not in page[first:stop]:
            return bytes(pair[HASH_BYTES:] if pair.startswith(EMPTY) else pair[:HASH_BYTES])
    return sha256(INNER_PREFIX + pair).digest()


def is_lone(page: bytes, node: int) -> bool:
    """Whether exactly one leaf stands under ``node``."""
    first, stop = span(node)
    return sum(page[first:stop]) == LEAF_UNITS and CHILD_UNITS not in page[first:stop]


def checked(page: bytes, where: bytes) -> bytes:
    """``page`` as read from storage, if its lengths agree.

    Raises:
        StoreCorrupt: ``state-page``.
    """
    if len(page) < PAYLOAD_START or len(page) != PAYLOAD_START + UNIT_BYTES * sum(page[:SLOTS]):
        raise StoreCorrupt("state-page", "a page of the state tree is damaged", key=where.hex(), found=len(page))
    return page
