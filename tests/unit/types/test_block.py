"""Headers, bodies, proposals."""

from hashlib import sha256
from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.types.block import (
    CERTIFICATE_BYTES_MAX,
    HEADER_BYTES_MAX,
    MISBEHAVIOUR_MAX,
    Body,
    Header,
    Proposal,
    StoredBlock,
    block_hash,
    certificate_hash,
    decode_body,
    decode_header,
    decode_proposal,
    decode_stored_block,
    encode_header,
)

HASHES = [bytes((number,)) * 32 for number in range(9)]
TIME = 1_700_000_000_000
PLAIN: list[Any] = [2, 1, "devnet", 3, 1_000_000, HASHES[0], TIME, 99, HASHES[1], 10_000, 4_194_304, *HASHES[2:]]
HEADER = Header(*PLAIN[1:])


def test_header_is_plain_message_pack() -> None:
    """Header [tag 2, version, chain_id, epoch, height, ...]; golden, since every vote is over its hash."""
    assert msgpack.packb(PLAIN) == encode_header(HEADER)
    assert msgpack.unpackb(encode_header(HEADER)) == PLAIN
    assert decode_header(encode_header(HEADER)) == HEADER
    assert block_hash(encode_header(HEADER)).hex() == "6098592894419d0939a3a635cfd28ea88132ec8dde6158f87e6ee5e8638dd80f"


def test_hashes_have_their_own_domains() -> None:
    """A certificate's digest can never stand for a block's."""
    assert block_hash(b"x") == sha256(b"chainnode/block/v1\x00x").digest()
    assert certificate_hash(b"x") == sha256(b"chainnode/certificate/v1\x00x").digest()


def test_every_field_changes_the_hash() -> None:
    """The header commits to everything."""
    for name in HEADER.__struct_fields__:
        value = getattr(HEADER, name)
        other = msgspec.structs.replace(HEADER, **{name: {int: 5, str: "other", bytes: bytes(range(32))}[type(value)]})
        assert block_hash(encode(other)) != block_hash(encode(HEADER))


def test_largest_header_fits_its_bound() -> None:
    """1 KiB holds the longest name and the largest numbers."""
    largest = msgspec.structs.replace(HEADER, chain_id="c" * 48, height=2**53, epoch=2**53, time_ms=2**53)
    assert len(encode(largest)) <= HEADER_BYTES_MAX
    assert decode_header(encode(largest)) == largest


@pytest.mark.parametrize(
    "fields",
    [
        {"height": -1},
        {"height": 2**53 + 1},
        {"time_ms": -1},
        {"proposer": 100},
        {"tx_count": 10_001},
        {"body_bytes": 4 * 1024 * 1024 + 1},
        {"parent_hash": bytes(31)},
        {"history_root": bytes(33)},
        {"chain_id": "c" * 49},
    ],
)
def test_header_outside_its_bounds_is_refused(fields: dict[str, Any]) -> None:
    """Bounds are part of validity."""
    with pytest.raises(DecodeError):
        decode_header(encode(msgspec.structs.replace(HEADER, **fields)))


def test_body_and_proposal_are_plain_message_pack() -> None:
    """Body [tag 3, ...], Proposal [tag 4, header, leaf hashes, last_certificate, misbehaviour]."""
    body = Body((b"envelope", b"another"), b"certificate", (b"pair",))
    plain: list[object] = [3, [b"envelope", b"another"], b"certificate", [b"pair"]]
    assert msgpack.packb(plain) == encode(body)
    assert decode_body(encode(body)) == body
    proposal = Proposal(encode(HEADER), HASHES[0] + HASHES[1], b"certificate", ())
    plain = [4, encode(HEADER), HASHES[0] + HASHES[1], b"certificate", []]
    assert msgpack.packb(plain) == encode(proposal)
    assert decode_proposal(encode(proposal)) == proposal


def test_stored_block_is_plain_message_pack() -> None:
    """[header, body, certificate], as stored and as served to peers that catch up."""
    stored = StoredBlock(encode(HEADER), b"body", b"certificate")
    assert msgpack.packb([encode(HEADER), b"body", b"certificate"]) == encode(stored)
    assert decode_stored_block(encode(stored)) == stored


def test_body_outside_its_bounds_is_refused() -> None:
    """Counts and sizes are bounded before they cost anything."""
    for body in (
        Body((), bytes(CERTIFICATE_BYTES_MAX + 1), ()),
        Body((), b"", (b"",) * (MISBEHAVIOUR_MAX + 1)),
        Body((), b"", (bytes(4_097),)),
        Body((b"",) * 10_001, b"", ()),
    ):
        with pytest.raises(DecodeError):
            decode_body(encode(body))
