"""The command's first word, and a node's.

Question: how long until the command answers, and until a node with a history is ready?

Workload: `chainnode --help` in a fresh process; `Node.open` and the first API answer of a node in its own process, on a
ledger of so many blocks that were written as commits write them. Unit: ms. Limit: the bare interpreter, started and
ended. A lie would be: a warm import (each sample is a new process), or a history that is never looked at.
The file cache is warm: what a cold disk adds is not in these figures.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.harness import Case, Figure, Size, measure
from chainnode.chain.ledger import Ledger
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import Manifest, config_path, log_path
from chainnode.cli.testnet.network import is_ready
from chainnode.cli.testnet.process import node_command, node_environment, spawn
from chainnode.store.key_value import WriteBatch
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.leveldb import LevelDBKeyValue

BLOCKS: Final = {"full": 100_000, "smoke": 100}
READY_S: Final = 60.0


def run(size: Size) -> list[Figure]:
    found = measure(
        [
            Case("startup.raw_python", _command("-I", "-c", "pass"), unit="ms", clock="children"),
            Case("startup.help", _command("-m", "chainnode.cli.main", "--help"), unit="ms", clock="children",
                 limit="startup.raw_python", note="processor time, which is all of it on an idle machine"),
        ],
        size,
    )
    with tempfile.TemporaryDirectory(prefix="bench-start-") as name:
        folder = Path(name) / "net"
        manifest = create_network(folder, Plan("bench-start", 1, 0), time_ms=time.time_ns() // 1_000_000)
        _write_history(folder / "validator-0" / "data" / "ledger", BLOCKS[size])
        samples = [_start(folder, manifest) for _ in range(3 if size == "full" else 1)]
    note = "from the start of the process to ready"
    title = f"startup.node[{BLOCKS[size]} blocks]"
    return [*found, Figure(name=title, unit="ms", better="lower", samples=samples, note=note)]


def _command(*words: str) -> Callable[[], bytes]:
    def work() -> bytes:
        done = subprocess.run(
            [sys.executable, *words], check=True, capture_output=True, stdin=subprocess.DEVNULL, env=node_environment()
        )
        return done.stdout

    return work


class _Unsynced(LevelDBKeyValue):
    """Waits for the disk only when it is closed."""

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """As ``KeyValue.write``, but nothing is durable before the end."""
        del sync
        super().write(batch, sync=False)


def _write_history(path: Path, blocks: int) -> None:
    """So many empty blocks on the genesis that is there."""
    disk = _Unsynced.open(path)
    ledger = Ledger(LedgerStore(disk), tree_cache_bytes=1 << 20, proof_heights=64)
    for _ in range(blocks):
        ledger.commit(ledger.build(0, (), ledger.tip.time_ms + 1), b"")
    LevelDBKeyValue.write(disk, WriteBatch(), sync=True)
    ledger.store.close()


def _start(folder: Path, manifest: Manifest) -> float:
    """Milliseconds from the start of the process to the first answer that says ready; the node is ended after it."""
    node = manifest.nodes[0]
    began = time.perf_counter()
    process = spawn(node_command(config_path(folder, node.name)), log_path(folder, node.name), detached=False)
    try:
        while not asyncio.run(is_ready(node.api)):
            if process.poll() is not None or time.perf_counter() - began > READY_S:
                raise RuntimeError(f"the node did not become ready: {log_path(folder, node.name).read_text()[-2_000:]}")
            time.sleep(0.005)
        return 1e3 * (time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(READY_S)
