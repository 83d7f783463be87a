"""Many seeds of two chains, and how to repeat what went wrong; README.md of the simulator lists the commands."""

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.two_chains.liar import LIES
from tests.simulation.two_chains.mutants import MUTANTS, chase
from tests.simulation.two_chains.world import run_seed

COMMAND: Final = "./run simulate --two-chains"
TWICE_EACH: Final = 20
"""Of so many seeds one runs twice, in two processes: the same things must happen."""
TOLD_MIN: Final = 60
"""After so many seeds every lie must have been told."""


@dataclass
class Result:
    """What one seed came to."""

    seed: int
    violation: str | None
    digest: str
    told: dict[str, int]
    codes: dict[str, int]
    events: dict[str, int]


@dataclass
class Summary:
    """What many seeds came to."""

    seeds: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def untold(self) -> list[str]:
        """Lies that nobody told, though there was time for all."""
        return sorted(name for name in LIES if self.seeds >= TOLD_MIN and not self.told[name])

    def as_json(self) -> str:
        """The last line of every run."""
        return json.dumps(
            {
                "seeds": self.seeds, "violations": len(self.failures), "seconds": round(self.seconds, 1),
                "packets": dict(sorted(self.events.items())), "lies_told": dict(sorted(self.told.items())),
                "lies_untold": self.untold, "refused": dict(sorted(self.refused.items())),
            }
        )


def play(seed: int) -> Result:
    """Run one seed."""
    world = run_seed(seed)
    found = None if world.violation is None else str(world.violation)
    return Result(seed, found, world.digest, world.told, world.codes, world.checker.counts)


def run(start: int, count: int, jobs: int) -> Summary:
    """Run ``count`` seeds from ``start`` on, on ``jobs`` processes."""
    began = time.perf_counter()
    seeds = range(start, start + count)
    work = [*seeds, *(seed for seed in seeds if seed % TWICE_EACH == 0)]
    summary = Summary(seeds=count)
    digests: dict[int, str] = {}
    for result in _everywhere(work, jobs):
        if result.seed in digests:
            if digests[result.seed] != result.digest:
                summary.failures[result.seed] = "not repeatable: two runs of this seed differ"
            continue
        digests[result.seed] = result.digest
        summary.told.update(result.told)
        summary.events.update(result.events)
        summary.refused.update({code: times for code, times in result.codes.items() if code != "ok"})
        if result.violation is not None:
            summary.failures[result.seed] = result.violation
    summary.seconds = time.perf_counter() - began
    return summary


def _everywhere(work: list[int], jobs: int) -> Iterable[Result]:
    if jobs == 1:
        yield from map(play, work)
        return
    # Fresh interpreters: each hashes strings its own way, so that a run that depends on it is found out.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, work, chunksize=5)


def hunt(say: Callable[[str], None]) -> int:
    """Chase every mutant; 0 if all were found."""
    lost = 0
    for mutant in MUTANTS:
        seeds, found = chase(mutant)
        lost += found is None
        say(f"{mutant.name:<32} {seeds:>3} seeds  {found or 'NOT FOUND'}")
    say(json.dumps({"mutants": len(MUTANTS), "found": len(MUTANTS) - lost}))
    return 1 if lost else 0


def main(
    say: Callable[[str], None], *, start: int, count: int, jobs: int, seed: int | None, trace: bool, mutants: bool
) -> int:
    """The simulator's ``--two-chains``."""
    if mutants:
        return hunt(say)
    if seed is not None:
        world = run_seed(seed)
        if trace:
            say("\n".join(world.trace))
        say(f"seed {seed}: {world.violation or 'no violation'}; trace {world.digest}")
        return 0 if world.violation is None else 1
    summary = run(start, count, jobs)
    for failed, violation in sorted(summary.failures.items()):
        say(f"seed {failed}: {violation}")
        say(f"  {COMMAND} --seed {failed} --trace")
    say(summary.as_json())
    return 1 if summary.failures or summary.untold else 0
