"""The KeyValue contract in memory, for tests and for tools that need no disk.

``sync`` means nothing here: everything is gone with the process.
"""

from bisect import bisect_left
from collections.abc import Iterator
from threading import Lock
from types import TracebackType
from typing import Self

from chainnode.errors import StoreError
from chainnode.store.key_value import Pair, Snapshot, WriteBatch


class _Content:
    """A dictionary with its sorted keys; frozen once somebody else looks at it."""

    __slots__ = ("keys", "shared", "values")

    def __init__(self, values: dict[bytes, bytes]) -> None:
        self.values = values
        self.keys: list[bytes] | None = None
        self.shared = False

    def iterate(self, start: bytes, stop: bytes | None, reverse: bool) -> Iterator[Pair]:
        keys = self.keys
        if keys is None:
            keys = self.keys = sorted(self.values)
        low = bisect_left(keys, start)
        high = len(keys) if stop is None else bisect_left(keys, stop)
        positions = range(high - 1, low - 1, -1) if reverse else range(low, high)
        values = self.values
        return ((keys[position], values[keys[position]]) for position in positions)


class MemorySnapshot:
    """A frozen view of a MemoryKeyValue."""

    __slots__ = ("_content",)

    def __init__(self, content: _Content) -> None:
        self._content: _Content | None = content

    def get(self, key: bytes) -> bytes | None:
        """As ``View.get``."""
        return self._open().values.get(key)

    def iterate(self, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False) -> Iterator[Pair]:
        """As ``View.iterate``."""
        return self._open().iterate(start, stop, reverse)

    def close(self) -> None:
        """As ``Snapshot.close``."""
        self._content = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> _Content:
        if self._content is None:
            raise StoreError("store-closed", "the snapshot is closed")
        return self._content


class MemoryKeyValue:
    """A sorted map. Looking at it (iterator, snapshot) makes the next write copy it."""

    __slots__ = ("_content", "_lock")

    def __init__(self) -> None:
        self._content: _Content | None = _Content({})
        self._lock = Lock()

    def get(self, key: bytes) -> bytes | None:
        """As ``View.get``."""
        with self._lock:
            return self._open().values.get(key)

    def iterate(self, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False) -> Iterator[Pair]:
        """As ``View.iterate``."""
        with self._lock:
            content = self._open()
            content.shared = True
            return content.iterate(start, stop, reverse)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """As ``KeyValue.write``, except that nothing outlives the process."""
        del sync
        with self._lock:
            content = self._open()
            if content.shared:
                content = self._content = _Content(dict(content.values))
            content.keys = None
            values = content.values
            for key, value in batch.operations:
                if value is None:
                    values.pop(key, None)
                else:
                    values[key] = value

    def snapshot(self) -> Snapshot:
        """As ``KeyValue.snapshot``."""
        with self._lock:
            content = self._open()
            content.shared = True
            return MemorySnapshot(content)

    def close(self) -> None:
        """As ``KeyValue.close``."""
        with self._lock:
            self._content = None

    def _open(self) -> _Content:
        if self._content is None:
            raise StoreError("store-closed", "the store is closed")
        return self._content
