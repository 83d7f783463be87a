"""Writes of a block before it is decided."""

import pytest

from chainnode.errors import InvariantBroken, Rejected
from chainnode.limits import STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX
from chainnode.state import overlay as module
from chainnode.state.overlay import DEPTH_MAX, Overlay

BASE = {b"a": b"1", b"b": b"2"}


def test_reads_fall_through_and_see_writes() -> None:
    """Reads see the writes made before them; nothing below is touched."""
    base = dict(BASE)
    state = Overlay(base.get)
    assert (state.get(b"a"), state.get(b"x")) == (b"1", None)
    state.put(b"a", b"9")
    state.delete(b"b")
    assert (state.get(b"a"), state.get(b"b")) == (b"9", None)
    assert base == BASE


def test_changes_are_net_and_in_key_order() -> None:
    """Every key written with its last value, None for removed."""
    state = Overlay(BASE.get)
    state.put(b"z", b"1")
    state.put(b"a", b"2")
    state.delete(b"z")
    state.delete(b"none")
    assert list(state.changes().items()) == [(b"a", b"2"), (b"none", None), (b"z", None)]


def test_discard_undoes_exactly_the_innermost_unit() -> None:
    """begin, write, commit, discard; operations inside transactions inside blocks."""
    state = Overlay(BASE.get)
    state.put(b"block", b"1")
    state.begin()
    state.put(b"a", b"tx")
    state.begin()
    state.put(b"a", b"op")
    state.put(b"a", b"op again")
    state.delete(b"block")
    state.put(b"new", b"op")
    state.discard()
    assert (state.get(b"a"), state.get(b"block"), state.get(b"new")) == (b"tx", b"1", None)
    state.commit()
    assert state.changes() == {b"a": b"tx", b"block": b"1"}


def test_discard_undoes_units_committed_into_it() -> None:
    """Operations of one transaction are atomic: all apply or none."""
    state = Overlay(BASE.get)
    state.begin()
    for number in range(3):
        state.begin()
        state.put(b"k%d" % number, b"v")
        state.commit()
    state.discard()
    assert state.changes() == {}
    assert state.depth == 0


def test_store_is_asked_once_for_a_key_and_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values read from below are kept, so that a block asks the store once; beyond the bound the cache starts anew."""
    monkeypatch.setattr(module, "READS_KEPT_MAX", 3)
    asked: list[bytes] = []

    def read(key: bytes) -> bytes | None:
        asked.append(key)
        return BASE.get(key)

    state = Overlay(read)
    for _ in range(3):
        state.get(b"a")
        state.get(b"missing")
    assert asked == [b"a", b"missing"]
    for number in range(10):
        state.get(b"%d" % number)
    assert state.get(b"a") == b"1"
    assert asked.count(b"a") == 2


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        (b"", b"v", "state-key"),
        (bytes(STATE_KEY_BYTES_MAX + 1), b"v", "state-key"),
        (b"k", b"", "state-value"),
        (b"k", bytes(STATE_VALUE_BYTES_MAX + 1), "state-value"),
    ],
)
def test_write_outside_the_bounds_is_rejected_and_changes_nothing(key: bytes, value: bytes, code: str) -> None:
    """Keys 1-512 bytes; values 1 byte to 256 KiB, since ICS-23 cannot prove an empty one."""
    state = Overlay(BASE.get)
    with pytest.raises(Rejected) as caught:
        state.put(key, value)
    assert caught.value.code == code
    assert state.changes() == {}


def test_write_at_the_bounds_is_accepted() -> None:
    """The bounds are inclusive."""
    state = Overlay(BASE.get)
    state.put(bytes(STATE_KEY_BYTES_MAX), bytes(STATE_VALUE_BYTES_MAX))
    assert len(state.changes()) == 1


def test_unbalanced_use_stops_the_program() -> None:
    """A contradiction in our own code must never become a state root."""
    for wrong in ("commit", "discard"):
        with pytest.raises(InvariantBroken):
            getattr(Overlay(BASE.get), wrong)()
    state = Overlay(BASE.get)
    for _ in range(DEPTH_MAX):
        state.begin()
    with pytest.raises(InvariantBroken):
        state.begin()
    with pytest.raises(InvariantBroken):
        state.changes()


def test_cache_of_reads_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients choose what is read, and a value may have 256 KiB."""
    monkeypatch.setattr(module, "READS_BYTES_MAX", 250)
    asked: list[bytes] = []

    def read(key: bytes) -> bytes:
        asked.append(key)
        return bytes(100)

    state = Overlay(read)
    for key in (b"a", b"b", b"b", b"a", b"c", b"c", b"a"):
        assert state.get(key) == bytes(100)
    assert asked == [b"a", b"b", b"c", b"a"]


def test_put_bytes_count_what_was_undone_and_replaced() -> None:
    """What the writing cost: a transaction that fails half-way has cost as much."""
    state = Overlay(BASE.get)
    state.put(b"a", b"123")
    state.begin()
    state.put(b"a", b"45")
    state.delete(b"b")
    state.discard()
    assert state.put_bytes == 5
