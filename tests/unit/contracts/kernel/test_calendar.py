from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kernel.calendar import DAY_MS, date_time, day_of, days_before, time_of

EPOCH = date(1970, 1, 1)


@given(st.dates(min_value=date(1, 1, 1)))
def test_calendar_agrees_with_the_library_where_the_library_has_dates(day: date) -> None:
    number = (day - EPOCH).days
    assert days_before(day.year, day.month, day.day) == number
    if day.year >= 1970:
        assert day_of(number) == day.strftime("%Y%m%d")


@given(st.integers(0, 253_402_300_799_999))
def test_date_time_agrees_with_the_library(time_ms: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    assert date_time(time_ms) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("time_ms", [2**53, 253_402_300_800_000])
def test_day_after_the_librarys_end_is_still_a_day(time_ms: int) -> None:
    """A contract may not fail on a valid block."""
    text = day_of(time_ms // DAY_MS)
    assert text.isdigit()
    assert len(text) > 8


@given(st.integers(0, 253_402_300_799))
def test_written_time_reads_back_as_the_end_of_its_second(seconds: int) -> None:
    """Whoever asks what was in force at a time that it has read here means the end of that second."""
    assert time_of(date_time(seconds * 1_000)) == seconds * 1_000 + 999


def test_fractions_are_read_to_the_millisecond() -> None:
    assert time_of("1970-01-01T00:00:00.5Z") == 500
    assert time_of("1970-01-01T00:00:00.123999Z") == 123
    assert time_of("2000-02-29T23:59:59.000Z") == 951_868_799_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1969-12-31T23:59:59Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+01:00",
        "2026-01-01 00:00:00Z",
        "\u0662026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_text_that_is_no_time_is_not_read(text: str) -> None:
    assert time_of(text) is None
