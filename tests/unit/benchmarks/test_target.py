"""Measures stand against what they must reach."""

import pytest

from benchmarks import report
from benchmarks.target import TARGETS, standings
from tests.support.bench_report import figure, made


def test_standing_is_one_at_the_value_that_it_must_have_and_more_when_better() -> None:
    """Whichever way is up: half the time is twice as good, half the rate is half as good."""
    found = standings(
        report.summary(
            made(
                figure(20.0, name="tree.update[1000000 keys, 1000 changed]"),
                figure(25_000.0, name="consensus.steps[n=4]"),
            )
        )
    )
    tree, core = found
    assert (tree.label, tree.value, tree.times_must) == ("state tree, us per key", 20.0, 2.0)
    assert tree.aim_times_must == pytest.approx(40 / 15)
    assert (core.times_must, core.aim_times_must) == (0.5, 3.0)


def test_target_names_a_place_that_every_summary_has() -> None:
    empty = report.summary(made())
    assert standings(empty) == []
    for target in TARGETS:
        place: object = empty
        for name in target.path:
            assert isinstance(place, dict)
            place = place[name]
