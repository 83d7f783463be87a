"""A real network under load.

Question: how many transactions does a real network finalise on this machine, how soon, and what does that cost?

Workload: validators as processes with TLS, LevelDB, synced journals and the HTTP API, all on this machine together with
the client; distinct transactions of one evidence record (then of 100), signed beforehand, handed to all validators in
parts. Every validator checks every signature. Unit: transactions and operations per second over the measured time,
after a warm-up; ms from a transaction's due moment to the answer that it is final; CPU-ms of each node.
Limit: cores / (validators x time of one bare signature check), measured before and after, in the same run.
A lie would be: counting what was only accepted (the client counts committed answers with an ok receipt), a client that
waits with the next request while the network stalls (open loop), losing what was acknowledged, or validators that
disagree: after the run every acknowledged transaction is looked up on the disk of every node, and all roots compared.
"""

import os
import statistics
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.bench_crypto import verify_us
from benchmarks.harness import Figure, Size, percentile, single
from benchmarks.load import CONNECTIONS, PART, Client, Outcome, under_load
from benchmarks.running_network import Ledger, RunningNetwork, own_cpu_s


class Plan(NamedTuple):
    """How long each part takes, in seconds."""

    warm_up: float
    measured: float
    batches: float
    finality: float
    overload: float
    drain: float


PLANS: Final = {"full": Plan(8, 60, 15, 20, 10, 60), "smoke": Plan(1, 2, 1, 1, 1, 20)}
VALIDATORS: Final = 4
BATCH: Final = 100
BATCH_PART: Final = 4
FINALITY_RATE: Final = 50.0
OVERLOAD: Final = 3.0
SIGNED_AHEAD: Final = 1.7
"""Transactions signed for a phase, in terms of what the one before suggests that it needs."""
BUCKETS_MAX: Final = 20


@dataclass(slots=True)
class Parts:
    """The outcome of each phase."""

    warm_up: Outcome
    measured: Outcome
    batches: Outcome
    finality: Outcome
    overload: Outcome
    cpu_s: dict[str, float]
    """Of each node, and of the client, over the measured phase."""
    batches_cpu_s: float
    """Of all nodes and the client, over the phase of batches."""
    memory_mib: dict[str, float]
    verify_us: float
    waiting: int
    """Transactions that no block had taken when the time to drain was over."""
    view_changes: int


def run(size: Size) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-net-") as name:
        network = RunningNetwork(Path(name) / "net", VALIDATORS)
        parts = under_load(network, lambda client: _phases(network, client, PLANS[size]))
        return [*_throughput(parts), *_finality(parts), *_costs(parts), *_proven(parts, network.ledgers())]


