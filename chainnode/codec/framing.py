"""Frames on a byte stream, without the stream.

A frame is ``length (4 bytes, big-endian) || channel (1 byte) || payload`` where
length counts channel and payload. The parser is fed what the socket gave and
yields whole frames; it never holds more than one frame's bound.
"""

from collections.abc import Iterator
from typing import Final

from chainnode.errors import PeerError
from chainnode.limits import FRAME_BYTES_MAX

HEADER_BYTES: Final = 4


def encode_frame(channel: int, payload: bytes) -> bytes:
    """One frame, ready to write."""
    return b"".join(((len(payload) + 1).to_bytes(HEADER_BYTES, "big"), bytes((channel,)), payload))


class FrameParser:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_buffer", "_bytes_max")

    def __init__(self, bytes_max: int = FRAME_BYTES_MAX) -> None:
        """Refuse frames of more than ``bytes_max`` bytes (raised to full size after the handshake)."""
        self._buffer = bytearray()
        self._bytes_max = bytes_max

    def allow(self, bytes_max: int) -> None:
        """Change the bound of later frames."""
        self._bytes_max = bytes_max

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Add ``data`` and yield each complete ``(channel, payload)``.

        Raises:
            PeerError: ``frame-size``: a frame announces zero bytes or more than the bound.
        """
        self._buffer += data
        start = 0
        available = len(self._buffer)
        try:
            while available - start >= HEADER_BYTES:
                size = int.from_bytes(self._buffer[start : start + HEADER_BYTES], "big")
                if not 1 <= size <= self._bytes_max:
                    raise PeerError("frame-size", f"a frame announced {size} bytes", allowed=self._bytes_max)
                end = start + HEADER_BYTES + size
                if end > available:
                    return
                channel = self._buffer[start + HEADER_BYTES]
                payload = bytes(self._buffer[start + HEADER_BYTES + 1 : end])
                start = end
                yield channel, payload
        finally:
            if start:
                del self._buffer[:start]
