"""Receipts and events."""

from hashlib import sha256
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.types.receipt import (
    BlockReceipt,
    Event,
    Receipt,
    Scalar,
    decode_block_receipt,
    decode_receipt,
    silent_block_receipt,
)

ATTRIBUTES: dict[str, Scalar] = {"asset_id": b"\x01", "count": 3, "frozen": False, "holder": "did:x", "parent": None}
RECEIPT = Receipt(bytes(32), 7, 2, "ok", -1, "", (Event("asset.registered", ATTRIBUTES),))
PLAIN = [5, bytes(32), 7, 2, "ok", -1, "", [["asset.registered", ATTRIBUTES]]]


def test_receipt_is_plain_message_pack() -> None:
    """Receipt [tag 5, tx_id, height, index, code, failed_operation, info, events]; golden: leaf of the results tree."""
    assert msgpack.packb(PLAIN) == encode(RECEIPT)
    assert decode_receipt(encode(RECEIPT)) == RECEIPT
    assert msgpack.unpackb(encode(RECEIPT)) == PLAIN
    assert sha256(encode(RECEIPT)).hexdigest() == "a8f5f2245225c5f13c094d63b4ed3a1a002eaabfa32ee81fd30913ab65adeb50"


def test_attributes_are_written_in_order_of_their_names() -> None:
    """Maps are str -> scalar with sorted keys, however they were made."""
    shuffled = Event("asset.registered", dict(reversed(list(ATTRIBUTES.items()))))
    assert encode(Receipt(bytes(32), 7, 2, "ok", -1, "", (shuffled,))) == encode(RECEIPT)


@pytest.mark.parametrize("value", [1.5, [1], {"a": 1}, (1,), {1}])
def test_attribute_that_is_no_scalar_is_refused(value: Any) -> None:
    """No floats, no nesting: in code a TypeError, from bytes a DecodeError."""
    with pytest.raises(TypeError):
        Event("x", {"a": value})


@pytest.mark.parametrize("value", [1.5, [1], {"a": 1}, msgpack.Timestamp(1)])
def test_attribute_from_bytes_that_is_no_scalar_is_refused(value: Any) -> None:
    """No floats, no nesting, no timestamps."""
    plain = [*PLAIN[:7], [["x", {"a": value}]]]
    with pytest.raises(DecodeError):
        decode_receipt(msgpack.packb(plain))


@pytest.mark.parametrize(
    "plain",
    [
        [5, bytes(31), *PLAIN[2:]],
        [*PLAIN[:3], 10_000, *PLAIN[4:]],
        [*PLAIN[:5], -2, *PLAIN[6:]],
        [*PLAIN[:5], 128, *PLAIN[6:]],
        [*PLAIN[:6], "i" * 513, []],
        [*PLAIN[:7], [["x" * 65, {}]]],
        [*PLAIN[:7], [["x", {}]] * 1_025],
        [*PLAIN[:7], [["x", {"b": 1, "a": 1}]]],
    ],
)
def test_receipt_outside_its_bounds_is_refused(plain: list[Any]) -> None:
    """Every count and length is bounded."""
    with pytest.raises(DecodeError):
        decode_receipt(msgpack.packb(plain))


def test_block_receipt_is_plain_message_pack_and_no_receipt_of_a_transaction() -> None:
    """BlockReceipt [tag 10, height, events]; a verifier must not take it for a transaction's, nor the other way."""
    own = BlockReceipt(7, (Event("asset.registered", ATTRIBUTES),))
    assert msgpack.unpackb(encode(own)) == [10, 7, [["asset.registered", ATTRIBUTES]]]
    assert decode_block_receipt(encode(own)) == own
    assert msgpack.unpackb(silent_block_receipt(7)) == [10, 7, []]
    with pytest.raises(DecodeError):
        decode_receipt(encode(own))
    with pytest.raises(DecodeError):
        decode_block_receipt(encode(RECEIPT))
    with pytest.raises(DecodeError):
        decode_block_receipt(msgpack.packb([10, 7, [["x", {}]] * 1_025]))
