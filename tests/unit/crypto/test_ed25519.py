"""Ed25519 by libsodium; the edge cases are frozen in tests/vectors."""

import pytest

from chainnode.crypto.ed25519 import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, SigningKey, verify
from chainnode.errors import Misuse

# RFC 8032, section 7.1, TEST 1 to 3: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
            "655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
            "c027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("seed", "public_key", "message", "signature"), RFC_8032)
def test_key_and_signature_are_those_of_the_standard(
    seed: str, public_key: str, message: str, signature: str
) -> None:
    """RFC 8032, section 7.1."""
    key = SigningKey(bytes.fromhex(seed))
    assert key.public_key.hex() == public_key
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verify(key.public_key, bytes.fromhex(message), bytes.fromhex(signature))


def test_changed_signature_message_or_key_is_invalid() -> None:
    """Each single-bit change is rejected."""
    key = SigningKey(bytes(32))
    signature = key.sign(b"message")
    assert not verify(key.public_key, b"massage", signature)
    assert not verify(SigningKey(b"\x01" * 32).public_key, b"message", signature)
    for bit in range(8 * SIGNATURE_BYTES):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not verify(key.public_key, b"message", bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_signature_of_another_length_is_invalid_not_an_error(length: int) -> None:
    """The bytes come from strangers; a longer one must not lend its end to the message."""
    key = SigningKey(bytes(32))
    signature = (key.sign(b"m") + b"m" * 64)[:length]
    assert not verify(key.public_key, b"m", signature)
    assert not verify(key.public_key, b"", signature)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_key_of_another_length_is_invalid_not_an_error(length: int) -> None:
    """The bytes come from strangers."""
    key = SigningKey(bytes(32))
    assert not verify((key.public_key * 2)[:length], b"m", key.sign(b"m"))


def test_private_half_is_not_shown() -> None:
    """Its repr shows only the public half."""
    key = SigningKey(b"\x07" * 32)
    assert key.public_key.hex() in repr(key)
    assert "07070707" not in repr(key)
    assert len(key.public_key) == PUBLIC_KEY_BYTES


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_seed_of_another_length_is_a_bug(length: int) -> None:
    """RFC 8032, section 5.1.5: 32 bytes."""
    with pytest.raises(Misuse):
        SigningKey(bytes(length))
