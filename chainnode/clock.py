"""Time, as something a caller hands over.

Only this module and the event loop read the machine's clock. Everything below
floor 8 is told the time.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a node's time comes from."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC, as the machine believes."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some start; never goes backwards."""


class SystemClock:
    """The machine's own clocks."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start."""
        return time.monotonic_ns() // 1_000_000
