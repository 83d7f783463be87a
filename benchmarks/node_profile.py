"""One validator of a loaded network under cProfile.

Question: where does the processor time of one validator go, stage by stage, while the network is under load?

Workload: the closed loop of ``end_to_end``, with one validator of four under cProfile, client and others as usual.
Unit: share of the processor time spent inside each stage's own functions. What the event loop does in C (sockets, TLS,
calling back) is in one number, the own time of `Runner.run`.
A lie would be: reading cProfile's shares as costs (it charges each Python call and no C code, so stages of many small
calls look larger than they are, and the whole node is slower), or taking the profiled run's throughput for the node's.
"""

import argparse
import pstats
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.end_to_end import VALIDATORS
from benchmarks.load import BLOCKS_PER_S_MAX, CONNECTIONS, PART, Client, Outcome, under_load
from benchmarks.running_network import RunningNetwork

STAGES: Final = (
    ("start of the process", ("importlib", "compile", "marshal", "builtins.exec", "__build_class__", "_imp.", "/re/",
                              "click", "default_verify_paths", "open_code", "posix.stat", "inspect.py", "typing.py",
                              "dataclasses.py")),
    ("signature checks", ("crypto_sign_open", "crypto/ed25519", "mempool/verifier", "nacl/")),
    ("signing votes", ("crypto_sign>",)),
    ("hashing", ("sha256", "hashlib")),
    ("disk: journal, sign-state, block", ("fdatasync", "fsync", "store/", "plyvel", "posix.write", "crc32")),
    ("state tree", ("chainnode/state/", "proofs/sparse", "proofs/merkle", "proofs/history")),
    ("execution", ("contracts/", "chain/executor")),
    ("ledger, candidates, desk", ("chainnode/chain/", "node/proposal_desk")),
    ("decoding", ("codec/", "chainnode/types/", "msgspec", "'decode'", "'encode'")),
    ("agreement core", ("/consensus/",)),
    ("mempool and gossip", ("mempool/",)),
    ("links between nodes", ("chainnode/net/", "node/links", "node/inbound", "sync/")),
    ("API and its clients", ("chainnode/api/", "aiohttp", "multidict", "yarl", "/http/", "json/")),
    ("node loop", ("chainnode/node/",)),
    ("event loop, TLS, sockets", ("uvloop", "asyncio", "ssl", "selectors", "socket")),
)
"""Stage -> what its functions' places contain; the first match counts."""


def main(arguments: Sequence[str]) -> int:
    """Profile one validator and print its stages and its most expensive functions."""
    parser = argparse.ArgumentParser(prog="./run bench profile")
    parser.add_argument("--seconds", type=float, default=20.0, help="of load, default 20")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-profile-") as name:
        path = Path(name) / "validator.prof"
        network = RunningNetwork(Path(name) / "net", VALIDATORS, path)
        outcome = under_load(network, lambda client: _load(client, options.seconds))
        functions = read(path)
    print(f"{outcome.committed} transactions in {outcome.seconds:.0f} s with one of {VALIDATORS} validators profiled")
    total = sum(seconds for _, _, seconds in functions)
    print(f"{total:.1f} s of processor time\n")
    for stage, seconds in by_stage(functions):
        print(f"{100 * seconds / total:5.1f} %  {stage}")
    print()
    for place, calls, seconds in functions[:30]:
        print(f"{100 * seconds / total:5.1f} %  {calls:>9} calls  {place}")
    return 0


async def _load(client: Client, seconds: float) -> Outcome:
    supply = await client.sign(int(1_500 * seconds), 1, BLOCKS_PER_S_MAX * seconds)
    return await client.closed_loop(supply, seconds, CONNECTIONS, PART)


def read(path: Path) -> list[tuple[str, int, float]]:
    """Place, calls and own seconds of every function; most expensive first."""
    found = []
    statistics: dict[tuple[str, int, str], tuple[int, int, float, float, object]]
    statistics = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    for (file, number, function), (_, calls, own, _, _) in statistics.items():
        place = f"{file}:{number}({function})" if number else function
        found.append((place, calls, own))
    return sorted(found, key=lambda entry: -entry[2])


def by_stage(functions: Sequence[tuple[str, int, float]]) -> list[tuple[str, float]]:
    """Own seconds of each stage, largest first; what matches none is named ``other``."""
    stages: dict[str, float] = defaultdict(float)
    for place, _, own in functions:
        stages[stage_of(place)] += own
    return sorted(stages.items(), key=lambda entry: -entry[1])


def stage_of(place: str) -> str:
    """The stage that a function belongs to."""
    return next((stage for stage, words in STAGES if any(word in place for word in words)), "other")
