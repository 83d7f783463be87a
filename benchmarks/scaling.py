"""From four validators to ten, and from one operation in a transaction to a hundred.

Question: how do throughput, processor time and finality change with the number of validators, and what do more
operations in a transaction bring?

Workload: a fresh network of each size on this machine, as in ``end_to_end``: a closed loop, then an open loop so light
that nearly every transaction has its own block; with four validators also closed loops of 10 and 100 operations in each
transaction. Unit: transactions or operations per second; ms of processor time of one validator for each transaction or
block; ms to finality. Limit: cores / (validators x time of one bare signature check).
A lie would be: reading the fall of the throughput as what agreement costs (all validators share these cores, so that
twice as many do twice the work on them), or a phase so short that it holds the start (each begins after a warm-up).
These are the points that ``model.py`` is fed with and checked against.
"""

import os
import tempfile
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.bench_crypto import verify_us
from benchmarks.harness import Figure, Size, percentile, single
from benchmarks.load import BLOCKS_PER_S_MAX, CONNECTIONS, PART, Client, Outcome, under_load
from benchmarks.running_network import RunningNetwork, own_cpu_s


class Plan(NamedTuple):
    """Sizes of networks and of transactions, and how long each part takes, in seconds."""

    validators: tuple[int, ...]
    operations: tuple[int, ...]
    """In each transaction; beside one, measured with the first number of validators."""
    warm_up: float
    busy: float
    light: float


PLANS: Final = {"full": Plan((4, 7, 10), (10, 100), 3, 6, 5), "smoke": Plan((4,), (10,), 0.5, 1, 1)}
PARTS: Final = {1: PART, 10: 20, 100: 4}
LIGHT_RATE: Final = 20.0
RATE_MAX: Final = 6_000
"""One-operation transactions a second that four validators cannot take on two cores: the supply never runs dry."""


@dataclass(slots=True)
class Phase:
    """One load on one network."""

    outcome: Outcome
    cpu_s: float
    """Of all validators."""
    client_cpu_s: float
    blocks: int


def run(size: Size) -> Iterator[Figure]:
    plan = PLANS[size]
    verify = verify_us()
    yield single("scaling.verify", "us", verify, "lower")
    for validators in plan.validators:
        operations = plan.operations if validators == plan.validators[0] else ()
        with tempfile.TemporaryDirectory(prefix="bench-scaling-") as name:
            network = RunningNetwork(Path(name) / "net", validators)
            busy, light, several, changes = under_load(network, partial(_phases, network, plan, operations))
        yield from _figures(validators, verify, busy, light, changes)
        for count, phase in several.items():
            yield _operations(validators, count, phase, busy)


async def _phases(
    network: RunningNetwork, plan: Plan, operations: tuple[int, ...], client: Client
) -> tuple[Phase, Phase, dict[int, Phase], int]:
    warm_up = await _closed(network, client, plan.warm_up, 1, RATE_MAX / 2)
    likely = 2 * warm_up.outcome.per_s + PART * CONNECTIONS
    busy = await _closed(network, client, plan.busy, 1, likely)
    several = {}
    for count in operations:
        several[count] = await _closed(network, client, plan.busy, count, likely / count * 5)
    supply = await client.sign(int(LIGHT_RATE * plan.light) + 1, 1, BLOCKS_PER_S_MAX * plan.light)
    light = await _measured(network, client, client.open_loop(supply, LIGHT_RATE, plan.light))
    changes = max(status.view_changes for status in await client.statuses())
    return busy, light, several, changes


async def _closed(network: RunningNetwork, client: Client, seconds: float, operations: int, rate: float) -> Phase:
    supply = await client.sign(int(rate * seconds) + PART, operations, BLOCKS_PER_S_MAX * seconds / 2)
    return await _measured(network, client, client.closed_loop(supply, seconds, CONNECTIONS, PARTS[operations]))


async def _measured(network: RunningNetwork, client: Client, load: Coroutine[object, object, Outcome]) -> Phase:
    first, nodes_s, own_s = await client.height(), sum(network.cpu_seconds().values()), own_cpu_s()
    outcome = await load
    spent = sum(network.cpu_seconds().values()) - nodes_s
    return Phase(outcome, spent, own_cpu_s() - own_s, max(1, await client.height() - first))


def _figures(validators: int, verify: float, busy: Phase, light: Phase, view_changes: int) -> list[Figure]:
    done, ended = max(1, busy.outcome.committed), busy.outcome
    limit = len(os.sched_getaffinity(0)) / (validators * verify * 1e-6)
    at = f"[{validators} validators]"
    note = f"{ended.seconds:.0f} s, {view_changes} view changes; refused {dict(ended.refusals) or 'none'}"
    rate = light.outcome.committed / light.blocks
    light_note = f"open loop at {LIGHT_RATE:g} tx/s, {light.blocks} blocks of {rate:.1f} transactions"
    return [
        single(f"scaling.limit{at}", "per s", limit, "higher", note="cores / (validators x verify)"),
        single(f"scaling.transactions{at}", "per s", ended.per_s, "higher", limit=f"scaling.limit{at}",
               ratios=[ended.per_s / limit], note=note),
        single(f"scaling.cpu{at}", "us", 1e6 * busy.cpu_s / done / validators, "lower",
               note="of one validator for each transaction"),
        single(f"scaling.client_cpu{at}", "us", 1e6 * busy.client_cpu_s / done, "lower"),
        single(f"scaling.block{at}", "tx", busy.outcome.committed / busy.blocks, "higher",
               note=f"transactions in a block; {busy.blocks / ended.seconds:.1f} blocks/s"),
        single(f"scaling.light_cpu{at}", "us", 1e6 * light.cpu_s / light.blocks / validators, "lower",
               note=f"of one validator for each block; {light_note}"),
        single(f"scaling.light_block{at}", "tx", rate, "higher", note="transactions in a block under light load"),
        *(single(f"scaling.finality_p{p}{at}", "ms", percentile(light.outcome.latencies_ms or [0.0], p), "lower",
                 note=light_note) for p in (50, 99)),
    ]


def _operations(validators: int, count: int, phase: Phase, one: Phase) -> Figure:
    rate = count * phase.outcome.per_s
    cpu_us = 1e6 * phase.cpu_s / max(1, phase.outcome.committed) / count / validators
    times = rate / max(one.outcome.per_s, 1e-9)
    note = f"{times:.1f} x of one each; {cpu_us:.0f} us of each validator; {phase.outcome.seconds:.0f} s"
    return single(f"scaling.operations[{count} per transaction]", "per s", rate, "higher", note=note)
