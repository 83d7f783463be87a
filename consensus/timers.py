"""Timers the host keeps for the core, and how long each runs.

At most one timer of each kind is armed; setting a kind again replaces it. A firing that comes late, for a height or
view already left, is ignored by the core, so the host need not be exact.

Source: SPEC.md, Timers.
"""

from enum import IntEnum
from typing import NamedTuple

import msgspec


class TimerKind(IntEnum):
    """What the firing means."""

    BATCH = 1
    """The leader has waited long enough for more transactions."""
    IDLE = 2
    """Nothing was decided for the idle interval: an empty block is due."""
    VIEW = 3
    """The leader of this view had its time."""
    RESEND = 4
    """Periodic: repeat own messages that have not led to a decision, and say where we stand."""


class Timer(NamedTuple):
    """One armed timer; ``height`` and ``view`` are those it was set in."""

    kind: TimerKind
    height: int
    view: int


class TimerConfig(msgspec.Struct, frozen=True):
    """Parameters of the chain, the same for every validator: a node's own setting must not shape the group's timing."""

    batch_wait_ms: int = 10
    idle_block_ms: int = 10_000
    """0: no idle blocks, only those that prove the result of a non-empty one."""
    view_timeout_ms: int = 2_000
    view_timeout_max_ms: int = 30_000
    """Uncapped growth left healthy networks waiting an hour after a long partition."""
    resend_ms: int = 1_000

    def __post_init__(self) -> None:
        if min(self.batch_wait_ms, self.idle_block_ms) < 0:
            raise ValueError("batch_wait_ms and idle_block_ms must not be negative")
        if not 0 < self.view_timeout_ms <= self.view_timeout_max_ms:
            raise ValueError("view_timeout_ms must be above 0 and at most view_timeout_max_ms")
        if self.resend_ms <= 0:
            raise ValueError("resend_ms must be above 0")

    def view_timeout_of(self, first_ms: int, view: int) -> int:
        """min(first x 1.5^view, cap), in whole milliseconds and without floating point."""
        timeout = first_ms
        for _ in range(view):
            timeout = (timeout * 3 + 1) // 2
            if timeout >= self.view_timeout_max_ms:
                return self.view_timeout_max_ms
        return timeout
