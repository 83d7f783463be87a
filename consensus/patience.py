"""How long the first leaders of a height are waited for: a multiple of what heights have taken lately, never above T0.

A leader that stays just below a fixed timer would cost every n-th block all of it for ever, and is never suspended
(R12). So a validator remembers what the last heights took, and loses patience at four times the median. Over two rounds
of the set fewer than half of the heights have a faulty leader, even where f honest ones are suspended: 3f of 6f + 2. So
the median is no longer than an honest leader's, whatever the slow ones do.

Source: SPEC.md, Timers.
"""

from collections import deque
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

    __slots__ = ("_faults", "_heights", "_usual_ms")

    def __init__(self, size: int) -> None:
        """Nothing is known yet of a set of ``size`` validators."""
        self._faults = faults_max(size)
        self._heights: deque[DecidedHeight] = deque(maxlen=max(limits.PATIENCE_HEIGHTS, 2 * size))
        self._usual_ms: int | None = None

    def note(self, waited_ms: int, skipped: tuple[int, ...]) -> None:
        """Learn from a height that this replica waited for and saw decided."""
        heights = self._heights
        heights.append(DecidedHeight(waited_ms, skipped))
        self._usual_ms = None
        if 2 * len(heights) < (heights.maxlen or 0):
            return
        # More than f leaders cannot all be faulty: then what they lacked was time, and nobody is hurried.
        if len({index for height in heights for index in height.skipped}) <= self._faults:
            self._usual_ms = sorted(height.waited_ms for height in heights)[len(heights) // 2]

    def view_timeout_ms(self, timers: TimerConfig, view: int) -> int:
        """Whole milliseconds for the leader of ``view``; the later views of a height get the time that T0 gives them.

        From view f + 1 on an honest leader has lost its view, so what the height needs is more than usual.
        """
        first_ms = timers.view_timeout_ms
        if self._usual_ms is not None and view <= self._faults:
            least_ms = -(-first_ms // limits.PATIENCE_SHARE)
            first_ms = min(first_ms, max(least_ms, limits.PATIENCE_FACTOR * self._usual_ms))
        return timers.view_timeout_of(first_ms, view)
