"""Twins: one key on two machines, and every way to part the network between them: S06, S07, S30.

Source: Bano et al., "Twins: BFT Systems Made Robust" (arXiv 2004.10617): known attacks need fewer than twelve steps.
"""

from itertools import product

import pytest

from tests.simulation.cluster import TIMERS, Cluster
from tests.simulation.network import Faults

ROUND_MS = 450
ROUNDS = 8
SIDES = list(product((0, 1), repeat=3))
"""With whom of the two the three others are."""


def _partition(twin: int, sides: tuple[int, ...]) -> list[int]:
    others = iter(sides)
    return [0 if address == twin else next(others) for address in range(4)] + [1]


def _run(twin: int, first: tuple[int, ...], second: tuple[int, ...]) -> Cluster:
    """Rounds of about one view, each parted in one of the two ways; then the network heals."""
    cluster = Cluster(4, seed=SIDES.index(first) * 8 + SIDES.index(second), twins=(twin,))
    cluster.network.faults = Faults(delay_ms=(1, 10))
    for number in range(ROUNDS):
        cluster.network.partition(_partition(twin, second if number % 2 else first))
        cluster.submit()
        cluster.run(ROUND_MS)
    cluster.heal()
    assert cluster.run_until_committed(cluster.submit(), 8 * TIMERS.view_timeout_max_ms), (twin, first, second)
    return cluster


def test_twin_leaders_never_fork() -> None:
    """S06 twins_leader: the leader of the first height runs twice; all pairs of partitions."""
    clusters = [_run(1, first, second) for first, second in product(SIDES, SIDES)]

    assert any(cluster.checker.accused == {1} for cluster in clusters)


@pytest.mark.parametrize("twin", [0, 2, 3])
def test_twins_of_any_validator_never_fork(twin: int) -> None:
    """S07 twins_any, S30 clone_validator: whichever key is cloned, agreement holds and nobody else is accused."""
    for first, second in zip(SIDES, reversed(SIDES), strict=True):
        assert _run(twin, first, second).checker.accused <= {twin}
