"""What is kept of a run, the one line that sums it up, and what became better or worse between two runs.

A report is one JSON file: the machine sheet, and every figure with all its samples, so that plots and histories need
nothing else. Two reports are compared figure by figure: by the share of the limit where there is one, because that
holds across a busy or another machine, else by the value.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from benchmarks.harness import Figure, Size, quartiles
from benchmarks.machine import Machine

VERSION: Final = 1
NOISE: Final = 0.03
"""Smaller changes are never called anything, however steady the samples."""
SINGLE_NOISE: Final = 0.15
"""The same for figures of a single sample, whose spread is unknown."""
Verdict = Literal["better", "worse", "noise", "other work"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    version: int
    started_ms: int
    """Unix time."""
    seconds: float
    size: Size
    machine: Machine
    figures: list[Figure]

    def figure(self, name: str) -> Figure | None:
        """The figure of this name."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Change(NamedTuple):
    """One figure in two runs."""

    name: str
    verdict: Verdict
    before: float
    after: float
    of_limit: bool
    """Whether shares of the limit were compared instead of values."""


class ReportUnreadable(Exception):
    """The file is no report of this version."""


def write(report: Report, path: Path) -> None:
    """Write a report as a file."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def read(path: Path) -> Report:
    """Read a report.

    Raises:
        ReportUnreadable: the file is missing, damaged, or of another version.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise ReportUnreadable(f"{path}: {error}") from error
    if found.version != VERSION:
        raise ReportUnreadable(f"{path}: version {found.version}, expected {VERSION}")
    return found


def compare(before: Report, after: Report) -> list[Change]:
    """Every figure that both have, in the order of ``after``."""
    known = {figure.name: figure for figure in before.figures}
    return [_change(known[figure.name], figure) for figure in after.figures if figure.name in known]


def _change(before: Figure, after: Figure) -> Change:
    of_limit = bool(before.ratios and after.ratios)
    one, other = (before.ratios, after.ratios) if of_limit else (before.samples, after.samples)
    low, high = statistics.median(one), statistics.median(other)
    if before.digest != after.digest:
        return Change(after.name, "other work", low, high, of_limit)
    return Change(after.name, _verdict(one, other, higher=of_limit or after.better == "higher"), low, high, of_limit)


def _verdict(before: Sequence[float], after: Sequence[float], *, higher: bool) -> Verdict:
    """Noise, unless the middle halves of the samples lie apart and the medians differ by more than the noise."""
    old, new = statistics.median(before), statistics.median(after)
    floor = SINGLE_NOISE if min(len(before), len(after)) == 1 else NOISE
    if abs(new - old) <= floor * max(abs(old), abs(new)):
        return "noise"
    (old_low, old_high), (new_low, new_high) = quartiles(before), quartiles(after)
    if new_low <= old_high and old_low <= new_high:
        return "noise"
    return "better" if (new > old) == higher else "worse"


def summary(report: Report) -> dict[str, object]:
    """The line for machines; None for what this run did not measure at the size the line is about."""

    def value(name: str, digits: int = 2) -> float | None:
        found = report.figure(name)
        return None if found is None else round(found.value, digits)

    def ratio(name: str, digits: int = 3) -> float | None:
        found = report.figure(name)
        return None if found is None or found.ratio is None else round(found.ratio, digits)

    e2e, batch = value("end_to_end.transactions", 1), value("end_to_end.operations[100 per transaction]", 1)
    overload, tree = value("end_to_end.overload[3x]"), _largest_tree(report)
    return {
        "machine": msgspec.to_builtins(report.machine),
        "verify_us": _first(value, "end_to_end.verify", "crypto.raw_verify[64 B]"),
        "e2e": {
            "tx_per_s": e2e,
            "limit": value("end_to_end.limit", 1),
            "ratio": ratio("end_to_end.transactions"),
            "seconds": value("end_to_end.seconds", 1),
            "validators": None if e2e is None else 4,
        },
        "batch100": {"operations_per_s": batch, "times_e2e": _quotient(batch, e2e)},
        "finality": {
            "p50_ms": value("end_to_end.finality_p50"),
            "p99_ms": value("end_to_end.finality_p99"),
            "rate": None if e2e is None else 50,
        },
        "verifier": {"ratio": _best_pipeline(report)},
        "tree": {"us_per_key": None if tree is None else round(tree[1], 2), "keys": None if tree is None else tree[0]},
        "replay": {"ratio": ratio("sync.replay")},
        "core": {"steps_per_s": value("consensus.steps[n=4]", 0)},
        "memory_mib": _validator_mib(report),
        "help_ms": value("startup.help", 1),
        "start_ms": value("startup.node[100000 blocks]", 0),
        "overload": {"ratio_at_3x": _quotient(overload, e2e), "lost": _whole(value("end_to_end.lost"))},
    }


def _first(value: Callable[[str], float | None], *names: str) -> float | None:
    return next((found for name in names if (found := value(name)) is not None), None)


def _quotient(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else round(one / other, 2)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _best_pipeline(report: Report) -> float | None:
    found = [f.ratio for f in report.figures if f.name.startswith("crypto.pipeline[") and f.ratio is not None]
    return round(max(found), 3) if found else None


def _validator_mib(report: Report) -> float | None:
    """Memory of a validator after a million transactions: as its network left it, and what one node grew from there.

    Without the network that of the node alone; None where the million was not the question.
    """
    alone = report.figure("memory.node[1000000 transactions]")
    counts, samples = report.figure("memory.transactions"), report.figure("memory.samples")
    if alone is None or counts is None or samples is None:
        return None
    loaded, acknowledged = report.figure("end_to_end.memory"), report.figure("end_to_end.acknowledged")
    if loaded is None or acknowledged is None:
        return round(alone.value, 1)
    pairs = zip(counts.samples, samples.samples, strict=True)
    before = [mib for count, mib in pairs if count <= acknowledged.value]
    return round(loaded.value + max(0.0, alone.value - before[-1]), 1)


def _largest_tree(report: Report) -> tuple[int, float] | None:
    """Number of keys and us for one changed key, of the largest tree."""
    found: Mapping[int, float] = {
        int(figure.name.removeprefix("tree.update[").split()[0]): figure.value
        for figure in report.figures
        if figure.name.startswith("tree.update[") and ", 1 changed" not in figure.name
    }
    return max(found.items(), default=None)
