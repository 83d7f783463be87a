"""Orders of events that have broken others, on one replica: S19, S20, S21, S29, S38, S41."""

import tracemalloc
from itertools import permutations
from typing import Any

import pytest

from consensus import inputs
from consensus.certificates import COMMIT
from consensus.quorum import ValidatorSet
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.unit.consensus.rig import (
    GENESIS,
    HEIGHT,
    A,
    B,
    Rig,
    certificate,
    commit,
    decided,
    justification,
    pre_prepare,
    prepare,
    status,
    validators,
    view_change,
)


def _own_quorum(rig: Rig) -> Any:
    return rig.hear(*(commit(sender) for sender in (0, 2, 3)))


def _shown(rig: Rig) -> Any:
    return rig.hear(decided())


def _synced(rig: Rig) -> Any:
    return rig.applied(certificate=certificate(COMMIT))


def _proposed_again(rig: Rig) -> Any:
    lock = certificate()
    out = rig.hear(pre_prepare(view=2, reason=justification(2, (0, 2, 3), lock)))
    rig.checked(view=2)
    return out


def _body(rig: Rig) -> Any:
    return rig.fetched()


@pytest.mark.parametrize("order", list(permutations([_own_quorum, _shown, _synced, _proposed_again, _body])))
def test_block_that_arrives_on_every_way_is_decided_once(order: tuple[Any, ...]) -> None:
    """S19 double_deliver: SmartBFT #484, #553, #570; Fabric #5076. R5: one place decides, in any order."""
    rig = Rig()
    rig.accept()
    asked = [event(rig).decided for event in order]
    asked.append(_synced(rig).decided)

    assert len([one for one in asked if one is not None]) <= 1
    assert rig.replica.height == HEIGHT + 1
    assert rig.replica.tip.block_hash == A


@pytest.mark.parametrize("timer_first", [False, True])
def test_decision_and_end_of_the_view_in_one_tick(timer_first: bool) -> None:
    """S20 decide_vs_abort: SmartBFT #622: no deadlock, one decision, no vote after it."""
    rig = Rig()
    rig.prepare()
    votes = [commit(sender) for sender in (0, 2, 3)]
    if timer_first:
        rig.time_out()
        out = rig.hear(*votes)
    else:
        out = rig.hear(*votes)
        assert not rig.fire(TimerKind.VIEW, view=0).sign

    assert out.decided.block_hash == A
    assert not rig.hear(view_change(0, 5), view_change(2, 5)).sign
    rig.applied()
    assert (rig.replica.height, rig.replica.view, rig.replica.phase) == (HEIGHT + 1, 0, Phase.NEW_HEIGHT)


def test_sync_to_the_own_height_changes_nothing() -> None:
    """S21 same_height_sync: SmartBFT #663: counters that were rebuilt differently made every proposal bad."""
    rig = Rig()
    rig.prepare()
    rig.time_out()
    rig.hear(decided(height=HEIGHT + 3))
    before = (rig.replica.view, rig.replica.leader, rig.replica.prepared, rig.replica.tip)

    rig.applied(HEIGHT - 1, GENESIS)
    rig.step(inputs.SyncFinished())

    assert (rig.replica.view, rig.replica.leader, rig.replica.prepared, rig.replica.tip) == before
    assert rig.replica.phase == Phase.VIEW_CHANGING
    rig.hear(decided())
    rig.applied()
    assert (rig.replica.height, rig.replica.leader) == (HEIGHT + 1, 1)


def test_validator_that_is_behind_does_not_vote() -> None:
    """S29 vote_while_syncing: CometBFT, "validator equivocation risk". R9: while syncing nothing is signed."""
    rig = Rig()
    rig.pending()
    rig.hear(decided(height=HEIGHT + 3))
    assert rig.replica.phase == Phase.SYNCING
    rig.signed.clear()

    rig.hear(pre_prepare(), *(prepare(sender) for sender in (0, 2, 3)), view_change(0, 1), view_change(2, 1))
    rig.checked()
    rig.time_out()
    rig.pending()
    rig.fire(TimerKind.BATCH)

    assert rig.signed == []


def test_removed_validator_is_not_heard_and_does_not_vote() -> None:
    """S38 removed_validator: Malachite #1207; accountability F4. Old-set messages die at F0; who left only follows."""
    # Member 1, this replica, leaves; member 3 is replaced.
    kept = validators()
    keys = (kept.public_keys[0], kept.public_keys[2], b"\x09" * 32, b"\x0a" * 32)
    new = ValidatorSet(1, b"n" * 32, keys)
    stays, leaves = Rig(own=0), Rig(own=1)
    stays.applied(validators=new, own_index=0)
    leaves.applied(validators=new, own_index=None)
    late = [prepare(3, B, height=HEIGHT + 1), commit(3, B, height=HEIGHT + 1), view_change(1, 1, height=HEIGHT + 1)]
    early = prepare(2, B, height=HEIGHT + 1, epoch=1, validators_hash=new.hash)

    assert {stays.replica.filter(message) for message in late} == {"wrong_epoch"}
    assert stays.replica.filter(early) is None
    leaves.signed.clear()
    leaves.pending()
    leaves.hear(pre_prepare(B, height=HEIGHT + 1, sender=1, epoch=1, validators_hash=new.hash), early)
    leaves.time_out()
    assert leaves.signed == []


def test_flood_for_future_heights_and_views_stays_flat() -> None:
    """S41 memory_bound: plenum's OOM notes, Besu's future-round map. Invariant 9: F0 bounds it, whatever is sent."""
    rig = Rig()

    def flood(count: int) -> None:
        for number in range(count):
            view, name = number % 200, number.to_bytes(32, "big")
            height = HEIGHT + number % 4
            rig.hear(
                prepare(3, name, view, height), commit(3, name, view, height),
                view_change(3, number + 1, height=height),
                pre_prepare(name, view, height=height, reason=justification(view) if view else None), status(3, number),
            )  # fmt: skip

    flood(2_000)
    tracemalloc.start()
    try:
        flood(500)
        before, _ = tracemalloc.get_traced_memory()
        flood(4_000)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 64 * 1024
    assert (rig.replica.height, rig.replica.phase) == (HEIGHT, Phase.NEW_HEIGHT) or rig.replica.view > 0
