"""Which key votes: the one the present set names, read when it is needed and not before."""

from pathlib import Path

from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import write_key
from chainnode.node.voting_keys import VotingKeys
from chainnode.types.validator_set import Validator, ValidatorList
from tests.unit.contracts.world import did_of

OLD, NEW, OTHER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
HERE, THERE = bytes(32), b"\1" * 32


def _set(epoch: int, *keys: SigningKey) -> ValidatorList:
    """Old and new key belong to this node, the third to another."""
    entries = ((key.public_key, THERE if key is OTHER else HERE) for key in keys)
    return ValidatorList(epoch, tuple(Validator("v", did_of("v"), *entry) for entry in entries))


def test_next_key_is_read_when_a_set_names_it(tmp_path: Path) -> None:
    """The file may appear at any time before; until then the old key goes on."""
    path = tmp_path / "next.json"
    keys = VotingKeys(OLD, HERE, path)
    assert keys.enter(_set(0, OTHER, OLD)) == 1
    assert keys.enter(_set(1, OTHER, NEW)) is None
    write_key(path, NEW, name="next", passphrase=None)
    assert keys.enter(_set(1, OLD, OTHER)) == 0
    assert keys.public_keys == [OLD.public_key]
    assert keys.enter(_set(2, OTHER, NEW)) == 1
    assert keys.current.public_key == NEW.public_key
    assert keys.index_in(_set(3, NEW)) == 0
    # Removed, it keeps its keys: governance may name either of them again.
    assert keys.enter(_set(4, OTHER)) is None
    assert keys.enter(_set(5, OLD)) == 0
    assert keys.current.public_key == OLD.public_key


def test_next_key_that_cannot_be_read_leaves_an_observer(tmp_path: Path) -> None:
    """A wrong file costs the seat until a restart, never the node."""
    path = tmp_path / "next.json"
    keys = VotingKeys(OLD, HERE, path)
    path.write_bytes(b"{}")
    path.chmod(0o600)
    assert keys.enter(_set(1, NEW)) is None
    path.unlink()
    write_key(path, OTHER, name="another", passphrase=None)
    assert keys.enter(_set(1, NEW)) is None
    assert keys.current.public_key == OLD.public_key


def test_place_of_the_next_key_that_cannot_even_be_looked_at_leaves_an_observer(tmp_path: Path) -> None:
    """Whatever the disk says when the epoch begins, the node goes on: it is in the middle of a block."""
    keys = VotingKeys(OLD, HERE, tmp_path / ("n" * 300))
    assert keys.enter(_set(1, NEW)) is None


def test_key_that_the_set_names_beside_another_node_does_not_vote_here() -> None:
    """A validator that moved to another machine with its key must not go on voting from the old one, too."""
    keys = VotingKeys(OLD, HERE)
    moved = ValidatorList(1, (Validator("v", did_of("v"), OLD.public_key, THERE),))
    assert keys.enter(_set(0, OLD)) == 0
    assert not keys.is_elsewhere(_set(0, OLD))
    assert (keys.enter(moved), keys.index_in(moved)) == (None, None)
    assert keys.is_elsewhere(moved)
