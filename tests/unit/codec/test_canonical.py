"""One value, one sequence of bytes."""

from typing import Annotated

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.codec.canonical import Decoder, encode
from chainnode.errors import DecodeError


class Sample(msgspec.Struct, frozen=True, array_like=True, tag=42):
    number: int
    text: str
    data: bytes = b""
    pairs: dict[str, int] = {}
    more: Annotated[tuple[int, ...], msgspec.Meta(max_length=3)] = ()


decode = Decoder(Sample, 1_000)
PLAIN = [42, 300, "text", b"\x00\x01", {"a": 1, "b": -1}, [1, 2]]
SAMPLE = Sample(300, "text", b"\x00\x01", {"b": -1, "a": 1}, (1, 2))


def code_of(data: bytes) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(data)
    return caught.value.code


def test_canonical_bytes_are_plain_message_pack() -> None:
    """The format belongs to no library: msgpack writes and reads the same bytes."""
    assert encode(SAMPLE) == msgpack.packb(PLAIN)
    assert msgpack.unpackb(encode(SAMPLE)) == PLAIN
    assert decode(encode(SAMPLE)) == SAMPLE


def test_golden_bytes_never_change() -> None:
    """Every signed, hashed or stored value depends on them."""
    assert encode(SAMPLE).hex() == "962acd012ca474657874c402000182a16101a162ff920102"


@pytest.mark.parametrize(
    "data",
    [
        b"\x96\xcc\x2a" + encode(SAMPLE)[2:],  # a tag of two bytes where one is enough
        msgpack.packb([42, 7, "t", b"", {}, []]).replace(b"\x07", b"\xcd\x00\x07", 1),  # 7 in three bytes
        msgpack.packb([42, 7, "t", b"", {}, []]).replace(b"\x07", b"\xd3" + bytes(7) + b"\x07", 1),  # signed
        msgpack.packb([42, 7, "t", b"", {}, []]).replace(b"\xa1t", b"\xd9\x01t", 1),  # text with a longer head
        msgpack.packb([42, 7, "t", b"", {"b": 1, "a": 2}, []]),  # keys not sorted
        b"\x96\x2a\x07\xa1t\xc4\x00\x82\xa1a\x01\xa1a\x01\x90",  # one key twice
        msgpack.packb([42, 7, "t"]),  # trailing fields left to their defaults
        msgpack.packb([42, 7, "t", b"", {}, [], 9]),  # a field too many
        b"\xdc\x00\x06" + msgpack.packb([42, 7, "t", b"", {}, []])[1:],  # array with a longer head
        b"\x96\x2a\x07\xa1t\xc5\x00\x00\x80\x90",  # bytes with a longer head
        msgpack.packb([42, 7.0, "t", b"", {}, []]),  # an integral float where an integer belongs
    ],
)
def test_second_encoding_of_a_value_is_refused(data: bytes) -> None:
    """Two nodes can never read one object from two encodings."""
    assert code_of(data) in {"not-canonical", "malformed"}
    assert data != encode(SAMPLE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\xc1",
        encode(SAMPLE) + b"\xc0",
        encode(SAMPLE)[:-1],
        msgpack.packb([43, 7, "t", b"", {}, []]),
        msgpack.packb([42, "7", "t", b"", {}, []]),
        msgpack.packb([42, True, "t", b"", {}, []]),
        msgpack.packb([42, 7.5, "t", b"", {}, []]),
        msgpack.packb([42, 7, b"t", b"", {}, []]),
        msgpack.packb([42, 7, "t", "", {}, []]),
        msgpack.packb([42, 7, "t", b"", {1: 1}, []]),
        msgpack.packb([42, 7, "t", b"", {}, [1, 2, 3, 4]]),
        msgpack.packb([42, None, "t", b"", {}, []]),
        b"\x96\x2a\x07\xa2\xff\xfe\xc4\x00\x80\x90",  # text that is not UTF-8
        b"\x91" * 900 + b"\xc0",  # nested
        b"\x96\x2a\xcf" + b"\xff" * 8 + b"\xdb\xff\xff\xff\xff",  # announces four GiB
    ],
)
def test_bytes_of_another_type_are_refused(data: bytes) -> None:
    """Malformed: whatever a stranger sends is a DecodeError, never another exception."""
    assert code_of(data) == "malformed"


def test_size_is_checked_before_anything_is_read() -> None:
    """Bounded: the decoder does no work on what is too large."""
    assert code_of(bytes(1_001)) == "too-large"
    assert code_of(bytes(1_000)) == "malformed"


def test_keys_are_sorted_by_code_point() -> None:
    """Maps are str -> scalar with keys sorted by code point, not by UTF-16 unit."""
    pairs = {"\U00010000": 1, "\uffff": 2, "ä": 3, "a": 4, "B": 5}
    assert list(msgpack.unpackb(encode(pairs))) == ["B", "a", "ä", "\uffff", "\U00010000"]


def test_integers_end_at_64_bits() -> None:
    """No big numbers: both ends of the range survive, one more does not encode."""
    for number in (2**64 - 1, -(2**63)):
        assert decode(encode(Sample(number, ""))).number == number
    with pytest.raises(OverflowError):
        encode(Sample(2**64, ""))
