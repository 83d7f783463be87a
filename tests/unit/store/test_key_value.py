"""The contract of ``chainnode/store/key_value.py``, run over every engine."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from chainnode.errors import StoreError
from chainnode.store.key_value import KeyValue, WriteBatch, prefix_stop
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.store.memory import MemoryKeyValue

ENGINES: dict[str, Callable[[Path], KeyValue]] = {
    "leveldb": LevelDBKeyValue.create,
    "memory": lambda path: MemoryKeyValue(),
}


@pytest.fixture(params=sorted(ENGINES))
def store(request: pytest.FixtureRequest, tmp_path: Path):
    opened = ENGINES[request.param](tmp_path / "db")
    yield opened
    opened.close()


def batch(*operations: tuple[bytes, bytes | None]) -> WriteBatch:
    made = WriteBatch()
    made.operations.extend(operations)
    return made


def test_get_answers_what_was_put_when_written(store: KeyValue) -> None:
    store.write(batch((b"a", b"1"), (b"", b"empty key"), (b"b", b"")), sync=True)
    assert store.get(b"a") == b"1"
    assert store.get(b"") == b"empty key"
    assert store.get(b"b") == b""
    assert store.get(b"c") is None


def test_later_change_wins_when_a_batch_names_a_key_twice(store: KeyValue) -> None:
    """'of two changes of one key the later wins'"""
    store.write(batch((b"a", b"1"), (b"a", None), (b"b", None), (b"b", b"2")), sync=False)
    assert store.get(b"a") is None
    assert store.get(b"b") == b"2"


def test_delete_is_no_error_when_the_key_is_absent(store: KeyValue) -> None:
    made = WriteBatch()
    made.delete(b"never")
    made.put(b"k", b"v")
    assert len(made) == 2
    store.write(made, sync=False)
    assert list(store.iterate()) == [(b"k", b"v")]


def test_iterate_keeps_byte_order_and_bounds_in_both_directions(store: KeyValue) -> None:
    """'Pairs with start <= key < stop in byte order of keys, or backwards'"""
    keys = [b"\x00", b"a", b"a\x00", b"a\xff", b"b", b"\xff", b"\xff\xff"]
    store.write(batch(*((key, key * 2) for key in reversed(keys))), sync=False)
    assert [key for key, _ in store.iterate()] == keys
    assert [key for key, _ in store.iterate(reverse=True)] == keys[::-1]
    assert [key for key, _ in store.iterate(b"a", b"b")] == [b"a", b"a\x00", b"a\xff"]
    assert [key for key, _ in store.iterate(b"a", b"b", reverse=True)] == [b"a\xff", b"a\x00", b"a"]
    assert [key for key, _ in store.iterate(b"a\x01")] == [b"a\xff", b"b", b"\xff", b"\xff\xff"]
    assert list(store.iterate(b"b", b"a")) == []


@pytest.mark.parametrize("sole", [b"", b"a", b"\xff"])
def test_iterate_backwards_finds_the_key_that_equals_its_start(store: KeyValue, sole: bytes) -> None:
    """Alone, plyvel 1.5.1 finds nothing when that key is the only one in the range."""
    store.write(batch((sole, b"1"), (b"z", b"1")), sync=False)
    assert list(store.iterate(sole, sole + b"\x00", reverse=True)) == [(sole, b"1")]


def test_iterator_shows_the_moment_it_was_made_when_writes_follow(store: KeyValue) -> None:
    store.write(batch((b"a", b"1"), (b"b", b"1")), sync=False)
    pairs = store.iterate()
    store.write(batch((b"a", b"2"), (b"b", None), (b"c", b"2")), sync=False)
    assert list(pairs) == [(b"a", b"1"), (b"b", b"1")]
    assert list(store.iterate()) == [(b"a", b"2"), (b"c", b"2")]


def test_snapshot_stays_frozen_when_writes_follow(store: KeyValue) -> None:
    store.write(batch((b"a", b"1")), sync=False)
    with store.snapshot() as frozen:
        store.write(batch((b"a", b"2"), (b"b", b"2")), sync=False)
        assert frozen.get(b"a") == b"1"
        assert frozen.get(b"b") is None
        assert list(frozen.iterate()) == [(b"a", b"1")]
        assert list(frozen.iterate(b"b")) == []
    frozen.close()


def test_every_use_is_refused_when_closed(store: KeyValue) -> None:
    store.write(batch((b"a", b"1"), (b"b", b"1")), sync=False)
    begun, unbegun, frozen = store.iterate(), store.iterate(), store.snapshot()
    next(begun)
    store.close()
    store.close()
    for use in (
        lambda: store.get(b"a"),
        lambda: list(store.iterate()),
        store.snapshot,
        lambda: store.write(batch((b"a", b"2")), sync=False),
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.code == "store-closed"
    frozen.close()
    with pytest.raises(StoreError):
        frozen.get(b"a")
    if isinstance(store, LevelDBKeyValue):
        for pairs in (begun, unbegun):
            with pytest.raises(StoreError):
                next(pairs)


def test_readers_finish_or_are_refused_when_another_thread_closes(store: KeyValue) -> None:
    """'close waits for them': LevelDB crashes the process when closed under a reader."""
    store.write(batch(*((b"%05d" % number, b"v" * 100) for number in range(500))), sync=False)
    outcomes: list[str] = []
    started = threading.Barrier(4)

    def read() -> None:
        started.wait()
        try:
            while True:
                assert store.get(b"00007") == b"v" * 100
                assert sum(1 for _ in store.iterate(b"004")) == 100
        except StoreError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    started.wait()
    store.close()
    for thread in threads:
        thread.join(10)
    assert outcomes == ["store-closed"] * 3


@pytest.mark.parametrize(
    ("prefix", "stop"), [(b"a", b"b"), (b"a\xff", b"b"), (b"\xff\xff", None), (b"", None), (b"ab\x00", b"ab\x01")]
)
def test_prefix_stop_follows_every_key_of_the_prefix(prefix: bytes, stop: bytes | None) -> None:
    assert prefix_stop(prefix) == stop
    assert stop is None or prefix + b"\xff" * 40 < stop
