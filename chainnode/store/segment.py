"""One segment file of the journal: its bytes, written and read back.

    segment  "CNJ1" || sequence (8) || salt (8) || CRC-32 (4)            then frames
    frame    marker (4) || length (4) || type (1) || CRC-32 (4) || payload

All big-endian. The marker is derived from the segment's random salt, which also starts
every checksum together with the frame's offset: nobody who supplies the bytes of a record
(a transaction in a block body, say) can forge a frame inside it, and a frame is valid only
where it was written.
"""

import struct
from hashlib import sha256
from typing import Final, NamedTuple
from zlib import crc32

from chainnode import limits

MAGIC: Final = b"CNJ1"
SALT_BYTES: Final = 8
HEADER_BYTES: Final = 24
FRAME_HEADER_BYTES: Final = 13
PAYLOAD_BYTES_MAX: Final = 32 * limits.MIB
"""One step: a block body, its proposal and certificates, several times over."""

STEP: Final = 1
"""A frame that continues."""
RESET: Final = 2
"""A frame that stands for everything before it: earlier frames and segments are dead."""

_HEADER: Final = struct.Struct(">4sQ8sI")
_FRAME: Final = struct.Struct(">4sIBI")


class Frame(NamedTuple):
    """A whole frame found in a segment."""

    kind: int
    payload: bytes


class Found(NamedTuple):
    """What a segment holds."""

    frames: list[Frame]
    whole_bytes: int
    """Offset after the last whole frame; less than the file's size when something broken follows."""
    damaged: bool
    """A whole frame stands behind the broken place: durable bytes were lost, not torn."""


class SegmentFormat:
    """Encodes and reads the frames of one segment."""

    __slots__ = ("_marker", "_seed", "header")

    def __init__(self, sequence: int, salt: bytes) -> None:
        """Describe the segment ``sequence`` with 8 random bytes ``salt``."""
        secret = sha256(b"chainnode journal segment" + sequence.to_bytes(8, "big") + salt).digest()
        self._marker: Final = secret[:4]
        self._seed: Final = crc32(secret[4:])
        start = _HEADER.pack(MAGIC, sequence, salt, 0)[:-4]
        self.header: Final = start + crc32(start).to_bytes(4, "big")
        """The segment's first 24 bytes."""

    @classmethod
    def read(cls, header: bytes, sequence: int) -> "SegmentFormat | None":
        """The format a segment's first bytes name; None when they are not those of segment ``sequence``."""
        if len(header) < HEADER_BYTES:
            return None
        salt = _HEADER.unpack_from(header)[2]
        segment = cls(sequence, salt)
        return segment if segment.header == header[:HEADER_BYTES] else None

    def frame(self, offset: int, kind: int, payload: bytes) -> bytes:
        """The frame to write at ``offset`` of the file."""
        start = _FRAME.pack(self._marker, len(payload), kind, self._checksum(offset, kind, payload))
        return start + payload

    def scan(self, data: bytes) -> Found:
        """Read the frames of a whole segment file."""
        frames: list[Frame] = []
        offset = HEADER_BYTES
        while (frame := self._frame_at(data, offset)) is not None:
            frames.append(frame)
            offset += FRAME_HEADER_BYTES + len(frame.payload)
        damaged = False
        behind = data.find(self._marker, offset + 1)
        while behind >= 0 and not damaged:
            damaged = self._frame_at(data, behind) is not None
            behind = data.find(self._marker, behind + 1)
        return Found(frames, offset, damaged)

    def _frame_at(self, data: bytes, offset: int) -> Frame | None:
        if offset + FRAME_HEADER_BYTES > len(data):
            return None
        marker, length, kind, checksum = _FRAME.unpack_from(data, offset)
        stop = offset + FRAME_HEADER_BYTES + length
        if marker != self._marker or kind not in (STEP, RESET) or length > PAYLOAD_BYTES_MAX or stop > len(data):
            return None
        payload = data[stop - length : stop]
        return Frame(kind, payload) if self._checksum(offset, kind, payload) == checksum else None

    def _checksum(self, offset: int, kind: int, payload: bytes) -> int:
        place = offset.to_bytes(8, "big") + bytes((kind,)) + len(payload).to_bytes(4, "big")
        return crc32(payload, crc32(place, self._seed))
