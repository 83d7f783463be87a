"""Wire form of messages."""

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from consensus import limits
from consensus.messages import MalformedMessage, decode_message, encode_message
from tests.unit.consensus.rig import (
    certificate,
    commit,
    decided,
    justification,
    pre_prepare,
    prepare,
    status,
    view_change,
)

EACH = [
    pre_prepare(),
    pre_prepare(view=1, reason=justification(prepared=certificate())),
    prepare(0),
    commit(3, view=2),
    view_change(2),
    view_change(2, prepared=certificate()),
    decided(),
    status(-1, 4),
]


@pytest.mark.parametrize("message", EACH, ids=lambda message: type(message).__name__)
def test_message_survives_the_wire_and_belongs_to_no_library(message):
    """Messages: an array with an integer tag; equal after decoding; another decoder reads it too."""
    data = encode_message(message)

    assert decode_message(data) == message
    assert encode_message(decode_message(data)) == data
    assert msgpack.unpackb(data)[0] in range(1, 7)


def replaced(message, **changes):
    return encode_message(msgspec.structs.replace(message, **changes))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "message_malformed"),
        (b"\xc1", "message_malformed"),
        (msgpack.packb([99, 1, 2]), "message_malformed"),
        (msgpack.packb({"type": 1}), "message_malformed"),
        (b"\x91" * 100_000, "message_malformed"),
        (encode_message(prepare(0))[:-1], "message_malformed"),
        (encode_message(prepare(0)) + b"\0", "message_malformed"),
        (msgpack.packb([*msgpack.unpackb(encode_message(prepare(0))), 1]), "message_malformed"),
        (replaced(prepare(0), signature=b""), "message_malformed"),
        (replaced(prepare(0), signature=b"s" * 65), "message_malformed"),
        (replaced(prepare(0), block_hash=b"h" * 31), "message_malformed"),
        (replaced(prepare(0), chain_id=""), "message_malformed"),
        (replaced(prepare(0), chain_id="c" * 65), "message_malformed"),
        (replaced(prepare(0), view=-1), "message_malformed"),
        (replaced(prepare(0), view=limits.VIEW_MAX + 1), "message_malformed"),
        (replaced(prepare(0), height=limits.HEIGHT_MAX + 1), "message_malformed"),
        (replaced(prepare(0), sender=limits.VALIDATORS_MAX), "message_malformed"),
        (replaced(view_change(0), prepared_view=-2), "message_malformed"),
        (replaced(pre_prepare(), proposal=b""), "message_malformed"),
        (replaced(pre_prepare(), proposal=b"p" * (limits.PROPOSAL_BYTES_MAX + 1)), "message_malformed"),
        (b"\0" * (limits.MESSAGE_BYTES_MAX + 1), "message_too_large"),
    ],
)
def test_message_bytes_are_refused_as(data, code):
    """F0: size, form and the bounds of every field, view and height among them (S12)."""
    with pytest.raises(MalformedMessage) as caught:
        decode_message(data)

    assert caught.value.code == code


@pytest.mark.parametrize("message", EACH, ids=lambda message: type(message).__name__)
def test_message_with_a_longer_integer_is_not_canonical(message):
    """F0: two encodings of one message would get past the duplicate checks."""
    data = encode_message(message)
    tag = data[1]
    longer = data[:1] + b"\xcc" + bytes([tag]) + data[2:]

    with pytest.raises(MalformedMessage, match="message_not_canonical"):
        decode_message(longer)


def test_bounds_of_the_fields_bound_each_type():
    """Messages: PREPARE, COMMIT and STATUS stay below 512 bytes, VIEW_CHANGE and DECIDED below 16 KiB."""
    longest = {"chain_id": "\U0001f517" * limits.CHAIN_ID_CHARS_MAX, "height": limits.HEIGHT_MAX}
    everybody = tuple(range(limits.VALIDATORS_MAX))
    lock = certificate(signers=everybody, view=limits.VIEW_MAX, height=limits.HEIGHT_MAX)
    vote = {"epoch": limits.HEIGHT_MAX, "view": limits.VIEW_MAX} | longest
    asked = view_change(limits.VALIDATORS_MAX - 1, prepared=lock, **vote)

    assert len(encode_message(prepare(limits.VALIDATORS_MAX - 1, **vote))) < 512
    assert len(replaced(status(-1, 0), **longest)) < 512
    assert len(encode_message(asked)) < 16 * 1024
    assert len(replaced(decided(), certificate=lock, **longest)) < 16 * 1024


def test_largest_message_fits_its_bound():
    """F0: a full proposal with the justification of a full set is not refused."""
    everybody = tuple(range(limits.VALIDATORS_MAX))
    lock = certificate(signers=everybody)
    reason = justification(senders=everybody, prepared=lock)
    message = pre_prepare(view=1, reason=reason, proposal=b"p" * limits.PROPOSAL_BYTES_MAX, chain_id="c" * 64)

    assert decode_message(encode_message(message)) == message
