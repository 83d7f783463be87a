"""When this node takes no more from clients: once what waits would take blocks too long.

Checking signatures and making blocks need the same processors. A flood that is let in up to the pool's bound is checked
on every validator long before a block can take it, and what that costs, blocks do not have: the busier the machine, the
more so. So a client is told to come again *before* its signatures are checked when more waits than blocks take in
``limits.BACKLOG_MS``, going by what they took lately.

Who has little waiting is not meant: only a sender that holds its share of such a backlog is refused, so that the flood
of one leaves the door open to others. Only verified transactions count as a sender's, so nobody can fill the share of
another with forged ones. What peers pass on is never refused here, as another node has accepted it already.
"""

from typing import Final

from chainnode import limits
from chainnode.clock import Clock
from chainnode.mempool.pool import Pool

SAMPLE_MS: Final = 1_000
"""Blocks take unequal numbers; over a second they say what the network can do."""
SHARES: Final = 4
"""A sender that holds less than this part of a full backlog is always let in."""


class Backlog:
    """Judges whether what waits is more than blocks take in good time."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Watch ``pool``; until blocks are seen under load they are taken to take ``limits.BACKLOG_PER_S_FIRST``."""
        self._pool = pool
        self._clock = clock
        self._per_s = float(limits.BACKLOG_PER_S_FIRST)
        self._since_ms: int | None = None
        """Since when blocks have not taken all there was."""
        self._taken = 0
        """By blocks since then."""

    @property
    def transactions_max(self) -> int:
        """What may wait before senders with much are refused."""
        return max(limits.BACKLOG_TRANSACTIONS_MIN, int(self._per_s * limits.BACKLOG_MS / 1_000))

    def note_block(self, transactions: int) -> None:
        """A block took so many, which are out of the pool."""
        now_ms = self._clock.monotonic_ms()
        if len(self._pool) < max(transactions, limits.BACKLOG_TRANSACTIONS_MIN // 2):
            # It took most of what there was: that says what came in, not what blocks could take.
            self._since_ms, self._taken = None, 0
            return
        if self._since_ms is None:
            self._since_ms = now_ms
            return
        self._taken += transactions
        passed_ms = now_ms - self._since_ms
        if passed_ms >= SAMPLE_MS:
            self._per_s = (self._per_s + 1_000 * self._taken / passed_ms) / 2
            self._since_ms, self._taken = now_ms, 0

    def is_full(self, under_way: int) -> bool:
        """Whether more waits than blocks take in good time, ``under_way`` without a verdict included."""
        return len(self._pool) + under_way >= self.transactions_max

    def is_for(self, sender: str) -> bool:
        """Whether ``sender`` is one of those that must wait while it is full."""
        return self._pool.held_by(sender) >= self.transactions_max // SHARES
