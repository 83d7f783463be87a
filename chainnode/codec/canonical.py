"""Canonical MessagePack: one value, one sequence of bytes.

Every signed, hashed or stored value is an array-like msgspec struct. ``decode``
re-encodes what it read and compares: non-minimal integers, duplicate or unsorted
map keys, missing or surplus fields and trailing bytes all fail there, so two
nodes can never read one object from two encodings. Floats do not occur: no type
of the ledger has one.

Maps are ``str -> scalar`` with keys sorted by code point.
"""

from typing import Generic, TypeVar

import msgspec

from chainnode.errors import DecodeError

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder(order="deterministic")
encode = _encoder.encode
"""Canonical bytes of a struct, list, or scalar. Raises OverflowError above 64-bit integers."""


class Decoder(Generic[T]):
    """Decodes canonical bytes to one type; keep one per type at module level.

    Building a msgspec decoder costs far more than using it.
    """

    __slots__ = ("_bytes_max", "_decode", "_name")

    def __init__(self, kind: type[T], bytes_max: int) -> None:
        """Prepare to read ``kind`` from at most ``bytes_max`` bytes."""
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._bytes_max = bytes_max
        self._name = getattr(kind, "__name__", str(kind))

    def __call__(self, data: bytes) -> T:
        """The value whose canonical encoding is ``data``.

        Raises:
            DecodeError: ``too-large`` (over the bound, checked first), ``malformed``
                (not this type), or ``not-canonical`` (reads, but is not the one encoding).
        """
        if len(data) > self._bytes_max:
            raise DecodeError("too-large", f"{self._name} is larger than {self._bytes_max} bytes", found=len(data))
        try:
            value = self._decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise DecodeError("malformed", f"not a {self._name}: {error}") from error
        if encode(value) != data:
            raise DecodeError("not-canonical", f"bytes read as {self._name} but are not its canonical encoding")
        return value
