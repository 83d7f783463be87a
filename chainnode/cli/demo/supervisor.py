"""The node processes of a demo: our children, killed and restarted at will, and gone when we are.

``chainnode testnet status`` finds them like any other network of this machine. Should this process be killed, the
kernel ends them (``start --die-with``); should one of them die by itself, that is a failure with the end of its log.
"""

import asyncio
import contextlib
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import msgspec

from chainnode.cli import current
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.testnet.manifest import Manifest, NodeEntry, config_path, log_path, process_path, write_atomically
from chainnode.cli.testnet.network import is_ready, with_log
from chainnode.cli.testnet.port import Reservation
from chainnode.cli.testnet.process import ProcessRecord, node_command, record_of, spawn

READY_S: Final = 60.0
STOP_S: Final = 10.0
_POLL_S: Final = 0.05


class Supervisor:
    """Owns every node process of one demo, and holds their ports for them even while one is down."""

    def __init__(self, folder: Path, manifest: Manifest, parent_pid: int) -> None:
        self._folder: Final = folder
        self._parent_pid: Final = parent_pid
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[str] = set()
        self._reservation: Final = Reservation(manifest.ports())
        self.nodes: Final[tuple[NodeEntry, ...]] = manifest.nodes
        self.validators: Final = tuple(node for node in manifest.nodes if node.role == "validator")

    def start(self, name: str) -> None:
        """Start one node; one that runs already is left alone."""
        if self.is_running(name):
            return
        command = node_command(config_path(self._folder, name), die_with=self._parent_pid)
        child = spawn(command, log_path(self._folder, name), detached=False)
        self._children[name] = child
        self._killed.discard(name)
        record = record_of(child.pid)
        if record is not None:
            write_atomically(process_path(self._folder, name), msgspec.json.encode(record))
        current.remember(self._folder, self._records())

    def start_all(self) -> None:
        """Start every node."""
        for node in self.nodes:
            self.start(node.name)

    def kill(self, name: str) -> None:
        """End one node as a power failure would: SIGKILL, no chance to close anything."""
        child = self._children.get(name)
        if child is None or child.poll() is not None:
            return
        self._killed.add(name)
        child.send_signal(signal.SIGKILL)
        child.wait()
        process_path(self._folder, name).unlink(missing_ok=True)

    def is_running(self, name: str) -> bool:
        """Whether this node's process lives."""
        child = self._children.get(name)
        return child is not None and child.poll() is None

    def check(self) -> None:
        """Notice a node that ended without being killed by us.

        Raises:
            CommandError: ``node-died``, with the end of its log.
        """
        for name, child in self._children.items():
            if child.poll() is not None and name not in self._killed:
                message = f"{name} ended by itself with status {child.returncode}"
                raise with_log(CommandError("node-died", message, Exit.FAILED), log_path(self._folder, name))

    async def wait_ready(self, *names: str, timeout_s: float = READY_S) -> None:
        """Until these nodes, or all, say that every check of their own holds.

        Raises:
            CommandError: ``node-died`` or ``node-not-ready``.
        """
        deadline = time.monotonic() + timeout_s
        for node in self.nodes:
            if names and node.name not in names:
                continue
            while not await is_ready(node.api):
                self.check()
                if time.monotonic() > deadline:
                    message = f"{node.name} was not ready within {timeout_s:g} s"
                    error = CommandError("node-not-ready", message, Exit.ENVIRONMENT)
                    raise with_log(error, log_path(self._folder, node.name))
                await asyncio.sleep(_POLL_S)

    def stop_all(self) -> None:
        """End every child and wait for it; whatever happens, none is left behind."""
        alive = [child for child in self._children.values() if child.poll() is None]
        for child in alive:
            child.terminate()
        deadline = time.monotonic() + STOP_S
        for child in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
        for name in self._children:
            process_path(self._folder, name).unlink(missing_ok=True)
        current.forget(self._folder)
        self._reservation.close()

    def _records(self) -> tuple[ProcessRecord, ...]:
        found = (record_of(child.pid) for child in self._children.values() if child.poll() is None)
        return tuple(record for record in found if record is not None)
