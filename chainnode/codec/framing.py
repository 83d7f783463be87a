"""Frames on a byte stream, without the stream.

A frame is ``length (4 bytes, big-endian) || tag (1 byte) || payload`` where length
counts tag and payload. The parser is fed what the socket gave and yields whole
frames. It looks at the announced length before it keeps anything, so it never
holds more than one frame's bound and what one read delivered.
"""

from collections.abc import Iterator
from typing import Final

from chainnode.errors import PeerError
from chainnode.limits import FRAME_BYTES_MAX

HEADER_BYTES: Final = 4


def encode_frame(tag: int, payload: bytes) -> bytes:
    """One frame, ready to write; ``tag`` is 0 to 255."""
    return b"".join(((len(payload) + 1).to_bytes(HEADER_BYTES, "big"), bytes((tag,)), payload))


class FrameParser:
    """Cuts a stream of bytes into frames."""

    __slots__ = ("_buffer", "_bytes_max")

    def __init__(self, bytes_max: int = FRAME_BYTES_MAX) -> None:
        """Refuse frames that announce more than ``bytes_max`` bytes of tag and payload."""
        self._buffer = b""
        self._bytes_max = bytes_max

    @property
    def pending_bytes(self) -> int:
        """Bytes of a frame that has begun and is not complete."""
        return len(self._buffer)

    def allow(self, bytes_max: int) -> None:
        """Change the bound of later frames, also of those already fed but not yet yielded."""
        self._bytes_max = bytes_max

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Add ``data`` and yield each complete ``(tag, payload)``; what is not consumed stays for the next call.

        Raises:
            PeerError: ``frame-size``: a frame announces zero bytes or more than the bound.
        """
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        start = 0
        available = len(data)
        try:
            while available - start >= HEADER_BYTES:
                body = start + HEADER_BYTES
                size = int.from_bytes(data[start:body], "big")
                if not 1 <= size <= self._bytes_max:
                    raise PeerError("frame-size", f"a frame announced {size} bytes", allowed=self._bytes_max)
                end = body + size
                if end > available:
                    return
                start = end
                yield data[body], data[body + 1 : end]
        finally:
            self._buffer = data[start:]
