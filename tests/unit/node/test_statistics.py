"""What a node measures of itself, over a short past."""

from chainnode.node.statistics import FINALITY_SAMPLES_MAX, RATE_WINDOW_MS, CommitStatistics


def test_rate_counts_the_last_ten_seconds_only() -> None:
    """Transactions per second over the last ten seconds; the total is kept for ever."""
    statistics = CommitStatistics()
    assert statistics.rate(0) == 0
    for second in range(20):
        statistics.add_block(second * 1_000, 50)
    assert statistics.rate(19_000) == 50
    assert statistics.rate(19_000 + RATE_WINDOW_MS - 1) == 5
    assert statistics.rate(19_000 + RATE_WINDOW_MS) == 0
    assert statistics.committed == 1_000
    assert not statistics._blocks


def test_blocks_are_forgotten_while_nobody_asks() -> None:
    """Bounded by the window, not by how often somebody looks."""
    statistics = CommitStatistics()
    for number in range(100_000):
        statistics.add_block(number * 10, 1)
    assert len(statistics._blocks) == RATE_WINDOW_MS / 10


def test_percentiles_of_what_was_submitted_here() -> None:
    """Median and 99th percentile; None before the first sample."""
    statistics = CommitStatistics()
    assert statistics.finality() == (None, None)
    statistics.add_finality(7)
    assert statistics.finality() == (7.0, 7.0)
    for sample in range(1, 100):
        statistics.add_finality(sample)
    p50, p99 = statistics.finality()
    assert (p50, p99) == (50.0, 99.0)


def test_samples_are_the_latest_so_many() -> None:
    """FINALITY_SAMPLES_MAX: old slowness is forgotten."""
    statistics = CommitStatistics()
    for _ in range(10):
        statistics.add_finality(9_999)
    for _ in range(FINALITY_SAMPLES_MAX):
        statistics.add_finality(1)
    assert statistics.finality() == (1.0, 1.0)
