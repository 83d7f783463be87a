"""Shares of one block: who may give one, and what becomes of wrong ones."""

import msgspec
import pytest

from chainnode.codec.canonical import encode
from chainnode.crypto import bls
from chainnode.node.seal_round import Answer, SealRound, judge, sign_share
from chainnode.proofs.authority import read_header
from chainnode.proofs.seal import check_seal
from chainnode.types.seal import SealShare, decode_seal
from chainnode.types.validator_set import ValidatorList, seal_key_of
from tests.support.small_chain import SmallChain, key_of

CHAIN = SmallChain(4)
CHAIN.extend()
HEADER, MEMBERS = CHAIN.headers[1], CHAIN.sets[0]


def opened(members: ValidatorList = MEMBERS) -> SealRound:
    return SealRound(HEADER, members)


def share(number: int, signed: bytes | None = None) -> SealShare:
    """Of validator ``number``; over other bytes, if some are given."""
    made = opened()
    key = seal_key_of(key_of(MEMBERS.validators[number].name))
    return SealShare(made.epoch, made.height, made.block_hash, number, key.sign(signed or made.message))


def node_key(number: int) -> bytes:
    return MEMBERS.validators[number].node_key


def filled(*numbers: int, wrong: tuple[int, ...] = ()) -> SealRound:
    made = opened()
    for number in numbers:
        signed = b"other bytes" if number in wrong else None
        assert made.add(share(number, signed), node_key(number)) is None
    return made


def settled(made: SealRound) -> Answer:
    answer = judge(made.question())
    made.settle(answer)
    return answer


def test_quorum_of_right_shares_is_a_seal_by_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """No share is looked at by itself."""
    made = filled(2, 0)
    assert not made.is_ready
    made.add(share(3), node_key(3))
    assert made.is_ready
    monkeypatch.setattr(bls, "verify", None)
    answer = settled(made)
    assert answer.wrong == ()
    assert answer.seal is not None
    assert check_seal(HEADER, read_header(HEADER), answer.seal, MEMBERS) == 3
    assert decode_seal(answer.seal).signer_indexes() == (0, 2, 3)
    assert not made.is_ready
    assert made.add(share(1), node_key(1)) == "late"


def test_wrong_share_is_named_and_left_out() -> None:
    """The round goes on without it, and its sender has no second one."""
    made = filled(0, 1, 3, wrong=(1,))
    assert settled(made) == Answer(None, (1,))
    assert not made.is_ready
    assert made.add(share(1), node_key(1)) == "twice"
    made.add(share(2), node_key(2))
    answer = settled(made)
    assert answer.seal is not None
    assert decode_seal(answer.seal).signer_indexes() == (0, 2, 3)


def test_rest_is_sealed_at_once_when_it_is_a_quorum() -> None:
    """Bytes that are no point at all, and a point that is no signature, spoil nothing."""
    made = filled(0, 1, 2)
    made.shares[3] = b"\xff" * 96
    answer = settled(made)
    assert answer.wrong == (3,)
    assert answer.seal is not None
    assert check_seal(HEADER, read_header(HEADER), answer.seal, MEMBERS) == 3


def test_share_counts_from_its_own_validator_alone() -> None:
    """Otherwise one could have another blamed; and twice is once."""
    made = opened()
    assert made.add(share(1), node_key(2)) == "stranger"
    assert made.add(msgspec.structs.replace(share(1), signer=4), node_key(1)) == "stranger"
    assert made.add(msgspec.structs.replace(share(1), block_hash=bytes(32)), node_key(1)) == "block"
    assert made.add(msgspec.structs.replace(share(1), epoch=9), node_key(1)) == "block"
    assert made.add(share(1), node_key(1)) is None
    assert made.add(share(1), node_key(1)) == "twice"
    bare = msgspec.structs.replace(MEMBERS.validators[0], seal_key=b"", seal_proof=b"")
    without = opened(ValidatorList(0, (bare, *MEMBERS.validators[1:])))
    assert without.add(share(0), node_key(0)) == "keyless"


def test_own_share_is_made_with_the_key_that_the_chain_names() -> None:
    """A node whose key is another one seals nothing, rather than what nobody can check."""
    made, member = opened(), MEMBERS.validators[2]
    key = key_of(member.name)
    signature = sign_share(key, member.seal_key, made.message)
    assert signature == share(2).signature
    assert made.add_own(2, signature) == encode(share(2))
    assert sign_share(key, MEMBERS.validators[1].seal_key, made.message) is None
    assert sign_share(key, b"", made.message) is None


def test_judgement_costs_one_look_at_each_share_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of what a liar costs."""
    looks, verify = [], bls.verify

    def counted(key: bytes, message: bytes, signature: bytes) -> bool:
        looks.append(key)
        return verify(key, message, signature)

    monkeypatch.setattr(bls, "verify", counted)
    settled(filled(0, 1, 2, 3, wrong=(0,)))
    assert len(looks) == 4
