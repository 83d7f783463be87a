"""Token buckets by client address, bounded in number."""

from collections import OrderedDict
from typing import Final, NamedTuple

ADDRESSES_MAX: Final = 10_000
"""Addresses remembered; the one not heard for longest is forgotten first, which fills its bucket."""


class Grant(NamedTuple):
    """The answer to one request for tokens."""

    allowed: bool
    remaining: int
    """Whole tokens left."""
    wait_ms: int
    """Until the same request would be allowed; 0 if it was."""


class RateLimiter:
    """Lets each address spend ``rate_per_second`` tokens on average and ``burst`` at once.

    Arithmetic is in thousandths of a token, so that it stays exact.
    """

    __slots__ = ("_buckets", "burst", "rate_per_second")

    def __init__(self, rate_per_second: int, burst: int) -> None:
        """``rate_per_second`` 0 allows everything."""
        self.rate_per_second: Final = rate_per_second
        self.burst: Final = max(burst, 1)
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def spend(self, address: str, cost: int, now_ms: int) -> Grant:
        """Take ``cost`` tokens from the address's bucket, or nothing if it holds fewer.

        A cost above the burst is cut to it: a full bucket allows any request.
        """
        if self.rate_per_second == 0:
            return Grant(True, self.burst, 0)
        wanted = min(cost, self.burst) * 1000
        saved = self._saved(address, now_ms)
        allowed = saved >= wanted
        if allowed:
            saved -= wanted
        self._keep(address, saved, now_ms)
        wait_ms = 0 if allowed else -((saved - wanted) // self.rate_per_second)
        return Grant(allowed, max(0, saved // 1000), wait_ms)

    def charge(self, address: str, cost: int, now_ms: int) -> None:
        """Take ``cost`` tokens for what was done already, into a debt of one burst at most."""
        if self.rate_per_second:
            self._keep(address, max(self._saved(address, now_ms) - cost * 1000, -self.burst * 1000), now_ms)

    def _saved(self, address: str, now_ms: int) -> int:
        saved, since_ms = self._buckets.get(address, (self.burst * 1000, now_ms))
        # One token a second is one thousandth a millisecond.
        return min(self.burst * 1000, saved + max(0, now_ms - since_ms) * self.rate_per_second)

    def _keep(self, address: str, saved: int, now_ms: int) -> None:
        self._buckets[address] = (saved, now_ms)
        self._buckets.move_to_end(address)
        if len(self._buckets) > ADDRESSES_MAX:
            self._buckets.popitem(last=False)
