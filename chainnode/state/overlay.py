"""Writes of a block before the block is decided: in memory, undoable, nothing below is touched.

One dictionary holds the current writes; ``begin`` marks a point in an undo journal,
``discard`` plays the journal back to the mark, ``commit`` forgets the mark. So reading
costs one look-up at any nesting depth, and a transaction that applies pays
nothing but its journal entries.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

from chainnode.errors import Rejected, invariant
from chainnode.limits import MIB, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX

DEPTH_MAX: Final = 8
"""Block, transaction, operation, and room for contracts that call others."""
READS_KEPT_MAX: Final = 65_536
"""Values read from below that are kept, so that a block asks the store once; beyond it the cache starts anew."""
READS_BYTES_MAX: Final = 32 * MIB
"""... and beyond this together: a value may have 256 KiB, and clients choose what is read."""


class _Absent(Enum):
    """Nothing is kept for the key; None would say that it was removed, or is not below."""

    ABSENT = 0


_ABSENT: Final = _Absent.ABSENT
_Written = bytes | None | _Absent


class Overlay:
    """A ``State`` over a read function; ``begin``/``commit``/``discard`` nest."""

    __slots__ = ("_journal", "_marks", "_put_bytes", "_read", "_reads", "_reads_bytes", "_writes")

    def __init__(self, read: Callable[[bytes], bytes | None]) -> None:
        """See ``read`` for keys not written here; its answers must not change while the overlay lives."""
        self._read = read
        self._reads: dict[bytes, bytes | None] = {}
        self._reads_bytes = 0
        self._writes: dict[bytes, bytes | None] = {}
        self._journal: list[tuple[bytes, _Written]] = []
        self._marks: list[int] = []
        self._put_bytes = 0

    def get(self, key: bytes) -> bytes | None:
        """The value as of now, or None."""
        # Most keys asked for are new ones: a default costs less than an exception.
        value: _Written = self._writes.get(key, _ABSENT)
        if value is _ABSENT:
            value = self._reads.get(key, _ABSENT)
            if value is _ABSENT:
                return self._read_below(key)
        return value

    def _read_below(self, key: bytes) -> bytes | None:
        value = self._read(key)
        self._reads_bytes += len(value or b"")
        if len(self._reads) >= READS_KEPT_MAX or self._reads_bytes > READS_BYTES_MAX:
            self._reads.clear()
            self._reads_bytes = len(value or b"")
        self._reads[key] = value
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Write; undone by ``discard`` of the innermost ``begin``.

        Raises:
            Rejected: ``state-key`` or ``state-value``: empty or over its bound. An empty value
                is refused because ICS-23 cannot prove it.
        """
        if not 0 < len(value) <= STATE_VALUE_BYTES_MAX:
            raise Rejected("state-value", f"a state value has 1 to {STATE_VALUE_BYTES_MAX} bytes", found=len(value))
        self._write(key, value)
        self._put_bytes += len(value)

    def delete(self, key: bytes) -> None:
        """Remove; undone by ``discard`` of the innermost ``begin``.

        Raises:
            Rejected: ``state-key``: empty or over its bound.
        """
        self._write(key, None)

    def _write(self, key: bytes, value: bytes | None) -> None:
        if not 0 < len(key) <= STATE_KEY_BYTES_MAX:
            raise Rejected("state-key", f"a state key has 1 to {STATE_KEY_BYTES_MAX} bytes", found=len(key))
        if self._marks:
            self._journal.append((key, self._writes.get(key, _ABSENT)))
        self._writes[key] = value

    @property
    def put_bytes(self) -> int:
        """Sizes of all values that were ever put, undone and replaced ones included: what the writing cost."""
        return self._put_bytes

    @property
    def depth(self) -> int:
        """How many ``begin`` are open."""
        return len(self._marks)

    def begin(self) -> None:
        """Open a nested unit of work."""
        invariant(len(self._marks) < DEPTH_MAX, "overlay: units of work nest without end")
        self._marks.append(len(self._journal))

    def commit(self) -> None:
        """Keep the writes since the innermost ``begin`` as part of the unit around it."""
        invariant(bool(self._marks), "overlay: commit without begin")
        self._marks.pop()
        if not self._marks:
            self._journal.clear()

    def discard(self) -> None:
        """Undo every write since the innermost ``begin``."""
        invariant(bool(self._marks), "overlay: discard without begin")
        mark = self._marks.pop()
        for key, before in reversed(self._journal[mark:]):
            if before is _ABSENT:
                del self._writes[key]
            else:
                self._writes[key] = before
        del self._journal[mark:]

    def changes(self) -> dict[bytes, bytes | None]:
        """Every key written here with its last value, None for removed, in key order.

        A write that equals the value below may be among them. Only committed work counts:
        all units must be closed.
        """
        invariant(not self._marks, "overlay: changes asked for while a unit of work is open")
        writes = self._writes
        return {key: writes[key] for key in sorted(writes)}
