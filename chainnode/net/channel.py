"""The channels of a link: who goes first, how much may wait, and what is dropped.

The tag of a frame is ``more (1 bit) || form (3 bits) || channel (4 bits)``. A
message longer than a fragment is cut; every piece but the last has ``more`` set.
Pieces of one channel are never interleaved, pieces of different channels are:
that is what lets a vote overtake a block.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from chainnode import limits
from chainnode.codec.framing import encode_frame
from chainnode.errors import Misuse, PeerError

MORE: Final = 0x80
LINK_TAG: Final = 0x4F
"""Tag of the link's own frames (handshake, ping, close): never in pieces, never queued."""


class Channel(IntEnum):
    """What a message is about; a smaller number is sent first."""

    CONSENSUS = 0
    CONTROL = 1
    BLOCKS = 2
    TRANSACTIONS = 3
    SEALS = 4


class Form(IntEnum):
    """What a frame is for."""

    MESSAGE = 0
    """One way, for the handler."""
    REQUEST = 1
    ANSWER = 2
    ERROR = 3
    """An answer that is a code."""


class ChannelBounds(NamedTuple):
    """What one channel of one link may hold."""

    message_bytes_max: int
    queue_bytes_max: int
    drop_oldest: bool
    """When the queue is full: forget what waits longest (stale votes), or refuse what is new."""


BOUNDS: Final = (
    ChannelBounds(limits.CONSENSUS_MESSAGE_BYTES_MAX, limits.CONSENSUS_QUEUE_BYTES_MAX, drop_oldest=True),
    ChannelBounds(limits.CONTROL_MESSAGE_BYTES_MAX, limits.CONTROL_QUEUE_BYTES_MAX, drop_oldest=False),
    ChannelBounds(limits.FRAME_BYTES_MAX, limits.BLOCKS_QUEUE_BYTES_MAX, drop_oldest=False),
    ChannelBounds(limits.GOSSIP_MESSAGE_BYTES_MAX, limits.GOSSIP_QUEUE_BYTES_MAX, drop_oldest=False),
    ChannelBounds(limits.SEAL_MESSAGE_BYTES_MAX, limits.SEALS_QUEUE_BYTES_MAX, drop_oldest=True),
)
CHANNELS: Final = len(BOUNDS)
EXCHANGE_HEADER_BYTES: Final = 6
"""Request id (4 bytes) and kind (2 bytes) in front of a request; an answer has the id alone."""
REQUEST_BYTES_MAX: Final = limits.CONTROL_MESSAGE_BYTES_MAX - EXCHANGE_HEADER_BYTES
ANSWER_BYTES_MAX: Final = limits.FRAME_BYTES_MAX - EXCHANGE_HEADER_BYTES
_FORM_OF: Final = tuple(Form)
_CHANNEL_OF: Final = tuple(Channel)


def encode_message(form: Form, channel: Channel, payload: bytes) -> tuple[bytes, ...]:
    """The frames of one message, in order; they may be queued on many links without a copy.

    Raises:
        Misuse: ``message-size``: more bytes than the channel allows.
    """
    size = len(payload)
    if size > BOUNDS[channel].message_bytes_max:
        allowed = BOUNDS[channel].message_bytes_max
        raise Misuse("message-size", f"a {channel.name} message has at most {allowed} bytes", found=size)
    tag = form << 4 | channel
    if size <= limits.FRAGMENT_BYTES_MAX:
        return (encode_frame(tag, payload),)
    step = limits.FRAGMENT_BYTES_MAX
    last = (size - 1) // step * step
    pieces = [encode_frame(tag | MORE, payload[at : at + step]) for at in range(0, last, step)]
    pieces.append(encode_frame(tag, payload[last:]))
    return tuple(pieces)


class Assembler:
    """Puts the pieces of one link's messages together; holds at most one message per channel."""

    __slots__ = ("_forms", "_pieces", "_since", "_sizes")

    def __init__(self) -> None:
        self._pieces: list[list[bytes]] = [[] for _ in BOUNDS]
        self._sizes = [0] * CHANNELS
        self._forms: list[Form] = [Form.MESSAGE] * CHANNELS
        self._since = [0.0] * CHANNELS

    def oldest_since(self) -> float | None:
        """When the oldest incomplete message began (the ``now_s`` it was fed with), None if there is none."""
        return min((since for since, pieces in zip(self._since, self._pieces, strict=True) if pieces), default=None)

    def feed(self, tag: int, piece: bytes, now_s: float) -> tuple[Form, Channel, bytes] | None:
        """The message that ``piece`` completes, if it does.

        Raises:
            PeerError: ``frame-tag`` (unknown channel or form, or a piece of another form), or
                ``message-size`` (more than the channel allows).
        """
        number, kind = tag & 0x0F, tag >> 4 & 0x07
        if number >= CHANNELS or kind >= len(_FORM_OF):
            raise PeerError("frame-tag", f"no channel or form has the tag {tag}")
        channel, form = _CHANNEL_OF[number], _FORM_OF[kind]
        pieces = self._pieces[number]
        if not pieces and not tag & MORE and len(piece) <= BOUNDS[number].message_bytes_max:
            return form, channel, piece
        if not pieces:
            self._forms[number] = form
            self._since[number] = now_s
        elif self._forms[number] is not form:
            raise PeerError("frame-tag", "a message began before the one before it was complete", tag=tag)
        size = self._sizes[number] + len(piece)
        if size > BOUNDS[number].message_bytes_max or not piece:
            raise PeerError("message-size", f"a {channel.name} message is empty or too long", found=size)
        pieces.append(piece)
        self._sizes[number] = size
        if tag & MORE:
            return None
        self._sizes[number] = 0
        self._pieces[number] = []
        return form, channel, b"".join(pieces)
