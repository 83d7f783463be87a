"""When this node takes no more from clients: once what waits has waited for long.

Checking signatures and making blocks need the same processors. A flood that is let in up to the pool's bound is checked
on every validator long before a block can take it, and what that costs, blocks do not have: the busier the machine, the
more so. So a client is told to come again *before* its signatures are checked when ``limits.BACKLOG_TRANSACTIONS``
or more wait and some of them for ``limits.BACKLOG_MS``: what blocks take, by observation, in good time may wait.

Who has little waiting is not meant: only a sender that holds its share of such a backlog is refused, so that the flood
of one leaves the door open to others. Only verified transactions count as a sender's, so nobody can fill the share of
another with forged ones. What peers pass on is never refused here, as another node has accepted it already.
"""

from collections import deque
from typing import Final

from chainnode import limits
from chainnode.clock import Clock
from chainnode.mempool.pool import Pool

MARK_MS: Final = 50
"""Between two looks at what is newest; as exact is the age of what waits."""
MARKS_MAX: Final = 64
"""Enough for three seconds; what waits longer is as good as that."""
SHARES: Final = 4
"""A sender that holds less than this part of the least backlog is always let in."""


class Backlog:
    """Judges whether what waits is more than blocks take in good time."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Watch ``pool``."""
        self._pool = pool
        self._clock = clock
        self._marks: deque[tuple[int, bytes]] = deque()
        """When a transaction was the newest that waited, and its id; oldest first."""

    def is_full(self, under_way: int) -> bool:
        """Whether too much waits, ``under_way`` without a verdict included; to be asked for each request."""
        now_ms, pool, marks = self._clock.monotonic_ms(), self._pool, self._marks
        while marks and marks[0][1] not in pool:
            marks.popleft()
        newest = pool.newest()
        if newest is not None and len(marks) < MARKS_MAX and (not marks or now_ms - marks[-1][0] >= MARK_MS):
            marks.append((now_ms, newest))
        if len(pool) + under_way < limits.BACKLOG_TRANSACTIONS:
            return False
        return bool(marks) and now_ms - marks[0][0] >= limits.BACKLOG_MS

    def is_for(self, sender: str) -> bool:
        """Whether ``sender`` is one of those that must wait while it is full."""
        return self._pool.held_by(sender) >= limits.BACKLOG_TRANSACTIONS // SHARES
