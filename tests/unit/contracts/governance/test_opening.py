"""What every block does before its first transaction: leaders, presence, checkpoints, hand-over."""

import pytest

from consensus.equivocation import make_equivocation
from consensus.messages import Prepare
from contracts.governance.operations import CancelChange, ReadmitLeader, RemoveValidator
from contracts.governance.queries import (
    epoch_of_height,
    is_proved,
    next_validators,
    read_checkpoints,
    read_epoch,
    read_leadership,
    read_observers,
    read_presence,
    read_succession,
    read_validators,
)
from contracts.kernel.registry import describe
from tests.unit.contracts.governance.consortium import Consortium, block_hash, validator

EPOCH = 100


def _accusation(accused: int, height: int, epoch: int = 0):
    votes = [Prepare("c", epoch, b"s" * 32, height, 0, accused, bytes([n]) * 32, bytes(64)) for n in (1, 2)]
    return make_equivocation(*votes)


def test_silent_leader_is_suspended_from_the_block_after_the_next() -> None:
    """R12: block h + 1 carries the certificate of h, so its execution knows who was silent at h."""
    net = Consortium()
    net.until(5)
    net.open(view=1)
    assert read_leadership(net.overlay).suspended == (1,)
    net.until(69)
    assert read_leadership(net.overlay).suspended == (1,)
    net.open()
    assert read_leadership(net.overlay).suspended == ()


def test_equivocator_is_recorded_and_does_not_lead_until_readmitted() -> None:
    """R10: suspension from leading until governance clears it; the record stays."""
    net = Consortium()
    net.until(3)
    net.open(equivocations=[_accusation(2, 3)])
    key = validator("v2").consensus_key
    assert is_proved(net.overlay, key, 3)
    assert not is_proved(net.overlay, key, 4)
    net.until(1_200)
    assert read_leadership(net.overlay).suspended == (2,)
    assert net.govern(ReadmitLeader(key)).code == "ok"
    assert read_leadership(net.overlay).suspended == ()
    assert net.govern(ReadmitLeader(key)).code == "leader-not-suspended"
    assert is_proved(net.overlay, key, 3)


def test_signers_are_noted_once_in_sixteen_heights() -> None:
    """Kept compactly: an idle chain's blocks change no state, most of the time."""
    net = Consortium()
    net.until(2, [0, 1, 2])
    assert read_presence(net.overlay).signed_before == (16, 16, 16, 0)
    net.open([0, 1, 3])
    assert read_presence(net.overlay).signed_before == (16, 16, 16, 16)
    before = net.content()
    net.until(16)
    assert net.content() == before
    net.open([1, 2, 3])
    assert read_presence(net.overlay).signed_before == (16, 32, 32, 32)


def test_checkpoints_are_every_sixteenth_block_of_the_last_thousand() -> None:
    """A joiner signs one of them; all nodes know the same, however they came by the state."""
    net = Consortium()
    net.until(40)
    found = read_checkpoints(net.overlay).checkpoints
    assert [(one.height, one.block_hash) for one in found] == [(h, block_hash(h)) for h in (0, 16, 32)]
    net.until(16 * 70)
    found = read_checkpoints(net.overlay).checkpoints
    assert [one.height for one in found] == [16 * n for n in range(6, 70)]


def test_set_changes_after_the_last_block_of_the_epoch_and_only_if_a_change_waits() -> None:
    """E1, E2: no needless epochs; B is certified by the old set, B + 1 by the new one."""
    net = Consortium()
    net.until(EPOCH + 1)
    assert read_validators(net.overlay).epoch == 0
    assert net.add("v4").code == "ok"
    assert next_validators(net.overlay, 2 * EPOCH - 1) is None
    following = next_validators(net.overlay, 2 * EPOCH)
    net.until(2 * EPOCH - 1)
    assert net.names() == ["v0", "v1", "v2", "v3"]
    net.open()
    assert read_validators(net.overlay) == following
    assert (following.epoch, net.names()) == (1, ["v0", "v1", "v2", "v3", "v4"])
    assert read_succession(net.overlay) is None
    assert "v4" not in [node.name for node in read_observers(net.overlay)]
    assert read_presence(net.overlay).signed_before == (208,) * 5
    assert [epoch_of_height(net.overlay, h).validators.epoch for h in (0, 1, 200, 201, 9_999)] == [0, 0, 0, 1, 1]
    record = read_epoch(net.overlay, 1)
    assert record is not None
    assert record.first_height == 201
    assert read_epoch(net.overlay, 2) is None


def test_change_in_the_last_block_waits_for_the_next_epoch() -> None:
    """E1: voters of B have executed B - 1; what B itself changes nobody could have put into its header."""
    net = Consortium()
    net.until(EPOCH)
    assert net.add("v4").code == "ok"
    net.open()
    assert len(net.names()) == 4
    net.until(2 * EPOCH)
    assert len(net.names()) == 5


def test_cancelled_change_leaves_the_epoch_as_it_is() -> None:
    """E1: only if a change waits."""
    net = Consortium()
    net.until(20)
    assert net.add("v4").code == "ok"
    assert net.govern(CancelChange()).code == "ok"
    net.until(EPOCH + 1)
    assert (read_validators(net.overlay).epoch, len(net.names())) == (0, 4)


def test_removed_validator_follows_and_the_tables_keep_to_the_members() -> None:
    """E2: who leaves becomes an observer; suspensions and presence go with the members, not with the indexes."""
    net = Consortium()
    net.until(97)
    net.open(equivocations=[_accusation(3, 97)])
    assert net.govern(RemoveValidator(validator("v1").consensus_key)).code == "ok"
    net.until(EPOCH, [0, 1, 3])
    assert net.names() == ["v0", "v2", "v3"]
    assert read_leadership(net.overlay).suspended == (2,)
    assert "v1" in [node.name for node in read_observers(net.overlay)]
    # The first block of the epoch certifies the last of the old set: its indexes and views say nothing here.
    net.open([0, 1, 2, 3], view=3)
    assert read_leadership(net.overlay).suspended == (2,)
    net.open(view=0)
    assert read_presence(net.overlay).signed_before == (112, 112, 112)


@pytest.mark.parametrize("record", ["leadership", "presence", "checkpoints", "validators", "succession"])
def test_records_can_be_shown(record: str) -> None:
    """``describe`` shows every kind of state value."""
    net = Consortium()
    net.until(20)
    assert net.add("v4").code == "ok"
    key = f"governance/{record}".encode()
    value = net.overlay.get(key)
    assert value is not None
    assert describe(key, value)["type"].lower().startswith(record[:7])
