"""Nodes that come hundreds of blocks late, while the others go on deciding (SPEC R9)."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chainnode.api.server import ApiServer
from chainnode.cli.testnet.manifest import config_path
from chainnode.node.config import NodeConfig, load_config
from chainnode.node.data_directory import JOINING, SNAPSHOTS
from chainnode.node.snapshot_join import join_by_snapshot
from chainnode.node.wiring import Node
from chainnode.proofs.verifier import verify_bundle
from chainnode.store.snapshot_export import stored_heights
from chainnode.types.genesis import genesis_hash
from tests.support.cluster import Cluster, cluster, until

VALIDATORS = [f"validator-{number}" for number in range(4)]
EVERY = 25


def _config(net: Cluster, name: str, **flags: str) -> NodeConfig:
    named = {key.replace("__", "."): value for key, value in flags.items()}
    return load_config(config_path(net.folder, name), flags=named).config


async def _start(net: Cluster, name: str, config: NodeConfig) -> Node:
    node = Node.open(config, net.genesis)
    await node.start()
    net.nodes[name] = node
    return node


@asynccontextmanager
async def _load(net: Cluster) -> AsyncIterator[list[bytes]]:
    """Transactions all the time, by each validator in turn; yields the ids committed so far."""
    ids: list[bytes] = []

    async def submit() -> None:
        for number in itertools.count(1):
            node = net.nodes[VALIDATORS[number % len(VALIDATORS)]]
            answers = await node.service.submit([net.envelope(number)])
            places = await node.service.wait_committed([answers[0].tx_id], 20_000)
            ids.extend(tx_id for tx_id, place in places.items() if place is not None)

    task = asyncio.create_task(submit(), name="load")
    try:
        yield ids
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _answers(node: Node, *paths: str) -> list[tuple[int, str | None]]:
    """Status and problem code of the node's API for each path."""
    found: list[tuple[int, str | None]] = []
    server = ApiServer(node.service, "127.0.0.1", 0)
    await server.start()
    try:
        async with aiohttp.ClientSession() as http:
            for path in paths:
                async with http.get(server.url + path) as response:
                    found.append((response.status, (await response.json()).get("code")))
    finally:
        await server.close()
    return found


async def test_late_observers_join_by_replay_and_by_snapshot_while_the_others_go_on(tmp_path: Path) -> None:
    """A new observer replays blocks or loads a snapshot; both end with the state of all, under load."""
    async with cluster(tmp_path, observers=2, start=()) as net:
        for name in VALIDATORS:
            await _start(net, name, _config(net, name, store__snapshot_every=str(EVERY)))
        async with _load(net) as ids:
            await net.until_height(500, 90)
            shelf = _config(net, VALIDATORS[0]).node.data_dir / SNAPSHOTS
            await until(lambda: stored_heights(shelf)[-1:] >= [450], 20)

            replaying = await _start(net, "observer-0", _config(net, "observer-0"))
            config = _config(net, "observer-1", sync__snapshot="true", sync__back_fill="false")
            base = await join_by_snapshot(config, net.genesis)
            assert base >= 450
            assert base % EVERY == 0
            assert not (config.node.data_dir / JOINING).exists()
            joined = await _start(net, "observer-1", config)
            assert joined.ledger.tip.height == base

            top = net.nodes[VALIDATORS[0]].ledger.tip.height
            await until(lambda: min(replaying.ledger.tip.height, joined.ledger.tip.height) >= top, 60)
            assert len(stored_heights(shelf)) <= 2
        await until(
            lambda: len({node.ledger.tip for node in net.nodes.values()}) == 1
            and not replaying.ledger.tip.proof_due,
            20,
        )
        assert dict(joined.ledger.store.all_state()) == dict(replaying.ledger.store.all_state())
        assert all(replaying.service.queries.receipt(tx_id).code == "ok" for tx_id in ids)
        assert joined.service.queries.receipt(ids[-1]).code == "ok"
        answers = await _answers(joined, f"/v1/blocks/{base}", f"/v1/blocks/{base + 1}")
        assert answers == [(410, "height-pruned"), (200, None)]
        assert not any(net.nodes[name].service.halted for name in net.nodes)
        # A restart finds everything in its place, and the folder of the fetch gone for good.
        await net.stop("observer-1")
        assert await join_by_snapshot(config, net.genesis) == 0
        again = await _start(net, "observer-1", _config(net, "observer-1", sync__snapshot="true"))
        await until(lambda: again.ledger.tip == replaying.ledger.tip)
        assert again.ledger.store.base() == base
        # Switched on, the rest comes by itself: nothing is pruned any more, and old results can be proved.
        await until(lambda: again.service.status().history_from == 1, 30)
        assert await _answers(again, f"/v1/blocks/{base}", "/v1/blocks/1") == [(200, None), (200, None)]
        assert again.service.queries.receipt(ids[0]) == replaying.service.queries.receipt(ids[0])
        # Nodes may keep certificates of different signers for one block; each proves the same to a stranger.
        trusted = genesis_hash(again.service.queries.genesis())
        proved = [verify_bundle(node.service.queries.prove_transaction(ids[0]), genesis_hash=trusted)
                  for node in (again, replaying)]  # fmt: skip
        assert proved[0].receipt == proved[1].receipt
        assert {(one.kind, one.tx_id, one.height) for one in proved} == {
            ("transaction-included", ids[0], proved[0].height)
        }
        assert not any(net.nodes[name]._links.reported for name in net.nodes)


async def test_node_without_a_snapshot_to_join_by_replays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no peer leads to a snapshot, the node starts all the same."""
    monkeypatch.setattr("chainnode.node.snapshot_join.ASK_PAUSE_SECONDS", 0.05)
    async with cluster(tmp_path, observers=1, start=VALIDATORS) as net:
        async with _load(net) as ids:
            await until(lambda: len(ids) >= 3)
        config = _config(net, "observer-0", sync__snapshot="true")
        assert await join_by_snapshot(config, net.genesis) == 0
        node = await _start(net, "observer-0", config)
        await until(lambda: node.ledger.tip.height >= net.nodes[VALIDATORS[0]].ledger.tip.height)
        assert node.ledger.store.base() == 0


async def test_join_that_is_stopped_again_and_again_gets_there(tmp_path: Path) -> None:
    """Interrupted at any moment, it goes on; the data directory can be opened after each."""
    async with cluster(tmp_path, observers=1, start=()) as net:
        for name in VALIDATORS:
            await _start(net, name, _config(net, name, store__snapshot_every="10"))
        shelf = _config(net, VALIDATORS[0]).node.data_dir / SNAPSHOTS
        async with _load(net):
            await until(lambda: net.nodes[VALIDATORS[0]].ledger.tip.height > 11 and stored_heights(shelf), 30)
        config = _config(net, "observer-0", sync__snapshot="true")
        stopped, base = 0, None
        while base is None:
            task = asyncio.create_task(join_by_snapshot(config, net.genesis))
            await asyncio.wait({task}, timeout=0.03 * (stopped + 1))
            if task.done():
                base = task.result()
                continue
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            stopped += 1
            opened = Node.open(_config(net, "observer-0"), net.genesis)
            await opened.close()
        assert stopped >= 1
        assert base >= 10 or opened.ledger.tip.height >= 10
        node = await _start(net, "observer-0", config)
        await until(lambda: node.ledger.tip.height >= net.nodes[VALIDATORS[0]].ledger.tip.height, 20)
