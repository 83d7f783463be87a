"""``./run`` on a copy of itself: with stand-ins for Python where only the decision counts, and once for real.

The real one has an empty lock, so that it needs no network; everything else is as on a first start.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared import ROOT

TOOLS = ("sh", "cat", "readlink", "dirname", "id", "apt-get")
CLI = """import sys
def main():
    print("cli", sys.argv[1:])
    return 7
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that holds ``run``, an empty lock and a command of one line."""
    folder = tmp_path / "check out"
    (folder / "chainnode" / "cli").mkdir(parents=True)
    (folder / "chainnode" / "cli" / "main.py").write_text(CLI)
    (folder / "requirements.lock").write_text("# nothing\n")
    shutil.copy(ROOT / "run", folder / "run")
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The only folder on PATH: the few tools of ``run``, and no Python yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        script(folder / name, f'exec {shutil.which(name) or "true"} "$@"')
    return folder


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def python_stand_in(path: Path, version: str, *, complete: bool) -> None:
    """A program that answers what ``run`` asks a Python, and otherwise says that it was called."""
    script(
        path,
        f'case "$2" in *version_info*) echo {version} ;; *ensurepip*) exit {0 if complete else 1} ;;'
        f' *) echo "{path.name}:" "$@" ;; esac',
    )


def start(
    checkout: Path, *arguments: str, path: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    searched = str(path) if path else os.environ["PATH"]
    return subprocess.run(
        [checkout / "run", *arguments],
        env=inherited | {"PATH": searched} | environment,
        cwd=checkout.parent,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )


def make_ready(checkout: Path) -> Path:
    """A .venv with a valid stamp, whose Python only tells its arguments."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    script(python, 'printf "[%s]" "$@"')
    stamp = f"{checkout.resolve()}\n{python.resolve()}\n{(checkout / 'requirements.lock').read_text()}"
    (checkout / ".venv" / ".stamp").write_text(stamp)
    return python


@pytest.mark.parametrize("word", [(), ("help",), ("-h",), ("--help",)])
def test_run_prints_its_help_without_any_python(checkout: Path, path: Path, word: tuple[str, ...]) -> None:
    """``./run`` alone prints help, and makes nothing."""
    done = start(checkout, *word, path=path)
    assert done.returncode == 0
    assert all(f"./run {name}" in done.stdout for name in ("demo", "test", "check", "lock"))
    assert "bench" not in done.stdout
    assert not (checkout / ".venv").exists()


def test_run_offers_the_benchmarks_when_there_are_some(checkout: Path, path: Path) -> None:
    """The help names only what works."""
    (checkout / "benchmarks").mkdir()
    (checkout / "benchmarks" / "__main__.py").touch()
    assert "./run bench" in start(checkout, path=path).stdout


@pytest.mark.parametrize(("present", "said"), [((), "apt-get install python3-venv"), (("3.10",), "python3 is 3.10")])
def test_run_says_what_is_missing_when_no_python_fits(
    checkout: Path, path: Path, present: tuple[str, ...], said: str
) -> None:
    """It says clearly that 3.11 or 3.12 is needed, and what it found instead."""
    for version in present:
        python_stand_in(path / "python3", version, complete=True)
    done = start(checkout, "demo", path=path)
    assert done.returncode == 3
    assert "needs Python 3.11 or 3.12" in done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_run_says_the_one_command_when_python_lacks_venv(checkout: Path, path: Path) -> None:
    """Where Python lacks venv or pip it says the one command that installs them."""
    python_stand_in(path / "python3", "3.11", complete=False)
    done = start(checkout, "demo", path=path)
    assert done.returncode == 3
    assert "apt-get install python3.11-venv\n" in done.stderr
    assert not (checkout / ".venv").exists()


def test_run_prefers_a_complete_python_when_a_newer_one_lacks_venv(checkout: Path, path: Path) -> None:
    """One Python without venv does not hide another that has it."""
    python_stand_in(path / "python3.12", "3.12", complete=False)
    python_stand_in(path / "python3.11", "3.11", complete=True)
    done = start(checkout, "lock", "--upgrade", path=path)
    assert done.stdout == f"python3.11: -I {checkout.resolve()}/run lock --upgrade\n"


