"""Thresholds and the validator set by index."""

import pytest

from consensus import limits
from consensus.quorum import ValidatorSet, faults_max, quorum_of
from tests.unit.consensus.rig import SET_HASH, validators


@pytest.mark.parametrize("size", range(1, limits.VALIDATORS_MAX + 1))
def test_quorum_shares_an_honest_validator_and_the_honest_alone_reach_it(size):
    """Numbers: 2q - n >= f + 1, q <= n - f, and q is the smallest such."""
    faults, quorum = faults_max(size), quorum_of(size)

    assert 3 * faults < size <= 3 * faults + 3
    assert 2 * quorum - size >= faults + 1
    assert quorum <= size - faults
    assert 2 * (quorum - 1) - size < faults + 1


@pytest.mark.parametrize(
    ("size", "faults", "quorum"), [(1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 1, 3), (6, 1, 4), (7, 2, 5)]
)
def test_validator_set_names_its_thresholds(size, faults, quorum):
    """Numbers: q = ceil((n + f + 1) / 2); with n = 6 one vote less than n - f."""
    members = validators(size)

    assert (members.size, members.faults, members.weak, members.quorum) == (size, faults, faults + 1, quorum)


def test_validator_set_finds_members_by_key_and_no_stranger():
    """The index is the position of the key."""
    members = validators(4)

    assert [members.index_of(key) for key in members.public_keys] == [0, 1, 2, 3]
    assert members.index_of(b"stranger" * 4) is None


@pytest.mark.parametrize(
    ("set_hash", "keys"),
    [
        (SET_HASH, ()),
        (SET_HASH, (b"k" * 32, b"k" * 32)),
        (b"short", (b"k" * 32,)),
        (SET_HASH, tuple(index.to_bytes(32, "big") for index in range(limits.VALIDATORS_MAX + 1))),
    ],
)
def test_validator_set_refuses_to_be_made_of(set_hash, keys):
    """A set has 1 to 128 distinct members and a 32-byte hash."""
    with pytest.raises(ValueError, match="validator set"):
        ValidatorSet(0, set_hash, keys)
