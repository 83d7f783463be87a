"""Crashes between any two writes, of one, of a quorum and of all: S25, S27."""

import pytest

from tests.scenarios.stage import Stage

POINTS = range(14)
"""Writes of a host during one height: records and sign-state of PRE_PREPARE, PREPARE and COMMIT, and a view change."""


@pytest.mark.parametrize("journal_first", [True, False])
@pytest.mark.parametrize("crashing", [(1,), (0, 2, 3), (0, 1, 2, 3)], ids=["leader", "quorum", "all"])
def test_chain_goes_on_after_a_crash_at_every_failpoint(crashing: tuple[int, ...], journal_first: bool) -> None:
    """S25 crash_at_every_failpoint, S27 unsynced_vote: the checker sees every byte that left, across restarts.

    Origin: CometBFT fail.Fail(), Jepsen Tendermint 0.10.2, Telcoin #934.
    """
    for point in POINTS:
        stage = Stage(4)
        stage.journal_first = journal_first
        for index in crashing:
            stage.hosts[index].crash_in = point
        stage.submit()
        stage.run(700)
        stage.heal()

        assert stage.run_until_committed(stage.submit(), 20_000), f"point {point}"
        assert stage.checker.refused == 0


def test_crashes_really_happen_at_every_failpoint() -> None:
    """The test above means something: at each point the leader was down when the run was looked at."""
    down = []
    for point in POINTS:
        stage = Stage(4)
        stage.hosts[1].crash_in = point
        stage.submit()
        stage.run(700)
        down.append(not stage.hosts[1].running)

    assert down.count(True) >= 8
