"""What the summary of a run is held against: for each measure the value it must have, and the one it aims at."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Target(NamedTuple):
    """One measure."""

    label: str
    path: tuple[str, ...]
    """Where the summary has it."""
    must: float
    aim: float | None
    higher: bool = True


TARGETS: Final = (
    Target("transactions/s of the limit", ("e2e", "ratio"), 0.25, 0.50),
    Target("operations/s, 100 in each, x one", ("batch100", "times_e2e"), 10, 20),
    Target("finality p50, ms", ("finality", "p50_ms"), 30, 12, higher=False),
    Target("finality p99, ms", ("finality", "p99_ms"), 55, 25, higher=False),
    Target("verifier of raw x cores", ("verifier", "ratio"), 0.85, 0.95),
    Target("state tree, us per key", ("tree", "us_per_key"), 40, 15, higher=False),
    Target("replay of verifying alone", ("replay", "ratio"), 0.4, 0.7),
    Target("core steps/s", ("core", "steps_per_s"), 50_000, 150_000),
    Target("memory at 1 M transactions, MiB", ("memory_mib",), 400, 200, higher=False),
    Target("--help, ms", ("help_ms",), 150, None, higher=False),
    Target("start on 100,000 blocks, ms", ("start_ms",), 2_000, None, higher=False),
    Target("overload at 3 x of the peak", ("overload", "ratio_at_3x"), 0.8, None),
)


class Standing(NamedTuple):
    """Where a measure stands; 1 is the value it must have, more is better."""

    label: str
    value: float
    times_must: float
    aim_times_must: float | None


def standings(summary: Mapping[str, Any]) -> list[Standing]:
    """Every target that this summary has a value for."""
    found = []
    for target in TARGETS:
        value: Any = summary
        for name in target.path:
            value = value[name]
        if value is not None:
            aim = None if target.aim is None else _times(target, target.aim)
            found.append(Standing(target.label, value, _times(target, value), aim))
    return found


def _times(target: Target, value: float) -> float:
    return value / target.must if target.higher else target.must / max(value, 1e-9)
