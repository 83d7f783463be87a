"""``./run bench``: choose, run, show, keep, compare.

    ./run bench [NAME...] [--smoke] [--json] [--out FILE]
    ./run bench compare BEFORE AFTER
    ./run bench profile [--seconds N]
    ./run bench model REPORT
    ./run bench plot REPORT --out FOLDER
    ./run bench history FOLDER

On a terminal a table; with ``--json`` one line for each figure as it comes, and the summary as the last line.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import history, model, node_profile, plot_environment, report
from benchmarks.harness import Figure, Size
from benchmarks.machine import sheet

BENCHMARKS: Final = {
    "crypto": "benchmarks.bench_crypto",
    "seal": "benchmarks.bench_seal",
    "codec": "benchmarks.bench_codec",
    "tree": "benchmarks.bench_tree",
    "contracts": "benchmarks.bench_contracts",
    "operations": "benchmarks.bench_operations",
    "store": "benchmarks.bench_store",
    "mempool": "benchmarks.bench_mempool",
    "consensus": "benchmarks.bench_consensus",
    "network": "benchmarks.bench_network",
    "sync": "benchmarks.bench_sync",
    "startup": "benchmarks.bench_startup",
    "memory": "benchmarks.bench_memory",
    "end_to_end": "benchmarks.end_to_end",
    "scaling": "benchmarks.scaling",
    "saturation": "benchmarks.saturation",
    "hostile": "benchmarks.hostile",
}
"""In the order in which a whole run goes through them."""
BY_NAME: Final = frozenset({"hostile"})
"""Left out of a whole run, which has ten minutes, in smoke size one: it takes four."""


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 1 if a benchmark failed or something became worse, 2 for a wrong command line or report."""
    if arguments and (other := OTHERS.get(arguments[0])) is not None:
        return other(arguments[1:])
    options = command_line().parse_intermixed_args(arguments)
    names = options.names or [name for name in BENCHMARKS if name not in BY_NAME]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    found, failed = run(names, "smoke" if options.smoke else "full", json=options.json)
    if options.out is not None:
        report.write(found, options.out)
    if failed:
        print(f"not measured, each for the reason above: {', '.join(failed)}", file=sys.stderr)
    if options.json:
        print(msgspec.json.encode(report.summary(found)).decode(), flush=True)
    return int(bool(failed))


def command_line() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="./run bench", description="Measure chainnode beside its raw limits.")
    some = f"one of: {', '.join(BENCHMARKS)}; default: all but {', '.join(sorted(BY_NAME))}"
    found.add_argument("names", nargs="*", metavar="NAME", help=some)
    found.add_argument("--smoke", action="store_true", help="small sizes, under a minute: does everything still run?")
    found.add_argument("--json", action="store_true", help="one JSON line for each figure, the summary last")
    found.add_argument("--out", type=Path, metavar="FILE", help="keep the report, with all samples, in FILE")
    found.epilog = f"Also, each with its own --help: {', '.join(OTHERS)}."
    return found


def run(names: Sequence[str], size: Size, *, json: bool) -> tuple[report.Report, list[str]]:
    """Run these benchmarks, showing each figure as it comes; what they found, and the names of those that failed."""
    machine, started_ms, began = sheet(), time.time_ns() // 1_000_000, time.monotonic()
    if not json:
        print(f"{machine.cpu}, {machine.cores} cores, {machine.python}, load {machine.load}")
        print(f"{'figure':<52}{'median':>14} {'unit':<6}{'middle half':>25}{'of limit':>10}")
    figures: list[Figure] = []
    failed = []
    for name in names:
        try:
            for figure in import_module(BENCHMARKS[name]).run(size):
                figures.append(figure)
                print(msgspec.json.encode(figure).decode() if json else line(figure), flush=True)
        except Exception:  # noqa: BLE001 - ten minutes of other figures must not be lost with it
            traceback.print_exc()
            failed.append(name)
    found = report.Report(
        version=report.VERSION, started_ms=started_ms, seconds=round(time.monotonic() - began, 1), size=size,
        machine=machine, figures=figures,
    )
    return found, failed


def line(figure: Figure) -> str:
    """One row of the table."""
    low, high = figure.spread
    ratio = "" if figure.ratio is None else f"{figure.ratio:.3f}"
    spread = f"{low:,.2f} .. {high:,.2f}" if len(figure.samples) > 1 else ""
    return f"{figure.name:<52}{figure.value:>14,.2f} {figure.unit:<6}{spread:>25}{ratio:>10}  {figure.note}".rstrip()


def compare(arguments: Sequence[str]) -> int:
    """Show what changed between two reports."""
    parser = argparse.ArgumentParser(prog="./run bench compare")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    try:
        before, after = report.read(options.before), report.read(options.after)
    except report.ReportUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    if before.size != after.size:
        print(f"one run is of {before.size} size, the other of {after.size}", file=sys.stderr)
        return 2
    changes = report.compare(before, after)
    for change in changes:
        kind = "of limit" if change.of_limit else ""
        print(f"{change.verdict:<11}{change.name:<52}{change.before:>14,.3f} -> {change.after:,.3f} {kind}".rstrip())
    return int(any(change.verdict == "worse" for change in changes))


OTHERS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "compare": compare, "profile": node_profile.main, "model": model.main, "plot": plot_environment.main,
    "history": history.main,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
