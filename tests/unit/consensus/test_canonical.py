"""Bytes of any origin to one value."""

import msgspec
import pytest

from consensus.canonical import CanonicalReader


class Refused(ValueError):
    """Of this test."""


READ: CanonicalReader[int] = CanonicalReader(int, "number", 5, Refused)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "number_malformed"),
        (b"\xa1x", "number_malformed"),
        (b"\x01\x01", "number_malformed"),
        (b"\xcc\x01", "number_not_canonical"),
        (b"\xcf\x00\x00\x00\x01", "number_malformed"),
        (b"\xce\x00\x00\x00\x01", "number_not_canonical"),
        (bytes(6), "number_too_large"),
    ],
)
def test_reader_refuses_all_but_the_one_encoding(data, code):
    """SPEC, Messages: only canonical bytes are messages: decoded and encoded again they are equal."""
    with pytest.raises(Refused, match=f"^{code}$"):
        READ(data)


@pytest.mark.parametrize("number", [0, 127, 128, 2**32 - 1])
def test_reader_gives_back_what_was_encoded(number):
    """Whatever we write ourselves is read."""
    assert READ(msgspec.msgpack.encode(number)) == number


def test_reader_survives_nesting_without_end():
    """A peer's bytes cannot raise anything but the reader's own exception."""
    read: CanonicalReader[list] = CanonicalReader(list, "nest", 1 << 20, Refused)
    with pytest.raises(Refused, match=r"^nest_malformed$"):
        read(b"\x91" * 100_000)
