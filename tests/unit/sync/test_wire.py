"""Requests and answers between nodes: one form, bounded before anything is read."""

import pytest

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.errors import DecodeError
from chainnode.sync.wire import (
    ANSWER_BYTES_MAX,
    BLOCKS_PER_ANSWER_MAX,
    STORED_BYTES_MAX,
    BlocksWanted,
    BlockWanted,
    ReceiptsWanted,
    TransactionsWanted,
    decode_block_wanted,
    decode_blocks,
    decode_blocks_wanted,
    decode_envelopes,
    decode_receipts_wanted,
    decode_transactions_wanted,
)


@pytest.mark.parametrize(
    ("value", "decode"),
    [
        (TransactionsWanted(b""), decode_transactions_wanted),
        (TransactionsWanted(bytes(32 * limits.BLOCK_TRANSACTIONS_MAX)), decode_transactions_wanted),
        (BlockWanted(bytes(32)), decode_block_wanted),
        (BlocksWanted(0, 2**53), decode_blocks_wanted),
        (ReceiptsWanted(0, 2**53, 10_000), decode_receipts_wanted),
        ((b"", b"x"), decode_envelopes),
        (tuple(bytes(3) for _ in range(BLOCKS_PER_ANSWER_MAX)), decode_blocks),
    ],
)
def test_wire_form_reads_back(value: object, decode: Decoder[object]) -> None:
    """One value, one sequence of bytes; nothing may follow."""
    data = encode(value)
    assert decode(data) == value
    with pytest.raises(DecodeError):
        decode(data + b"\x00")


@pytest.mark.parametrize(
    ("data", "decode"),
    [
        (encode(TransactionsWanted(bytes(32 * limits.BLOCK_TRANSACTIONS_MAX + 1))), decode_transactions_wanted),
        (encode([bytes(31)]), decode_block_wanted),
        (encode([bytes(33)]), decode_block_wanted),
        (encode([-1, 5]), decode_blocks_wanted),
        (encode([0, 2**53 + 1]), decode_blocks_wanted),
        (encode(["1", "2"]), decode_blocks_wanted),
        (encode([bytes(limits.ENVELOPE_BYTES_MAX + 1)]), decode_envelopes),
        (encode([b""] * (BLOCKS_PER_ANSWER_MAX + 1)), decode_blocks),
        (encode([bytes(STORED_BYTES_MAX + 1)]), decode_blocks),
        (encode(b""), decode_envelopes),
        (b"", decode_blocks),
        (bytes(limits.FRAME_BYTES_MAX + 1), decode_envelopes),
    ],
)
def test_value_beyond_its_bound_is_refused(data: bytes, decode: Decoder[object]) -> None:
    """A peer's bytes never become more than the bound says."""
    with pytest.raises(DecodeError):
        decode(data)


def test_largest_answer_fits_a_frame() -> None:
    """Leaves room for framing inside a frame, also for one block of the largest size."""
    framing = 5 * limits.BLOCK_TRANSACTIONS_MAX + 64
    assert ANSWER_BYTES_MAX + framing <= limits.FRAME_BYTES_MAX
    assert STORED_BYTES_MAX + framing <= limits.FRAME_BYTES_MAX
    assert len(encode(TransactionsWanted(bytes(32 * limits.BLOCK_TRANSACTIONS_MAX)))) <= (
        limits.CONTROL_MESSAGE_BYTES_MAX
    )
