"""Seals and shares as bytes, and which blocks are sealed."""

import msgpack  # type: ignore[import-untyped]
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.types.seal import (
    SEAL_INTERVAL,
    Seal,
    SealShare,
    decode_seal,
    decode_share,
    is_sealed,
    seal_bytes,
    signers_bitmap,
)

HASH, SIGNATURE = b"h" * 32, b"s" * 96


def test_seal_and_share_are_plain_message_pack() -> None:
    """Seal [11, epoch, height, block_hash, signers, signature]; a share has one index in place of the bitmap."""
    seal, share = Seal(1, 32, HASH, b"\x07", SIGNATURE), SealShare(1, 32, HASH, 2, SIGNATURE)
    assert encode(seal) == msgpack.packb([11, 1, 32, HASH, b"\x07", SIGNATURE])
    assert encode(share) == msgpack.packb([12, 1, 32, HASH, 2, SIGNATURE])
    assert decode_seal(encode(seal)) == seal
    assert decode_share(encode(share)) == share


@pytest.mark.parametrize("indexes", [(0,), (0, 1, 2), (7, 8), (3, 99)])
def test_bitmap_names_its_signers(indexes: tuple[int, ...]) -> None:
    """Bit i % 8, least significant first, of byte i // 8; no zero byte at the end."""
    bitmap = signers_bitmap(indexes)
    assert bitmap[-1]
    assert Seal(0, 1, HASH, bitmap, SIGNATURE).signer_indexes() == indexes


@pytest.mark.parametrize(
    "fields",
    [(11, 0, 1, HASH, b"", SIGNATURE), (11, 0, 1, HASH, bytes(14), SIGNATURE), (11, 0, 1, HASH, b"\x01", b"s")],
)
def test_seal_of_another_form_is_refused(fields: tuple[object, ...]) -> None:
    """At most a hundred signers, exactly 96 bytes."""
    with pytest.raises(DecodeError):
        decode_seal(encode(fields))


def test_share_signs_a_block_of_a_set_of_a_chain() -> None:
    """A share counts for nothing else: each part is in what it signs, behind a tag of its own."""
    whole = seal_bytes("chain", 1, b"v" * 32, 7, HASH)
    assert whole == b"chainnode/seal/v1\x00" + msgpack.packb(["chain", 1, b"v" * 32, 7, HASH])


def test_one_block_in_an_interval_and_the_last_of_a_set_are_sealed() -> None:
    """A light client that follows seals alone meets every change of the set."""
    sealed = [height for height in range(200) if is_sealed(height, last_of_set=height in {0, 33})]
    assert sealed == [33, SEAL_INTERVAL, 2 * SEAL_INTERVAL, 3 * SEAL_INTERVAL]
