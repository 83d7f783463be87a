"""Our processes are known by number and start time; nobody else's is ever ended."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from chainnode.cli import current
from chainnode.cli.testnet.manifest import Manifest, write_manifest
from chainnode.cli.testnet.process import (
    ProcessRecord,
    end,
    is_running,
    node_command,
    node_environment,
    record_of,
    spawn,
    tail,
)

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def started(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    process = spawn(command, log, detached=False)
    while not tail(log):
        assert process.poll() is None
        time.sleep(0.01)
    return process


def test_process_is_recognised_and_ended(tmp_path: Path):
    process = started(SLEEPER, tmp_path / "log")
    record = record_of(process.pid)

    assert record is not None
    assert is_running(record)
    assert end(record, timeout_s=5)
    assert process.wait() == -15


def test_process_of_another_start_time_is_never_ended(tmp_path: Path):
    """A process number is reused by the system; the start time is not."""
    process = started(SLEEPER, tmp_path / "log")
    try:
        former = ProcessRecord(process.pid, "before")

        assert not is_running(former)
        assert end(former, timeout_s=1)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_ended_process_that_nobody_waited_for_does_not_run(tmp_path: Path):
    process = started(SLEEPER, tmp_path / "log")
    record = record_of(process.pid)
    process.kill()
    assert record is not None

    while is_running(record):
        time.sleep(0.01)
    assert record_of(process.pid) is None
    process.wait()


def test_process_that_does_not_listen_is_reported_and_can_be_killed(tmp_path: Path):
    process = started(STUBBORN, tmp_path / "log")
    record = record_of(process.pid)
    assert record is not None

    assert not end(record, timeout_s=0.05)
    assert end(record, timeout_s=5, signal_number=9)
    assert process.wait() == -9


def test_settings_of_the_environment_do_not_reach_the_nodes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHAINNODE_NODE_NAME", "everybody")

    assert not [name for name in node_environment() if name.startswith("CHAINNODE_")]


def test_child_is_told_whom_to_outlive_not():
    assert node_command(Path("node.toml"), die_with=7)[-2:] == ["--die-with", "7"]
    assert "--die-with" not in node_command(Path("node.toml"))


def test_configuration_named_from_here_is_found_from_the_nodes_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A node runs in its own folder; ``testnet up my-network`` names one relative to the caller's."""
    monkeypatch.chdir(tmp_path)

    assert str(tmp_path / "net" / "node.toml") in node_command(Path("net") / "node.toml")


def test_tail_gives_the_last_lines_and_nothing_for_no_file(tmp_path: Path):
    (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(10_000)))

    assert tail(tmp_path / "log", lines_max=2) == "line 9998\nline 9999"
    assert tail(tmp_path / "absent") == ""


def test_running_network_is_found_only_while_a_process_of_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    manifest = Manifest(1, "devnet", "00" * 32, (), ())
    write_manifest(tmp_path, manifest)
    process = started(SLEEPER, tmp_path / "log")
    record = record_of(process.pid)
    assert record is not None

    assert current.running_network() is None
    current.remember(tmp_path, (record,))
    assert current.running_network() == (tmp_path, manifest)
    current.forget(tmp_path / "another")
    assert current.running_network() is not None
    process.kill()
    process.wait()
    assert current.running_network() is None


def test_network_is_found_again_when_one_that_was_started_later_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A demo beside a running testnet must not make commands forget the testnet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    process = started(SLEEPER, tmp_path / "log")
    record = record_of(process.pid)
    assert record is not None
    for name in ("testnet", "demo"):
        (tmp_path / name).mkdir()
        write_manifest(tmp_path / name, Manifest(1, name, "00" * 32, (), ()))
        current.remember(Path(name), (record,))

    found = [current.running_network()]
    current.forget(tmp_path / "demo")
    found.append(current.running_network())

    assert [network and network[1].chain_id for network in found] == ["demo", "testnet"]
    process.kill()
    process.wait()
