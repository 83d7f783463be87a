"""R10: what proves that a validator said two things, and what never does."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.crypto.ed25519 import SigningKey, verify
from consensus.equivocation import (
    MalformedEquivocation,
    check_equivocation,
    decode_equivocation,
    encode_equivocation,
    equivocation_claims,
    make_equivocation,
)
from consensus.messages import Justification
from consensus.quorum import ValidatorSet
from consensus.signing import signed_bytes, with_signature
from tests.unit.consensus.rig import CHAIN, SET_HASH, A, B, C, commit, pre_prepare, prepare, view_change

KEYS = [SigningKey(bytes([index + 1]) * 32) for index in range(4)]
SET = ValidatorSet(0, SET_HASH, tuple(key.public_key for key in KEYS))
JUSTIFIED = Justification(tuple(view_change(sender) for sender in range(3)), None)


def _signed(message):
    return with_signature(message, KEYS[message.sender].sign(signed_bytes(message)))


def _proof(one, other):
    found = make_equivocation(one, other)
    assert found is not None
    return found


def _holds(proof):
    """As a host judges: the shape, then both signatures."""
    if check_equivocation(proof, SET) is not None:
        return False
    return all(verify(*claim) for claim in equivocation_claims(proof, SET, CHAIN))


PAIRS = [
    (prepare(2, A), prepare(2, B)),
    (commit(1, B, view=3), commit(1, A, view=3)),
    (pre_prepare(A), pre_prepare(B)),
    (pre_prepare(A, view=1, justification=JUSTIFIED), pre_prepare(C, view=1, justification=JUSTIFIED)),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_signed_payloads_prove_equivocation_in_either_order(one, other):
    """R10: the proof rebuilds what was signed from its digests; one pair has one encoding (S05)."""
    one, other = _signed(one), _signed(other)
    proof = _proof(one, other)
    assert make_equivocation(other, one) == proof
    data = encode_equivocation(proof)
    assert decode_equivocation(data) == proof
    assert len(data) < 1_024
    assert _holds(proof)
    assert (proof.accused, proof.height, proof.view) == (one.sender, one.height, one.view)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (prepare(2, A), prepare(2, A)),
        (prepare(2, A), commit(2, B)),
        (prepare(2, A), prepare(2, B, view=1)),
        (prepare(2, A), prepare(2, B, height=9)),
        (prepare(2, A), prepare(3, B)),
        (prepare(2, A), prepare(2, B, epoch=1)),
        (view_change(2, 1), view_change(2, 1)),
        (pre_prepare(A), pre_prepare(A, proposal=b"other")),
    ],
)
def test_what_an_honest_validator_may_sign_proves_nothing(one, other):
    """R10: same height, view, type and sender only; VIEW_CHANGEs are not comparable (S45)."""
    assert make_equivocation(_signed(one), _signed(other)) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"epoch": 1}, "equivocation_epoch"),
        ({"validators_hash": b"x" * 32}, "equivocation_validators"),
        ({"accused": 4}, "equivocation_accused"),
        ({"type": 1}, "equivocation_statement"),
    ],
)
def test_proof_of_another_set_or_shape_is_refused(change, code):
    """R10: the epoch's own set, a member of it, the digests of its type."""
    proof = _proof(_signed(prepare(2, A)), _signed(prepare(2, B)))
    assert check_equivocation(msgspec.structs.replace(proof, **change), SET) == code


def test_proof_with_statements_swapped_or_equal_is_refused():
    """R10: equal statements are no contradiction, and a pair has one encoding."""
    proof = _proof(_signed(prepare(2, A)), _signed(prepare(2, B)))
    swapped = msgspec.structs.replace(proof, first=proof.second, second=proof.first)
    same = msgspec.structs.replace(proof, second=proof.first)
    assert check_equivocation(swapped, SET) == check_equivocation(same, SET) == "equivocation_order"


@pytest.mark.parametrize(
    "change", [{"height": 9}, {"view": 1}, {"accused": 1}, {"type": 3}], ids=["height", "view", "accused", "type"]
)
def test_proof_does_not_carry_over_to_another_place_or_validator(change):
    """R10, S45: signatures name type, height and view; nobody else's key made them."""
    proof = _proof(_signed(prepare(2, A)), _signed(prepare(2, B)))
    assert not _holds(msgspec.structs.replace(proof, **change))


def test_proof_on_another_chain_does_not_verify():
    """R10, S45: a key used on two chains accuses nobody."""
    proof = _proof(_signed(prepare(2, A)), _signed(prepare(2, B)))
    assert not all(verify(*claim) for claim in equivocation_claims(proof, SET, "other-chain"))


def test_half_a_proof_is_none():
    """R10, S45: one honest signature and an invented second one."""
    honest = _signed(prepare(2, A))
    proof = _proof(honest, prepare(2, B))
    assert check_equivocation(proof, SET) is None
    assert not _holds(proof)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "equivocation_malformed"),
        (b"\x98", "equivocation_malformed"),
        (b"x" * 1_025, "equivocation_too_large"),
    ],
)
def test_bytes_that_are_no_proof_are_refused(data, code):
    """Canonical bytes only."""
    with pytest.raises(MalformedEquivocation) as refused:
        decode_equivocation(data)
    assert refused.value.code == code


def test_second_encoding_of_a_proof_is_refused():
    """A longer form of the type's integer would be another item in a block."""
    data = encode_equivocation(_proof(_signed(prepare(2, A)), _signed(prepare(2, B))))
    assert data[:2] == b"\x98\x02"
    with pytest.raises(MalformedEquivocation) as refused:
        decode_equivocation(b"\x98\xcc\x02" + data[2:])
    assert refused.value.code == "equivocation_not_canonical"


VOTES = st.builds(
    lambda kind, sender, block, view, height: _signed(kind(sender, block, view=view, height=height)),
    st.sampled_from([prepare, commit]), st.integers(0, 3), st.sampled_from([A, B]), st.integers(0, 1),
    st.integers(8, 9),
)


@settings(max_examples=80, deadline=None)
@given(VOTES, VOTES)
def test_proof_exists_exactly_for_two_blocks_at_one_place(one, other):
    """Invariant 12: only the guilty are accused, and the guilty can be."""
    same_place = type(one) is type(other) and (one.sender, one.view, one.height) == (
        other.sender, other.view, other.height,
    )
    proof = make_equivocation(one, other)
    assert (proof is not None) == (same_place and one.block_hash != other.block_hash)
    assert proof is None or _holds(proof)
