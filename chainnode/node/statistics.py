"""What a node measures of itself: rates and latencies over a short past."""

from collections import deque
from typing import Final

RATE_WINDOW_MS: Final = 10_000
FINALITY_SAMPLES_MAX: Final = 4_096
"""Latest transactions whose latency is kept for the percentiles."""


class CommitStatistics:
    """Committed transactions per second, and finality of those submitted here."""

    def __init__(self) -> None:
        self.committed = 0
        """Transactions committed since the node started."""
        self._blocks: deque[tuple[int, int]] = deque()
        self._samples: deque[int] = deque(maxlen=FINALITY_SAMPLES_MAX)

    def add_block(self, now_ms: int, transactions: int) -> None:
        """A block with so many transactions became durable."""
        self.committed += transactions
        self._blocks.append((now_ms, transactions))
        self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        while self._blocks and self._blocks[0][0] <= now_ms - RATE_WINDOW_MS:
            self._blocks.popleft()

    def rate(self, now_ms: int) -> float:
        """Transactions per second over the last ten seconds."""
        self._forget(now_ms)
        return sum(count for _, count in self._blocks) * 1000 / RATE_WINDOW_MS

    def add_finality(self, milliseconds: int) -> None:
        """A transaction submitted here took so long from admission to durable."""
        self._samples.append(milliseconds)

    def finality(self) -> tuple[float | None, float | None]:
        """Median and 99th percentile in milliseconds; None before the first sample."""
        if not self._samples:
            return None, None
        ordered = sorted(self._samples)
        return float(ordered[len(ordered) // 2]), float(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)])
