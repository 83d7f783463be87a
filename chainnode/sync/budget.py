"""How much history a node serves: bytes per second, to each peer and to all."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from chainnode import limits
from chainnode.net.rate import TokenBucket
from chainnode.sync.wire import SERVED_BURST_SECONDS, SERVED_BYTES_PER_S_MAX, SERVED_BYTES_PER_S_PER_PEER_MAX

PEERS_MAX: Final = limits.LINKS_MAX
"""Peers whose use is remembered; there are no more links."""


class ServingBudget:
    """Grants answers while nobody is in debt; an answer is charged once its size is known."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """``now_s`` tells the time in seconds."""
        self._now_s = now_s
        self._total = TokenBucket(SERVED_BYTES_PER_S_MAX, SERVED_BYTES_PER_S_MAX * SERVED_BURST_SECONDS, now_s())
        self._peers: OrderedDict[bytes, TokenBucket] = OrderedDict()

    def open(self, node_key: bytes) -> bool:
        """Whether this peer may be served now."""
        now_s = self._now_s()
        return self._total.charge(0, now_s) == 0 and self._peer(node_key, now_s).charge(0, now_s) == 0

    def charge(self, node_key: bytes, size_bytes: int) -> None:
        """An answer of this size was given."""
        now_s = self._now_s()
        self._total.charge(size_bytes, now_s)
        self._peer(node_key, now_s).charge(size_bytes, now_s)

    def _peer(self, node_key: bytes, now_s: float) -> TokenBucket:
        bucket = self._peers.pop(node_key, None)
        if bucket is None:
            rate = SERVED_BYTES_PER_S_PER_PEER_MAX
            bucket = TokenBucket(rate, rate * SERVED_BURST_SECONDS, now_s)
        self._peers[node_key] = bucket
        if len(self._peers) > PEERS_MAX:
            self._peers.popitem(last=False)
        return bucket
