"""Validator lists."""

import msgpack  # type: ignore[import-untyped]
import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.types.validator_set import (
    ObserverNode,
    Validator,
    ValidatorList,
    decode_validators,
    validators_hash,
    voting_set,
)


def member(number: int) -> Validator:
    return Validator(f"v{number}", f"did:{number}", bytes((number,)) * 32, bytes((number + 100,)) * 32)


LIST = ValidatorList(2, (member(1), member(2), member(3), member(4)))


def test_list_is_plain_message_pack() -> None:
    """ValidatorList [tag 6, epoch, [[name, did, consensus_key, node_key], ...]]; golden: headers hold its hash."""
    plain = [6, 2, [[f"v{n}", f"did:{n}", bytes((n,)) * 32, bytes((n + 100,)) * 32] for n in (1, 2, 3, 4)]]
    assert msgpack.packb(plain) == encode(LIST)
    assert decode_validators(encode(LIST)) == LIST
    assert validators_hash(LIST).hex() == "b6257398db54dfbc78278dcaa9ac356798bb70b6977afae65efc3926df85aad0"
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
        ((Validator("", "did:x", bytes(32), bytes(32)),), "malformed"),
        ((Validator("x", "did:x", bytes(31), bytes(32)),), "malformed"),
    ],
)
def test_list_of_another_form_is_refused(validators: tuple[Validator, ...], code: str) -> None:
    """1 to 100 members; one key must never have two votes."""
    with pytest.raises(DecodeError) as caught:
        decode_validators(encode(ValidatorList(0, validators)))
    assert caught.value.code == code