async def _phases(network: RunningNetwork, client: Client, plan: Plan) -> Parts:
    verify_before = verify_us()
    first = await client.height()
    supply = await client.sign(int(4_000 * plan.warm_up), 1, 50 * plan.warm_up)
    warm_up = await client.closed_loop(supply, plan.warm_up, CONNECTIONS, PART)
    blocks_per_s = (await client.height() - first) / warm_up.seconds

    supply = await client.sign(_ahead(warm_up, plan.measured), 1, blocks_per_s * plan.measured)
    before, began_s = network.cpu_seconds(), own_cpu_s()
    measured = await client.closed_loop(supply, plan.measured, CONNECTIONS, PART)
    cpu_s = {name: spent - before[name] for name, spent in network.cpu_seconds().items()}
    cpu_s["client"] = own_cpu_s() - began_s

    supply = await client.sign(_ahead(measured, plan.batches) // 8, BATCH, blocks_per_s * plan.batches)
    before_s = sum(network.cpu_seconds().values()) + own_cpu_s()
    batches = await client.closed_loop(supply, plan.batches, CONNECTIONS, BATCH_PART)
    batches_cpu_s = sum(network.cpu_seconds().values()) + own_cpu_s() - before_s

    supply = await client.sign(int(plan.finality * FINALITY_RATE), 1, 4 * FINALITY_RATE * plan.finality)
    finality = await client.open_loop(supply, FINALITY_RATE, plan.finality)

    rate = OVERLOAD * measured.per_s
    supply = await client.sign(int(rate * plan.overload) + PART, 1, blocks_per_s * plan.overload)
    overload = await client.flood(supply, rate, plan.overload)
    memory_mib = network.memory_mib()
    waiting, view_changes = await client.drained(plan.drain)
    verify = (verify_before + verify_us()) / 2
    return Parts(
        warm_up, measured, batches, finality, overload, cpu_s, batches_cpu_s, memory_mib, verify, waiting, view_changes
    )


def _ahead(before: Outcome, seconds: float) -> int:
    return int(SIGNED_AHEAD * before.per_s * seconds) + CONNECTIONS * PART


def _throughput(parts: Parts) -> list[Figure]:
    cores = len(os.sched_getaffinity(0))
    limit = cores / (VALIDATORS * parts.verify_us * 1e-6)
    measured, batches = parts.measured, parts.batches
    bound = cores * max(measured.committed, 1) / max(sum(parts.cpu_s.values()), 1e-9)
    batch_bound = cores * BATCH * max(batches.committed, 1) / max(parts.batches_cpu_s, 1e-9)
    shown = dict(measured.refusals + batches.refusals)
    note = f"{measured.seconds:.0f} s, part latency p50 {_ms(measured, 50):.0f} ms; refused {shown or 'none'}"
    return [
        single("end_to_end.verify", "us", parts.verify_us, "lower"),
        single("end_to_end.limit", "per s", limit, "higher", note="cores / (validators x verify)"),
        single("end_to_end.transactions", "per s", measured.per_s, "higher", limit="end_to_end.limit",
               ratios=[measured.per_s / limit], note=note),
        single("end_to_end.processor_bound", "per s", bound, "higher", limit="end_to_end.limit", ratios=[bound / limit],
               note="cores / processor time of nodes and client for each: what an idle machine could reach"),
        single("end_to_end.seconds", "s", measured.seconds, "higher"),
        single("end_to_end.operations[100 per transaction]", "per s", BATCH * batches.per_s, "higher",
               note=f"{batches.seconds:.0f} s, {BATCH * batches.per_s / max(measured.per_s, 1e-9):.1f} x of one each"),
        single("end_to_end.operations_processor_bound[100 per transaction]", "per s", batch_bound, "higher",
               note=f"{batch_bound / bound:.1f} x of one each"),
    ]


def _ms(outcome: Outcome, percent: float) -> float:
    return percentile(outcome.latencies_ms, percent) if outcome.latencies_ms else 0.0


def _finality(parts: Parts) -> list[Figure]:
    found = parts.finality
    note = f"{len(found.latencies_ms)} transactions, open loop at {FINALITY_RATE:g} tx/s, client included"
    width = 5
    while max(found.latencies_ms, default=0) > BUCKETS_MAX * width:
        width *= 2
    buckets = Counter(int(latency // width) * width for latency in found.latencies_ms)
    histogram = " ".join(f"{start}:{buckets[start]}" for start in sorted(buckets))
    return [
        *(single(f"end_to_end.finality_p{p:g}", "ms", _ms(found, p), "lower", note=note) for p in (50, 90, 99, 100)),
        Figure(name="end_to_end.finality_samples", unit="ms", better="lower", samples=found.latencies_ms or [0.0],
               note=f"buckets of {width} ms: {histogram}"),
    ]


def _costs(parts: Parts) -> list[Figure]:
    done = max(parts.measured.committed, 1)
    nodes = {name: spent for name, spent in parts.cpu_s.items() if name != "client"}
    seconds = parts.measured.seconds
    return [
        *(single(f"end_to_end.cpu[{name}]", "ms", 1e3 * spent / done, "lower",
                 note=f"for each transaction; {spent / seconds:.2f} of a core")
          for name, spent in parts.cpu_s.items()),
        single("end_to_end.cpu[all nodes]", "ms", 1e3 * sum(nodes.values()) / done, "lower",
               note="for each transaction, all validators together"),
        single("end_to_end.memory", "MiB", max(parts.memory_mib.values()), "lower",
               note="largest node at the end, without pages of files"),
        single("end_to_end.acknowledged", "tx", _count(parts), "higher", note="before that moment"),
    ]


def _count(parts: Parts) -> int:
    return sum(len(part.acknowledged) for part in _all(parts))


def _all(parts: Parts) -> tuple[Outcome, ...]:
    return parts.warm_up, parts.measured, parts.batches, parts.finality, parts.overload


def _proven(parts: Parts, ledgers: dict[str, Ledger]) -> list[Figure]:
    """What the disks say: nothing acknowledged is lost, all nodes agree, and how the overload went."""
    acknowledged = {tx_id for part in _all(parts) for tx_id in part.acknowledged}
    missing = max(len(acknowledged - ledger.tx_ids) for ledger in ledgers.values())
    if parts.waiting:
        # What was accepted and waits in memory when the nodes are stopped is not lost, and not proven either.
        found = [single("end_to_end.undecided", "tx", missing, "lower", note=f"{parts.waiting} waited at the end")]
    else:
        note = f"of {len(acknowledged)} acknowledged, on every disk"
        found = [single("end_to_end.lost", "tx", missing, "lower", note=note)]
    common = set.intersection(*(set(ledger.state_roots) for ledger in ledgers.values()))
    if any(len({ledger.state_roots[height] for ledger in ledgers.values()}) > 1 for height in common):
        raise RuntimeError("the validators of a benchmark hold different states")
    blocks = next(iter(ledgers.values())).blocks
    first = parts.overload.began_ms + 500
    last = int(parts.overload.began_ms + 1e3 * parts.overload.seconds)
    inside = sum(block.transactions for block in blocks if first <= block.time_ms < last)
    rate = 1e3 * inside / max(1, last - first)
    mean = statistics.mean(block.transactions for block in blocks)
    peak = max(parts.measured.per_s, 1e-9)
    refused = sum(parts.overload.refusals.values())
    note = f"{len(parts.overload.acknowledged)} accepted, {refused} refused, {parts.overload.unsent} not sent"
    return [
        single("end_to_end.overload[3x]", "per s", rate, "higher", note=f"{note}; {rate / peak:.2f} of the peak"),
        *found,
        single("end_to_end.blocks", "blocks", len(blocks), "higher", note=f"{mean:.1f} transactions each"),
        single("end_to_end.view_changes", "views", parts.view_changes, "lower"),
    ]

