"""Pictures of a report, as PNG and SVG: ``./run bench plot REPORT --out FOLDER``.

Runs in an environment of its own (``plot_environment``) and imports nothing of the product. A picture whose figures the
report lacks is left out and named.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure as Picture

from benchmarks.harness import Figure, percentile
from benchmarks.report import Report, ReportUnreadable, read, summary
from benchmarks.target import standings

GREY: Final = "0.6"
INK: Final = "#1f5f8b"
SECOND: Final = "#c2571a"
SETTINGS: Final = {
    "svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "figure.dpi": 130,
}
"""Equal reports give equal files: no random ids in SVG."""


class NothingToDraw(Exception):
    """The report lacks the figures of a picture."""


def targets(report: Report) -> Picture:
    """Each target: how many times better than it must be, the aim marked."""
    found = standings(summary(report))
    if not found:
        raise NothingToDraw
    picture, axes = _picture(height=1 + 0.32 * len(found))
    rows = range(len(found))
    colours = [INK if one.times_must >= 1 else SECOND for one in found]
    axes.barh(rows, [one.times_must for one in found], color=colours, height=0.6)
    for row, one in enumerate(found):
        shown = f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.3g}"
        axes.text(one.times_must * 1.04, row, shown, va="center")
        if one.aim_times_must is not None:
            axes.plot([one.aim_times_must] * 2, [row - 0.42, row + 0.42], color="black", linewidth=1.5)
    axes.axvline(1, color=GREY)
    axes.set(yticks=list(rows), yticklabels=[one.label for one in found], xscale="log",
             xlabel="times as good as it must be (line: must, stroke: aim)")
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10) if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.invert_yaxis()
    return picture


def shares(report: Report) -> Picture:
    """Every figure that has a raw limit: the share of it that is reached."""
    found = [figure for figure in report.figures if figure.ratio is not None and not _by_operation(figure)]
    if not found:
        raise NothingToDraw
    picture, axes = _picture(height=1 + 0.2 * len(found), width=9)
    axes.barh(range(len(found)), [figure.ratio for figure in found], color=INK, height=0.7)
    axes.axvline(1, color=GREY)
    axes.set(yticks=list(range(len(found))), yticklabels=[figure.name for figure in found], xscale="log",
             xlabel="share of the raw limit", ylim=(len(found), -1))
    return picture


def finality(report: Report) -> Picture:
    """Histogram and cumulated share of the time to finality."""
    figure = report.figure("end_to_end.finality_samples")
    if figure is None or len(figure.samples) < 2:
        raise NothingToDraw
    samples = sorted(figure.samples)
    picture, axes = _picture()
    axes.hist(samples, bins=60, range=(0, 1.2 * percentile(samples, 99)), color=INK)
    axes.set(xlabel="ms to finality at 50 transactions/s", ylabel="transactions")
    cumulated = axes.twinx()
    cumulated.plot(samples, [(place + 1) / len(samples) for place in range(len(samples))], color=SECOND)
    cumulated.set(ylabel="share", ylim=(0, 1.02))
    for percent, style in ((50, "--"), (99, ":")):
        axes.axvline(percentile(samples, percent), color="black", linestyle=style, linewidth=1)
    return picture


def saturation(report: Report) -> Picture:
    """Committed rate and latency against the offered rate."""
    offered = [one.value for one in _series(report, "saturation.offered")]
    if not offered:
        raise NothingToDraw
    picture, axes = _picture()
    axes.plot(offered, offered, color=GREY, linestyle=":", label="offered")
    axes.plot(offered, _values(report, "saturation.committed"), color=INK, marker="o", label="committed")
    if (knee := report.figure("saturation.knee")) is not None and knee.value:
        axes.axvline(knee.value, color="black", linestyle="--", linewidth=1, label="knee")
    axes.set(xlabel="offered transactions/s", ylabel="committed transactions/s")
    late = axes.twinx()
    for percent, style in ((50, "-"), (99, "--")):
        values = _values(report, f"saturation.finality_p{percent}")
        late.plot(offered, values, color=SECOND, linestyle=style, marker=".", label=f"finality p{percent}")
    late.set(ylabel="ms", yscale="log")
    lines = [*axes.get_lines(), *late.get_lines()]
    axes.legend(lines, [line.get_label() for line in lines], frameon=False, loc="upper left")
    return picture


def scaling(report: Report) -> Picture:
    """Throughput beside its limit, and processor time, by the number of validators."""
    rates = _series(report, "scaling.transactions")
    if not rates:
        raise NothingToDraw
    sizes = [_number(figure) for figure in rates]
    picture, axes = _picture()
    limits = _values(report, "scaling.limit")
    axes.plot(sizes, limits, color=GREY, linestyle=":", marker=".", label="cores / (validators x verify)")
    axes.plot(sizes, [figure.value for figure in rates], color=INK, marker="o", label="committed")
    axes.set(xlabel="validators on this machine", ylabel="transactions/s", xticks=sizes, ylim=(0, None))
    axes.legend(frameon=False, loc="center right")
    spent = axes.twinx()
    spent.plot(sizes, _values(report, "scaling.cpu"), color=SECOND, marker="s")
    spent.set_ylabel("us of a validator for each transaction", color=SECOND)
    spent.set_ylim(0, None)
    return picture


def tree(report: Report) -> Picture:
    """The state tree by its size."""
    updates = [figure for figure in _series(report, "tree.update") if ", 1 changed" not in figure.name]
    if not updates:
        raise NothingToDraw
    picture, axes = _picture()
    for name, found, colour in (
        ("update, a key", updates, INK),
        ("proof", _series(report, "tree.prove"), SECOND),
        ("hashes that no tree can do without", _series(report, "tree.raw_sha256"), GREY),
    ):
        axes.plot([_number(one) for one in found], [one.value for one in found], color=colour, marker="o", label=name)
    axes.set(xlabel="keys", ylabel="us", xscale="log", ylim=(0, None))
    axes.legend(frameon=False)
    return picture


def memory(report: Report) -> Picture:
    """Memory of a node as its chain grows."""
    counts, samples = report.figure("memory.transactions"), report.figure("memory.samples")
    if counts is None or samples is None:
        raise NothingToDraw
    picture, axes = _picture()
    axes.plot(counts.samples, samples.samples, color=INK, marker=".", label="its own")
    if (files := report.figure("memory.files")) is not None:
        axes.plot(counts.samples, files.samples, color=GREY, marker=".", label="pages of mapped files")
    axes.set(xlabel="transactions", ylabel="MiB", ylim=(0, None))
    axes.legend(frameon=False)
    return picture


PICTURES: Final[dict[str, Callable[[Report], Picture]]] = {
    "targets": targets, "shares": shares, "finality": finality, "saturation": saturation, "scaling": scaling,
    "tree": tree, "memory": memory,
}


def _picture(height: float = 4.0, width: float = 7.0) -> tuple[Picture, Any]:
    picture = Picture(figsize=(width, height), layout="constrained")
    return picture, picture.add_subplot()


def _series(report: Report, name: str) -> list[Figure]:
    return [figure for figure in report.figures if figure.name.startswith(f"{name}[")]


def _values(report: Report, name: str) -> list[float]:
    return [figure.value for figure in _series(report, name)]


def _number(figure: Figure) -> int:
    found = re.search(r"\[(\d+)", figure.name)
    assert found is not None
    return int(found[1])


def _by_operation(figure: Figure) -> bool:
    """There are more than a hundred of these."""
    return figure.name.startswith("operations.")


def draw(report: Report, folder: Path) -> tuple[list[str], list[str]]:
    """Write every picture that the report has figures for; names of those drawn, and of those left out."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn, left_out = [], []
    for name, make in PICTURES.items():
        with mpl.rc_context(SETTINGS):
            try:
                picture = make(report)
            except NothingToDraw:
                left_out.append(name)
                continue
            picture.suptitle(f"{name}: {report.machine.cpu}, {report.machine.cores} cores", fontsize=9)
            picture.savefig(folder / f"{name}.png", metadata={"Software": None})
            picture.savefig(folder / f"{name}.svg", metadata={"Date": None})
        drawn.append(name)
    return drawn, left_out


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 2 for a report that cannot be used."""
    parser = argparse.ArgumentParser(prog="./run bench plot", description="Draw a report, as PNG and SVG.")
    parser.add_argument("report", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        drawn, left_out = draw(read(options.report), options.out)
    except ReportUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.out}: {', '.join(drawn) or 'nothing'}, each as PNG and SVG")
    if left_out:
        print(f"left out, as the report lacks their figures: {', '.join(left_out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
