import hashlib

import pytest

from chainnode.errors import Misuse
from contracts.evidence.digest import DIGEST_BYTES, SALT_BYTES, plain_digest, salted_digest


def test_salted_digest_is_hmac_sha256() -> None:
    """Source: RFC 4231, test case 6 shows the construction; here with a 32-byte key against RFC 2104's definition."""
    salt, content = bytes(range(32)), b"what do ya want for nothing?"
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in salt.ljust(64, b"\0")) + content).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in salt.ljust(64, b"\0")) + inner).digest()
    assert salted_digest(salt, content) == outer


def test_equal_content_under_two_salts_shows_nothing_in_common() -> None:
    """A bare hash of guessable data can be found by trying."""
    assert salted_digest(bytes(32), b"yes") != salted_digest(b"\1" * 32, b"yes")
    assert salted_digest(bytes(32), b"yes") != plain_digest(b"yes")


@pytest.mark.parametrize("length", [0, 16, SALT_BYTES - 1, SALT_BYTES + 1])
def test_salt_of_another_length_is_misuse(length: int) -> None:
    with pytest.raises(Misuse):
        salted_digest(bytes(length), b"")


@pytest.mark.parametrize("algorithm", sorted(set(DIGEST_BYTES) - {"sm3"}))
def test_digest_sizes_are_those_of_the_algorithms(algorithm: str) -> None:
    name = {"sha3-256": "sha3_256", "sha3-512": "sha3_512", "blake2b-512": "blake2b"}.get(algorithm, algorithm)
    assert DIGEST_BYTES[algorithm] == hashlib.new(name, b"").digest_size
    assert DIGEST_BYTES["sm3"] == 32
    assert plain_digest(b"abc") == hashlib.sha256(b"abc").digest()
