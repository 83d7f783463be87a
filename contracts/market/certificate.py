"""Trade certificate numbers.

    T0001-20261122-00000042-59

As registration certificates (``contracts.assets.certificate``) with a T in front, which
counts as 29 in the check digits, as letters do in IBAN: the number of a trade is
never that of a registration, and neither passes for the other.

Source: ISO 7064, MOD 97-10; ISO 13616 (letters as numbers).
"""

import re
from typing import Final

from contracts.kernel.calendar import DAY_MS, day_of

SERIAL_MAX: Final = 99_999_999
_LETTER_T: Final = "29"
_NUMBER: Final = re.compile(r"T([0-9]{4})-([0-9]{8,})-([0-9]{8})-([0-9]{2})", re.ASCII)


def trade_certificate_number(exchange_number: int, time_ms: int, serial: int) -> str:
    """The number of an exchange's ``serial``-th trade certificate (1 to 99,999,999), given at ``time_ms``."""
    parts = f"{exchange_number:04d}", day_of(time_ms // DAY_MS), f"{serial:08d}"
    check = 98 - int(_LETTER_T + "".join(parts) + "00") % 97
    return "-".join(("T" + parts[0], *parts[1:], f"{check:02d}"))


def is_trade_certificate_number(text: str) -> bool:
    """Whether ``text`` has the form of a trade certificate number and its check digits agree."""
    return _NUMBER.fullmatch(text) is not None and int(_LETTER_T + text[1:].replace("-", "")) % 97 == 1
