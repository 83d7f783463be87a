"""Replicas together on virtual time: agreement under loss, partitions and crashes, and progress afterwards."""

import pytest

from consensus.leader import leader
from consensus.messages import Commit, Prepare, PrePrepare, decode_message
from consensus.timers import TimerConfig
from tests.simulation.cluster import TIMERS, Cluster
from tests.simulation.network import Faults

SEEDS_PER_TEST = 8


def lock_of(host):
    """Block that a running host holds a PREPARE certificate for."""
    return host.replica.prepared and host.replica.prepared.block_hash


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_cluster_commits_in_view_zero_when_nothing_fails(size):
    """R1-R5: with everybody well, each transaction is decided in view 0 and nobody asks for another view."""
    cluster = Cluster(size)

    committed = [cluster.run_until_committed(cluster.submit(), 500) for _ in range(5)]

    assert all(committed)
    assert not cluster.checker.events
    assert cluster.checker.refused == 0


def test_cluster_proves_the_result_of_a_block_and_then_rests():
    """R1: after a non-empty block one more follows at once; then nothing until the idle interval."""
    cluster = Cluster(4)
    cluster.run_until_committed(cluster.submit(), 500)

    cluster.run(2_000)

    assert cluster.heights() == [2, 2, 2, 2]
    assert cluster.hosts[0].disk.chain[1].block.transactions == ()


def test_idle_cluster_never_changes_view_when_idle_blocks_are_off():
    """Timers: the view timer starts only when something is due."""
    cluster = Cluster(4, timers=TimerConfig(idle_block_ms=0))

    cluster.run(600_000)

    assert cluster.heights() == [0, 0, 0, 0]
    assert not cluster.checker.events


def test_idle_cluster_makes_a_block_each_idle_interval():
    """R1: the idle interval makes an empty block due."""
    cluster = Cluster(4)

    cluster.run(5 * TIMERS.idle_block_ms + 500)

    assert min(cluster.heights()) == 5
    assert not cluster.checker.events


@pytest.mark.parametrize("silent", range(4))
def test_cluster_replaces_a_silent_leader(silent):
    """R6, R7: a crashed validator costs a view change whenever it should lead, and nothing else."""
    cluster = Cluster(4, seed=silent)
    cluster.hosts[silent].crash()

    committed = [cluster.run_until_committed(cluster.submit(), 5_000, silent) for _ in range(4)]

    assert all(committed)
    assert cluster.checker.events["timeout"] > 0


def test_cluster_recovers_when_the_first_copy_of_every_vote_is_lost():
    """R8: own messages are repeated each period until the height is decided."""
    cluster = Cluster(4)
    seen = set()

    def first_copy(origin, to, data):
        known = (origin, to, data) in seen
        seen.add((origin, to, data))
        return not known and isinstance(decode_message(data), PrePrepare | Prepare | Commit)

    cluster.network.drop = first_copy

    assert cluster.run_until_committed(cluster.submit(), 10_000)


def test_laggard_is_helped_to_the_tip_without_anything_new_to_decide():
    """R8, R9: a validator that was cut off learns of its lag and reaches the tip, though no block follows."""
    cluster = Cluster(4, timers=TimerConfig(idle_block_ms=0))
    cluster.network.partition([0, 0, 0, 1])
    for _ in range(3):
        assert cluster.run_until_committed(cluster.submit(0, 1, 2), 20_000, 3)
    cluster.run(5_000)
    cluster.network.heal()

    cluster.run(5_000)

    assert len(set(cluster.heights())) == 1
    assert cluster.heights()[3] >= 4, "three blocks, and one at least for the proof of the last"


@pytest.mark.parametrize("seed", range(SEEDS_PER_TEST))
def test_block_prepared_by_all_is_decided_after_everybody_crashes(seed):
    """Durable before sent: when all prepared and all lose power, the very block they prepared is decided (S24)."""
    cluster = Cluster(4, seed=seed)
    cluster.network.drop = lambda origin, to, data: isinstance(decode_message(data), Commit)
    cluster.submit()
    cluster.run(200)
    prepared = {lock_of(host) for host in cluster.hosts}
    for host in cluster.hosts:
        host.crash()
    cluster.heal()

    cluster.run(5_000)

    assert len(prepared) == 1
    assert cluster.checker.decided[1] in prepared


