import pytest

from contracts.assets.dcat.coverage import box, microdegrees, moment_span, time_range
from contracts.assets.description import Box, TimeRange
from contracts.kernel.calendar import DAY_MS

DAY_2020 = 18_262 * DAY_MS
"""2020-01-01."""


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2020", (DAY_2020, DAY_2020 + 366 * DAY_MS - 1)),
        ("2020-01", (DAY_2020, DAY_2020 + 31 * DAY_MS - 1)),
        ("2020-12", (DAY_2020 + 335 * DAY_MS, DAY_2020 + 366 * DAY_MS - 1)),
        ("2020-01-01", (DAY_2020, DAY_2020 + DAY_MS - 1)),
        ("20200101", (DAY_2020, DAY_2020 + DAY_MS - 1)),
        ("2020-01-01T00:00:05Z", (DAY_2020 + 5_000,) * 2),
        ("2020-01-01T02:00:00+02:00", (DAY_2020,) * 2),
        ("2019-12-31T19:00:00.123-0500", (DAY_2020,) * 2),
        ("2020-02-29", (DAY_2020 + 59 * DAY_MS, DAY_2020 + 60 * DAY_MS - 1)),
        ("2021-02-29", None),
        ("2020-13-01", None),
        ("2020-00-01", None),
        ("2020-04-31", None),
        ("0000-01-01", None),
        ("2020-01-01T25:00", None),
        ("R/P1D", None),
        ("٢٠٢٠", None),
        ("", None),
    ],
)
def test_moment_covers_its_own_precision(text: str, span: tuple[int, int] | None) -> None:
    assert moment_span(text) == span


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2020-01-01/2020-01-02", TimeRange(DAY_2020, DAY_2020 + 2 * DAY_MS - 1)),
        ("2020-01-01", TimeRange(DAY_2020, DAY_2020 + DAY_MS - 1)),
        ("2020-01-01/", TimeRange(DAY_2020)),
        ("2020-01-01/..", TimeRange(DAY_2020)),
        ("2020-01-02/2020-01-01", None),
        ("/2020", None),
        ("yesterday", None),
    ],
)
def test_period_is_read_or_left_out(text: str, found: TimeRange | None) -> None:
    assert time_range(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-75.28,39.87,-74.96,40.14", Box(-75_280_000, 39_870_000, -74_960_000, 40_140_000)),
        (
            "POLYGON((3.05 47.9,7.24 47.9,7.24 53.5,3.05 53.5,3.05 47.9))",
            Box(3_050_000, 47_900_000, 7_240_000, 53_500_000),
        ),
        ("POINT(3 4)", None),
        ("1,2,3", None),
        ("0,0,200,1", None),
        ("0,5,1,4", None),
        ("a,b,c,d", None),
        ("Philadelphia, Pennsylvania", None),
        ("((", None),
    ],
)
def test_box_is_read_in_millionths(text: str, found: Box | None) -> None:
    assert box(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1_000_000),
        ("-0.1234567", -123_456),
        ("+7.", 7_000_000),
        ("1e3", None),
        ("", None),
        ("1234", None),
        ("١", None),
    ],
)
def test_degrees_are_read_without_floats(text: str, value: int | None) -> None:
    assert microdegrees(text) == value
