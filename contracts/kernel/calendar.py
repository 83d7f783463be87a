"""Block times as dates, in integers.

The library's dates end at the year 9999 where a header's time need not, and a contract
may not fail on a valid block.
"""

import re
from functools import lru_cache
from typing import Final

DAY_MS: Final = 86_400_000
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z"
)


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


def time_of(text: str) -> int | None:
    """The last millisecond that ``date_time`` would write as ``text``; None for what is no such text.

    Fractions of a second are read too, to the millisecond. Whoever asks what was in force at a
    time that it has read here means the end of that second: several blocks may lie within it.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 59:
        return None
    days = days_before(year, month, day)
    if day_of(days) != f"{year:04d}{month:02d}{day:02d}":
        return None
    fraction = found.group(7)
    milliseconds = 999 if fraction is None else int(fraction[:3].ljust(3, "0"))
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milliseconds
