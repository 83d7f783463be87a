"""How soon real processes decide again, and what one hostile validator of four costs the others.

The longer measurements of the same are ``./run bench hostile``.
"""

import asyncio
import itertools
import os
import time
from functools import partial
from pathlib import Path

import pytest

from benchmarks.hostile import Plan, beside
from benchmarks.load import loaded
from benchmarks.running_network import RunningNetwork
from chainnode.cli.demo.supervisor import Supervisor
from chainnode.cli.testnet.creation import Plan as NetworkPlan
from chainnode.cli.testnet.creation import create_network
from chainnode.cli.testnet.manifest import Manifest, identity_path
from chainnode.cli.testnet.network import status_of
from chainnode.node.key_file import read_key
from chainnode.sdk.wallet import Wallet
from chainnode.types.parameters import ChainParameters
from tests.integration.test_kill import Load, leader_of

pytestmark = pytest.mark.processes

VIEW_TIMER_S = ChainParameters().view_timeout_ms / 1_000
RESTART_S = 10.0
OWN_LOAD = 5.0
"""Processes that run at most at one time here: the nodes and their client."""
FLOOD_GROWTH_MAX_MIB = 4.0
"""What malloc and the interpreter keep by chance; a tenth of the flood of these seconds would be more."""


def crowding() -> float:
    """How many times longer everything takes because of what else runs: 1 on a machine of our own."""
    cores = len(os.sched_getaffinity(0))
    return max(1.0, (os.getloadavg()[0] - OWN_LOAD) / cores)


@pytest.fixture
def network(tmp_path: Path) -> tuple[Path, Manifest]:
    folder = tmp_path / "net"
    manifest = create_network(folder, NetworkPlan("kill-test", 4, 0), time_ms=time.time_ns() // 1_000_000)
    return folder, manifest


async def _decisions(url: str, seconds: float) -> list[float]:
    """The moments at which one node's tip was seen to have risen."""
    found, height = [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = await status_of(url)
        if status is not None and status.height > height:
            height = status.height
            found.append(time.monotonic())
        await asyncio.sleep(0.02)
    return found


async def test_cluster_whose_leader_dies_under_load_decides_again_within_two_view_timers(
    network: tuple[Path, Manifest],
) -> None:
    """issue: a cluster of 4 whose leader dies under load decides again within 2 x the view timer."""
    folder, manifest = network
    supervisor = Supervisor(folder, manifest, os.getpid())
    load = Load(manifest, Wallet("kill-test", [read_key(identity_path(folder, "harbour-exchange"))]))
    try:
        supervisor.start_all()
        await supervisor.wait_ready()
        running = asyncio.create_task(load.run(8.0))
        await asyncio.sleep(1.0)
        leader = await leader_of(manifest.nodes[0].api)
        survivor = next(node.api for node in manifest.nodes if node.name != leader)
        supervisor.kill(leader)
        killed = time.monotonic()
        found = [killed, *await _decisions(survivor, 3 * VIEW_TIMER_S)]
        pauses = [later - earlier for earlier, later in itertools.pairwise(found)]
        assert max(pauses) < 2 * VIEW_TIMER_S * crowding()
        # It was this death that was survived: the turns of the dead one cost a view, and are then taken from it.
        status = await status_of(survivor)
        assert status is not None
        assert status.view_changes >= 1
        assert found[-1] > killed + 2 * VIEW_TIMER_S
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    finally:
        supervisor.stop_all()


async def test_cluster_that_was_killed_whole_decides_again_within_ten_seconds(
    network: tuple[Path, Manifest],
) -> None:
    """issue: a whole-cluster SIGKILL and restart decides again within 10 s."""
    folder, manifest = network
    supervisor = Supervisor(folder, manifest, os.getpid())
    wallet = Wallet("kill-test", [read_key(identity_path(folder, "harbour-exchange"))])
    before, after = Load(manifest, wallet), Load(manifest, wallet)
    try:
        supervisor.start_all()
        await supervisor.wait_ready()
        running = asyncio.create_task(before.run(5.0))
        await asyncio.sleep(1.0)
        for node in manifest.nodes:
            supervisor.kill(node.name)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert before.acknowledged

        supervisor.start_all()
        started = time.monotonic()
        while not after.acknowledged:
            assert time.monotonic() - started < RESTART_S * crowding(), after.refused
            await after.run(0.1)
        assert max(after.acknowledged.values()) > max(before.acknowledged.values())
    finally:
        supervisor.stop_all()


async def test_silent_leader_costs_less_than_half_of_the_throughput(tmp_path: Path) -> None:
    """issue: 1 of 4 replicas hostile keeps at least half of the fault-free throughput with real processes."""
    network = RunningNetwork(tmp_path / "net", 4, hostile="silent-leader")
    found = await loaded(network, partial(beside, network, Plan(2, 3, 3, ())), trusted=3)
    assert found.view_changes >= 1
    assert found.beside.per_s >= found.free.per_s / 2


async def test_memory_of_a_replica_stays_flat_under_a_flood_of_heights_and_views(tmp_path: Path) -> None:
    """issue: memory of a replica flat under valid-looking floods for future heights and views."""
    network = RunningNetwork(tmp_path / "net", 4, hostile="flood")
    async with network:
        network.rouse()
        await asyncio.sleep(4)
        early = network.memory_mib()
        await asyncio.sleep(4)
        late = network.memory_mib()
        network.check()
    for name in ("validator-0", "validator-1", "validator-2"):
        assert late[name] - early[name] < FLOOD_GROWTH_MAX_MIB, (early, late)
