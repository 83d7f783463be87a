"""What a node holds after a million transactions is read from its samples, or from where they lead."""

import pytest

from benchmarks.bench_memory import WINDOW_BLOCKS, at
from benchmarks.grown_node import Sample


def sample(transactions: int, own_mib: float) -> Sample:
    return Sample(transactions, transactions // 250, own_mib, 25.0)


def test_memory_lies_between_the_samples_around_it() -> None:
    assert at([sample(0, 50.0), sample(1_000, 60.0)], 500) == 55.0
    assert at([sample(0, 50.0), sample(1_000, 60.0)], 1_000) == 60.0


def test_memory_past_the_samples_follows_only_what_grew_with_a_full_window() -> None:
    """While the window of known ids fills, memory grows fast; that says nothing about the rest."""
    full = 250 * WINDOW_BLOCKS
    samples = [sample(0, 50.0), sample(full, 150.0), sample(full + 100_000, 152.0), sample(full + 200_000, 154.0)]
    assert at(samples, full + 700_000) == pytest.approx(164.0)


def test_memory_that_falls_is_taken_as_level() -> None:
    full = 250 * WINDOW_BLOCKS
    samples = [sample(0, 50.0), sample(full + 100_000, 152.0), sample(full + 200_000, 150.0)]
    assert at(samples, 1_000_000) == 150.0


def test_memory_of_a_short_run_is_extrapolated_from_what_there_is() -> None:
    assert at([sample(0, 50.0), sample(1_000, 51.0)], 3_000) == pytest.approx(53.0)
    assert at([sample(0, 50.0)], 3_000) == 50.0
