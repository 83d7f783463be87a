"""What a contract may touch."""

from typing import Protocol


class State(Protocol):
    """Keys and values of the ledger at one moment of one block.

    Keys come from ``state.keys.key`` (1-512 bytes); values are encoded structs, never
    empty (1 byte to 256 KiB). Reads see the writes made before them.
    """

    def get(self, key: bytes) -> bytes | None:
        """The value under ``key``, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Write ``value`` under ``key``.

        Raises:
            Rejected: ``state-key`` or ``state-value``: empty or over its bound.
        """

    def delete(self, key: bytes) -> None:
        """Remove ``key`` if present.

        Raises:
            Rejected: ``state-key``: empty or over its bound.
        """
