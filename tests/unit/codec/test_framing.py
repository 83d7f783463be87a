"""chainnode/codec/framing.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.codec.framing import HEADER_BYTES, FrameParser, encode_frame
from chainnode.errors import PeerError


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=6), st.data())
def test_parser_yields_what_was_encoded_however_the_stream_is_cut(frames, data) -> None:
    """The parser is fed what the socket gave and yields whole frames."""
    stream = b"".join(encode_frame(tag, payload) for tag, payload in frames)
    parser = FrameParser()
    found = []
    at = 0
    while at < len(stream):
        step = data.draw(st.integers(1, len(stream) - at))
        found += parser.feed(stream[at : at + step])
        at += step
    assert found == frames
    assert parser.pending_bytes == 0


@pytest.mark.parametrize("size", [0, 11, 0xFFFFFFFF])
def test_parser_refuses_announced_size_before_it_keeps_anything(size: int) -> None:
    """``frame-size``: a frame announces zero bytes or more than the bound."""
    parser = FrameParser(10)
    with pytest.raises(PeerError) as caught:
        list(parser.feed(size.to_bytes(HEADER_BYTES, "big")))
    assert caught.value.code == "frame-size"


def test_parser_accepts_a_frame_of_exactly_the_bound() -> None:
    assert list(FrameParser(10).feed(encode_frame(3, bytes(9)))) == [(3, bytes(9))]


def test_parser_uses_new_bound_for_frames_already_fed() -> None:
    """A HELLO and the first large frame may arrive in one read."""
    parser = FrameParser(10)
    found = []
    for frame in parser.feed(encode_frame(1, b"hello") + encode_frame(2, bytes(100))):
        found.append(frame)
        parser.allow(1000)
    assert found == [(1, b"hello"), (2, bytes(100))]


def test_parser_keeps_the_rest_when_the_reader_stops_early() -> None:
    """What is not consumed stays for the next call."""
    parser = FrameParser()
    frames = parser.feed(encode_frame(1, b"a") + encode_frame(2, b"b"))
    assert next(frames) == (1, b"a")
    frames.close()
    assert list(parser.feed(b"")) == [(2, b"b")]
