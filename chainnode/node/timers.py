"""The replica's timers on the event loop: at most one of each kind."""

import asyncio
from collections.abc import Callable

from consensus.outputs import CancelTimer, SetTimer, TimerRequest
from consensus.timers import Timer, TimerKind


class LoopTimers:
    """Arms and fires consensus timers."""

    def __init__(self, fired: Callable[[Timer], None]) -> None:
        """``fired`` is called on the event loop when a timer runs out."""
        self._fired = fired
        self._armed: dict[TimerKind, asyncio.TimerHandle] = {}

    def perform(self, request: TimerRequest) -> None:
        """Arm (replacing one of the same kind) or disarm."""
        match request:
            case SetTimer(timer, delay_ms):
                self._disarm(timer.kind)
                loop = asyncio.get_running_loop()
                self._armed[timer.kind] = loop.call_later(delay_ms / 1000, self._fire, timer)
            case CancelTimer(kind):
                self._disarm(kind)

    def _fire(self, timer: Timer) -> None:
        self._armed.pop(timer.kind, None)
        self._fired(timer)

    def _disarm(self, kind: TimerKind) -> None:
        handle = self._armed.pop(kind, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Disarm everything."""
        for kind in list(self._armed):
            self._disarm(kind)
