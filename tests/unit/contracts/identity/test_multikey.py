import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.crypto.ed25519 import SigningKey
from contracts.identity.multikey import MULTICODEC, base58btc, multikey
from contracts.identity.record import KEY_BYTES
from tests.support.shared import shared

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58_gives_the_published_vectors(data: bytes, text: str) -> None:
    """Source: draft-msporny-base58-03, section 5."""
    assert base58btc(data) == text


@given(st.binary(max_size=40))
def test_base58_can_be_read_back(data: bytes) -> None:
    number = 0
    text = base58btc(data)
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    assert bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big") == data


def test_ed25519_multikey_gives_the_published_vector() -> None:
    """Source: W3C vc-di-eddsa, TestVectors/keyPair.json; the private key is multicodec 0x1300 and the seed."""
    pair = json.loads(shared("vectors", "vc-di-eddsa", "keyPair.json").read_text("utf-8"))
    number = 0
    for letter in pair["privateKeyMultibase"][1:]:
        number = number * 58 + ALPHABET.index(letter)
    private = number.to_bytes(34, "big")
    assert private[:2] == b"\x80\x26"
    assert multikey("ed25519", SigningKey(private[2:]).public_key) == pair["publicKeyMultibase"]


def test_prefix_of_each_algorithm_shows() -> None:
    assert multikey("x25519", bytes(32)).startswith("z6LS")
    assert multikey("p256", b"\x02" + bytes(32)).startswith("zDn")
    assert MULTICODEC.keys() == KEY_BYTES.keys()
