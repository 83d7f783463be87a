"""How long the first leaders of a height are waited for: a multiple of what heights have taken lately, never above T0.

A leader that stays just below a fixed timer would cost every n-th block all of it for ever, and is never suspended
(R12). So a validator remembers what the last heights took, and loses patience at four times the median. Over two rounds
of the set fewer than half of the heights have a faulty leader, even where f honest ones are suspended: 3f of 6f + 2. So
the median is no longer than that of an honest leader's heights, whatever the slow ones do.

Where f = 0 nobody can be faulty, and nobody is hurried.

Source: SPEC.md, Timers.
"""

from collections import deque
from itertools import islice
from typing import NamedTuple

from consensus import limits
from consensus.quorum import faults_max
from consensus.timers import TimerConfig


class DecidedHeight(NamedTuple):
    """What is remembered of one height."""

    waited_ms: int
    """From the moment something was due until the decision."""
    skipped: tuple[int, ...]
    """Leaders whose view passed without a decision."""


class Patience:
    """Experience of one replica with the present set; kept in memory only, since T0 is always good enough."""

    __slots__ = ("_faults", "_heights", "_skipped", "_usual_ms")

    def __init__(self, size: int) -> None:
        """Nothing is known yet of a set of ``size`` validators."""
        self._faults = faults_max(size)
        self._heights: deque[DecidedHeight] = deque(maxlen=max(limits.PATIENCE_HEIGHTS, 2 * size))
        self._skipped: frozenset[int] = frozenset()
        self._usual_ms: int | None = None

    def note(self, waited_ms: int, skipped: tuple[int, ...]) -> None:
        """Learn from a height that this replica waited for and saw decided."""
        heights = self._heights
        heights.append(DecidedHeight(waited_ms, skipped))
        recent = islice(reversed(heights), limits.SUSPENSION_HEIGHTS_MIN)
        self._skipped = frozenset(index for height in recent for index in height.skipped)
        if 2 * len(heights) >= (heights.maxlen or 0):
            self._usual_ms = sorted(height.waited_ms for height in heights)[len(heights) // 2]

    def view_timeout_ms(self, timers: TimerConfig, view: int, leader: int, passed: tuple[int, ...]) -> int:
        """Whole milliseconds for ``leader`` of ``view``, where ``passed`` led the views of this height below it."""
        first_ms = timers.view_timeout_ms
        if self._usual_ms is not None and self._may_hurry(view, leader, passed):
            least_ms = -(-first_ms // limits.PATIENCE_SHARE)
            first_ms = min(first_ms, max(least_ms, limits.PATIENCE_FACTOR * self._usual_ms))
        return timers.view_timeout_of(first_ms, view)

    def _may_hurry(self, view: int, leader: int, passed: tuple[int, ...]) -> bool:
        # A faulty one that lost its view leads once more at most before it is suspended; an honest one needs the time.
        if view == 0 and leader in self._skipped:
            return False
        # More than f cannot all be faulty: then what they lacked was time.
        return 0 < self._faults >= len(self._skipped.union(passed))
