"""How long to wait after a failure: longer after each, never for ever, and never all at one moment."""

import secrets
from typing import Final

PAUSE_MS_MIN: Final = 250
PAUSE_MS_MAX: Final = 30_000
"""A chain that is back is found within half a minute."""
_DOUBLINGS_MAX: Final = 10


class Backoff:
    """Failures in a row, and the pause that follows from them."""

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        self._failures = 0

    @property
    def failures(self) -> int:
        """In a row."""
        return self._failures

    def failed(self) -> int:
        """Count a failure; the pause in milliseconds: doubling, its upper half left to chance."""
        ceiling = min(PAUSE_MS_MAX, PAUSE_MS_MIN << min(self._failures, _DOUBLINGS_MAX))
        self._failures += 1
        return ceiling // 2 + secrets.randbelow(ceiling // 2 + 1)

    def succeeded(self) -> None:
        """The next failure is a first one again."""
        self._failures = 0
