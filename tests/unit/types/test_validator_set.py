"""Validator lists."""

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import DecodeError
from chainnode.types.validator_set import (
    ObserverNode,
    Validator,
    ValidatorList,
    check_seal_proof,
    decode_validators,
    validator_of,
    validators_hash,
    voting_set,
)


def member(number: int) -> Validator:
    return Validator(f"v{number}", f"did:{number}", bytes((number,)) * 32, bytes((number + 100,)) * 32)


def sealing(number: int, key: bytes = b"k" * 48, proof: bytes = b"p" * 96) -> Validator:
    return msgspec.structs.replace(member(number), seal_key=key, seal_proof=proof)


LIST = ValidatorList(2, (member(1), member(2), member(3), member(4)))


def test_list_is_plain_message_pack() -> None:
    """ValidatorList [tag 6, epoch, [[name, did, consensus_key, node_key, seal_key, seal_proof], ...]]; golden."""
    plain = [6, 2, [[f"v{n}", f"did:{n}", bytes((n,)) * 32, bytes((n + 100,)) * 32, b"", b""] for n in (1, 2, 3, 4)]]
    assert msgpack.packb(plain) == encode(LIST)
    assert decode_validators(encode(LIST)) == LIST
    assert validators_hash(LIST).hex() == "e5453bc76e1890489479302296305fc1749da92f8e576ac33225b4ca56afd242"
    assert msgpack.packb(["o", "did:o", bytes(32)]) == encode(ObserverNode("o", "did:o", bytes(32)))


def test_voting_set_has_keys_by_index() -> None:
    """The set as the agreement core sees it."""
    found = voting_set(LIST)
    assert (found.epoch, found.hash, found.size, found.quorum) == (2, validators_hash(LIST), 4, 3)
    assert [found.index_of(bytes((n,)) * 32) for n in (1, 2, 3, 4, 5)] == [0, 1, 2, 3, None]


@pytest.mark.parametrize(
    ("validators", "code"),
    [
        ((), "malformed"),
        (tuple(member(1) for _ in range(101)), "malformed"),
        ((member(1), member(1)), "duplicate-key"),
        ((member(1), Validator("x", "did:x", member(1).consensus_key, bytes(32))), "duplicate-key"),
        ((member(1), Validator("x", "did:x", bytes(32), member(1).node_key)), "duplicate-key"),
        ((sealing(1), sealing(2)), "duplicate-key"),
        ((sealing(1, proof=b""),), "seal-key"),
        ((sealing(1, key=b""),), "seal-key"),
        ((sealing(1, key=b"k" * 47),), "seal-key"),
        ((sealing(1, key=b"k" * 49),), "malformed"),
        ((Validator("", "did:x", bytes(32), bytes(32)),), "malformed"),
        ((Validator("x", "did:x", bytes(31), bytes(32)),), "malformed"),
    ],
)
def test_list_of_another_form_is_refused(validators: tuple[Validator, ...], code: str) -> None:
    """1 to 100 members; one key must never have two votes."""
    with pytest.raises(DecodeError) as caught:
        decode_validators(encode(ValidatorList(0, validators)))
    assert caught.value.code == code


def test_entry_made_of_a_consensus_key_shows_its_seal_key() -> None:
    """The seal key is derived from the same seed, is another key, and its proof is of this key alone."""
    first, second = (validator_of("v", "did:v", SigningKey(bytes((n,)) * 32), bytes(32)) for n in (1, 2))
    assert first == validator_of("v", "did:v", SigningKey(bytes((1,)) * 32), bytes(32))
    assert first.seal_key != second.seal_key
    assert check_seal_proof(first)
    assert decode_validators(encode(ValidatorList(0, (first,)))).validators == (first,)
    assert not check_seal_proof(msgspec.structs.replace(first, seal_proof=second.seal_proof))
    assert not check_seal_proof(msgspec.structs.replace(first, seal_key=second.seal_key))
    assert check_seal_proof(member(1))
    assert not check_seal_proof(msgspec.structs.replace(member(1), seal_proof=first.seal_proof))
