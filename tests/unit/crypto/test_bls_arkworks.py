"""The library in use; ``tests/vectors/test_bls.py`` compares its verdicts with the other's."""

from chainnode.crypto import bls
from chainnode.crypto.bls_arkworks import BACKEND, KEYS_REMEMBERED_MAX, _key


def test_bytes_of_no_key_or_signature_are_refused() -> None:
    """Compressed form only, on the curve, in the subgroup, never the identity."""
    identity = b"\xc0" + bytes(47)
    key, good = BACKEND.public_key(2), BACKEND.sign(2, b"m", bls.SIGNATURE_TAG)
    assert BACKEND.verify([key], b"m", good, bls.SIGNATURE_TAG)
    assert BACKEND.aggregate([b"\xff" * 96]) is None
    assert BACKEND.aggregate([identity + bytes(48)]) is None
    assert not BACKEND.verify([key], b"m", bytes(96), bls.SIGNATURE_TAG)
    assert not BACKEND.verify([identity], b"m", good, bls.SIGNATURE_TAG)
    assert not BACKEND.verify([bytes(48)], b"m", good, bls.SIGNATURE_TAG)
    assert not BACKEND.verify([key, bytes((key[0] ^ 0x20,)) + key[1:]], b"m", good, bls.SIGNATURE_TAG)


def test_remembered_keys_are_bounded() -> None:
    """Whoever submits lists of keys must not fill the memory."""
    assert _key.cache_info().maxsize == KEYS_REMEMBERED_MAX
