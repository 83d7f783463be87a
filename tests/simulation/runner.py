"""Runs many seeds on all cores, adds up what happened, and says how to repeat what went wrong."""

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field

from tests.simulation.whole.plan import PROMISED, Plan, draw, smaller
from tests.simulation.whole.world import run_seed

TWICE_EACH = 100
"""Of so many seeds one runs twice, in two processes: the same things must happen."""
NAMED_MIN = 40
"""A fault that so many plans name must have taken effect at least once."""
SHRINK_RUNS_MAX = 200


@dataclass(frozen=True)
class Result:
    """What one seed came to."""

    seed: int
    violation: str | None
    steps: int
    virtual_ms: int
    faults: dict[str, int]
    digest: str


@dataclass
class Summary:
    """What a run of many seeds came to."""

    seeds: int = 0
    steps: int = 0
    virtual_ms: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    promised: Counter[str] = field(default_factory=Counter)
    """How many plans named what makes each fault."""
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def silent(self) -> list[str]:
        """Faults that were promised and never took effect."""
        return sorted(name for name, count in self.promised.items() if count >= NAMED_MIN and not self.faults[name])

    def as_json(self) -> str:
        """The last line of every run."""
        return json.dumps(
            {
                "seeds": self.seeds, "violations": len(self.failures), "steps": self.steps,
                "virtual_hours": round(self.virtual_ms / 3_600_000, 3), "seconds": round(self.seconds, 1),
                "faults_fired": dict(sorted(self.faults.items())), "faults_silent": self.silent,
            }
        )


def promises(plan: Plan) -> Iterator[str]:
    """The faults that this plan ought to bring about."""
    for kind in plan.kinds:
        if kind == "hostile":
            yield from (f"hostile_{name}" for names in plan.hostile.values() for name in names[:1])
        elif kind != "twins" or plan.twins:
            yield from PROMISED[kind]


def play(seed: int, size: int, profile: str) -> Result:
    """Run one seed."""
    world = run_seed(draw(seed, size, profile))
    found = None if world.violation is None else f"{type(world.violation).__name__}: {world.violation}"
    return Result(seed, found, world.checker.steps, world.loop.now_ms, dict(world.faults), world.digest)


def play_all(seeds: Iterable[int], size: int, profile: str) -> list[Result]:
    """Run a few seeds in one process."""
    return [play(seed, size, profile) for seed in seeds]


def run(start: int, count: int, size: int, profile: str, jobs: int) -> Summary:
    """Run ``count`` seeds from ``start`` on, on ``jobs`` processes."""
    began = time.perf_counter()
    summary = Summary()
    seeds = range(start, start + count)
    chunk = max(1, min(20, count // (2 * jobs)))
    work = [seeds[at : at + chunk] for at in range(0, count, chunk)]
    twice = [[seed] for seed in seeds if seed % TWICE_EACH == 0]
    digests: dict[int, str] = {}
    for results in _everywhere(work + twice, size, profile, jobs):
        for result in results:
            if result.seed not in digests:
                digests[result.seed] = result.digest
                _add(summary, result, draw(result.seed, size, profile))
            elif digests[result.seed] != result.digest:
                summary.failures[result.seed] = "not repeatable: two runs of this seed differ"
    summary.seconds = time.perf_counter() - began
    return summary


def _everywhere(work: list, size: int, profile: str, jobs: int) -> Iterator[list[Result]]:
    if jobs == 1:
        yield from (play_all(seeds, size, profile) for seeds in work)
        return
    # Fresh interpreters: each hashes strings its own way, so that a run that depends on it is found out.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for future in as_completed([pool.submit(play_all, seeds, size, profile) for seeds in work]):
            yield future.result()


def _add(summary: Summary, result: Result, plan: Plan) -> None:
    summary.seeds += 1
    summary.steps += result.steps
    summary.virtual_ms += result.virtual_ms
    summary.faults.update(result.faults)
    summary.promised.update(set(promises(plan)))
    if result.violation is not None:
        summary.failures[result.seed] = result.violation


def fails(plan: Plan) -> str | None:
    """The violation that this plan leads to, if any."""
    world = run_seed(plan)
    return None if world.violation is None else str(world.violation)


def shrink(plan: Plan) -> Plan:
    """A plan with less in it that still fails; ``plan`` itself if nothing can be left out."""
    runs = 0
    while runs < SHRINK_RUNS_MAX:
        for candidate in smaller(plan):
            runs += 1
            if fails(candidate) is not None:
                plan = candidate
                break
        else:
            break
    return plan


def plan_to_json(plan: Plan) -> str:
    return json.dumps(asdict(plan))


def plan_from_json(text: str) -> Plan:
    data = json.loads(text)
    return Plan(
        seed=data["seed"], size=data["size"], kinds=tuple(data["kinds"]),
        hostile={int(index): tuple(names) for index, names in data["hostile"].items()},
        twins=tuple(data["twins"]), spares=data["spares"], pace=data["pace"], load_ms=tuple(data["load_ms"]),
        trouble_ms=data["trouble_ms"], strikes_max=data["strikes_max"],
    )
