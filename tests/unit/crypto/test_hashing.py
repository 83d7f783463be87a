"""Hashing with domain tags."""

from hashlib import sha256

from chainnode.crypto.hashing import HASH_BYTES, ZERO_HASH, domain, tagged_hash


def test_tag_stands_before_the_data() -> None:
    """Every hash input starts with a domain tag: chainnode/<what>/v1 and a zero byte."""
    assert domain("tx") == b"chainnode/tx/v1\x00"
    assert tagged_hash("tx")(b"data") == sha256(b"chainnode/tx/v1\x00data").digest()
    assert tagged_hash("tx")(b"").hex() == "b8bd967f8ebbfb9ea871d8cea38027589e0f122ba035d8a6db3e9d1b3ecd895a"


def test_two_kinds_never_share_a_digest() -> None:
    """A hash of one cannot stand for the other, nor can a tag run into the data."""
    assert tagged_hash("tx")(b"d") != tagged_hash("block")(b"d")
    assert tagged_hash("a")(b"b/v1\x00") != tagged_hash("ab")(b"")


def test_hash_function_can_be_used_again() -> None:
    """The tag is absorbed once; every call starts from there."""
    hashed = tagged_hash("x")
    assert hashed(b"1") == hashed(b"1") != hashed(b"2")
    assert (len(hashed(b"1")), len(ZERO_HASH)) == (HASH_BYTES, HASH_BYTES)
