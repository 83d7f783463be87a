"""How many requests are answered at one time, and how many of those may merely wait.

Waiting for a commit costs little but lasts: with a share of their own, waiting requests can never keep a status request
or a probe out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from chainnode.errors import Rejected


class Capacity:
    """Two counters with bounds."""

    __slots__ = ("_requests_max", "_waits_max", "requests", "waits")

    def __init__(self, requests_max: int) -> None:
        self._requests_max = requests_max
        self._waits_max = max(1, requests_max * 3 // 4)
        self.requests = 0
        """Being answered now."""
        self.waits = 0
        """Of these, waiting for a commit."""

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold a place while a request is answered.

        Raises:
            Rejected: ``over-capacity``.
        """
        if self.requests >= self._requests_max:
            raise Rejected("over-capacity", "the node is answering as many requests as it may")
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Hold a waiting place inside a request.

        Raises:
            Rejected: ``over-capacity``.
        """
        if self.waits >= self._waits_max:
            raise Rejected("over-capacity", "as many requests as may wait for a commit already do")
        self.waits += 1
        try:
            yield
        finally:
            self.waits -= 1
