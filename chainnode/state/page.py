"""One page of the state tree: four binary levels, hashes only.

A subtree of up to four leaves is a *leaf list*: ``key hash || value hash`` (64 bytes each), in
key order. A larger one is a page over its next four bits (one hex digit of the hashed
key), stored under ``"p" || version || depth || digits``:

    16 bytes    units of each slot: 0 empty, 8n = a list of n leaves, 1 = a page below
    30 x 32     hashes of nodes 2..31 in heap order (node 1, the page's own root, is kept above)
    payload     slot after slot: the leaf list, or the version (8 bytes) of the page below

In memory it is a tuple of 48: units, one unused, the hashes of nodes 2..31, the payloads of the slots; joined they are
the stored form. So a page that changed in one slot shares all else with the one before, and is read without cutting
it up again.

Inner hashes are kept, so changing one slot costs four hashes; a page
with four leaves or fewer is folded back into a list, so the stored form, like the
root, depends on the content alone, never on the order of writes.

Node ``i`` covers the slots below it; a node over exactly one leaf has that leaf's hash
(path compression), over none 32 zero bytes.
"""

from hashlib import sha256
from struct import Struct
from typing import Final

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY, INNER_PREFIX, LEAF_PREFIX

SLOTS: Final = 16
HASH_BYTES: Final = 32
LEAF_BYTES: Final = 64
UNIT_BYTES: Final = 8
VERSION_BYTES: Final = 8
LEAF_UNITS: Final = LEAF_BYTES // UNIT_BYTES
CHILD_UNITS: Final = 1
LIST_LEAVES_MAX: Final = 4
LIST_BYTES_MAX: Final = LIST_LEAVES_MAX * LEAF_BYTES
PAYLOAD_START: Final = SLOTS + 30 * HASH_BYTES
PAGE_BYTES_MAX: Final = PAYLOAD_START + SLOTS * LIST_BYTES_MAX
DEPTH_MAX: Final = 64
"""Hex digits of a hashed key."""
UNITS: Final = 0
PAYLOADS: Final = 2 * SLOTS
"""Where a page has its units in memory, and where its payloads begin."""

Page = tuple[bytes, ...]
Subtree = tuple[bytes, bytes]
"""Hash of a subtree and what is stored for it: a leaf list, or the version of its page."""
NOTHING: Final[Subtree] = (EMPTY, b"")
BLANK: Final[Page] = (bytes(SLOTS), b"", *[EMPTY] * 30, *[b""] * SLOTS)
"""A page without a leaf, to be filled."""

_NODES: Final = Struct(f"{HASH_BYTES}s" * 30).unpack_from
CLIMB: Final = tuple(
    tuple((node, node ^ 1, bool(node & 1)) for node in (leaf, leaf >> 1, leaf >> 2, leaf >> 3))
    for leaf in range(SLOTS, 2 * SLOTS)
)
"""The way up from each slot: own node, its sibling, whether the own one is on the right."""
_DEPTHS: Final = tuple(bytes((depth,)) for depth in range(DEPTH_MAX))
_DIGITS: Final = tuple(bytes((digit << 4,)) for digit in range(SLOTS))


def page_key(version: bytes, depth: int, key_hash: bytes) -> bytes:
    """Where the page of ``version`` (8 bytes) at ``depth`` hex digits on the way to ``key_hash`` is stored."""
    whole = depth >> 1
    if depth & 1:
        return b"p" + version + _DEPTHS[depth] + key_hash[:whole] + _DIGITS[key_hash[whole] >> 4]
    return b"p" + version + _DEPTHS[depth] + key_hash[:whole]


def digit(key_hash: bytes, depth: int) -> int:
    """The hex digit of ``key_hash`` that chooses the slot of a page at ``depth``."""
    byte = key_hash[depth >> 1]
    return byte & 0x0F if depth & 1 else byte >> 4


def list_hash(leaves: bytes, bit: int) -> bytes:
    """Root over a leaf list whose members share their first ``bit`` bits.

    Raises:
        StoreCorrupt: ``state-page``: one key has two leaves.
    """
    if len(leaves) <= LEAF_BYTES:
        return sha256(LEAF_PREFIX + leaves).digest() if leaves else EMPTY
    # From the first bit on in which they differ; each bit before it that they share has nothing on its other side.
    start = bit >> 3
    differing = int.from_bytes(leaves[start:HASH_BYTES], "big") ^ int.from_bytes(
        leaves[start - LEAF_BYTES : HASH_BYTES - LEAF_BYTES], "big"
    )
    if not differing:
        raise StoreCorrupt("state-page", "a key has two leaves in the state tree", key=leaves[:HASH_BYTES].hex())
    parting = 8 * HASH_BYTES - differing.bit_length()
    split = list_split(leaves, parting)
    rest = leaves[split:]
    left = list_hash(leaves[:split], parting + 1)
    right = sha256(LEAF_PREFIX + rest).digest() if len(rest) == LEAF_BYTES else list_hash(rest, parting + 1)
    running = sha256(INNER_PREFIX + left + right).digest()
    while parting > bit:
        parting -= 1
        is_right = leaves[parting >> 3] & (0x80 >> (parting & 7))
        running = sha256(INNER_PREFIX + (EMPTY + running if is_right else running + EMPTY)).digest()
    return running


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


def rehash(page: list[bytes], dirty: list[int]) -> bytes:
    """Recompute every node above the ``dirty`` ones (heap indices of one level, ascending); returns the page's root."""
    while True:
        parents: list[int] = []
        last = 0
        for node in dirty:
            parent = node >> 1
            if parent == last:
                continue
            last = parent
            parents.append(parent)
            left, right = page[2 * parent], page[2 * parent + 1]
            sparse = EMPTY in (left, right)
            value = combine(page, parent) if sparse else sha256(INNER_PREFIX + left + right).digest()
            if parent == 1:
                return value
            page[parent] = value
        dirty = parents


def combine(page: list[bytes], node: int) -> bytes:
    """Hash of ``node`` over its children's hashes: a lone leaf rises, nothing stays empty, all else is hashed."""
    left, right = page[2 * node], page[2 * node + 1]
    if left == EMPTY:
        if right == EMPTY or is_lone(page, node):
            return right
    elif right == EMPTY and is_lone(page, node):
        return left
    return sha256(INNER_PREFIX + left + right).digest()


def is_lone(page: Page | list[bytes], node: int) -> bool:
    """Whether exactly one leaf stands under ``node``."""
    first, stop = span(node)
    units = page[UNITS][first:stop]
    return sum(units) == LEAF_UNITS and CHILD_UNITS not in units


def with_units(page: list[bytes]) -> None:
    """Write down the units of the payloads, which were changed."""
    page[UNITS] = bytes([len(payload) // UNIT_BYTES for payload in page[PAYLOADS:]])


def encode_page(page: Page) -> bytes:
    """As it is stored."""
    return b"".join(page)


def decode_page(stored: bytes, where: bytes) -> Page:
    """The page that was stored under ``where``.

    Raises:
        StoreCorrupt: ``state-page``: its lengths do not agree.
    """
    if len(stored) < PAYLOAD_START or len(stored) != PAYLOAD_START + UNIT_BYTES * sum(stored[:SLOTS]):
        raise StoreCorrupt("state-page", "a page of the state tree is damaged", key=where.hex(), found=len(stored))
    payloads: list[bytes] = []
    at = PAYLOAD_START
    for units in stored[:SLOTS]:
        end = at + UNIT_BYTES * units
        payloads.append(stored[at:end])
        at = end
    return (stored[:SLOTS], b"", *_NODES(stored, SLOTS), *payloads)
