"""Passing on: bounded frames, sent once, repeated while unsettled, forgotten when settled."""

from collections.abc import Callable

import pytest

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.mempool.gossip import BATCH_TRANSACTIONS_MAX, Outbox, batches, decode_batch
from tests.support.local_chain import transaction


class _Wire:
    """Takes what an outbox schedules and sends."""

    def __init__(self) -> None:
        self.flushes: list[Callable[[], None]] = []
        self.sent: list[tuple[bytes, ...]] = []
        self.outbox = Outbox(self.flushes.append, lambda batch: self.sent.append(decode_batch(batch)))

    def run(self) -> None:
        while self.flushes:
            self.flushes.pop(0)()


def test_no_transactions_make_no_frame() -> None:
    """An empty batch would be a frame for nothing."""
    assert list(batches([])) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode([b"x"] * (BATCH_TRANSACTIONS_MAX + 1)), "malformed"),
        (encode([bytes(limits.ENVELOPE_BYTES_MAX + 1)]), "malformed"),
        (encode([b"x"]) + b"\x00", "malformed"),
        (b"\xdc\x00\x01\xc4\x01x", "not-canonical"),
        (b"\xdd\xff\xff\xff\xff", "malformed"),
        (b"\x91" * 1_000, "malformed"),
        (bytes(limits.MIB), "too-large"),
    ],
    ids=["many", "huge", "trailing", "long-form", "claimed", "nested", "size"],
)
def test_frame_beyond_its_bounds_is_refused(data: bytes, code: str) -> None:
    """A peer cannot make us hold more than one frame's worth, nor read two encodings of one batch."""
    with pytest.raises(DecodeError) as caught:
        decode_batch(data)
    assert caught.value.code == code


def test_largest_frame_we_send_fits_the_channel() -> None:
    """What ``batches`` makes, ``decode_batch`` and the GOSSIP channel take."""
    heavy = transaction(1)
    heavy.envelope = bytes(limits.ENVELOPE_BYTES_MAX)
    for made in batches([heavy] * 5):
        assert len(made) <= limits.GOSSIP_MESSAGE_BYTES_MAX
        decode_batch(made)


def test_arrivals_of_a_moment_share_one_frame() -> None:
    """``schedule`` runs a flush soon: one for all that arrive before it runs."""
    wire = _Wire()
    sent = [transaction(number) for number in range(1, 6)]
    for item in sent:
        wire.outbox.add([item])
    assert len(wire.flushes) == 1
    wire.run()
    assert wire.sent == [tuple(item.envelope for item in sent)]
    wire.outbox.add([transaction(9)])
    wire.run()
    assert len(wire.sent) == 2


def test_flush_of_nothing_sends_nothing() -> None:
    """Harmless when called twice."""
    wire = _Wire()
    wire.outbox.flush()
    assert wire.sent == []


def test_unsettled_are_repeated_until_committed_or_expired() -> None:
    """A frame may have been lost with a link: kept until settled, then forgotten."""
    wire = _Wire()
    sent = [transaction(number) for number in range(1, 4)]
    wire.outbox.add(sent)
    wire.run()
    wire.outbox.settle([sent[1].tx_id, bytes(32)])
    assert [decode_batch(batch) for batch in wire.outbox.unsettled()] == [(sent[0].envelope, sent[2].envelope)]
    wire.outbox.settle(item.tx_id for item in sent)
    assert list(wire.outbox.unsettled()) == []


def test_one_round_of_repeats_is_bounded_and_begins_with_the_oldest() -> None:
    """RESEND_MAX transactions in one round."""
    wire = _Wire()
    sent = [transaction(number) for number in range(1, Outbox.RESEND_MAX + 11)]
    wire.outbox.add(sent)
    repeated = [envelope for batch in wire.outbox.unsettled() for envelope in decode_batch(batch)]
    assert repeated == [item.envelope for item in sent[: Outbox.RESEND_MAX]]
