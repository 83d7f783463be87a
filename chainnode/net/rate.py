"""Token buckets: how much somebody may cost us, given the time as an argument."""

from collections import OrderedDict


class TokenBucket:
    """Grants ``rate`` units per second with a reserve of ``burst`` units; starts full."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated_s")

    def __init__(self, rate: float, burst: float, now_s: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated_s = now_s

    def grant(self, rate: float, burst: float, now_s: float) -> None:
        """Grant at another rate from now on; what was saved or is owed stays, up to the new reserve."""
        self._refill(now_s)
        self._rate, self._burst = rate, burst
        self._tokens = min(burst, self._tokens)

    def _refill(self, now_s: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now_s - self._updated_s) * self._rate)
        self._updated_s = now_s

    def take(self, cost: float, now_s: float) -> bool:
        """Pay ``cost`` if the bucket holds it; False takes nothing."""
        self._refill(now_s)
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def charge(self, cost: float, now_s: float) -> float:
        """Pay for what already happened, into debt if need be; the seconds until the debt is gone."""
        self._refill(now_s)
        self._tokens -= cost
        return max(0.0, -self._tokens / self._rate)


class KeyedBuckets:
    """One bucket per key, for at most ``keys_max`` keys: the one unused for longest is forgotten first.

    Whoever can use more than ``keys_max`` keys (addresses) escapes his own bucket; a
    bucket for everybody must stand beside this one.
    """

    __slots__ = ("_buckets", "_burst", "_keys_max", "_rate")

    def __init__(self, rate: float, burst: float, keys_max: int) -> None:
        self._rate = rate
        self._burst = burst
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, cost: float, now_s: float) -> bool:
        """Pay ``cost`` from the key's own bucket; False takes nothing."""
        return self._of(key, now_s).take(cost, now_s)

    def charge(self, key: str, cost: float, now_s: float) -> None:
        """Pay for what already happened, into debt if need be: nothing is granted until it is paid."""
        self._of(key, now_s).charge(cost, now_s)

    def grant(self, rate: float, burst: float, now_s: float) -> None:
        """Grant everybody at another rate from now on."""
        self._rate, self._burst = rate, burst
        for bucket in self._buckets.values():
            bucket.grant(rate, burst, now_s)

    def _of(self, key: str, now_s: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst, now_s)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket
