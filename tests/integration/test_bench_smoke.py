"""Every benchmark still runs, in its small size, and shows what it promises."""

import json
from importlib import import_module

import pytest

from benchmarks import __main__ as command
from benchmarks.harness import Figure

PROCESSES = ("memory", "startup", "end_to_end", "scaling", "saturation", "hostile")
IN_PROCESS = [name for name in command.BENCHMARKS if name not in PROCESSES]


def run(name: str) -> dict[str, Figure]:
    figures: list[Figure] = import_module(command.BENCHMARKS[name]).run("smoke")
    assert len({figure.name for figure in figures}) == len(figures), "a name stands for two figures"
    return {figure.name: figure for figure in figures}


@pytest.mark.parametrize("name", IN_PROCESS)
def test_benchmark_shows_figures_beside_their_limits(name: str) -> None:
    """quality.md: a smoke size that runs in the test suite so they cannot rot; every figure beside its raw limit."""
    figures = run(name)
    assert any(figure.limit for figure in figures.values())
    for figure in figures.values():
        assert figure.name.startswith(f"{name}.")
        assert figure.samples
        assert all(sample > 0 for sample in figure.samples), figure.name
        if figure.limit:
            assert figure.limit in figures
            assert len(figure.ratios) == len(figure.samples)


@pytest.mark.parametrize("name", ["codec", "contracts", "consensus"])
def test_benchmark_does_the_same_work_every_time(name: str) -> None:
    """Seeded workloads: two runs have the same digests, so that a comparison means something."""
    one, other = run(name), run(name)
    assert {n: figure.digest for n, figure in one.items()} == {n: figure.digest for n, figure in other.items()}


def test_command_ends_with_the_summary_line(capsys: pytest.CaptureFixture[str]) -> None:
    """issue: ``./run bench --json`` ends with one line."""
    assert command.main(["consensus", "--smoke", "--json"]) == 0
    *figures, last = capsys.readouterr().out.splitlines()
    assert all(json.loads(line)["samples"] for line in figures)
    assert json.loads(last)["core"]["steps_per_s"] > 0


@pytest.mark.processes
def test_processes_are_measured_from_start_to_loss(capsys: pytest.CaptureFixture[str]) -> None:
    """Real validators under load: something is committed, nothing acknowledged is lost, the nodes agree."""
    assert command.main([*PROCESSES, "--smoke", "--json"]) == 0
    *lines, last_line = capsys.readouterr().out.splitlines()
    figures = {figure["name"]: figure["samples"] for figure in map(json.loads, lines)}
    assert figures["memory.transactions"][-1] == 2_000
    assert figures["scaling.transactions[4 validators]"][0] > 0
    assert figures["saturation.committed[0.2 of the peak]"][0] > 0
    last = json.loads(last_line)
    assert last["e2e"]["tx_per_s"] > 0
    assert last["e2e"]["validators"] == 4
    assert last["batch100"]["operations_per_s"] > 0
    assert last["finality"]["p99_ms"] >= last["finality"]["p50_ms"] > 0
    assert last["overload"]["lost"] == 0
    assert last["help_ms"] > 0


@pytest.mark.processes
def test_profile_shows_the_stages_of_a_validator(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["profile", "--seconds", "1"]) == 0
    assert "%  signature checks" in capsys.readouterr().out
