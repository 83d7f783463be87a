"""The times and places of catalogues: ISO 8601 intervals and boxes, read without floats."""

import re
from typing import Final

from contracts.assets.description import Box, TimeRange
from contracts.kernel.calendar import DAY_MS, days_before

_MOMENT: Final = re.compile(
    r"([0-9]{4})(?:-?([0-9]{2})(?:-?([0-9]{2})(?:[T ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]+)?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?)?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,3})(?:\.([0-9]*))?", re.ASCII)
_PAIRS: Final = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]*)?)\s+([+-]?[0-9]{1,3}(?:\.[0-9]*)?)", re.ASCII)
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MICRO: Final = 6
GEOMETRY_CHARS_MAX: Final = 65_536
"""Beyond it a geometry is drawn by its beginning only; a box is a hint for searching, not a border."""


def moment_span(text: str) -> tuple[int, int] | None:
    """First and last millisecond of a date or time, to the precision it is given in; None where it is none.

    Without an offset the time is taken as UTC.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    if not year or month == 0 or (month or 1) > 12 or day == 0 or (day or 1) > _DAYS[(month or 1) - 1]:
        return None
    if month == 2 and day == 29 and days_before(year, 2, 29) == days_before(year, 3, 1):
        return None
    first = days_before(year, month or 1, day or 1) * DAY_MS
    if month is None:
        return first, days_before(year + 1, 1, 1) * DAY_MS - 1
    if day is None:
        following = days_before(year + month // 12, month % 12 + 1, 1)
        return first, following * DAY_MS - 1
    if hour is None or minute is None:
        return first, first + DAY_MS - 1
    if hour > 24 or minute > 59 or (second or 0) > 60:
        return None
    first += (hour * 3_600 + minute * 60 + (second or 0)) * 1_000 - _offset_ms(found[7])
    return first, first


def time_range(text: str) -> TimeRange | None:
    """The period that ``start/end`` or a single date names; an open end (``..`` or nothing) stays open."""
    start, slash, end = text.partition("/")
    first = moment_span(start)
    if first is None:
        return None
    if not slash:
        return TimeRange(first[0], first[1])
    if end.strip() in ("", ".."):
        return TimeRange(first[0])
    last = moment_span(end)
    return TimeRange(first[0], last[1]) if last is not None and last[1] >= first[0] and last[1] != 0 else None


def box(text: str) -> Box | None:
    """The rectangle of ``west,south,east,north`` in degrees, or around the pairs of a WKT geometry."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 4 and "(" not in text:
        numbers = [microdegrees(part) for part in parts]
        west, south, east, north = numbers
    else:
        pairs = [(microdegrees(pair[1]), microdegrees(pair[2])) for pair in _PAIRS.finditer(text[:GEOMETRY_CHARS_MAX])]
        longitudes = [pair[0] for pair in pairs if pair[0] is not None]
        latitudes = [pair[1] for pair in pairs if pair[1] is not None]
        if len(pairs) < 2 or "(" not in text:
            return None
        west, south, east, north = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    if west is None or south is None or east is None or north is None:
        return None
    if max(abs(west), abs(east)) > 180_000_000 or max(abs(south), abs(north)) > 90_000_000 or north < south:
        return None
    return Box(west, south, east, north)


def microdegrees(text: str) -> int | None:
    """Millionths of a degree; further digits are cut."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    fraction = (found[3] or "")[:MICRO].ljust(MICRO, "0")
    value = int(found[2] + fraction)
    return -value if found[1] == "-" else value


def _offset_ms(text: str | None) -> int:
    if text is None or text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if text[0] == "-" else minutes) * 60_000
