"""Registration certificate numbers.

    0001-20261122-00000042-23
    |    |        |        check digits
    |    |        serial of this registrar
    |    day of registration (block time, UTC)
    registrar number, given with the role

The check digits are ISO 7064 MOD 97-10, as in IBAN and LEI: a number without letters
survives forms, telephones and every script; two digits find every single wrong digit
and every swap of neighbours, which one check character of MOD 37,36 also does, but
they miss only 1 in 97 of all other errors instead of 1 in 36.
"""

import re
from typing import Final

SERIAL_MAX: Final = 99_999_999
DAY_MS: Final = 86_400_000
_NUMBER: Final = re.compile(r"([0-9]{4})-([0-9]{8,})-([0-9]{8})-([0-9]{2})", re.ASCII)


def certificate_number(registrar_number: int, time_ms: int, serial: int) -> str:
    """The number of a registrar's ``serial``-th registration (1 to 99,999,999), made at ``time_ms``."""
    parts = f"{registrar_number:04d}", block_date(time_ms), f"{serial:08d}"
    check = 98 - int("".join(parts) + "00") % 97
    return "-".join((*parts, f"{check:02d}"))


def is_certificate_number(text: str) -> bool:
    """Whether ``text`` has the form of a certificate number and its check digits agree."""
    return _NUMBER.fullmatch(text) is not None and int(text.replace("-", "")) % 97 == 1


def block_date(time_ms: int) -> str:
    """Day of a block time as ``YYYYMMDD`` in UTC; more digits after the year 9999.

    Integer arithmetic on the Gregorian calendar, because the library's dates end where
    a header's time need not, and a contract may not fail on a valid block.

    Source: H. Hinnant, chrono-compatible low-level date algorithms, ``civil_from_days``.
    """
    days = time_ms // DAY_MS + 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + 400 * era + (1 if month <= 2 else 0)
    return f"{year:04d}{month:02d}{day:02d}"
