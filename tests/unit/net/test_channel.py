"""chainnode/net/channel.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode import limits
from chainnode.codec.framing import FrameParser
from chainnode.errors import Misuse, PeerError
from chainnode.net.channel import BOUNDS, LINK_TAG, MORE, Assembler, Channel, Form, encode_message


def assemble(*streams: bytes) -> list[tuple[Form, Channel, bytes]]:
    assembler, parser = Assembler(), FrameParser(limits.FRAGMENT_BYTES_MAX + 1)
    frames = [frame for stream in streams for frame in parser.feed(stream)]
    found = [assembler.feed(tag, piece, 0.0) for tag, piece in frames]
    assert assembler.oldest_since() is None
    return [whole for whole in found if whole is not None]


@given(
    st.sampled_from(Form),
    st.sampled_from(Channel),
    st.sampled_from([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000, 512 * 1024]),
)
def test_assembler_restores_messages_of_every_size(form: Form, channel: Channel, size: int) -> None:
    size = min(size, BOUNDS[channel].message_bytes_max)
    payload = bytes(range(251)) * (size // 251 + 1)
    assert assemble(*encode_message(form, channel, payload[:size])) == [(form, channel, payload[:size])]


@pytest.mark.parametrize("channel", Channel)
def test_encode_accepts_the_bound_and_refuses_one_byte_more(channel: Channel) -> None:
    bound = BOUNDS[channel].message_bytes_max
    assert len(assemble(*encode_message(Form.MESSAGE, channel, bytes(bound)))[0][2]) == bound
    with pytest.raises(Misuse) as caught:
        encode_message(Form.MESSAGE, channel, bytes(bound + 1))
    assert caught.value.code == "message-size"


def test_vote_between_the_pieces_of_a_block_arrives_first() -> None:
    """Pieces of different channels are interleaved: that is what lets a vote overtake a block."""
    block = encode_message(Form.MESSAGE, Channel.BLOCKS, bytes(200_000))
    vote = encode_message(Form.MESSAGE, Channel.CONSENSUS, b"vote")
    found = assemble(block[0], *vote, *block[1:])
    assert [(channel, len(message)) for _, channel, message in found] == [
        (Channel.CONSENSUS, 4),
        (Channel.BLOCKS, 200_000),
    ]


@pytest.mark.parametrize("tag", [LINK_TAG, 0x05, 0x0F, 0x50, 0x70, 0x45])
def test_assembler_refuses_unknown_tags(tag: int) -> None:
    with pytest.raises(PeerError) as caught:
        Assembler().feed(tag, b"x", 0.0)
    assert caught.value.code == "frame-tag"


def test_assembler_refuses_another_form_inside_a_message() -> None:
    assembler = Assembler()
    assembler.feed(MORE | Form.MESSAGE << 4 | Channel.CONTROL, b"x", 0.0)
    with pytest.raises(PeerError) as caught:
        assembler.feed(Form.REQUEST << 4 | Channel.CONTROL, b"x", 0.0)
    assert caught.value.code == "frame-tag"


@pytest.mark.parametrize("channel", Channel)
def test_assembler_stops_at_the_bound_of_the_channel(channel: Channel) -> None:
    """Every message has a bound: pieces without end must not fill memory."""
    assembler, piece, fed = Assembler(), bytes(limits.FRAGMENT_BYTES_MAX), 0
    with pytest.raises(PeerError) as caught:
        while fed < 2 * limits.FRAME_BYTES_MAX:
            assembler.feed(MORE | channel, piece, 0.0)
            fed += len(piece)
    assert caught.value.code == "message-size"
    assert fed <= BOUNDS[channel].message_bytes_max


def test_assembler_refuses_empty_pieces() -> None:
    """Empty pieces would grow a list without growing the message."""
    with pytest.raises(PeerError) as caught:
        Assembler().feed(MORE | Channel.BLOCKS, b"", 0.0)
    assert caught.value.code == "message-size"


def test_assembler_tells_since_when_a_message_is_incomplete() -> None:
    assembler = Assembler()
    assembler.feed(MORE | Channel.BLOCKS, b"x", 5.0)
    assembler.feed(MORE | Channel.CONSENSUS, b"x", 7.0)
    assembler.feed(MORE | Channel.BLOCKS, b"x", 9.0)
    assert assembler.oldest_since() == 5.0
    assembler.feed(Channel.BLOCKS, b"x", 9.0)
    assert assembler.oldest_since() == 7.0
