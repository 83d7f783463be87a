import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.crypto.ed25519 import SigningKey
from contracts.identity.multikey import (
    BASE58_CHARS_MAX,
    MULTICODEC,
    base58btc,
    base58btc_bytes,
    multikey,
    read_multikey,
)
from contracts.identity.record import KEY_BYTES
from tests.support.shared import shared


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


@given(st.binary(max_size=64))
def test_base58_can_be_read_back(data: bytes) -> None:
    assert base58btc_bytes(base58btc(data)) == data


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "z6Mk ", "\u0661", "1" * (BASE58_CHARS_MAX + 1)])
def test_text_that_base58_never_writes_is_not_read(text: str) -> None:
    assert base58btc_bytes(text) is None


def test_ed25519_multikey_gives_the_published_vector() -> None:
    """Source: W3C vc-di-eddsa, TestVectors/keyPair.json; the private key is multicodec 0x1300 and the seed."""
    pair = json.loads(shared("vectors", "vc-di-eddsa", "keyPair.json").read_text("utf-8"))
    private = base58btc_bytes(pair["privateKeyMultibase"][1:])
    assert private is not None
    assert private[:2] == b"\x80\x26"
    assert multikey("ed25519", SigningKey(private[2:]).public_key) == pair["publicKeyMultibase"]


def test_prefix_of_each_algorithm_shows() -> None:
    assert multikey("x25519", bytes(32)).startswith("z6LS")
    assert multikey("p256", b"\x02" + bytes(32)).startswith("zDn")
    assert MULTICODEC.keys() == KEY_BYTES.keys()


@pytest.mark.parametrize("algorithm", KEY_BYTES)
def test_multikey_reads_back(algorithm: str) -> None:
    key = bytes(range(KEY_BYTES[algorithm]))
    assert read_multikey(multikey(algorithm, key)) == (algorithm, key)
    for text in (multikey(algorithm, key + b"x"), multikey(algorithm, key[:-1]), multikey(algorithm, key)[1:], "z"):
        assert read_multikey(text) is None
