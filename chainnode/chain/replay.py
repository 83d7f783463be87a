"""Which transactions the chain has seen lately.

A transaction names the last height it may be included at, at most ``window`` blocks
ahead of the tip. So an id needs remembering only until its own expiry: afterwards the
expiry rule refuses the same bytes. Memory is bounded by window x block size.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from chainnode.errors import Rejected


class ReplayWindow:
    """Ids of the transactions in the last ``window`` blocks."""

    def __init__(self, window: int) -> None:
        """Remember ``window`` blocks (the on-chain parameter ``validity_window``)."""
        self._window = window
        self._height_of: dict[bytes, int] = {}
        self._blocks: deque[tuple[int, Sequence[bytes]]] = deque()

    def add_block(self, height: int, tx_ids: Sequence[bytes]) -> None:
        """Remember a committed block; heights arrive in order."""
        self._blocks.append((height, tx_ids))
        for tx_id in tx_ids:
            self._height_of[tx_id] = height
        while self._blocks and self._blocks[0][0] <= height - self._window:
            for tx_id in self._blocks.popleft()[1]:
                del self._height_of[tx_id]

    def widen(self, window: int) -> None:
        """Remember ``window`` blocks from now on, not fewer than before.

        What was forgotten under the smaller window had expired by then: no transaction outlives the window in
        force when it was included. So a node that ran through the change refuses the same as one that restarts.
        """
        self._window = max(self._window, window)

    def load(self, blocks: Iterable[tuple[int, Sequence[bytes]]]) -> None:
        """Fill from stored blocks, oldest first."""
        for height, tx_ids in blocks:
            self.add_block(height, tx_ids)

    def height_of(self, tx_id: bytes) -> int | None:
        """The height that holds ``tx_id``, when it is within the window."""
        return self._height_of.get(tx_id)

    def __len__(self) -> int:
        return len(self._height_of)


def check_expiry(valid_until: int, tip_height: int, window: int) -> None:
    """Whether a transaction can still enter the block after ``tip_height``.

    Raises:
        Rejected: ``expired`` or ``expiry-too-far``; both name the currently valid range.
    """
    if valid_until <= tip_height:
        raise Rejected(
            "expired", f"valid until height {valid_until}, but the chain is at {tip_height}",
            valid_from=tip_height + 1, valid_to=tip_height + window,
        )
    if valid_until > tip_height + window:
        raise Rejected(
            "expiry-too-far", f"valid until height {valid_until}, more than {window} blocks ahead",
            valid_from=tip_height + 1, valid_to=tip_height + window,
        )
