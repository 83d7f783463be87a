"""The layout of stored pages."""

from hashlib import sha256
from itertools import pairwise

import pytest

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY
from chainnode.state.page import (
    CHILDREN,
    CLIMB,
    LEAF_UNITS,
    NODE,
    PAGE_BYTES_MAX,
    PAYLOAD_START,
    SLOTS,
    checked,
    combine,
    digit,
    is_lone,
    list_hash,
    list_split,
    node_at,
    page_key,
    rehash,
    slot,
    span,
)

HASH = bytes(range(0xA0, 0xC0))


def leaf(first: int) -> bytes:
    return bytes((first,)) + bytes(63)


def inner(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def page_of(slots: dict[int, bytes]) -> bytearray:
    """A page whose slots hold these payloads, hashed anew."""
    page = bytearray(PAYLOAD_START)
    for number, payload in slots.items():
        page[number] = len(payload) // 8
        page[NODE[SLOTS + number]] = list_hash(payload, 4) if len(payload) > 8 else payload * 4
    page += b"".join(slots[number] for number in sorted(slots))
    return page


def test_page_key_holds_version_depth_and_exactly_its_digits() -> None:
    """Stored under "p" || version || depth || digits; pages of one place differ by version only."""
    version = (7).to_bytes(8, "big")
    assert page_key(version, 0, HASH) == b"p" + version + b"\x00"
    assert page_key(version, 1, HASH) == b"p" + version + b"\x01\xa0"
    assert page_key(version, 2, HASH) == b"p" + version + b"\x02\xa0"
    assert page_key(version, 3, HASH) == b"p" + version + b"\x03\xa0\xa0"
    assert page_key(version, 4, HASH) == b"p" + version + b"\x04\xa0\xa1"
    assert len({page_key(version, depth, HASH) for depth in range(64)}) == 64


def test_digit_is_the_hex_digit() -> None:
    """One hex digit of the hashed key chooses the slot."""
    assert "".join(f"{digit(HASH, depth):x}" for depth in range(64)) == HASH.hex()


def test_heap_positions_cover_the_page_without_overlap() -> None:
    """30 x 32 bytes: hashes of nodes 2..31 in heap order; children of a node lie side by side."""
    taken = sorted((NODE[node].start, NODE[node].stop) for node in range(2, 32))
    assert taken[0][0] == SLOTS
    assert taken[-1][1] == PAYLOAD_START
    assert all(end == start for (_, end), (start, _) in pairwise(taken))
    for node in range(1, 16):
        assert (CHILDREN[node].start, CHILDREN[node].stop) == (NODE[2 * node].start, NODE[2 * node + 1].stop)
    for number, steps in enumerate(CLIMB):
        assert [parent for *_, parent in steps] == [(16 + number) >> level for level in (1, 2, 3, 4)]
        assert [right for *_, right, _ in steps] == [bool((16 + number) >> level & 1) for level in range(4)]


def test_span_is_the_slots_below_a_node() -> None:
    """Node i covers the slots below it."""
    assert span(1) == (0, 16)
    assert (span(2), span(3)) == ((0, 8), (8, 16))
    assert [span(node) for node in range(16, 32)] == [(n, n + 1) for n in range(16)]


def test_list_hash_splits_by_bits() -> None:
    """Root over a leaf list whose members share their first bits."""
    low, high = leaf(0x10), leaf(0x90)
    assert list_hash(b"", 0) == EMPTY
    assert list_hash(low, 9) == sha256(b"\x00" + low).digest()
    assert list_hash(low + high, 0) == inner(sha256(b"\x00" + low).digest(), sha256(b"\x00" + high).digest())
    near = leaf(0x11)
    deep = list_hash(low + near, 0)
    running = inner(sha256(b"\x00" + low).digest(), sha256(b"\x00" + near).digest())
    # 0x10 and 0x11 share the bits 0001000; the way up adds an empty sibling for each.
    for right in (False, False, False, True, False, False, False)[::-1]:
        running = inner(EMPTY, running) if right else inner(running, EMPTY)
    assert deep == running
    assert list_split(low + near + high, 0) == 128
    assert list_split(low + near, 0) == 128
    assert list_split(high, 0) == 0


def test_rehash_lets_a_lone_leaf_rise_and_hashes_all_else() -> None:
    """Path compression: a node over exactly one leaf has that leaf's hash, over none 32 zero bytes."""
    one, two, three = leaf(0x00), leaf(0x40), leaf(0xF0)
    page = page_of({0: one, 4: two, 15: three})
    root = rehash(page, [16, 20, 31])
    hashes = [sha256(b"\x00" + item).digest() for item in (one, two, three)]
    assert node_at(page, 8) == node_at(page, 4) == hashes[0]
    assert node_at(page, 9) == EMPTY
    assert node_at(page, 2) == inner(hashes[0], hashes[1])
    assert node_at(page, 3) == hashes[2]
    assert root == inner(inner(hashes[0], hashes[1]), hashes[2])
    assert is_lone(bytes(page), 3)
    assert not is_lone(bytes(page), 2)


def test_page_below_never_rises_like_a_leaf() -> None:
    """Eight pages have as many units as one leaf; they are hashed all the same."""
    version = (1).to_bytes(8, "big")
    page = page_of(dict.fromkeys(range(8), version))
    assert sum(page[:16]) == LEAF_UNITS
    assert not is_lone(bytes(page), 2)
    rehash(page, list(range(16, 24)))
    child = version * 4
    assert node_at(page, 2) == inner(*[inner(*[inner(child, child)] * 2)] * 2)
    assert combine(page, 1, node_at(page, 2) + EMPTY) == inner(node_at(page, 2), EMPTY)


def test_full_page_is_hashed_like_any_other() -> None:
    """The short way for pages without an empty slot gives the same result."""
    leaves = {number: leaf(number << 4) for number in range(16)}
    page = page_of(leaves)
    root = rehash(page, list(range(16, 32)))
    level = [sha256(b"\x00" + item).digest() for item in leaves.values()]
    while len(level) > 1:
        level = [inner(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    assert root == level[0]


def test_slot_finds_its_payload() -> None:
    """Payload: slot after slot."""
    page = page_of({1: leaf(0x10), 3: bytes(8), 7: leaf(0x70) + leaf(0x71)})
    assert slot(page, 0) == (0, b"")
    assert slot(page, 1) == (8, leaf(0x10))
    assert slot(page, 3) == (1, bytes(8))
    assert slot(page, 7) == (16, leaf(0x70) + leaf(0x71))


def test_page_of_another_length_is_damaged() -> None:
    """Lengths must agree with the units of the slots."""
    page = bytes(page_of({1: leaf(0x10)}))
    assert checked(page, b"k") is page
    assert len(page) <= PAGE_BYTES_MAX
    for damaged in (b"", page[:-1], page + b"\x00", bytes(PAYLOAD_START - 1)):
        with pytest.raises(StoreCorrupt):
            checked(damaged, b"k")
