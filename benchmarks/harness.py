"""How anything is measured here: the same work many times over, interleaved with the limit it is held against.

A ``Case`` does a fixed, seeded piece of work and returns a digest of what it computed. ``measure`` runs all cases of a
group once to warm up and to take their digests, then round after round, each case once a round: what disturbs the
machine for a while disturbs a case and its limit alike, so their ratio, taken within each round, holds where absolute
figures do not. The garbage collector rests meanwhile, as its turns would fall on a case by chance. A case whose digest
changes between rounds is a defect and ends the run.
"""

import gc
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

import msgspec

Size = Literal["full", "smoke"]
Better = Literal["lower", "higher"]
Clock = Literal["cpu", "children", "wall"]
ROUNDS: Final[dict[str, int]] = {"full": 11, "smoke": 3}
ROUND_SECONDS: Final[dict[str, float]] = {"full": 3.0, "smoke": 0.6}
"""Rounds of a group end early when they took this long together, but never before the third."""
ROUNDS_MIN: Final = 3


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


CLOCKS: Final[dict[Clock, Callable[[], float]]] = {
    "cpu": time.process_time, "children": _children_s, "wall": time.perf_counter
}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number with all its samples."""

    name: str
    """``group.what`` with its parameters, the same in every run: ``compare`` matches by it."""
    unit: str
    better: Better
    samples: list[float]
    digest: str = ""
    """Of the result of the work; equal digests mean equal work. Empty where the work is not repeatable."""
    limit: str = ""
    """Name of the figure that is the raw limit of this one."""
    ratios: list[float] = []
    """Share of the limit that was reached, round by round: 1 is the limit itself."""
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def ratio(self) -> float | None:
        """Median share of the limit; None without a limit."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def spread(self) -> tuple[float, float]:
        """The middle half of the samples."""
        return quartiles(self.samples)


@dataclass(frozen=True, slots=True)
class Case:
    """A fixed piece of work."""

    name: str
    run: Callable[[], bytes]
    """Does ``count`` units and returns bytes that depend on all results. Called many times, always the same."""
    count: int = 1
    limit: str = ""
    """Name of the case of the same group that is this one's raw limit."""
    before: Callable[[], object] = field(default=lambda: None)
    """Untimed, before each call of ``run``."""
    unit: Literal["us", "ms", "per s", "MB/s"] = "us"
    """Of one of the ``count`` units; for ``per s`` and ``MB/s`` how many of them go by in a second."""
    clock: Clock = "cpu"
    """Processor time of this process, which others on the machine lengthen least; ``children``: that of processes it
    waited for; ``wall`` where disks, networks or helpers take part. A case and its limit use the same one."""
    share: float = 1.0
    """Units of the limit that one unit here cannot do without."""
    note: str = ""


class UnequalWork(Exception):
    """A case computed something else in one round than in another."""


def measure(cases: Sequence[Case], size: Size) -> list[Figure]:
    """Run the cases of one group, interleaved, and give each its figure.

    Raises:
        UnequalWork: a result changed between rounds.
    """
    digests = {case.name: _digest(case) for case in cases}
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    began = time.monotonic()
    # What is there already stays: the collection before each sample then looks only at what the last one left.
    gc.collect()
    gc.freeze()
    try:
        for number in range(ROUNDS[size]):
            if number >= ROUNDS_MIN and time.monotonic() - began > ROUND_SECONDS[size]:
                break
            for case in cases:
                seconds[case.name].append(_timed(case, digests[case.name]) / case.count)
    finally:
        gc.unfreeze()
    return [_figure(case, seconds, digests[case.name]) for case in cases]


def quartiles(samples: Sequence[float]) -> tuple[float, float]:
    """First and third quartile; with fewer than four samples the smallest and the largest."""
    if len(samples) < 4:
        return min(samples), max(samples)
    first, _, third = statistics.quantiles(samples, n=4, method="inclusive")
    return first, third


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that at least ``percent`` of all do not exceed."""
    ordered = sorted(samples)
    place = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(place) - 1)]


def single(name: str, unit: str, value: float, better: Better, **more: object) -> Figure:
    """A figure of one sample, for what is too long to be repeated."""
    return msgspec.convert({"name": name, "unit": unit, "better": better, "samples": [value], **more}, Figure)


def _digest(case: Case) -> str:
    case.before()
    return sha256(case.run()).hexdigest()[:16]


def _timed(case: Case, digest: str) -> float:
    case.before()
    clock = CLOCKS[case.clock]
    gc.collect()
    gc.disable()
    try:
        began = clock()
        result = case.run()
        took = clock() - began
    finally:
        gc.enable()
    if sha256(result).hexdigest()[:16] != digest:
        raise UnequalWork(f"{case.name} computed another result than in its first round")
    return took


def _figure(case: Case, seconds: dict[str, list[float]], digest: str) -> Figure:
    own = seconds[case.name]
    ratios = []
    if case.limit:
        ratios = [raw * case.share / mine for raw, mine in zip(seconds[case.limit], own, strict=True)]
    scale = {"us": 1e6, "ms": 1e3, "per s": 1.0, "MB/s": 1e-6}[case.unit]
    rate = case.unit in {"per s", "MB/s"}
    return Figure(
        name=case.name,
        unit=case.unit,
        better="higher" if rate else "lower",
        samples=[scale / one if rate else scale * one for one in own],
        digest=digest,
        limit=case.limit,
        ratios=ratios,
        note=case.note,
    )
