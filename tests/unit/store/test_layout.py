"""Keys order as the ledger does; the seal notices every change."""

from hashlib import sha256

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.errors import StoreCorrupt
from chainnode.store import layout
from chainnode.store.layout import chunk_key, height_key, history_key, index_entry, position_bytes, seal, unseal


@given(st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**32 - 1)), max_size=20))
def test_byte_order_is_ledger_order(places: list[tuple[int, int]]) -> None:
    assert sorted(places) == [layout.read_position(key) for key in sorted(position_bytes(*place) for place in places)]
    assert sorted(places) == sorted(places, key=lambda place: chunk_key(b"r", *place))
    assert sorted(places) == sorted(
        places, key=lambda p: index_entry("n", "a", 1, height=p[0], index=p[1] + layout.BLOCK_INDEX, event=0)
    )


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
    entry = index_entry("evidence.recorded", "digest", b"\x01" * 32, height=1, index=2, event=3)
    triple = msgpack.packb(["evidence.recorded", "digest", b"\x01" * 32])
    assert entry == sha256(triple).digest()[:20] + bytes.fromhex("0000000000000001 00000003 00000003")
    own = index_entry("evidence.recorded", "digest", b"\x01" * 32, height=1, index=layout.BLOCK_INDEX, event=0)
    assert own[20:] == bytes.fromhex("0000000000000001 00000000 00000000"), "the block's own events come first"
    assert layout.read_event_place(own[20:]) == (1, -1, 0)
    assert entry.hex().startswith("e2f8de96618f01b23923c385121177bc2bee73fd")
    assert seal(b"1234", b"56789") == b"56789" + bytes.fromhex("cbf43926"), "the check value of CRC-32"


@pytest.mark.parametrize("other", ["1", b"1", 1, None])
def test_index_values_of_different_types_are_different(other: object) -> None:
    kinds = ["1", b"1", 1, None]
    prefixes = [layout.index_prefix("n", "a", kind) for kind in kinds if kind is not other]  # type: ignore[arg-type]
    assert layout.index_prefix("n", "a", other) not in prefixes  # type: ignore[arg-type]


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
