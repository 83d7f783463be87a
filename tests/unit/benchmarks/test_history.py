"""The history shows each full report of a folder, oldest first."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import __main__ as command
from benchmarks import report
from tests.support.bench_report import figure, made


def test_history_orders_reports_by_time_and_marks_what_is_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, started_ms, us in (("b", 60_000, 50.0), ("a", 120_000, 30.0), ("c", 180_000, 10.0)):
        found = made(figure(us, name="tree.update[1000000 keys, 1000 changed]"))
        report.write(msgspec.structs.replace(found, started_ms=started_ms), tmp_path / f"{name}.json")
    report.write(made(figure(1.0, name="tree.update[5 keys, 1000 changed]"), size="smoke"), tmp_path / "smoke.json")
    (tmp_path / "other.json").write_text("{}")
    assert command.main(["history", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "70-01-01 00:01  70-01-01 00:02  70-01-01 00:03" in shown.out
    (row,) = [line.split() for line in shown.out.splitlines() if line.startswith("state tree")]
    assert row[-3:] == ["50", "30*", "10**"]
    assert "other.json" in shown.err


def test_history_of_no_reports_is_an_error(tmp_path: Path) -> None:
    assert command.main(["history", str(tmp_path)]) == 2
