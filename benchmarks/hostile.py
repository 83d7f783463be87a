"""Throughput and memory beside a hostile validator.

Question: what does one hostile validator of four cost the others, once they have found out whom not to follow?

Workload: four validators as processes, closed loop on the three honest ones. The same network first with the fourth
honest, then with it hostile (``hostile_node``), after a time to settle in which its turns are taken from it (SPEC R12).
Unit: committed transactions per second of the machine that other programs left (the two spans are not at the same
moment, so what else runs must not decide which one looks better); MiB of an honest validator early and late in
a flood of valid-looking messages. Limit: the same network before.
A lie would be: a hostile validator that is not trusted like the others, clients that use only their luckiest node, or
a span too short to hold the turns that it still gets.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.harness import Figure, Size, single
from benchmarks.hostile_node import BEHAVIOURS
from benchmarks.load import BLOCKS_PER_S_MAX, PART, Client, Outcome, under_load
from benchmarks.running_network import RunningNetwork


class Plan(NamedTuple):
    """How long each part takes, in seconds."""

    free: float
    settle: float
    measured: float
    behaviours: tuple[str, ...]


PLANS: Final = {
    "full": Plan(6, 6, 15, tuple(BEHAVIOURS)),
    "smoke": Plan(1, 0.5, 1.5, ("double-votes",)),
}
VALIDATORS: Final = 4
CONNECTIONS: Final = 12
WARM_UP_S: Final = 1.0
RATE_MAX: Final = 2_500
"""Transactions signed beforehand for each second; more than two cores can finalise."""


class Span(NamedTuple):
    """One measured load."""

    outcome: Outcome
    left: float
    """Share of the machine's processors that was idle or ours."""

    @property
    def per_s(self) -> float:
        """Committed transactions per second, of a whole machine."""
        return self.outcome.per_s / max(self.left, 0.01)


class Shares(NamedTuple):
    """What one behaviour cost."""

    free: Span
    beside: Span
    memory_mib: tuple[float, float]
    """Of the largest honest validator when the measured time began and when it ended."""
    view_changes: int


def run(size: Size) -> Iterator[Figure]:
    plan = PLANS[size]
    for behaviour in plan.behaviours:
        with tempfile.TemporaryDirectory(prefix="bench-hostile-") as name:
            network = RunningNetwork(Path(name) / "net", VALIDATORS, hostile=behaviour)
            shares = under_load(network, partial(beside, network, plan), trusted=VALIDATORS - 1)
        yield from _figures(behaviour, shares)


async def beside(network: RunningNetwork, plan: Plan, client: Client) -> Shares:
    """Load one network before and after its last validator turns hostile."""
    await _load(client, WARM_UP_S)
    free = await _measured(network, client, plan.free)
    network.rouse()
    await _load(client, plan.settle)
    before = _honest_mib(network)
    measured = await _measured(network, client, plan.measured)
    after = _honest_mib(network)
    changes = max(status.view_changes for status in await client.statuses())
    return Shares(free, measured, (before, after), changes)


async def _load(client: Client, seconds: float) -> Outcome:
    supply = await client.sign(int(RATE_MAX * seconds), 1, BLOCKS_PER_S_MAX * seconds)
    return await client.closed_loop(supply, seconds, CONNECTIONS, PART)


async def _measured(network: RunningNetwork, client: Client, seconds: float) -> Span:
    supply = await client.sign(int(RATE_MAX * seconds), 1, BLOCKS_PER_S_MAX * seconds)
    began, busy, own = time.monotonic(), _busy_s(), _own_s(network)
    outcome = await client.closed_loop(supply, seconds, CONNECTIONS, PART)
    others = (_busy_s() - busy) - (_own_s(network) - own)
    return Span(outcome, 1 - others / ((time.monotonic() - began) * (os.cpu_count() or 1)))


def _busy_s() -> float:
    """Processor time that anybody used since the machine started."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _own_s(network: RunningNetwork) -> float:
    return sum(network.cpu_seconds().values()) + time.process_time()


def _honest_mib(network: RunningNetwork) -> float:
    return max(mib for name, mib in network.memory_mib().items() if name != network.manifest.nodes[-1].name)


def _figures(behaviour: str, found: Shares) -> list[Figure]:
    free, beside_it = f"hostile.without[{behaviour}]", f"hostile.beside[{behaviour}]"
    share = found.beside.per_s / max(found.free.per_s, 1e-9)
    early, late = found.memory_mib
    note = (
        f"{found.view_changes} view changes; refused {dict(found.beside.outcome.refusals) or 'none'}; "
        f"{found.beside.outcome.per_s:.0f} a second beside other programs, {found.free.outcome.per_s:.0f} without it"
    )
    return [
        single(free, "per s", found.free.per_s, "higher"),
        single(beside_it, "per s", found.beside.per_s, "higher", limit=free, ratios=[share], note=note),
        single(f"hostile.memory[{behaviour}]", "MiB", late, "lower", note=f"{early:.1f} MiB when it had settled"),
    ]
