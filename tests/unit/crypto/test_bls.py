"""BLS keys and sums as the rest of the program uses them."""

import pytest

from chainnode.crypto import bls, bls_ecc
from chainnode.errors import Misuse

KEYS = [bls.SealKey(bytes((number,)) * 32) for number in range(4)]
SHARES = [key.sign(b"block 7") for key in KEYS]
IDENTITY_KEY = b"\xc0" + bytes(47)
IDENTITY_SIGNATURE = b"\xc0" + bytes(95)


def negated(point: bytes) -> bytes:
    """The other point with the same x: its flag for the sign of y is turned over."""
    return bytes((point[0] ^ 0x20,)) + point[1:]


@pytest.mark.parametrize("info", [b"", b"seal"])
def test_secret_is_the_one_of_the_draft(info: bytes) -> None:
    """KeyGen, section 2.3: py-ecc derives the same."""
    assert bls_ecc.BACKEND.name == "py-ecc"  # imported first: it keeps the interpreter's limit on recursion as it was
    from py_ecc.bls import G2ProofOfPossession

    seed = bytes(range(32))
    assert bls.secret_of(seed, info) == G2ProofOfPossession.KeyGen(seed, info)


def test_short_seed_is_refused() -> None:
    """IKM MUST be at least 32 bytes long."""
    with pytest.raises(Misuse) as error:
        bls.SealKey(bytes(31))
    assert error.value.code == "seed-length"


def test_signature_holds_for_its_key_and_message_only() -> None:
    """Any other byte is another signature."""
    key, share = KEYS[0].public_key, SHARES[0]
    assert bls.verify(key, b"block 7", share)
    assert not bls.verify(key, b"block 8", share)
    assert not bls.verify(KEYS[1].public_key, b"block 7", share)
    assert not bls.verify(key, b"block 7", negated(share))
    assert not bls.verify(key, b"block 7", share[:-1])
    assert not bls.verify(key[:-1], b"block 7", share)


def test_sum_holds_for_exactly_its_signers() -> None:
    """FastAggregateVerify: one too few or one too many is another sum."""
    keys, total = [key.public_key for key in KEYS], bls.aggregate(SHARES)
    assert total is not None
    assert bls.verify_aggregate(keys, b"block 7", total)
    assert bls.verify_aggregate(keys[::-1], b"block 7", total)
    assert not bls.verify_aggregate(keys[:3], b"block 7", total)
    assert not bls.verify_aggregate([*keys, keys[0]], b"block 7", total)


def test_identity_is_neither_key_nor_signature() -> None:
    """The identity signs everything for the identity: both are refused, also where keys cancel each other."""
    key = KEYS[0].public_key
    assert not bls.verify(IDENTITY_KEY, b"block 7", IDENTITY_SIGNATURE)
    assert not bls.verify(key, b"block 7", IDENTITY_SIGNATURE)
    assert not bls.verify_aggregate([key, negated(key)], b"block 7", IDENTITY_SIGNATURE)
    assert not bls.verify_aggregate([key, IDENTITY_KEY], b"block 7", SHARES[0])
    assert bls.aggregate([SHARES[0], IDENTITY_SIGNATURE]) is None


def test_nothing_signs_nothing() -> None:
    """Precondition n >= 1."""
    assert bls.aggregate([]) is None
    assert bls.aggregate([SHARES[0][:-1]]) is None
    assert not bls.verify_aggregate([], b"block 7", SHARES[0])


def test_possession_is_proved_by_the_holder_alone() -> None:
    """A proof is over the key, under a tag of its own: no share is one."""
    key = KEYS[0]
    assert bls.verify_possession(key.public_key, key.prove_possession())
    assert not bls.verify_possession(key.public_key, KEYS[1].prove_possession())
    assert not bls.verify_possession(key.public_key, key.sign(key.public_key))
    assert not bls.verify_possession(IDENTITY_KEY, IDENTITY_SIGNATURE)
    assert not bls.verify_possession(b"", b"")


def test_repr_hides_the_secret() -> None:
    """Only the public half is printed."""
    assert repr(KEYS[0]) == f"SealKey(public_key={KEYS[0].public_key.hex()})"
