"""``./run bench`` keeps what it measured."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import __main__ as command
from benchmarks import report
from benchmarks.harness import Figure, Size, single
from benchmarks.machine import ROOT

MODULES = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}


def failing(size: Size) -> Iterator[Figure]:
    yield single("failing.first", size, 1.0, "lower")
    raise RuntimeError("the disk is full")


def working(size: Size) -> list[Figure]:
    return [single("working.only", size, 2.0, "lower")]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two benchmarks, and one that is run by name."""
    known = {}
    for name, run in (("failing", failing), ("working", working), ("long", working)):
        module = ModuleType(f"made_up_{name}")
        module.__dict__["run"] = run
        monkeypatch.setitem(sys.modules, module.__name__, module)
        known[name] = module.__name__
    monkeypatch.setattr(command, "BENCHMARKS", known)
    monkeypatch.setattr(command, "BY_NAME", frozenset({"long"}))


def test_benchmark_that_fails_costs_only_its_own_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--json", "--out", str(tmp_path / "r.json")]) == 1
    shown = capsys.readouterr()
    *figures, summary = map(json.loads, shown.out.splitlines())
    assert [figure["name"] for figure in figures] == ["failing.first", "working.only"]
    assert "machine" in summary
    assert "the disk is full" in shown.err
    assert "not measured, each for the reason above: failing" in shown.err
    assert [figure.name for figure in report.read(tmp_path / "r.json").figures] == ["failing.first", "working.only"]


def test_long_benchmark_is_left_out_of_a_whole_run(capsys: pytest.CaptureFixture[str]) -> None:
    """A whole run of full size takes ten minutes at most."""
    expected: list[tuple[list[str], int]] = [
        (["working"], 1), (["long"], 1), (["working", "--smoke", "long"], 2), ([], 1), (["--smoke"], 1)
    ]
    for arguments, times in expected:
        command.main(arguments)
        assert capsys.readouterr().out.count("working.only") == times


def test_readme_shows_only_commands_that_there_are() -> None:
    """Each is typed as it stands; those after the first word check their own arguments."""
    text = (ROOT / "benchmarks" / "README.md").read_text()
    shown = [line.split("#")[0].split()[2:] for line in text.splitlines() if line.startswith("./run bench")]
    assert len(shown) == 10
    for arguments in shown:
        if arguments and arguments[0] in command.OTHERS:
            continue
        options = command.command_line().parse_intermixed_args(arguments)
        assert set(options.names) <= {name.removeprefix("bench_") for name in MODULES}, arguments
