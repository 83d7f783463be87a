"""Two chains, relayers that are killed, validators that leave: what is recognised, and nothing twice or lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainnode.cli.demo.settlement import Settlement
from chainnode.cli.demo.two_chains import Amounts, broken_promises
from tests.support.shared import ROOT

pytestmark = pytest.mark.processes

DEMO = [sys.executable, "-m", "chainnode.cli.main", "demo", "--two-chains", "--json", "--once"]


def test_two_chains_recognise_each_other_whatever_becomes_of_their_relayers(tmp_path: Path) -> None:
    """issue: killed and restarted half-way, a validator leaving each side; two relayers at once do no harm."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAINNODE_")}
    done = subprocess.run(
        [*DEMO, "--carry", "20", "--relayers", "2", "--keep", str(tmp_path / "network")],
        cwd=tmp_path,
        env=kept | {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert list(found) == list(Settlement.__struct_fields__)
    assert {name: found[name] for name in ("recognised", "orders", "timeouts", "duplicates", "lost")} == {
        "recognised": 20, "orders": 10, "timeouts": 2, "duplicates": 0, "lost": 0,
    }
    assert found["client_updates"] >= 4
    assert 0 < found["relay_p50_ms"] <= found["relay_p99_ms"]
    assert "killed the relayer with SIGKILL" in done.stderr
    # One that was killed at once may not have said so.
    assert (tmp_path / "network" / "relayer.log").read_text().count('"started"') >= 2


def test_whatever_differs_breaks_the_promise() -> None:
    """Exit non-zero when anything differs: each figure is looked at."""
    kept = Settlement(100, 50, 10, 0, 0, 9, 300, 900)
    assert broken_promises(kept, Amounts()) == []
    for name, value in (("recognised", 99), ("orders", 51), ("timeouts", 9), ("duplicates", 1), ("lost", 1)):
        changed = {field: getattr(kept, field) for field in Settlement.__struct_fields__} | {name: value}
        [reason] = broken_promises(Settlement(**changed), Amounts())
        assert reason.startswith(f"{name} is {value}")