@pytest.mark.parametrize("seed", range(SEEDS_PER_TEST))
def test_new_leader_fetches_a_prepared_block_it_never_saw(seed):
    """R7: the leader of view 1 proposes the block of the highest certificate even if it has to fetch it."""
    cluster = Cluster(4, seed=seed)
    blind = leader(4, 1, 1)

    def hide(origin, to, data):
        message = decode_message(data)
        return isinstance(message, Commit) or (to == blind and isinstance(message, PrePrepare))

    cluster.network.drop = hide
    cluster.submit()
    cluster.run(400)
    prepared = {lock_of(host) for host in cluster.hosts if host.index != blind}
    assert lock_of(cluster.hosts[blind]) is None
    cluster.run(400)
    cluster.network.heal()

    cluster.run(10_000)

    assert cluster.checker.decided[1] in prepared


@pytest.mark.parametrize("point", range(12))
def test_validator_that_dies_between_any_two_writes_resumes_without_a_conflicting_vote(point):
    """Invariants: no double vote across restarts, durable before sent, whatever write was the last (S25, S26)."""
    for seed in range(8):
        cluster = Cluster(4, seed=100 + seed)
        cluster.hosts[seed // 2].crash_in = point
        cluster.submit()
        cluster.run(150)
        cluster.heal()

        assert cluster.run_until_committed(cluster.submit(), 20_000)


def test_views_meet_again_when_every_validator_sits_in_another_one():
    """R6: after a long total partition the views converge and the next block comes within a few capped time-outs."""
    cluster = Cluster(4, seed=5)
    for _ in range(6):
        cluster.submit()
        cluster.network.partition([cluster.random.randrange(3) for _ in range(4)])
        cluster.run(20_000)
    cluster.heal()

    assert cluster.run_until_committed(cluster.submit(), 4 * TIMERS.view_timeout_max_ms)


def _survives(seed, *, crashes):
    size = (4, 4, 5, 7, 3, 2, 1)[seed % 7]
    cluster = Cluster(size, seed=seed)
    cluster.network.faults = Faults(loss=0.05, straggling=0.1)
    cluster.trouble(12_000, crashes=crashes)
    cluster.heal()
    faults = cluster.keys.validators.faults
    assert cluster.run_until_committed(cluster.submit(), (faults + 3) * TIMERS.view_timeout_max_ms), f"seed {seed}"
    assert len(set(cluster.heights())) >= 1
    return cluster


@pytest.mark.parametrize("batch", range(8))
def test_cluster_agrees_and_recovers_beside_twins(batch):
    """Agreement with f Byzantine validators: one key on two machines proposes and votes twice (S04-S07, S30)."""
    accused = set()
    for seed in range(2_000 + batch * 10, 2_010 + batch * 10):
        size, twins = ((4, (seed % 4,)), (5, (2,)), (7, (1, 4)))[seed % 3]
        cluster = Cluster(size, seed=seed, twins=twins)
        cluster.network.faults = Faults(loss=0.05, straggling=0.1)
        cluster.trouble(10_000)
        cluster.heal()
        assert cluster.run_until_committed(cluster.submit(), 15 * TIMERS.view_timeout_max_ms), f"seed {seed}"
        accused |= cluster.checker.accused

    assert accused


@pytest.mark.parametrize("batch", range(10))
def test_cluster_agrees_and_recovers_under_loss_partitions_and_crashes(batch):
    """Invariants after every step, and liveness after the network heals; a failure names its seed."""
    for seed in range(batch * 15, batch * 15 + 15):
        _survives(seed, crashes=True)


@pytest.mark.parametrize("batch", range(5))
def test_cluster_agrees_and_recovers_under_loss_and_partitions(batch):
    """As above without crashes: what a bad network alone can do."""
    for seed in range(1_000 + batch * 10, 1_000 + batch * 10 + 10):
        _survives(seed, crashes=False)


@pytest.mark.parametrize(("size", "views_lost_max"), [(3, 0), (4, 2), (7, 3)])
def test_sudden_load_costs_honest_leaders_no_more_than_f_plus_one_views(size, views_lost_max):
    """Timers: what takes ten times as long as usual, and still less than T0, is taken for slowness once and no more."""
    cluster = Cluster(size, seed=2)
    load(cluster, 6_000)
    assert not views_lost(cluster, 0)
    usual = min(cluster.heights())

    cluster.check_ms = (300, 320)
    load(cluster, 12_000)

    assert min(cluster.heights()) > usual + 24
    assert views_lost(cluster, usual) <= views_lost_max


def load(cluster, duration_ms):
    for _ in range(0, duration_ms, 50):
        cluster.submit()
        cluster.run(50)


def views_lost(cluster, above_height):
    chain = cluster.hosts[0].disk.chain[above_height:]
    return sum(stored.certificate.view for stored in chain)
