"""Key documents: what opens them, what does not, and that no byte can be exchanged."""

import json
from hashlib import sha256

import msgspec
import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.keystore import WARNING, Cost, development_key, key_info, open_key, seal_key
from chainnode.errors import ConfigError

KEY = SigningKey(bytes(range(32)))
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
SEALED = seal_key(KEY, name="me", passphrase="correct horse", salt=bytes(16), nonce=bytes(12), cost=CHEAP)
PLAIN = development_key(KEY, name="me")


def code_of(content: bytes, passphrase: str | None = "correct horse") -> str:
    with pytest.raises(ConfigError) as caught:
        open_key(content, passphrase)
    return caught.value.code


def test_sealed_key_opens_with_its_passphrase_alone():
    assert open_key(SEALED, "correct horse").seed == KEY.seed
    assert code_of(SEALED, "wrong horse") == "wrong-passphrase"
    assert code_of(SEALED, None) == "passphrase-needed"
    assert code_of(SEALED, "x" * 2_000) == "passphrase-length"


def test_sealed_key_shows_nothing_of_the_seed():
    assert KEY.seed.hex() not in SEALED.decode()
    assert key_info(SEALED).public_key == KEY.public_key.hex()


def test_development_key_says_that_it_protects_nothing():
    assert open_key(PLAIN).seed == KEY.seed
    assert json.loads(PLAIN)["warning"] == WARNING


@pytest.mark.parametrize("content", [SEALED, PLAIN], ids=["sealed", "development"])
def test_any_changed_byte_is_noticed(content: bytes):
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0x01
        if bytes(damaged).split() != content.split():
            assert code_of(bytes(damaged)) in ("key-file-damaged", "key-file-malformed")


def test_exchanged_public_key_is_noticed_even_with_a_fresh_checksum():
    """The cipher authenticates every field in the clear."""
    mixed = json.loads(SEALED) | {"public_key": SigningKey(bytes(32)).public_key.hex()}
    del mixed["checksum"]
    order = ["format", "kind", "name", "public_key", "kdf", "cipher"]
    compact = msgspec.json.encode({name: mixed[name] for name in order})
    mixed["checksum"] = sha256(compact).hexdigest()

    assert code_of(json.dumps({name: mixed[name] for name in [*order, "checksum"]}).encode()) == "wrong-passphrase"


def test_cost_that_would_exhaust_the_machine_is_refused():
    """The file may come from a stranger."""
    hostile = json.loads(SEALED)
    hostile["kdf"]["memory_kib"] = 2**31

    assert code_of(json.dumps(hostile).encode()) == "key-file-malformed"
