"""``./run bench history FOLDER``: the targets over all full reports of a folder, oldest first."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Report, ReportUnreadable, read, summary
from benchmarks.target import TARGETS, standings


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 2 where the folder holds no report; what is no report of this version is named and left out."""
    parser = argparse.ArgumentParser(prog="./run bench history", description="Show how the targets moved.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    reports = []
    for path in sorted(options.folder.glob("*.json")):
        try:
            reports.append(read(path))
        except ReportUnreadable as error:
            print(error, file=sys.stderr)
    print("\n".join(table([one for one in reports if one.size == "full"])))
    return 0 if reports else 2


def table(reports: Sequence[Report]) -> list[str]:
    """A column for each report, a row for each target; * where it is reached as it must be, ** as it aims."""
    ordered = sorted(reports, key=lambda report: report.started_ms)
    times = [datetime.fromtimestamp(report.started_ms / 1_000, UTC).strftime("%y-%m-%d %H:%M") for report in ordered]
    rows = [["", *times], ["commit", *(report.machine.commit[:12] for report in ordered)]]
    found = [{one.label: one for one in standings(summary(report))} for report in ordered]
    for target in TARGETS:
        cells = []
        for standing in (known.get(target.label) for known in found):
            if standing is None:
                cells.append("-")
                continue
            aim = standing.aim_times_must
            mark = "**" if aim is not None and standing.times_must >= aim else "*" if standing.times_must >= 1 else ""
            cells.append(f"{standing.value:,.4g}{mark}" if standing.value < 1e4 else f"{standing.value:,.0f}{mark}")
        rows.append([target.label, *cells])
    return [f"{row[0]:<34}" + "".join(f"{cell:>16}" for cell in row[1:]) for row in rows]
