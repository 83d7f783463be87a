"""Frames on a byte stream."""

import pytest

from chainnode.codec.framing import FrameParser, encode_frame
from chainnode.errors import PeerError

FRAMES = [(0, b""), (3, b"payload"), (255, bytes(1_000))]
STREAM = b"".join(encode_frame(tag, payload) for tag, payload in FRAMES)


def test_frame_is_length_tag_payload() -> None:
    """Length (4 bytes, big-endian) counts tag and payload."""
    assert encode_frame(7, b"abc") == b"\x00\x00\x00\x04\x07abc"


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 7, 12, 100, 10_000])
def test_parser_finds_the_frames_however_the_stream_is_cut(step: int) -> None:
    """The parser is fed what the socket gave and yields whole frames."""
    parser = FrameParser()
    found = [frame for at in range(0, len(STREAM), step) for frame in parser.feed(STREAM[at : at + step])]
    assert found == FRAMES
    assert list(parser.feed(b"")) == []


def test_parser_keeps_what_was_not_consumed() -> None:
    """A caller may stop between two frames; the rest stays for the next call."""
    parser = FrameParser()
    for frame in parser.feed(STREAM):
        assert frame == FRAMES[0]
        break
    assert list(parser.feed(b"")) == FRAMES[1:]


@pytest.mark.parametrize("announced", [0, 11, 2**32 - 1])
def test_frame_outside_the_bound_is_refused_at_its_head(announced: int) -> None:
    """A frame announces zero bytes or more than the bound: the link cannot continue, and nothing is kept for it."""
    parser = FrameParser(10)
    with pytest.raises(PeerError) as caught:
        list(parser.feed(announced.to_bytes(4, "big")))
    assert caught.value.code == "frame-size"


def test_bound_can_be_raised_after_the_handshake() -> None:
    """A small bound before the handshake, the full one after it."""
    parser = FrameParser(10)
    with pytest.raises(PeerError):
        list(parser.feed(encode_frame(1, bytes(100))))
    parser = FrameParser(10)
    assert list(parser.feed(encode_frame(1, b"hello"))) == [(1, b"hello")]
    parser.allow(101)
    assert list(parser.feed(encode_frame(1, bytes(100)))) == [(1, bytes(100))]
