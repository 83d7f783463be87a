"""Bytes of any origin to one value: bounded, and only in the one form that we write ourselves.

msgspec reads integers and lengths that are longer than need be. Two encodings of one value would have two hashes and
get past duplicate checks, so only the shortest form exists for us.

Source: SPEC.md, Messages.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

Value = TypeVar("Value")
_encode = msgspec.msgpack.Encoder().encode


class CanonicalReader(Generic[Value]):
    """Reads values of one type."""

    __slots__ = ("_bytes_max", "_decode", "_malformed", "_subject")

    def __init__(self, type_: Any, subject: str, bytes_max: int, malformed: Callable[[str], ValueError]) -> None:
        """``malformed`` makes the exception of a code that begins with ``subject``."""
        self._decode: Callable[[bytes], Value] = msgspec.msgpack.Decoder(type_).decode
        self._subject = subject
        self._bytes_max = bytes_max
        self._malformed = malformed

    def __call__(self, data: bytes) -> Value:
        """The value that ``data`` is the canonical encoding of.

        Raises:
            ValueError: made by ``malformed``; ``<subject>_too_large``, ``<subject>_malformed`` (no such value, or a
                field out of its bounds) or ``<subject>_not_canonical``.
        """
        if len(data) > self._bytes_max:
            raise self._malformed(f"{self._subject}_too_large")
        try:
            value = self._decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._malformed(f"{self._subject}_malformed") from error
        if _encode(value) != data:
            raise self._malformed(f"{self._subject}_not_canonical")
        return value
