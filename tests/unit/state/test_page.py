"""The layout of stored pages."""

from hashlib import sha256

import pytest

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import EMPTY
from chainnode.state.page import (
    BLANK,
    CLIMB,
    LEAF_BYTES,
    PAGE_BYTES_MAX,
    PAYLOAD_START,
    PAYLOADS,
    SLOTS,
    combine,
    decode_page,
    digit,
    encode_page,
    is_lone,
    list_hash,
    list_split,
    page_key,
    rehash,
    span,
    with_units,
)

HASH = bytes(range(0xA0, 0xC0))


def leaf(first: int) -> bytes:
    return bytes((first,)) + bytes(63)


def inner(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def page_of(slots: dict[int, bytes]) -> list[bytes]:
    """A page whose slots hold these payloads, to be hashed anew."""
    page = list(BLANK)
    for number, payload in slots.items():
        page[SLOTS + number] = list_hash(payload, 4) if len(payload) > 8 else payload * 4
        page[PAYLOADS + number] = payload
    with_units(page)
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


def test_stored_page_has_its_nodes_and_payloads_in_order() -> None:
    """Units of each slot, 30 x 32 bytes of hashes in heap order, slot after slot its payload."""
    page = page_of({1: leaf(0x10), 3: bytes(8), 7: leaf(0x70) + leaf(0x71)})
    for node in range(2, 32):
        page[node] = bytes((node,)) * 32
    stored = encode_page(tuple(page))
    assert stored[:SLOTS] == bytes((0, 8, 0, 1, 0, 0, 0, 16)) + bytes(8)
    assert stored[SLOTS:PAYLOAD_START] == b"".join(bytes((node,)) * 32 for node in range(2, 32))
    assert stored[PAYLOAD_START:] == leaf(0x10) + bytes(8) + leaf(0x70) + leaf(0x71)
    assert decode_page(stored, b"k") == tuple(page)


def test_way_up_from_a_slot_passes_the_sibling_of_each_level() -> None:
    """Children of a node lie side by side; the odd one is on the right."""
    for number, steps in enumerate(CLIMB):
        assert [own for own, _, _ in steps] == [(SLOTS + number) >> level for level in range(4)]
        assert all({own, other} == {own & ~1, own | 1} and right == own % 2 for own, other, right in steps)


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
    third = leaf(0x18)
    parted = inner(list_hash(low + near, 5), sha256(b"\x00" + third).digest())
    assert list_hash(low + near + third, 3) == inner(EMPTY, parted), "bit 3 is set in all, bit 4 in the last"
    assert list_split(low + near + high, 0) == 128
    assert list_split(low + near, 0) == 128
    assert list_split(high, 0) == 0
    with pytest.raises(StoreCorrupt):
        list_hash(low + low, 0)


def test_rehash_lets_a_lone_leaf_rise_and_hashes_all_else() -> None:
    """Path compression: a node over exactly one leaf has that leaf's hash, over none 32 zero bytes."""
    one, two, three = leaf(0x00), leaf(0x40), leaf(0xF0)
    page = page_of({0: one, 4: two, 15: three})
    root = rehash(page, [16, 20, 31])
    hashes = [sha256(b"\x00" + item).digest() for item in (one, two, three)]
    assert page[8] == page[4] == hashes[0]
    assert page[9] == EMPTY
    assert page[2] == inner(hashes[0], hashes[1])
    assert page[3] == hashes[2]
    assert root == inner(inner(hashes[0], hashes[1]), hashes[2])
    assert is_lone(page, 3)
    assert not is_lone(page, 2)


def test_page_below_never_rises_like_a_leaf() -> None:
    """Eight pages have as many units as one leaf; they are hashed all the same."""
    version = (1).to_bytes(8, "big")
    page = page_of(dict.fromkeys(range(8), version))
    assert sum(map(len, page[PAYLOADS:])) == LEAF_BYTES
    assert not is_lone(page, 2)
    rehash(page, list(range(16, 24)))
    child = version * 4
    assert page[2] == inner(*[inner(*[inner(child, child)] * 2)] * 2)
    assert page[3] == EMPTY
    assert combine(page, 1) == inner(page[2], EMPTY)


def test_full_page_is_hashed_like_any_other() -> None:
    """Without an empty slot every node is hashed."""
    leaves = {number: leaf(number << 4) for number in range(16)}
    page = page_of(leaves)
    root = rehash(page, list(range(16, 32)))
    level = [sha256(b"\x00" + item).digest() for item in leaves.values()]
    while len(level) > 1:
        level = [inner(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    assert root == level[0]


def test_page_of_another_length_is_damaged() -> None:
    """Lengths must agree with the units of the slots."""
    page = encode_page(tuple(page_of({1: leaf(0x10)})))
    assert encode_page(decode_page(page, b"k")) == page
    assert len(page) <= PAGE_BYTES_MAX
    for damaged in (b"", page[:-1], page + b"\x00", bytes(PAYLOAD_START - 1)):
        with pytest.raises(StoreCorrupt):
            decode_page(damaged, b"k")
