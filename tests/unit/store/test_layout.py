"""Keys order as the ledger does; the seal notices every change."""

from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.errors import StoreCorrupt
from chainnode.store import layout
from chainnode.store.layout import (
    chunk_key,
    height_key,
    history_key,
    index_fact,
    index_key,
    position_bytes,
    seal,
    unseal,
)


@given(st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**32 - 1)), max_size=20))
def test_byte_order_is_ledger_order(places: list[tuple[int, int]]) -> None:
    assert sorted(places) == [layout.read_position(key) for key in sorted(position_bytes(*place) for place in places)]
    assert sorted(places) == sorted(places, key=lambda place: chunk_key(b"r", *place))
    assert sorted(places) == sorted(places, key=lambda p: (index_key(b"fact", p[0]), layout.event_place(p[1] - 1, 0)))


def test_no_record_kind_can_be_taken_for_another() -> None:
    prefixes = [
        layout.HEADER, layout.BODY, layout.CERTIFICATE, layout.TX_IDS, layout.RECEIPTS, layout.BLOCK_HASH,
        layout.TRANSACTION, layout.STATE, layout.TREE, layout.STALE, layout.HISTORY, layout.INDEX,
    ]  # fmt: skip
    prefixes += [key[:1] for key in (layout.FORMAT_KEY,)]
    assert len(set(prefixes)) == len(prefixes)
    assert all(len(prefix) == 1 for prefix in prefixes)


def test_keys_have_golden_bytes() -> None:
    """The layout is a promise to data directories that exist."""
    assert height_key(layout.BODY, 258) == b"b" + bytes((0, 0, 0, 0, 0, 0, 1, 2))
    assert chunk_key(layout.RECEIPTS, 1, 3) == b"r" + bytes(7) + b"\x01" + bytes(3) + b"\x03"
    assert history_key(2, 5) == b"y\x02" + bytes(7) + b"\x05"
    head = sha256(msgpack.packb(["evidence.recorded", "digest"])).digest()[:8]
    assert index_fact("evidence.recorded", "digest", b"\x01" * 32) == head + b"\x21" + b"\x01" * 32
    assert index_fact("evidence.recorded", "digest", "a") == head + b"\x00" + sha256(msgpack.packb("a")).digest()[:20]
    assert head.hex() == "c34661d9fa93355f"
    assert index_key(b"fact", 258) == b"ifact" + bytes((0, 0, 0, 0, 0, 0, 1, 2))
    assert layout.event_place(2, 3) == bytes.fromhex("00000003 00000003")
    assert layout.event_place(layout.BLOCK_INDEX, 0) == bytes(8), "the block's own events come first"
    assert seal(b"1234", b"56789") == b"56789" + bytes.fromhex("cbf43926"), "the check value of CRC-32"


@pytest.mark.parametrize("other", ["1", b"1", 1, None, True])
def test_index_values_of_different_types_are_different(other: object) -> None:
    kinds = ["1", b"1", 1, None, True]
    facts = [index_fact("n", "a", kind) for kind in kinds if kind is not other]  # type: ignore[arg-type]
    assert index_fact("n", "a", other) not in facts  # type: ignore[arg-type]


values = st.one_of(st.binary(max_size=40), st.text(max_size=3), st.integers(0, 9), st.none(), st.booleans())


@given(st.sampled_from("ab"), values, st.sampled_from("ab"), values)
def test_no_fact_begins_with_another(one: str, first: object, other: str, second: object) -> None:
    """A scan for one fact reads the records of no other."""
    facts = [index_fact("n", one, first), index_fact("n", other, second)]  # type: ignore[arg-type]
    same = (one, type(first), first) == (other, type(second), second)
    assert facts[0].startswith(facts[1]) is facts[1].startswith(facts[0]) is same


@given(st.lists(st.tuples(st.integers(-1, 2**31), st.integers(0, 2**32 - 1)), min_size=1, max_size=20, unique=True))
def test_places_of_a_block_are_read_from_any_of_them_on(places: list[tuple[int, int]]) -> None:
    places.sort()
    data = b"".join(layout.event_place(*place) for place in places)
    assert layout.read_event_places(data, b"", 100) == places
    for number, place in enumerate(places, 1):
        assert layout.read_event_places(data, layout.event_place(*place), 2) == places[number : number + 2]


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9)])
def test_part_of_a_place_is_corruption(data: bytes) -> None:
    with pytest.raises(StoreCorrupt):
        layout.read_event_places(data, b"", 1)


def test_unseal_refuses_every_flipped_bit_and_every_other_key() -> None:
    stored = seal(b"key", b"some value")
    assert unseal(b"key", stored) == b"some value"
    for bit in range(len(stored) * 8):
        flipped = bytearray(stored)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreCorrupt):
            unseal(b"key", bytes(flipped))
    for key, data in ((b"kez", stored), (b"", stored), (b"key", b""), (b"key", stored[:3]), (b"key", stored + b"\x00")):
        with pytest.raises(StoreCorrupt):
            unseal(key, data)
