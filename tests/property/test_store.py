"""Both engines against a dictionary, and the journal against a list, over random histories with reopening."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.store.journal import Journal
from chainnode.store.key_value import KeyValue, WriteBatch
from chainnode.store.leveldb import LevelDBKeyValue, LevelDBOptions
from chainnode.store.memory import MemoryKeyValue

KEYS = st.binary(max_size=3) | st.sampled_from([b"", b"\xff", b"\xff\xff", b"a" * 300])
VALUES = st.none() | st.binary(max_size=8) | st.just(bytes(5_000))
BATCHES = st.lists(st.tuples(KEYS, VALUES), max_size=12)
TINY = LevelDBOptions(write_buffer_bytes=64 * 1024, block_cache_bytes=64 * 1024)


def check(store: KeyValue, model: dict[bytes, bytes], low: bytes, high: bytes | None) -> None:
    expected = sorted(pair for pair in model.items() if pair[0] >= low and (high is None or pair[0] < high))
    assert list(store.iterate(low, high)) == expected
    assert list(store.iterate(low, high, reverse=True)) == expected[::-1]
    for key in (low, *model):
        assert store.get(key) == model.get(key)


@given(st.lists(st.tuples(BATCHES, KEYS, st.none() | KEYS, st.booleans()), max_size=12))
@settings(max_examples=25)
def test_both_engines_equal_a_dictionary(history) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        leveldb, memory = LevelDBKeyValue.create(path, TINY), MemoryKeyValue()
        model: dict[bytes, bytes] = {}
        for operations, low, high, reopen in history:
            batch = WriteBatch()
            batch.operations.extend(operations)
            before = dict(model)
            with leveldb.snapshot() as old, memory.snapshot() as old_memory:
                leveldb.write(batch, sync=reopen)
                memory.write(batch, sync=reopen)
                assert dict(old.iterate()) == dict(old_memory.iterate()) == before
            for key, value in operations:
                if value is None:
                    model.pop(key, None)
                else:
                    model[key] = value
            if reopen:
                leveldb.close()
                leveldb = LevelDBKeyValue.open(path, TINY)
            check(leveldb, model, low, high)
            check(memory, model, low, high)
        leveldb.close()


STEPS = st.one_of(
    st.tuples(st.just("sync"), st.lists(st.binary(max_size=40), max_size=4)),
    st.tuples(st.just("height"), st.integers(0, 3)),
    st.tuples(st.just("torn"), st.integers(1, 60)),
    st.tuples(st.just("reopen"), st.none()),
)


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=25)
def test_journal_equals_a_list_of_steps(history) -> None:
    """What was synced comes back; bytes written after the last sync never do."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        journal = Journal.create(directory)
        height, marker = 0, None
        records: list[bytes] = []
        for kind, value in history:
            if kind == "sync":
                journal.append(value)
                journal.sync()
                if marker is not None:
                    height, records, marker = marker, [], None
                records = records + value
            elif kind == "height":
                marker = (marker if marker is not None else height) + value
                journal.start_height(marker)
            else:
                journal.close()
                if kind == "torn":
                    last = max(directory.glob("journal-*.log"))
                    last.write_bytes(last.read_bytes() + b"\x5a" * value)
                journal = Journal.open(directory)
                marker = None
            assert (journal.height, journal.read()) == (height, records)
        journal.close()
