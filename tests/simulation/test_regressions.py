"""What seeds once found, made to happen again at will: a seed itself means something else after the next change."""

from typing import Any

import pytest

from tests.simulation.whole.node import installed
from tests.simulation.whole.plan import Plan, draw
from tests.simulation.whole.world import World

SPARE = 4


@pytest.mark.parametrize("by_snapshot", [False, True])
def test_validator_that_joined_after_genesis_rejoins_without_a_second_vote(by_snapshot):
    """SPEC, Rejoin: a ledger that begins anew stands in a set that does not name the validator yet.

    It was taken for an observer with nothing to be silent about, and halted when it met its own forgotten votes.
    """
    with installed():
        world = World(Plan(1, 4, ("lost_disk",), spares=1, pace="brisk"))
        try:
            for machine in world.machines:
                machine.start()
            world.workload.begin()
            world.advance(1_000)
            planned = world.foundation.members.validators
            operations, _, _ = world.consortium._add(planned, (0, 1, 2, 3))
            world.consortium._submit(max(world.checker.chain), operations, False)
            world.advance(6_000)
            assert SPARE in world.checker.sets.present.identities
            assert any(place[0] == SPARE for place in world.checker._sent)
            newcomer: Any = world.machines[SPARE]
            newcomer.replace_disk()
            newcomer.rejoins = newcomer.returning = True
            newcomer.joins_by_snapshot = by_snapshot
            newcomer.start()
            world.advance(20_000)
            assert newcomer.node.ledger.tip.height > world.checker._forgotten[SPARE]
            assert newcomer.node.service.halted is None
            assert world.faults["rejoined"] == 1
            assert world.faults["snapshot_joined"] == by_snapshot
        finally:
            world.close()


def test_validator_that_crashes_right_after_its_first_vote_is_silent_once_more():
    """SPEC, Rejoin: until the mark is gone a start knows nothing of what was voted, and says nothing either."""
    with installed():
        world = World(draw(103, 7, "mixed"))
        world.run()
        assert world.faults["rejoined"] >= 1
