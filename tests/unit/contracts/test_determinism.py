"""The same operations give the same state root in any process, under any supported version of Python."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.support.shared import ROOT

PINNED = {
    "state_root": "68bd2f3fdfc54b9dd1b21feddc01dc30167690f91dd23db7ebcc8628fa3eb1e6",
    "receipts": "cb43f5e6c93cdbc9c7fcf209663f777e1d8e19176963ad805edc76510e2ae88e",
}
"""What the recorded sequence leads to everywhere; the constant is what ties machines and versions together.

A change of what operations write changes it: look at why, then run ``python -m tests.support.recorded_run``.
"""


def run(python: str, seed: int, *words: str) -> list[dict[str, str]]:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [python, "-m", "tests.support.recorded_run", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_same_operations_give_the_same_state_in_processes_that_hash_differently() -> None:
    """Deterministic: the same operations on two machines give the same state root."""
    first, second = run(sys.executable, 0, "--samples"), run(sys.executable, 4_242, "--samples")
    assert first == second
    assert first[0] == PINNED, f"expected {PINNED}, found {first[0]}"


def other_python() -> str:
    """An interpreter of the other supported version that has the libraries, or nothing."""
    other = "python3.12" if sys.version_info[:2] == (3, 11) else "python3.11"
    for name in (os.environ.get("CHAINNODE_OTHER_PYTHON", ""), other):
        found = shutil.which(name) if name else None
        check = "import sys, msgspec, nacl, cryptography; print('%d.%d' % sys.version_info[:2])"
        if found is not None:
            done = subprocess.run([found, "-c", check], capture_output=True, text=True, timeout=60, check=False)
            if done.returncode == 0 and done.stdout.strip() == other.removeprefix("python"):
                return found
    return ""


def test_same_operations_give_the_same_state_under_the_other_version_of_python() -> None:
    """Deterministic: two Python minor versions give the same state root."""
    python = other_python()
    if not python:
        pytest.skip("no other supported Python with the libraries is here (CHAINNODE_OTHER_PYTHON may name one)")
    assert run(python, 7) == [PINNED]
