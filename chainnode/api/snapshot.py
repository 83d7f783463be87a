"""The committed state as contracts read it, for questions that their own rules answer."""

from chainnode.chain.queries import LedgerQueries
from chainnode.errors import Misuse


class SnapshotState:
    """A ``State`` over the newest block, without a way to write."""

    __slots__ = ("_queries",)

    def __init__(self, queries: LedgerQueries) -> None:
        self._queries = queries

    def get(self, key: bytes) -> bytes | None:
        """The value under ``key``, or None."""
        return self._queries.state(key)

    def put(self, key: bytes, _value: bytes) -> None:
        """Never possible.

        Raises:
            Misuse: ``read-only-state``.
        """
        raise Misuse("read-only-state", "a question writes nothing", key=key.hex())

    def delete(self, key: bytes) -> None:
        """Never possible.

        Raises:
            Misuse: ``read-only-state``.
        """
        raise Misuse("read-only-state", "a question writes nothing", key=key.hex())
