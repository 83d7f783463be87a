"""The harness measures what it says: interleaved, with digests, ratios and spreads."""

import itertools
import subprocess
import sys
from functools import partial

import pytest

from benchmarks.harness import Case, UnequalWork, measure, percentile, quartiles, single


def busy(count: int) -> bytes:
    total = 0
    for number in range(count):
        total ^= number * number
    return total.to_bytes(16, "big")


def noted(calls: list[str], name: str) -> bytes:
    calls.append(name)
    return b"same"


def test_measure_runs_the_cases_of_a_group_in_turn() -> None:
    """Round after round, each case once a round, after one call each to warm up."""
    order: list[str] = []
    measure([Case(name, partial(noted, order, name)) for name in ("a", "b")], "smoke")
    assert order[:6] == ["a", "b"] * 3
    assert len(order) >= 8
    assert order == ["a", "b"] * (len(order) // 2)


def test_measure_gives_the_share_of_the_limit() -> None:
    """A case that does the limit's work four times reaches about a quarter of it."""
    raw, own = measure(
        [Case("raw", lambda: busy(5_000)), Case("own", lambda: b"".join(busy(5_000) for _ in range(4)), limit="raw")],
        "smoke",
    )
    assert raw.ratio is None
    assert own.ratio is not None
    assert 0.1 < own.ratio < 0.5
    assert own.limit == "raw"
    assert raw.digest != own.digest


def test_measure_divides_by_the_units_of_work() -> None:
    """A figure is of one unit; a rate is how many go by in a second."""
    each, rate = measure(
        [Case("each", lambda: busy(5_000), 1_000), Case("rate", lambda: busy(5_000), 1_000, unit="per s")], "smoke"
    )
    assert (each.unit, each.better, rate.unit, rate.better) == ("us", "lower", "per s", "higher")
    assert 0.2 < each.value * rate.value / 1e6 < 5


def test_measure_refuses_work_that_changes_between_rounds() -> None:
    """Nobody speeds up by doing less: the digest of the first round binds all others."""
    numbers = itertools.count()
    with pytest.raises(UnequalWork):
        measure([Case("moving", lambda: next(numbers).to_bytes(8, "big"))], "smoke")


def test_measure_prepares_each_round_outside_of_the_clock() -> None:
    """``before`` is called once for each call of ``run``."""
    calls: list[str] = []
    measure([Case("one", partial(noted, calls, "run"), before=partial(noted, calls, "before"))], "smoke")
    assert calls == ["before", "run"] * (len(calls) // 2)


def test_measure_charges_processes_that_were_waited_for_on_their_clock() -> None:
    """``children`` counts what a command cost, not what this process did meanwhile."""
    program = "sum(range(3_000_000))"
    command = Case(
        "child",
        lambda: subprocess.run([sys.executable, "-I", "-c", program], check=True, capture_output=True).stdout,
        unit="ms",
        clock="children",
    )
    own = Case("own", lambda: busy(5_000), unit="ms", clock="children")
    child, idle = measure([command, own], "smoke")
    assert child.value > 5
    assert idle.value == 0


@pytest.mark.parametrize(("percent", "expected"), [(50, 5), (90, 9), (99, 10), (100, 10), (1, 1)])
def test_percentile_is_a_sample_that_so_many_do_not_exceed(percent: float, expected: float) -> None:
    assert percentile([*range(10, 0, -1)], percent) == expected


def test_quartiles_of_few_samples_are_their_ends() -> None:
    assert quartiles([3.0, 1.0]) == (1.0, 3.0)
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)


def test_single_figure_keeps_its_note_and_ratio() -> None:
    figure = single("x", "ms", 4.0, "lower", note="why", ratios=[0.5])
    assert (figure.value, figure.ratio, figure.spread, figure.note) == (4.0, 0.5, (4.0, 4.0), "why")
