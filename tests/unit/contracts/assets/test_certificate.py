import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.assets.certificate import SERIAL_MAX, certificate_number, is_certificate_number
from tests.unit.contracts.world import TIME_MS

NUMBERS = st.builds(certificate_number, st.integers(1, 9_999), st.integers(0, 2**47), st.integers(1, SERIAL_MAX))


def test_number_names_registrar_day_and_serial() -> None:
    """A number from registrar code, date, serial and check digit."""
    number = certificate_number(7, TIME_MS + 86_399_999, 42)
    assert number.startswith("0007-20261122-00000042-")
    assert is_certificate_number(number)


def test_check_digits_follow_iso_7064() -> None:
    """The whole number is 1 modulo 97, as an IBAN is."""
    digits = certificate_number(1, TIME_MS, 1).replace("-", "")
    assert int(digits) % 97 == 1
    assert 2 <= int(digits[-2:]) <= 98


@given(NUMBERS, st.data())
def test_every_wrong_digit_and_swap_of_neighbours_is_found(number: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([place for place, letter in enumerate(number) if letter != "-"]))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[at]]))
    assert not is_certificate_number(number[:at] + wrong + number[at + 1 :])
    digits = number.replace("-", "")
    place = data.draw(st.integers(0, len(digits) - 2))
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        assert not is_certificate_number(f"{swapped[:4]}-{swapped[4:-10]}-{swapped[-10:-2]}-{swapped[-2:]}")


@pytest.mark.parametrize(
    "text", ["", "0001", "0001-20261122-00000001", "0001-20261122-00000001-xx", "٠٠٠١-20261122-00000001-30"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_certificate_number(text)
