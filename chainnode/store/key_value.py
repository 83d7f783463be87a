"""What the ledger asks of a storage engine, and nothing more.

An engine is an ordered map from bytes to bytes with atomic batches. The protocol
stays this thin so that a second engine can stand in for LevelDB: anything that
passes ``tests/unit/store/test_key_value.py`` will do.

Contract of every engine:

* ``write`` applies the whole batch or nothing, also across a crash. With ``sync``
  it returns only when the batch, and every batch before it, survives a power cut.
* Reads never return bytes other than those written: damage raises ``StoreCorrupt``.
* An iterator or a snapshot shows the moment it was made; later writes do not reach it.
* After a failed write every later write fails too, until the store is opened again: what
  the disk kept is unknown. Reads go on.
* Reads may run in other threads beside one writer. ``close`` waits for them.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Final, Protocol, Self

Pair = tuple[bytes, bytes]


class WriteBatch:
    """Changes applied together, in order: of two changes of one key the later wins."""

    __slots__ = ("operations",)

    def __init__(self) -> None:
        self.operations: Final[list[tuple[bytes, bytes | None]]] = []
        """``(key, value)`` to put, ``(key, None)`` to delete. Hot paths extend this list directly."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set ``key`` to ``value``."""
        self.operations.append((key, value))

    def delete(self, key: bytes) -> None:
        """Remove ``key``; removing an absent key is no error."""
        self.operations.append((key, None))

    def __len__(self) -> int:
        return len(self.operations)


class View(Protocol):
    """What can be read."""

    def get(self, key: bytes) -> bytes | None:
        """The value of ``key``, or None.

        Raises:
            StoreCorrupt: ``data-corrupt``: the stored bytes fail their checksum.
            StoreError: ``disk-error``: the disk could not be read; ``store-closed``.
        """
        ...

    def iterate(self, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False) -> Iterator[Pair]:
        """Pairs with ``start <= key < stop`` in byte order of keys, or backwards; no ``stop``: to the end.

        Raises:
            StoreCorrupt, StoreError: as ``get``, at any step.
        """
        ...


class Snapshot(View, Protocol):
    """A frozen view; holds disk space until closed."""

    def close(self) -> None:
        """Release it; twice is no error."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class KeyValue(View, Protocol):
    """An open store."""

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply ``batch`` whole; with ``sync``, durably.

        Raises:
            StoreError: ``disk-full``, ``disk-error`` or ``store-closed``. What the disk kept is unknown.
            StoreCorrupt: ``data-corrupt``: the engine met damage while making room.
        """
        ...

    def snapshot(self) -> Snapshot:
        """The present content, frozen."""
        ...

    def close(self) -> None:
        """Wait for readers in other threads, then release everything; twice is no error."""
        ...


def prefix_stop(prefix: bytes) -> bytes | None:
    """The ``stop`` that ends a scan of all keys beginning with ``prefix``; None when nothing can follow them."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,)) if trimmed else None
