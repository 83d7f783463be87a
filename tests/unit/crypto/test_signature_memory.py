"""Signatures that were found valid, so that each is checked once."""

import pytest

from chainnode.crypto import ed25519, signature_memory
from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.signature_memory import SignatureMemory

KEY, OTHER = SigningKey(bytes(32)), SigningKey(b"\x01" * 32)
MESSAGE = b"a vote"
SIGNATURE = KEY.sign(MESSAGE)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages whose signatures libsodium was asked about."""
    found: list[bytes] = []

    def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
        found.append(message)
        return real(public_key, message, signature)

    real = ed25519.verify
    monkeypatch.setattr(signature_memory, "verify", verify)
    return found


def test_valid_signature_is_checked_once(checked: list[bytes]) -> None:
    """Each valid one only once while it is remembered."""
    memory = SignatureMemory()
    assert not memory.knows(KEY.public_key, MESSAGE, SIGNATURE)
    assert [memory.verify(KEY.public_key, MESSAGE, SIGNATURE) for _ in range(3)] == [True] * 3
    assert memory.knows(KEY.public_key, MESSAGE, SIGNATURE)
    assert checked == [MESSAGE]


def test_own_signature_needs_no_check(checked: list[bytes]) -> None:
    """Take this for valid: it was made here."""
    memory = SignatureMemory()
    memory.remember(KEY.public_key, MESSAGE, SIGNATURE)
    assert memory.verify(KEY.public_key, MESSAGE, SIGNATURE)
    assert checked == []


@pytest.mark.parametrize(
    ("public_key", "message", "signature"),
    [
        (OTHER.public_key, MESSAGE, SIGNATURE),
        (KEY.public_key, b"another vote", SIGNATURE),
        (KEY.public_key, MESSAGE, SIGNATURE[:-1] + bytes(1)),
        (KEY.public_key, MESSAGE, b""),
        (b"", MESSAGE, SIGNATURE),
    ],
    ids=["other-key", "other-message", "other-signature", "no-signature", "no-key"],
)
def test_what_is_known_proves_nothing_else(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Only for exactly the key and bytes they were valid for; a false one is false however often it comes."""
    memory = SignatureMemory()
    assert memory.verify(KEY.public_key, MESSAGE, SIGNATURE)
    for _ in range(2):
        assert not memory.verify(public_key, message, signature)
        assert not memory.knows(public_key, message, signature)
    assert memory.knows(KEY.public_key, MESSAGE, SIGNATURE)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, checked: list[bytes]) -> None:
    """The oldest are forgotten, and would be checked again."""
    monkeypatch.setattr(signature_memory, "SIGNATURES_KEPT_MAX", 2)
    memory = SignatureMemory()
    messages = [bytes([number]) for number in range(4)]
    for message in messages:
        assert memory.verify(KEY.public_key, message, KEY.sign(message))
    assert [memory.knows(KEY.public_key, message, KEY.sign(message)) for message in messages] == [
        False, False, True, True,
    ]  # fmt: skip
    assert memory.verify(KEY.public_key, messages[0], KEY.sign(messages[0]))
    assert checked == [*messages, messages[0]]
