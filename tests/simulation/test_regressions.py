"""Plans that once ended in a violation, each with what was wrong."""

import pytest

from tests.simulation.whole.plan import Plan
from tests.simulation.whole.world import run_seed


@pytest.mark.parametrize(
    "plan",
    [
        Plan(
            570, 4, ("partition", "power_cut", "crash_at_boundary", "lost_disk", "consortium"),
            spares=1, pace="brisk",
        ),
        Plan(
            584, 4, ("weather", "partition", "power_cut", "crash_at_boundary", "lost_disk", "consortium"),
            spares=1, pace="brisk", trouble_ms=8_000,
        ),
    ],
)  # fmt: skip
def test_validator_that_joined_after_genesis_rejoins_by_replaying(plan):
    """SPEC, Rejoin: it begins at a tip whose set does not name it yet, and must be silent all the same.

    It was taken for an observer with nothing to be silent about, and halted when it met its own forgotten votes.
    """
    world = run_seed(plan)

    assert world.violation is None, world.violation
    assert world.faults["lost_disk"]
