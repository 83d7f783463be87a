"""One journal segment: what is whole, what is torn, what was lost."""

import pytest

from chainnode.store.segment import FRAME_HEADER_BYTES, HEADER_BYTES, RESET, STEP, Frame, SegmentFormat

SEGMENT = SegmentFormat(7, b"saltsalt")
PAYLOADS = [b"first", b"", b"third payload" * 9]


def build(segment: SegmentFormat = SEGMENT) -> bytes:
    data = segment.header
    for number, payload in enumerate(PAYLOADS):
        data += segment.frame(len(data), STEP if number else RESET, payload)
    return data


def test_frames_come_back_as_written() -> None:
    data = build()
    found = SEGMENT.scan(data)
    assert found.frames == [Frame(RESET, PAYLOADS[0]), Frame(STEP, PAYLOADS[1]), Frame(STEP, PAYLOADS[2])]
    assert found.whole_bytes == len(data)
    assert not found.damaged


@pytest.mark.parametrize(("header", "sequence"), [(SEGMENT.header, 8), (SEGMENT.header[:-1], 7), (b"", 7)])
def test_header_of_another_segment_is_not_read(header: bytes, sequence: int) -> None:
    assert SegmentFormat.read(SEGMENT.header, 7) is not None
    assert SegmentFormat.read(header, sequence) is None


def test_every_cut_is_torn_and_never_damage() -> None:
    data = build()
    last = len(data) - FRAME_HEADER_BYTES - len(PAYLOADS[-1])
    for size in range(HEADER_BYTES, len(data)):
        for tail in (b"", bytes(len(data) - size)):
            found = SEGMENT.scan(data[:size] + tail)
            assert not found.damaged
            assert found.whole_bytes <= size
            assert len(found.frames) == (2 if size >= last else len(found.frames))
            assert [frame.payload for frame in found.frames] == PAYLOADS[: len(found.frames)]


def test_damage_is_told_from_a_torn_tail_when_a_whole_frame_follows() -> None:
    """'A whole frame stands behind the broken place: durable bytes were lost, not torn.'"""
    data = build()
    last = len(data) - FRAME_HEADER_BYTES - len(PAYLOADS[-1])
    for bit in range(HEADER_BYTES * 8, len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        found = SEGMENT.scan(bytes(flipped))
        assert found.damaged == (bit // 8 < last)
        assert [frame.payload for frame in found.frames] == PAYLOADS[: len(found.frames)]
        assert len(found.frames) < 3


def test_damage_is_found_when_the_broken_frame_holds_the_marker_itself() -> None:
    """Chance puts the marker into a payload once in four billion places; the search goes on behind it."""
    marker = SEGMENT.frame(HEADER_BYTES, STEP, b"")[:4]
    data = SEGMENT.header + SEGMENT.frame(HEADER_BYTES, STEP, b"x" + marker + b"y" * 40 + marker)
    data += SEGMENT.frame(len(data), STEP, b"whole")
    flipped = data[: HEADER_BYTES + FRAME_HEADER_BYTES] + b"z" + data[HEADER_BYTES + FRAME_HEADER_BYTES + 1 :]
    assert len(SEGMENT.scan(data).frames) == 2
    assert SEGMENT.scan(flipped).frames == []
    assert SEGMENT.scan(flipped).damaged


def test_frame_is_not_found_inside_a_record_when_it_belongs_to_another_salt_or_place() -> None:
    """'nobody who supplies the bytes of a record can forge a frame inside it'"""
    other = SegmentFormat(7, b"guessed!")
    forged = other.frame(HEADER_BYTES, STEP, b"forged")
    moved = SEGMENT.frame(HEADER_BYTES, STEP, b"whole elsewhere")
    data = SEGMENT.header + SEGMENT.frame(HEADER_BYTES, STEP, forged * 3 + moved * 2)[:-1]
    found = SEGMENT.scan(data)
    assert found.frames == []
    assert not found.damaged
