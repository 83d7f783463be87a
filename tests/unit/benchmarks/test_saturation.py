"""The knee is where the network stops keeping up."""

from benchmarks.saturation import P99_MS_MAX, Point, knee


def point(offered: float, committed: float, p99_ms: float = 100.0) -> Point:
    return Point(0.5, offered, committed, p99_ms / 2, p99_ms, "")


def test_knee_is_the_highest_rate_that_was_kept_up_with() -> None:
    assert knee([point(100, 99), point(200, 196), point(300, 240), point(400, 250)]) == 200


def test_knee_lies_before_the_first_rate_that_was_not_final_in_time() -> None:
    """One good rate above a bad one is luck."""
    assert knee([point(100, 99), point(200, 196, P99_MS_MAX + 1), point(300, 295)]) == 100


def test_knee_is_zero_where_nothing_was_kept_up_with() -> None:
    assert knee([point(100, 50)]) == 0
    assert knee([]) == 0
