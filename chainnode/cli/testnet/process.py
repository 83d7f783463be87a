"""Node processes: started, recognised and ended, never anybody else's.

A number alone does not name a process: the system reuses it. So a process is recorded with the time it started, and
only one that has both is ours to end.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

import chainnode
from chainnode.node.settings import ENVIRONMENT_PREFIX

_POLL_S: Final = 0.02


class ProcessRecord(msgspec.Struct, frozen=True):
    """One process that was started by us."""

    pid: int
    started: str
    """When, in the system's own words."""


def node_command(config: Path, *, die_with: int | None = None) -> list[str]:
    """The command line of a node, fit for any folder; with ``die_with`` it ends when that parent process does."""
    bound = ["--die-with", str(die_with)] if die_with is not None else []
    return [sys.executable, "-P", "-m", "chainnode.cli.main", "start", "--config", str(config.absolute()), *bound]


def spawn(command: list[str], log: Path, *, detached: bool) -> "subprocess.Popen[bytes]":
    """Start a node in its own folder, with its words appended to ``log``.

    A ``detached`` one outlives this command and its terminal. One that is not still has its own process group, so that
    Ctrl-C in the terminal reaches only us and the nodes are stopped in order.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=node_environment(),
            start_new_session=detached,
            process_group=None if detached else 0,
        )
    finally:
        os.close(descriptor)


def node_environment() -> dict[str, str]:
    """Ours without settings: one variable for all nodes of a network would give them one name or one port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    root = str(Path(chainnode.__file__).resolve().parents[1])
    paths = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
    return kept | {"PYTHONPATH": os.pathsep.join([root, *paths]), "PYTHONUNBUFFERED": "1"}


def record_of(pid: int) -> ProcessRecord | None:
    """The record of a running process; None when there is none, or only its remains."""
    started = _started(pid)
    return ProcessRecord(pid, started) if started is not None else None


def is_running(record: ProcessRecord) -> bool:
    """Whether this very process still runs."""
    return _started(record.pid) == record.started


def end(record: ProcessRecord, *, timeout_s: float, signal_number: int = signal.SIGTERM) -> bool:
    """Ask this very process to end and wait; whether it has ended in time."""
    if not _signal(record, signal_number):
        return True
    deadline = time.monotonic() + timeout_s
    while is_running(record):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def tail(log: Path, lines_max: int = 25, bytes_max: int = 16_384) -> str:
    """The last lines of a log file; nothing when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - bytes_max))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines_max:])
    except OSError:
        return ""


def _signal(record: ProcessRecord, number: int) -> bool:
    if not is_running(record):
        return False
    try:
        os.kill(record.pid, number)
    except ProcessLookupError:
        return False
    return True


def _started(pid: int) -> str | None:
    if not Path("/proc/self/stat").exists():
        return _started_by_ps(pid)
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses; fields are counted from its end.
    after_name = status.rpartition(")")[2].split()
    return None if after_name[0] in "ZX" else after_name[19]


def _started_by_ps(pid: int) -> str | None:
    """Where there is no /proc, as on macOS."""
    shown = subprocess.run(  # noqa: S603 - a number is the only argument
        ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()
