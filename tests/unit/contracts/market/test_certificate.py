from contracts.assets.certificate import certificate_number, is_certificate_number
from contracts.market.certificate import SERIAL_MAX, is_trade_certificate_number, trade_certificate_number
from tests.unit.contracts.world import TIME_MS


def test_number_names_exchange_day_and_serial() -> None:
    number = trade_certificate_number(1, TIME_MS, 42)
    assert number.startswith("T0001-20261122-00000042-")
    assert is_trade_certificate_number(number)
    assert is_trade_certificate_number(trade_certificate_number(9_999, 2**53, SERIAL_MAX))


def test_check_digits_are_those_of_iso_7064() -> None:
    """MOD 97-10 over the letters as numbers: the whole leaves 1."""
    number = trade_certificate_number(7, TIME_MS, 1)
    assert int("29" + number[1:].replace("-", "")) % 97 == 1


def test_wrong_digit_swapped_digits_and_other_numbers_are_found() -> None:
    number = trade_certificate_number(1, TIME_MS, 42)
    assert not is_trade_certificate_number(number.replace("42-", "43-"))
    assert not is_trade_certificate_number(number.replace("42-", "24-"))
    assert not is_trade_certificate_number(number[1:])
    assert not is_certificate_number(number)
    registration = certificate_number(1, TIME_MS, 42)
    assert not is_trade_certificate_number(registration)
    assert not is_trade_certificate_number("T" + registration), "neither passes for the other"
