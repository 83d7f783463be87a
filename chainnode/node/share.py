"""What one peer may cost this node: so much a second, whatever it sends.

Validators and observers are admitted by the chain, not trusted. Bounds on bytes alone are not
enough: 300 bytes ask for a signature check, 20 bytes for 64 blocks. A share outlives its
link, so that a peer gains nothing by connecting anew.
"""

from chainnode import limits
from chainnode.clock import Clock
from chainnode.net.rate import KeyedBuckets


class PeerShare:
    """One allowance for each peer, in units of work."""

    __slots__ = ("_buckets", "_clock")

    def __init__(self, units_per_s: int, units_saved: int, clock: Clock) -> None:
        """Grant each peer ``units_per_s``; one that was quiet has ``units_saved`` at once."""
        self._buckets = KeyedBuckets(units_per_s, units_saved, limits.LINKS_MAX)
        self._clock = clock

    def grant(self, units_per_s: int, units_saved: int) -> None:
        """Grant another share from now on; debts stay."""
        self._buckets.grant(units_per_s, units_saved, self._clock.monotonic_ms() / 1000)

    def take(self, node_key: bytes, units: int) -> bool:
        """Pay before the work; False takes nothing, and the work is not to be done."""
        return self._buckets.take(node_key.hex(), units, self._clock.monotonic_ms() / 1000)

    def charge(self, node_key: bytes, units: int) -> None:
        """Pay for work whose size was known only when it was done; a debt is paid before anything else is granted."""
        self._buckets.charge(node_key.hex(), units, self._clock.monotonic_ms() / 1000)
