"""Block times as dates, in integers.

The library's dates end at the year 9999 where a header's time need not, and a contract
may not fail on a valid block.
"""

from functools import lru_cache
from typing import Final

DAY_MS: Final = 86_400_000


@lru_cache(16)
def day_of(day_number: int) -> str:
    """The day that lies ``day_number`` days after 1970-01-01 as ``YYYYMMDD``; more digits after the year 9999.

    Source: H. Hinnant, chrono-compatible low-level date algorithms, ``civil_from_days``.
    """
    days = day_number + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + 400 * era + (1 if month <= 2 else 0)
    return f"{year:04d}{month:02d}{day:02d}"


def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar (year 1 or later); negative before.

    Source: H. Hinnant, as above, ``days_from_civil``.
    """
    year -= 1 if month <= 2 else 0
    era, year_of_era = divmod(year, 400)
    shifted_month = month - 3 if month > 2 else month + 9
    day_of_year = (153 * shifted_month + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def date_time(time_ms: int) -> str:
    """A block time as XML Schema dateTime in UTC, without fractions of a second."""
    days, rest = divmod(time_ms // 1_000, 86_400)
    date = day_of(days)
    return f"{date[:-4]}-{date[-4:-2]}-{date[-2:]}T{rest // 3_600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"
