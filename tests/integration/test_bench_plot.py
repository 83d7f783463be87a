"""``./run bench plot`` draws what a report holds, the same every time."""

import subprocess
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.plot_environment import PYTHON
from tests.support.bench_report import figure, made
from tests.support.shared import ROOT

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-plots: the first ./run bench plot makes it")

FOUND = made(
    figure(24.0, name="tree.update[1000 keys, 10 changed]", ratios=(0.3,)),
    figure(40.0, name="tree.prove[1000 keys]"),
    figure(5.0, name="tree.raw_sha256[1000]"),
    figure(0.0, 1_000.0, name="memory.transactions"),
    figure(50.0, 52.0, name="memory.samples"),
    figure(*(float(number) for number in range(1, 200)), name="end_to_end.finality_samples"),
    *(figure(value, name=f"saturation.{name}[{share} of the peak]")
      for share in (0.1, 1) for name, value in (("offered", 900.0 * share), ("committed", 800.0 * share),
                                                ("finality_p50", 20.0), ("finality_p99", 90.0))),
    *(figure(value / size, name=f"scaling.{name}[{size} validators]")
      for size in (4, 7) for name, value in (("limit", 9e3), ("transactions", 5e3), ("cpu", 200.0))),
)


def plot(source: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    command: list[str | Path] = [ROOT / "run", "bench", "plot", source, "--out", folder]
    return subprocess.run(command, text=True, capture_output=True, check=False, timeout=120)


def test_plot_draws_each_picture_as_png_and_svg(tmp_path: Path) -> None:
    """issue: plots as PNG and SVG. Equal reports give equal files, so that a history shows only what changed."""
    report.write(FOUND, tmp_path / "report.json")
    first, again = (plot(tmp_path / "report.json", tmp_path / name) for name in ("one", "other"))
    assert (first.returncode, again.returncode, first.stderr) == (0, 0, "")
    names = ("targets", "shares", "finality", "saturation", "scaling", "tree", "memory")
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert set(drawn) == {f"{name}.{kind}" for name in names for kind in ("png", "svg")}
    assert drawn == {path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()}
    assert drawn["tree.png"].startswith(b"\x89PNG")
    assert b"<svg" in drawn["tree.svg"]


def test_plot_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    report.write(made(figure(24.0, name="tree.update[1000 keys, 10 changed]")), tmp_path / "report.json")
    done = plot(tmp_path / "report.json", tmp_path / "out")
    assert done.returncode == 0
    assert "left out" in done.stdout
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"targets", "tree"}
    assert plot(tmp_path / "absent.json", tmp_path / "out").returncode == 2
