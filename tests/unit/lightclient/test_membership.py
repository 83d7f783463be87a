"""Keys and values in a verified state."""

import pytest

from chainnode.codec.canonical import encode
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.membership import verify_membership, verify_non_membership
from chainnode.proofs.sparse import StateProof
from tests.support.light_chain import LightChain

KEY, VALUE, OTHER, ABSENT = b"relay/packets/a", b"commitment", b"relay/packets/b", b"relay/packets/c"


@pytest.fixture(scope="module")
def chain() -> LightChain:
    """The values are written by block 2, so the header at 3 is the first to commit to them."""
    made = LightChain(4)
    made.extend()
    made.extend(changes={KEY: VALUE, OTHER: VALUE})
    made.extend()
    made.extend(changes={KEY: None, ABSENT: b"now"})
    made.extend()
    return made


def proof(chain: LightChain, height: int, key: bytes) -> bytes:
    """For the state that the header at ``height`` commits to."""
    return encode(chain.tree.prove(height - 1, key))


def refused(chain: LightChain, height: int, key: bytes, value: bytes | None, data: bytes) -> str:
    with pytest.raises(LightClientError) as caught:
        if value is None:
            verify_non_membership(chain.trusted(height), key, data)
        else:
            verify_membership(chain.trusted(height), key, value, data)
    return caught.value.code


def test_value_is_shown_by_the_header_after_it(chain: LightChain) -> None:
    """A header commits to the state before its own block."""
    verify_membership(chain.trusted(3), KEY, VALUE, proof(chain, 3, KEY))
    verify_non_membership(chain.trusted(3), ABSENT, proof(chain, 3, ABSENT))
    verify_non_membership(chain.trusted(2), KEY, proof(chain, 2, KEY))
    verify_non_membership(chain.trusted(5), KEY, proof(chain, 5, KEY))
    verify_membership(chain.trusted(5), ABSENT, b"now", proof(chain, 5, ABSENT))


def test_proof_is_refused_when_it_is_of_another_key_value_or_height(chain: LightChain) -> None:
    """The verifier hashes the key and the value that it was asked about."""
    assert refused(chain, 3, OTHER, VALUE, proof(chain, 3, KEY)) == "root-mismatch"
    assert refused(chain, 3, KEY, b"commitmenT", proof(chain, 3, KEY)) == "root-mismatch"
    assert refused(chain, 5, KEY, VALUE, proof(chain, 3, KEY)) == "root-mismatch"
    assert refused(chain, 3, ABSENT, b"now", proof(chain, 5, ABSENT)) == "root-mismatch"


def test_presence_is_no_absence(chain: LightChain) -> None:
    """Neither proof stands for the other."""
    absence = proof(chain, 3, ABSENT)
    assert refused(chain, 3, KEY, None, proof(chain, 3, KEY)) in {"root-mismatch", "key-present"}
    assert refused(chain, 3, ABSENT, b"now", absence) in {"proof-kind", "root-mismatch"}


def test_proof_is_refused_when_it_is_no_canonical_proof(chain: LightChain) -> None:
    """Bounded before it is read, and only the one form."""
    good = chain.tree.prove(2, KEY)
    assert refused(chain, 3, KEY, VALUE, bytes(17_000)) == "proof-too-large"
    assert refused(chain, 3, KEY, VALUE, b"\x93\x01") == "proof-malformed"
    assert refused(chain, 3, KEY, VALUE, encode([good.siblings, None, b"more"])) == "proof-not-canonical"
    assert refused(chain, 3, b"", VALUE, encode(good)) == "state-key"
    assert refused(chain, 3, bytes(513), None, encode(good)) == "state-key"


def test_genesis_header_shows_nothing(chain: LightChain) -> None:
    """Its state root is that of an empty tree: absence of anything would hold."""
    assert refused(chain, 0, KEY, None, encode(StateProof(()))) == "state-uncommitted"
    assert refused(chain, 0, KEY, VALUE, encode(StateProof(()))) == "state-uncommitted"
