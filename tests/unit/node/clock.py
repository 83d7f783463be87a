"""A clock that stands where a test puts it."""


class StillClock:
    """Wall and monotonic time that move only when told."""

    def __init__(self, wall_ms: int = 0, monotonic_ms: int = 0) -> None:
        self.wall = wall_ms
        self.monotonic = monotonic_ms

    def wall_ms(self) -> int:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.monotonic