def test_run_uses_the_named_python_when_told(checkout: Path, path: Path, tmp_path: Path) -> None:
    """PYTHON chooses, whatever is on PATH, and its path may hold a space."""
    python_stand_in(path / "python3.12", "3.12", complete=True)
    python_stand_in(tmp_path / "my python", "3.11", complete=True)
    done = start(checkout, "lock", path=path, PYTHON=str(tmp_path / "my python"))
    assert done.stdout.startswith("my python: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("demo", "--once", "a b"), "[{venv}/bin/chainnode][demo][--once][a b]"),
        (("chainnode", "--help"), "[{venv}/bin/chainnode][--help]"),
        (("chainnode", "test"), "[{venv}/bin/chainnode][test]"),
        (("check",), "[{root}/run][check]"),
    ],
)
def test_run_hands_over_at_once_when_ready(
    checkout: Path, path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    """Second start instant: no Python but the one of .venv is started, and arguments arrive as they were typed."""
    make_ready(checkout)
    done = start(checkout, *arguments, path=path)
    root = checkout.resolve()
    assert (done.stdout, done.stderr) == (expected.format(root=root, venv=root / ".venv"), "")


def test_run_test_passes_its_arguments_to_pytest(checkout: Path, path: Path) -> None:
    """``./run test`` is the test suite on all cores."""
    make_ready(checkout)
    done = start(checkout, "test", "-k", "a or b", path=path)
    assert done.stdout.startswith("[-m][pytest][-n][auto]")
    assert done.stdout.endswith("[-k][a or b]")


@pytest.mark.parametrize("change", ["lock", "folder", "python", "stamp", "partial"])
def test_run_prepares_anew_when_something_changed(checkout: Path, path: Path, change: str) -> None:
    """The stamp holds folder, Python and lock: a change of any, or an install cut short, is noticed."""
    python = make_ready(checkout)
    python_stand_in(path / "python3.11", "3.11", complete=True)
    match change:
        case "lock":
            (checkout / "requirements.lock").write_text("# more\n")
        case "folder":
            checkout = checkout.rename(checkout.with_name("moved"))
        case "python":
            python.rename(python.with_name("other"))
            python.symlink_to("other")
        case "stamp":
            (checkout / ".venv" / ".stamp").unlink()
        case "partial":
            stamp = checkout / ".venv" / ".stamp"
            stamp.write_text(stamp.read_text()[:-5])
    done = start(checkout, "demo", path=path)
    assert done.stdout.startswith(f"python3.11: -I {checkout.resolve()}/run prepare\n")


def test_run_makes_a_working_environment_once_when_two_start_together(checkout: Path) -> None:
    """Concurrent first starts do not corrupt: one makes .venv, the other waits; the next start makes nothing."""
    command = [str(checkout / "run"), "demo", "x y"]
    environment = os.environ | {"PYTHON": sys.executable, "PIP_NO_INDEX": "1"}
    both = [
        subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [7, 7]
    assert [out for out, _ in outputs] == ["cli ['demo', 'x y']\n"] * 2
    said = "".join(err for _, err in outputs)
    assert said.count("Making .venv (first start)") == 1
    again = start(checkout, "demo")
    assert (again.returncode, again.stdout, again.stderr) == (7, "cli ['demo']\n", "")
    launcher = checkout / ".venv" / "bin" / "chainnode"
    direct = subprocess.run([launcher, "key"], check=False, text=True, capture_output=True)
    assert (direct.returncode, direct.stdout) == (7, "cli ['key']\n")


def test_run_shows_what_pip_said_when_the_install_fails(checkout: Path) -> None:
    """On failure pip's output is shown, the status is 3, and the next start begins again."""
    (checkout / "requirements.lock").write_text(f"absent-package==1.0 --hash=sha256:{'0' * 64}\n")
    done = start(checkout, "demo", PYTHON=sys.executable, PIP_NO_INDEX="1")
    assert done.returncode == 3
    assert "No matching distribution found for absent-package==1.0" in done.stderr
    assert done.stdout == ""
    assert not (checkout / ".venv" / ".stamp").exists()
