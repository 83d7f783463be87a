"""The replica's timers on the event loop: at most one of each kind.

The core sets and cancels them at every block, and they hardly ever run out. So to cancel one, or to set it later than
it was, only notes that: the event loop's own timer stays, and looks at what is true when it goes off.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from consensus.outputs import CancelTimer, SetTimer, TimerRequest
from consensus.timers import Timer, TimerKind

EARLY_SECONDS: Final = 0.001
"""An event loop counts in milliseconds, so a timer may go off that much too soon."""


class _Armed:
    """What one kind of timer waits for, and the event loop's timer that will look."""

    __slots__ = ("due_s", "handle", "looks_s", "timer")

    def __init__(self, handle: asyncio.TimerHandle, looks_s: float, timer: Timer) -> None:
        self.handle = handle
        self.looks_s = looks_s
        self.due_s = looks_s
        self.timer: Timer | None = timer


class LoopTimers:
    """Arms and fires consensus timers."""

    def __init__(self, fired: Callable[[Timer], None]) -> None:
        """``fired`` is called on the event loop when a timer runs out."""
        self._fired = fired
        self._armed: dict[TimerKind, _Armed] = {}

    def perform(self, request: TimerRequest) -> None:
        """Arm (replacing one of the same kind) or disarm."""
        match request:
            case SetTimer(timer, delay_ms):
                self._set(timer, delay_ms / 1000)
            case CancelTimer(kind):
                if (armed := self._armed.get(kind)) is not None:
                    armed.timer = None

    def _set(self, timer: Timer, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delay_s
        armed = self._armed.get(timer.kind)
        if armed is not None and armed.looks_s <= due_s:
            armed.timer, armed.due_s = timer, due_s
            return
        if armed is not None:
            armed.handle.cancel()
        self._armed[timer.kind] = _Armed(loop.call_later(delay_s, self._look, timer.kind), due_s, timer)

    def _look(self, kind: TimerKind) -> None:
        armed = self._armed.pop(kind)
        if armed.timer is None:
            return
        left_s = armed.due_s - asyncio.get_running_loop().time()
        if left_s > EARLY_SECONDS:
            self._set(armed.timer, left_s)
        else:
            self._fired(armed.timer)

    def close(self) -> None:
        """Disarm everything."""
        for armed in self._armed.values():
            armed.handle.cancel()
        self._armed.clear()
