"""Real node processes, killed without warning while clients submit.

What a client was told is committed must be on every node afterwards, whoever died when.
"""

import asyncio
import os
import secrets
import time
from pathlib import Path

import pytest

from chainnode.cli.demo.supervisor import Supervisor
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import Manifest, identity_path
from chainnode.errors import ChainError
from chainnode.node.key_file import read_key
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from tests.support.cluster import evidence

pytestmark = pytest.mark.processes

CLIENTS = 4
LOAD_SECONDS = 6.0
"""Two kills fit: the first view change after a kill takes the view timer of two seconds."""


class Load:
    """Clients that submit to all nodes and remember what they were told."""

    def __init__(self, manifest: Manifest, wallet: Wallet) -> None:
        self.urls = [node.api for node in manifest.nodes if node.role == "validator"]
        self.wallet = wallet
        self.acknowledged: dict[str, int] = {}
        """Height by id of every transaction reported as committed."""
        self.refused: list[str] = []
        self._stop_at = 0.0

    async def run(self, seconds: float) -> None:
        self._stop_at = time.monotonic() + seconds
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))

    async def _client(self, number: int) -> None:
        urls = self.urls[number:] + self.urls[:number]
        base = int.from_bytes(secrets.token_bytes(8), "big")
        async with Client(urls) as client:
            count = 0
            while time.monotonic() < self._stop_at:
                count += 1
                try:
                    signed = await self.wallet.transaction(client, [evidence(base + count)])
                    done = await client.submit(signed.envelope, wait="committed", timeout_ms=20_000)
                except ChainError as error:
                    # Unknown outcome: nothing was promised, so nothing is owed.
                    self.refused.append(error.code)
                    continue
                assert done.height is not None
                self.acknowledged[signed.tx_id.hex()] = done.height


async def heights_and_roots(manifest: Manifest) -> dict[str, tuple[int, str]]:
    found = {}
    for node in manifest.nodes:
        async with Client([node.api]) as client:
            status = await client.status()
            found[node.name] = (status.height, status.state_root)
    return found


async def until_equal(manifest: Manifest, seconds: float) -> dict[str, tuple[int, str]]:
    deadline = time.monotonic() + seconds
    while True:
        found = await heights_and_roots(manifest)
        if len(set(found.values())) == 1:
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)


async def leader_of(url: str) -> str:
    async with Client([url]) as client:
        status = await client.status()
        assert status.leader is not None
        return status.leader


@pytest.fixture
def network(tmp_path: Path) -> tuple[Path, Manifest]:
    folder = tmp_path / "net"
    manifest = create_network(folder, Plan("kill-test", 4, 1), time_ms=time.time_ns() // 1_000_000)
    return folder, manifest


async def test_every_acknowledged_transaction_is_on_every_node_after_kills(network: tuple[Path, Manifest]) -> None:
    """A validator, then the leader, die by SIGKILL under load and come back; nothing promised is lost."""
    folder, manifest = network
    supervisor = Supervisor(folder, manifest, os.getpid())
    wallet = Wallet("kill-test", [read_key(identity_path(folder, "harbour-exchange"))])
    load = Load(manifest, wallet)
    try:
        supervisor.start_all()
        await supervisor.wait_ready()
        running = asyncio.create_task(load.run(LOAD_SECONDS))

        await asyncio.sleep(1.0)
        supervisor.kill("validator-3")
        await asyncio.sleep(0.5)
        supervisor.start("validator-3")
        await supervisor.wait_ready("validator-3")
        leader = await leader_of(manifest.nodes[3].api)
        supervisor.kill(leader)
        await asyncio.sleep(0.3)
        supervisor.start(leader)
        await running

        await supervisor.wait_ready()
        found = await until_equal(manifest, 20.0)
        assert len(load.acknowledged) > 50, load.refused
        assert next(iter(found.values()))[0] >= max(load.acknowledged.values())
        await check_present(manifest, load.acknowledged)
    finally:
        supervisor.stop_all()


async def test_network_that_was_killed_as_a_whole_goes_on(network: tuple[Path, Manifest]) -> None:
    """Power cut for all: every node killed at once under load; afterwards all is there and new blocks follow."""
    folder, manifest = network
    supervisor = Supervisor(folder, manifest, os.getpid())
    wallet = Wallet("kill-test", [read_key(identity_path(folder, "harbour-exchange"))])
    before, after = Load(manifest, wallet), Load(manifest, wallet)
    try:
        supervisor.start_all()
        await supervisor.wait_ready()
        running = asyncio.create_task(before.run(2.5))
        await asyncio.sleep(1.5)
        acknowledged = dict(before.acknowledged)
        for node in manifest.nodes:
            supervisor.kill(node.name)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        supervisor.start_all()
        await supervisor.wait_ready()
        await after.run(1.0)
        await until_equal(manifest, 20.0)
        assert acknowledged
        assert after.acknowledged
        await check_present(manifest, acknowledged | after.acknowledged)
    finally:
        supervisor.stop_all()


async def check_present(manifest: Manifest, acknowledged: dict[str, int]) -> None:
    for node in manifest.nodes:
        async with Client([node.api]) as client:
            for tx_id, height in acknowledged.items():
                receipt = await client.receipt(tx_id)
                assert (receipt.code, receipt.height) == ("ok", height), node.name
