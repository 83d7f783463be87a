from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.kernel.calendar import DAY_MS, date_time, day_of, days_before

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
