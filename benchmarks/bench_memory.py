"""The memory of a node that has seen a million transactions.

Question: how much memory does a node hold after 1,000,000 transactions, and does it still grow?

Workload: the process of ``chainnode start``, alone in its network, that commits distinct transactions of one evidence
record, 1,000 under way at a time: its own agreement, execution, journal, synced LevelDB, pool and API (``grown_node``).
Up to the million, or for 75 seconds; then what is missing is extrapolated from the growth since the window of
known ids was full (``memory.transactions`` says how far it came, and the samples are kept).
Unit: MiB resident, without pages of mapped files; those are a figure of their own, because LevelDB maps the tables it
reads and the system takes them back when it needs them.
The figure of a validator of a network is that of the real network under load plus what this node grew from the same
number of transactions to the million: ``validator_mib``, which the summary shows.
A lie would be: blocks so small that the window of known ids stays empty (it holds the last 1,000 blocks), or a process
that lacks what a node holds (it is one; only signatures are not checked, and nobody is linked).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import workload
from benchmarks.grown_node import Sample
from benchmarks.harness import Figure, Size, single
from benchmarks.running_network import CHAIN_ID
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import config_path, identity_path, log_path
from chainnode.cli.testnet.process import node_environment, tail

COUNT: Final = {"full": 1_000_000, "smoke": 2_000}
SECONDS: Final = 75.0
TIMEOUT_S: Final = SECONDS + 120.0
WINDOW_BLOCKS: Final = 1_000
"""While it fills, every block adds its ids."""


def run(size: Size) -> list[Figure]:
    count = COUNT[size]
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as name:
        samples = grow(Path(name) / "net", count, SECONDS)
    last = samples[-1]
    how = "measured" if last.transactions >= count else f"extrapolated from {last.transactions}, {last.own_mib:.0f} MiB"
    own = [one.own_mib for one in samples]
    note = f"{how}; {last.blocks} blocks; no pages of files"
    return [
        single(f"memory.node[{count} transactions]", "MiB", at(samples, count), "lower", note=note),
        Figure(name="memory.files", unit="MiB", better="lower", samples=[one.file_mib for one in samples],
               note=f"pages of mapped files beside it, {samples[0].file_mib:.0f} MiB when it was empty"),
        Figure(name="memory.samples", unit="MiB", better="lower", samples=own, note="at memory.transactions"),
        Figure(name="memory.transactions", unit="tx", better="higher",
               samples=[float(one.transactions) for one in samples]),
    ]


def grow(folder: Path, count: int, seconds: float) -> list[Sample]:
    """Run one node until it has committed ``count`` transactions, or for so long; its memory, first to last."""
    manifest = create_network(folder, Plan(CHAIN_ID, 1, 0, log_level="warning"), time_ms=time.time_ns() // 1_000_000)
    node = manifest.nodes[0].name
    found = folder / "samples"
    own = [sys.executable, "-P", "-m", "benchmarks.grown_node"]
    settings = [str(found), str(count), str(seconds), str(identity_path(folder, workload.EXCHANGE))]
    command = [*own, *settings, "start", "--config", str(config_path(folder, node))]
    command += ["--die-with", str(os.getpid())]
    with log_path(folder, node).open("wb") as log:
        done = subprocess.run(command, check=False, stdout=log, stderr=log, env=node_environment(), timeout=TIMEOUT_S)
    if done.returncode or not found.exists():
        raise RuntimeError(f"the node that grows ended with {done.returncode}: {tail(log_path(folder, node))}")
    return msgspec.json.decode(b"[%s]" % b",".join(found.read_bytes().splitlines()), type=list[Sample])


def at(samples: Sequence[Sample], transactions: int) -> float:
    """MiB after so many transactions: between samples a straight line, past them the slope of the full window.

    Memory that was taken and given back counts as growth of nothing: a falling slope is taken as level.
    """
    points = [(float(one.transactions), one.own_mib) for one in samples]
    for (low, before), (high, after) in pairwise(points):
        if low <= transactions <= high:
            return before + (after - before) * (transactions - low) / max(1.0, high - low)
    settled = [point for point, one in zip(points, samples, strict=True) if one.blocks > WINDOW_BLOCKS]
    used = settled if len(settled) > 1 else points
    if len(used) < 2:
        return points[-1][1]
    slope = statistics.linear_regression(*zip(*used, strict=True)).slope
    return points[-1][1] + max(0.0, slope) * (transactions - points[-1][0])
