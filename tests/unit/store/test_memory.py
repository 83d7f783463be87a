"""What only the memory engine promises; the shared contract is in ``test_key_value.py``."""

from chainnode.store.key_value import WriteBatch
from chainnode.store.memory import MemoryKeyValue


def put(store: MemoryKeyValue, key: bytes, value: bytes) -> None:
    batch = WriteBatch()
    batch.put(key, value)
    store.write(batch, sync=True)


def test_write_copies_once_when_somebody_looked() -> None:
    """'Looking at it makes the next write copy it', and only the next."""
    store = MemoryKeyValue()
    put(store, b"a", b"1")
    before = store._open()
    pairs = store.iterate()
    put(store, b"b", b"2")
    copied = store._open()
    put(store, b"c", b"3")
    assert copied is not before
    assert store._open() is copied
    assert list(pairs) == [(b"a", b"1")]
