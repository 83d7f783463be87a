"""An asyncio event loop whose clock is virtual: it never sleeps, and its order follows from what is scheduled.

The node's own coroutines, timers and timeouts run on it unchanged. When nothing is ready, time jumps to the next timer.
"""

import asyncio
from asyncio import base_events
from collections.abc import Callable
from typing import Any, Final


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set: the simulation would stand still for ever."""


class _TimeJump:
    """Stands where the selector of a real loop stands: instead of waiting for sockets it moves the clock."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout_s: float | None) -> list[Any]:
        if timeout_s is None:
            raise Deadlock
        if timeout_s > 0:
            self._loop.jump()
        return []


THREAD_S: Final = 0.002
"""About what a share of a seal takes."""


class VirtualLoop(base_events.BaseEventLoop):
    """One simulation's loop; begins at 0 seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._scheduled: list[asyncio.TimerHandle]
        self._now_s = 0.0
        self._selector = _TimeJump(self)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def jump(self) -> None:
        """Go to the next timer."""
        self._now_s = max(self._now_s, self._scheduled[0].when())

    def _process_events(self, event_list: list[Any]) -> None:
        """No sockets, no events."""

    def _write_to_self(self) -> None:
        """No other thread, nobody to wake."""

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *arguments: Any
    ) -> asyncio.Future[Any]:
        """No other thread either: the work is done here, ``THREAD_S`` later: its place follows from the seed."""

        async def work() -> Any:
            await asyncio.sleep(THREAD_S)
            return func(*arguments)

        return self.create_task(work())

    @property
    def now_ms(self) -> int:
        """Virtual milliseconds."""
        return int(self._now_s * 1000 + 1e-6)

    def after_ms(self, delay_ms: float, action: Callable[..., object], *arguments: object) -> asyncio.TimerHandle:
        """Call ``action`` later."""
        return self.call_later(delay_ms / 1000, action, *arguments)

    def run_for(self, duration_ms: float) -> None:
        """Run everything that is due within ``duration_ms``."""
        handle = self.after_ms(duration_ms, self.stop)
        try:
            self.run_forever()
        finally:
            handle.cancel()
