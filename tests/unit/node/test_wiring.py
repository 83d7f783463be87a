"""The composition root: what a node needs is checked before it runs, and let go of when it cannot."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from chainnode.cli.testnet.manifest import config_path
from chainnode.errors import ConfigError, DecodeError, InvariantBroken, StoreError
from chainnode.mempool.verifier import InlineVerifier, ProcessVerifier
from chainnode.node import wiring
from chainnode.node.config import MempoolSection, NodeConfig, load_config
from chainnode.node.data_directory import DataDirectory
from chainnode.node.opening import build_verifier
from chainnode.node.wiring import Node
from chainnode.store.leveldb import LevelDBOptions
from chainnode.types.genesis import genesis_hash
from tests.support.cluster import Cluster, cluster, until
from tests.support.local_chain import make_genesis


def _config(net: Cluster, name: str) -> NodeConfig:
    return load_config(config_path(net.folder, name)).config


def _is_free(net: Cluster, name: str) -> bool:
    DataDirectory.open(_config(net, name).node.data_dir, genesis_hash(net.genesis), LevelDBOptions()).close()
    return True


async def test_node_alone_answers_for_its_genesis_and_closes(tmp_path: Path) -> None:
    """Open, start, read, close: afterwards the directory is free for another."""
    async with cluster(tmp_path, start=[]) as net:
        node = await net.start("validator-0")
        status = node.service.status()
        assert (status.name, status.height, status.halted) == ("validator-0", 0, None)
        assert status.genesis_hash == genesis_hash(net.genesis)
        with pytest.raises(StoreError) as caught:
            Node.open(_config(net, "validator-0"), net.genesis)
        assert caught.value.code == "data-in-use"
        await net.stop("validator-0")
        await node.wait()
        assert _is_free(net, "validator-0")


async def test_key_that_is_not_this_nodes_is_found_before_anything_runs(tmp_path: Path) -> None:
    """Find a key of another chain or node now, not as a refused link at night; the directory is free again."""
    async with cluster(tmp_path, observers=1, start=[]) as net:
        home, other = net.folder / "validator-0", net.folder / "validator-1"
        for name, code in (("consensus-key.json", "consensus-key-unknown"), ("node-key.json", "consensus-key-unknown")):
            kept = (home / name).read_bytes()
            shutil.copy(other / name, home / name)
            with pytest.raises(ConfigError) as caught:
                Node.open(_config(net, "validator-0"), net.genesis)
            assert caught.value.code == code
            (home / name).write_bytes(kept)
        shutil.copy(net.folder / "identities" / "civic-notary.json", home / "node-key.json")
        with pytest.raises(ConfigError) as caught:
            Node.open(_config(net, "validator-0"), net.genesis)
        assert caught.value.code == "node-key-unknown"
        assert _is_free(net, "validator-0")
        assert _is_free(net, "observer-0")


async def test_other_genesis_or_none_is_refused(tmp_path: Path) -> None:
    """A data directory of another chain; a genesis file that is none."""
    async with cluster(tmp_path, start=[]) as net:
        with pytest.raises(StoreError) as caught:
            Node.open(_config(net, "validator-0"), make_genesis())
        assert caught.value.code == "data-of-other-chain"
        with pytest.raises(DecodeError):
            Node.open(_config(net, "validator-0"), b"junk")
        assert _is_free(net, "validator-0")


async def test_node_whose_port_is_taken_says_so_and_lets_go(tmp_path: Path) -> None:
    """Ports taken: a coded error, and nothing left running."""
    async with cluster(tmp_path, start=[]) as net:
        listen = _config(net, "validator-0").network.listen
        server = await asyncio.start_server(lambda reader, writer: None, listen.host, listen.port)
        node = Node.open(_config(net, "validator-0"), net.genesis)
        with pytest.raises(ConfigError):
            await node.start()
        await node.close()
        server.close()
        await server.wait_closed()
        assert _is_free(net, "validator-0")


async def test_contradiction_in_one_task_ends_the_node(tmp_path: Path) -> None:
    """Every task has an owner that notices its death: ``wait`` raises what ended it."""
    async with cluster(tmp_path, start=[]) as net:
        node = await net.start("validator-0")
        node._driver.fail(InvariantBroken("on purpose"))
        with pytest.raises(InvariantBroken, match="on purpose"):
            async with asyncio.timeout(5):
                await node.wait()
        await net.stop("validator-0")
        assert _is_free(net, "validator-0")


async def test_single_validator_decides_alone_and_cleans_up(tmp_path: Path) -> None:
    """A network of one: f = 0, q = 1; commits clear pool, outbox and measurements; expiry does too."""
    async with cluster(tmp_path, validators=1) as net:
        node = net.nodes["validator-0"]
        answers = await node.service.submit([net.envelope(1), net.envelope(2, valid_for=1)])
        places = await node.service.wait_committed([answer.tx_id for answer in answers], 5_000)
        assert None not in places.values()
        await until(lambda: not node.ledger.tip.proof_due)
        assert (len(node._pool), list(node._outbox.unsettled()), node.service._admitted_ms) == (0, [], {})
        assert all(check.ok for check in node.service.health())
        counts = node._counts()
        assert set(counts) >= {"consensus_rejected", "consensus_filtered", "peers_reported", "network"}


@pytest.mark.parametrize(
    ("kind", "cores", "expected"),
    [
        ("inline", 8, InlineVerifier),
        ("processes", 1, ProcessVerifier),
        ("auto", 1, InlineVerifier),
        ("auto", 2, ProcessVerifier),
    ],
)
def test_verifier_is_the_configured_one(
    kind: str, cores: int, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``auto``: processes where there is a second core."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    section = MempoolSection(verifier=kind, verifier_workers=2)  # type: ignore[arg-type]
    assert isinstance(build_verifier(section), expected)


def test_verifier_has_at_least_one_worker() -> None:
    """0 = one less than the cores, at least 1."""
    found = build_verifier(MempoolSection(verifier="processes", verifier_workers=0))
    assert isinstance(found, ProcessVerifier)
    assert len(found._workers) >= 1


async def test_disk_that_fails_while_old_versions_are_dropped_halts_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R11: nothing is signed after a failed write, wherever it happened, and reads go on."""
    monkeypatch.setattr(wiring, "MAINTENANCE_SECONDS", 0.01)

    def prune() -> bool:
        raise StoreError("disk-full", "no space is left")

    async with cluster(tmp_path, start=[]) as net:
        node = await net.start("validator-0")
        monkeypatch.setattr(node.ledger, "prune", prune)
        await until(lambda: node.service.halted == "disk-full", 5)
        await until(lambda: node.service.status().phase == "halted", 5)
        assert node.service.queries.tip().height == 0


async def test_gossip_goes_at_once_and_then_in_intervals(tmp_path: Path) -> None:
    """Arrivals of two milliseconds share a frame; a single transaction goes at once."""
    async with cluster(tmp_path, start=[]) as net:
        node = await net.start("validator-0")
        loop = asyncio.get_running_loop()
        sent: list[float] = []
        began = loop.time()
        for _ in range(3):
            node._soon(lambda: sent.append(loop.time()))
        planned = node._gossip_s - began
        assert planned == pytest.approx(2 * wiring.GOSSIP_INTERVAL_SECONDS, abs=0.001)
        await until(lambda: len(sent) == 3, 5)
        assert sent[-1] - began >= 1.5 * wiring.GOSSIP_INTERVAL_SECONDS
