"""Rising load, up to and past what the network can take.

Question: how do throughput and latency answer to a rising load, and where is the knee?

Workload: four validators as in ``end_to_end``. A closed loop tells about where the peak is; then open loops at rising
shares of it, in parts each ten milliseconds, each beginning when the one before is drained. Unit: transactions
committed a second until the last answer; ms from the moment a part was due to the answer that all of it is final.
Limit: the rate that was offered.
The knee is the highest rate that is kept up with: at least 90 % of it is committed a second until the last answer, with
finality for 99 of 100 parts within a second, and so at every lower rate.
A lie would be: a client that offers less while the network stalls (latency counts from the due moment), a curve that
ends where it still looks good (it goes on to one and a half of the peak), or rates so short that a queue hides them
(the time until the last answer counts).
"""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.harness import Figure, Size, percentile, single
from benchmarks.load import BLOCKS_PER_S_MAX, CONNECTIONS, PART, Client, Outcome, under_load
from benchmarks.running_network import RunningNetwork


class Plan(NamedTuple):
    """How long each part takes, in seconds, and which shares of the peak are offered."""

    peak: float
    each: float
    shares: tuple[float, ...]


PLANS: Final = {
    "full": Plan(4, 4, (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)),
    "smoke": Plan(1, 0.5, (0.2, 1.2)),
}
VALIDATORS: Final = 4
TICK_S: Final = 0.01
RATE_MAX: Final = 6_000
DRAIN_S: Final = 20.0
KEPT_UP: Final = 0.9
"""The last answer comes a latency after the last part: in a phase of four seconds that alone may take a tenth."""
P99_MS_MAX: Final = 1_000.0


class Point(NamedTuple):
    """One rate."""

    share: float
    offered_per_s: float
    committed_per_s: float
    p50_ms: float
    p99_ms: float
    note: str

    @property
    def kept_up(self) -> bool:
        """Whether the network took this rate."""
        return self.committed_per_s >= KEPT_UP * self.offered_per_s and self.p99_ms <= P99_MS_MAX


def run(size: Size) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-saturation-") as name:
        network = RunningNetwork(Path(name) / "net", VALIDATORS)
        peak, points = under_load(network, partial(_climb, network, PLANS[size]))
    found = [single("saturation.peak", "per s", peak, "higher", note="closed loop")]
    for point in points:
        at = f"[{point.share:g} of the peak]"
        offered = f"saturation.offered{at}"
        found += [
            single(offered, "per s", point.offered_per_s, "higher"),
            single(f"saturation.committed{at}", "per s", point.committed_per_s, "higher", limit=offered,
                   ratios=[point.committed_per_s / point.offered_per_s], note=point.note),
            single(f"saturation.finality_p50{at}", "ms", point.p50_ms, "lower"),
            single(f"saturation.finality_p99{at}", "ms", point.p99_ms, "lower"),
        ]
    note = f"kept up with: {KEPT_UP:.0%} committed, p99 within {P99_MS_MAX:.0f} ms"
    return [*found, single("saturation.knee", "per s", knee(points), "higher", note=note)]


def knee(points: Sequence[Point]) -> float:
    """The highest rate, of those offered in rising order, before the first that was not kept up with; 0: none was."""
    found = 0.0
    for point in points:
        if not point.kept_up:
            break
        found = point.offered_per_s
    return found


async def _climb(network: RunningNetwork, plan: Plan, client: Client) -> tuple[float, list[Point]]:
    points = []
    for _ in range(2):
        supply = await client.sign(int(RATE_MAX * plan.peak / 2), 1, BLOCKS_PER_S_MAX * plan.peak / 2)
        peak = (await client.closed_loop(supply, plan.peak / 2, CONNECTIONS, PART)).per_s
    for share in plan.shares:
        points.append(await _point(client, share, max(1.0, share * peak), plan.each))
        await client.drained(DRAIN_S)
        network.check()
    return peak, points


async def _point(client: Client, share: float, rate: float, seconds: float) -> Point:
    part = max(1, round(rate * TICK_S))
    supply = await client.sign(int(rate * seconds) + part, 1, BLOCKS_PER_S_MAX * seconds / 2)
    outcome = await client.open_loop(supply, rate, seconds, part)
    late = outcome.latencies_ms or [0.0]
    return Point(share, rate, outcome.per_s, percentile(late, 50), percentile(late, 99), _note(outcome, part))


def _note(outcome: Outcome, part: int) -> str:
    return f"in parts of {part}; refused {dict(outcome.refusals) or 'none'}; {outcome.unsent} not sent"
