"""A network of validators as processes, for end-to-end figures: started, watched through /proc, ended, and read back.

The processes are those of ``chainnode testnet``: full durability, mutual TLS, LevelDB, the API. One of them may run
under cProfile. The network is never announced as the machine's current one.
"""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import config_path, identity_path, log_path
from chainnode.cli.testnet.network import is_ready
from chainnode.cli.testnet.port import Reservation
from chainnode.cli.testnet.process import node_command, spawn, tail
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.types.block import decode_header

CHAIN_ID: Final = "bench"
READY_S: Final = 60.0
STOP_S: Final = 20.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Block:
    """What the time line of a chain needs of a header."""

    height: int
    time_ms: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """One node's ledger as its disk holds it after the end."""

    blocks: list[Block]
    state_roots: dict[int, bytes]
    """The certified state root after each height but the last."""
    tx_ids: frozenset[bytes]


class NodeFailed(Exception):
    """A node ended by itself or never became ready; the end of its log is the message."""


class RunningNetwork:
    """All validators of one network; ``async with`` starts and ends them."""

    def __init__(
        self, folder: Path, validators: int, profile: Path | None = None, *, hostile: str | None = None
    ) -> None:
        """Make the files in ``folder``; with ``profile`` the first validator writes its cProfile statistics there.

        ``hostile`` names what the last validator does once ``rouse`` is called (``hostile_node``).
        """
        self.folder: Final = folder
        self.manifest: Final = create_network(
            folder, Plan(CHAIN_ID, validators, 0, log_level="warning"), time_ms=time.time_ns() // 1_000_000
        )
        self.urls: Final = [node.api for node in self.manifest.nodes]
        self._profile = profile
        self._hostile = hostile
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: Reservation | None = None

    async def __aenter__(self) -> Self:
        self._ports = Reservation(self.manifest.ports())
        try:
            for number, node in enumerate(self.manifest.nodes):
                command = self._command(number)
                self._children[node.name] = spawn(command, log_path(self.folder, node.name), detached=False)
            deadline = time.monotonic() + READY_S
            for node in self.manifest.nodes:
                while not await is_ready(node.api):
                    self.check()
                    if time.monotonic() > deadline:
                        raise NodeFailed(f"{node.name} did not become ready")
                    await asyncio.sleep(0.05)
        except BaseException:
            self.stop()
            raise
        return self

    def _command(self, number: int) -> list[str]:
        command = node_command(config_path(self.folder, self.manifest.nodes[number].name), die_with=os.getpid())
        arguments = command[command.index("start") :]
        if self._profile is not None and number == 0:
            return [sys.executable, "-P", "-m", "benchmarks.profiled_node", str(self._profile), *arguments]
        if self._hostile is not None and number == len(self.manifest.nodes) - 1:
            return [sys.executable, "-P", "-m", "benchmarks.hostile_node", self._hostile, *arguments]
        return command

    def rouse(self) -> None:
        """The last validator is hostile from now on."""
        self._children[self.manifest.nodes[-1].name].send_signal(signal.SIGUSR1)

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def check(self) -> None:
        """Notice a node that ended by itself.

        Raises:
            NodeFailed: one did.
        """
        for name, child in self._children.items():
            if child.poll() is not None:
                raise NodeFailed(f"{name} ended with {child.returncode}: {tail(log_path(self.folder, name))}")

    def stop(self) -> None:
        """End every node in order, so that its data is closed; killed if that takes too long. Twice is no error."""
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()
        if self._ports is not None:
            self._ports.close()
            self._ports = None

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of each node so far, its own and the kernel's for it."""
        found = {}
        for name, child in self._children.items():
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
            found[name] = (int(fields[11]) + int(fields[12])) / _TICKS
        return found

    def memory_mib(self) -> dict[str, float]:
        """Resident memory of each node now, without pages of files, which the system may take back."""
        found = {name: resident_mib(child.pid) for name, child in self._children.items()}
        return {name: resident - files for name, (resident, files) in found.items()}

    def key(self, identity: str) -> SigningKey:
        """The key of a named development identity."""
        return read_key(identity_path(self.folder, identity))

    def ledgers(self) -> dict[str, Ledger]:
        """Every node's ledger, read from its disk; the nodes have been stopped."""
        return {node.name: _read(self.folder / node.name / "data" / "ledger") for node in self.manifest.nodes}


def own_cpu_s() -> float:
    """Processor time of this process, which is the client, so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_mib(pid: int) -> tuple[float, float]:
    """Resident memory of a process, and what of it are pages of files."""
    shown = dict(re.findall(r"^(VmRSS|RssFile):\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))
    return int(shown.get("VmRSS", 0)) / 1_024, int(shown.get("RssFile", 0)) / 1_024


def _read(path: Path) -> Ledger:
    engine = LevelDBKeyValue.open(path)
    try:
        store = LedgerStore(engine)
        blocks, roots, ids = [], {}, set()
        for height in range(1, store.tip().height + 1):
            data = store.header(height)
            assert data is not None
            header = decode_header(data)
            blocks.append(Block(height, header.time_ms, header.tx_count))
            roots[height - 1] = header.prev_state_root
            ids.update(store.transaction_ids(height))
        return Ledger(blocks, roots, frozenset(ids))
    finally:
        engine.close()
