"""The demo as a person and as a script meet it: real processes, killed and restarted, and gone at the end."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainnode.cli.demo.report import read_report
from chainnode.cli.demo.summary import Summary
from chainnode.cli.testnet.manifest import process_path, read_manifest
from chainnode.cli.testnet.network import recorded
from chainnode.cli.testnet.process import ProcessRecord, is_running
from tests.support.shared import ROOT, shared

pytestmark = pytest.mark.processes

DEMO = [sys.executable, "-m", "chainnode.cli.main", "demo"]
KEYS_IN_ORDER = list(Summary.__struct_fields__)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's environment in which no other network runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAINNODE_")}
    return kept | {"XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}


def records(folder: Path) -> list[ProcessRecord]:
    """Every node process of a running network."""
    manifest = read_manifest(folder)
    return [record for node in manifest.nodes if (record := recorded(folder, node.name)) is not None]


def wait_until(holds, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.05)


def test_demo_registers_the_projects_own_files(tmp_path: Path, environment: dict[str, str]):
    """issue: without --catalog the project is the input; exit 0 only if all conditions hold, though the leader dies."""
    folder = tmp_path / "network"

    done = subprocess.run(
        [*DEMO, "--once", "--json", "--kill-one", "--keep", str(folder)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert list(summary) == KEYS_IN_ORDER
    assert (summary["validators"], summary["observers"]) == (4, 1)
    assert summary["state_roots_equal"] is True
    assert summary["proof_verified_offline"] is True
    assert summary["assets_registered"] > 0
    assert summary["evidence_items"] > 0
    assert summary["transactions"] == summary["assets_registered"] + summary["evidence_items"]
    assert re.search(r"killed validator-\d, the leader, with SIGKILL", done.stderr)
    report = read_report(folder / "report.json")
    assert sum(entry.is_committed for entry in report.entries) == summary["transactions"]
    assert records(folder) == []


def test_every_entry_of_a_real_catalogue_is_registered_or_refused_by_name(tmp_path: Path, environment: dict[str, str]):
    """issue: 402 real entries with gaps and nulls: each one registered, adapted or refused, with the reason."""
    catalogue, report = shared("data", "philadelphia-dcat-us.json"), tmp_path / "report.json"
    words = ["--catalog", str(catalogue), "--evidence", "README.md", "consensus", "contracts", "--report", str(report)]

    done = subprocess.run(
        [*DEMO, "--once", "--json", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )

    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assets = [entry for entry in read_report(report).entries if entry.kind == "asset"]
    assert len(assets) == summary["assets_registered"] + summary["assets_refused"] == 402
    assert all(entry.notes for entry in assets if entry.result in ("adapted", "refused"))


class Terminal:
    """A demo on a pseudo-terminal, as a person has it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.descriptor, child_side = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=child_side, stdout=child_side, stderr=child_side, env=environment | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(child_side)
        self.text = ""
        self.everything = ""

    def visible(self) -> str:
        """Everything as the terminal has it in the end: what was erased or written over is gone."""
        lines, row = [""], 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.everything):
            if part == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part == "\x1b[1A":
                row = max(0, row - 1)
            elif part[0] not in "\r\x1b":
                lines[row] += part
        return "\n".join(lines)

    def read_until(self, pattern: str, seconds: float = 60.0) -> None:
        """Collect what is shown until it matches; what was shown before counts no more."""
        deadline = time.monotonic() + seconds
        shown = ""
        while not re.search(pattern, shown):
            assert time.monotonic() < deadline, f"{pattern!r} was not shown: {shown[-2_000:]}"
            if select.select([self.descriptor], [], [], 0.1)[0]:
                try:
                    read = os.read(self.descriptor, 65_536).decode("utf-8", "replace")
                except OSError:  # the other side is closed
                    assert re.search(pattern, shown), shown[-2_000:]
                    break
                shown += read
                self.everything += read
        self.text = shown

    def read_rest(self) -> None:
        """What a process that has ended still left to read."""
        while select.select([self.descriptor], [], [], 0.1)[0]:
            try:
                self.everything += os.read(self.descriptor, 65_536).decode("utf-8", "replace")
            except OSError:  # the other side is closed
                return

    def press(self, key: str) -> None:
        os.write(self.descriptor, key.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.descriptor)


@pytest.fixture
def terminal(tmp_path: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    (tmp_path / "data.json").write_text(json.dumps({"dataset": [{"identifier": "a", "title": "A"}]}))
    (tmp_path / "file.txt").write_text("evidence")
    inputs = ["--catalog", str(tmp_path / "data.json"), "--evidence", str(tmp_path / "file.txt")]
    opened = Terminal([*DEMO, *inputs, "--keep", str(tmp_path / "network")], environment)
    yield opened
    opened.close()


def test_person_kills_and_restarts_a_validator_and_every_next_command_works(
    tmp_path: Path, environment: dict[str, str], terminal: Terminal
):
    """service.md: keys k, r and q; the printed next commands work while the demo runs."""
    terminal.read_until(r"chainnode verify \S+ --genesis \w{64}")
    printed = terminal.visible()
    folder = tmp_path / "network"
    commands = re.findall(r"^  (chainnode (?:\S+ ?)+)$", printed, re.MULTILINE)
    manifest = read_manifest(folder)
    running = records(folder)

    assert len(commands) == 5
    for command in commands:
        words = [sys.executable, "-m", "chainnode.cli.main", *shlex.split(command)[1:]]
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    named = [*(node.api for node in manifest.nodes), *(who.did for who in manifest.identities)]
    assert [text for text in (manifest.genesis_hash, *named) if text not in printed] == []
    terminal.press("k")
    terminal.read_until(r"killed validator-\d with SIGKILL; the others go on")
    assert len(records(folder)) == 4
    terminal.press("r")
    terminal.read_until(r"restarted validator-\d")
    assert len(records(folder)) == 5
    assert "k kills the leading validator, r restarts it, q quits" in terminal.text
    terminal.press("q")
    terminal.read_until("stopping the nodes")
    wait_until(lambda: terminal.process.poll() is not None)
    terminal.read_rest()
    assert terminal.process.returncode == 0, terminal.visible()[-2_000:]
    seen = terminal.visible()
    assert [command for command in commands if f"  {command}\n" not in seen] == [], "lost under the table"
    assert seen.count("│ observer-0") == 1, "a table was left behind"
    assert not [record for record in [*running, *records(folder)] if is_running(record)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told", "killed"])
def test_no_node_outlives_the_demo(tmp_path: Path, environment: dict[str, str], number: int):
    """Whatever ends the demo, even SIGKILL, ends its nodes."""
    folder = tmp_path / "network"
    command = [*DEMO, "--validators", "1", "--observers", "0", "--keep", str(folder)]
    demo = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: process_path(folder, "validator-0").exists())
        [record] = records(folder)
        demo.send_signal(number)
        demo.wait(20)
        wait_until(lambda: not is_running(record))
    finally:
        demo.kill()
        demo.wait()


def test_input_that_cannot_be_used_costs_nothing(tmp_path: Path, environment: dict[str, str]):
    """issue: a catalogue that is not JSON: a clear coded error, before any process is started."""
    (tmp_path / "broken.json").write_text("{")

    done = subprocess.run(
        [*DEMO, "--once", "--json", "--catalog", str(tmp_path / "broken.json"), "--keep", str(tmp_path / "network")],
        env=environment, capture_output=True, text=True, check=False, timeout=30,
    )

    assert done.returncode == 1
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == "catalogue-not-json"
    assert not (tmp_path / "network").exists()


