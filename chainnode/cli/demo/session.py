"""One demo from the first key to the last proof.

Make a network, start its processes, submit, kill and restart where asked, compare the nodes, prove, report. Whatever
happens in between, the processes are ended on the way out.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from chainnode.cli.connection import EXCHANGE
from chainnode.cli.demo import material, own_catalogue
from chainnode.cli.demo.inspection import agree, check_proofs
from chainnode.cli.demo.report import Report
from chainnode.cli.demo.summary import Summary, broken_promises, summarise
from chainnode.cli.demo.supervisor import Supervisor
from chainnode.cli.demo.workload import Workload
from chainnode.cli.output import counted
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.manifest import Manifest, identity_path, write_atomically
from chainnode.cli.testnet.network import status_of
from chainnode.node.key_file import read_key
from chainnode.sdk.client import Client
from chainnode.sdk.content import find_files
from chainnode.sdk.wallet import Wallet

CHAIN_ID: Final = "demo"
REPORT_NAME: Final = "report.json"
RECORDS_NAME: Final = "evidence-records"
KILLED_S: Final = 2.0
"""How long a killed validator stays down at least, so that the others have to go on without it."""
KILLED_S_MAX: Final = 10.0

Say = Callable[[str], None]


class Options(NamedTuple):
    """What was asked for on the command line."""

    validators: int
    observers: int
    catalogue: Path | None
    evidence: tuple[Path, ...]
    kill_one: bool
    port_base: int | None = None


class Outcome(NamedTuple):
    """What a run has shown."""

    summary: Summary
    report: Report
    broken: list[str]
    """Conditions that did not hold; none: the promise was kept."""
    bundles: dict[str, bytes]


class Session:
    """A demo's network and what is done to it. ``close`` must be called, whatever happened."""

    def __init__(self, folder: Path, options: Options, say: Say) -> None:
        """Read the input and make the network's files; nothing runs yet.

        Raises:
            CommandError, Rejected: the input cannot be used, or the network's files cannot be made.
        """
        self.folder: Final = folder
        self._options: Final = options
        self._say: Final = say
        self._began: Final = time.monotonic()
        given = options.catalogue
        root = own_catalogue.project_root()
        content = own_catalogue.build_catalogue(root) if given is None else material.read_catalogue(given)
        named = options.evidence
        files = find_files(named, files_max=material.FILES_MAX) if named else own_catalogue.source_files(root)
        # Read before anything is made, so that a wrong file costs nothing; the registrar is not known yet.
        material.check_enough(material.catalogue_items(content, registrar=""), files)
        plan = Plan(CHAIN_ID, options.validators, options.observers, options.port_base)
        self.manifest: Final[Manifest] = create_network(folder, plan, time_ms=time.time_ns() // 1_000_000)
        key = read_key(identity_path(folder, EXCHANGE))
        self.wallet: Final = Wallet(CHAIN_ID, [key])
        evidence = material.evidence_items(files, self.wallet)
        self._items: Final = material.catalogue_items(content, self.wallet.did) + evidence
        self.supervisor: Final = Supervisor(folder, self.manifest, os.getpid())
        self._workload: Workload | None = None

    async def start(self) -> None:
        """Start every process and wait until each is ready."""
        nodes = f"{counted(self._options.validators, 'validator')} and {counted(self._options.observers, 'observer')}"
        self._say(f"starting {nodes} of chain {CHAIN_ID} in {self.folder}")
        self.supervisor.start_all()
        await self.supervisor.wait_ready()
        self._say(f"ready after {time.monotonic() - self._began:.1f} s; genesis hash {self.manifest.genesis_hash}")

    async def work(self) -> Outcome:
        """Submit everything and check every promise."""
        urls = [node.api for node in self.supervisor.validators]
        async with Client(urls, spread=True, patience_ms=60_000) as client:
            workload = self._workload = Workload(client, self.wallet, self._items)
            items, validators = counted(workload.total, "item"), counted(len(urls), "validator")
            self._say(f"submitting {items} to {validators} in parallel")
            half, later = asyncio.Event(), asyncio.Event()
            steps = Progress(self._say, half, later)
            async with asyncio.TaskGroup() as group:
                if self._options.kill_one:
                    group.create_task(self._kill_and_restart(half, later), name="kill-one")
                watch = group.create_task(self._watch(), name="watch")
                await workload.run(steps)
                half.set()
                later.set()
                watch.cancel()
            await workload.settle()
        report = Report(workload.entries)
        return await self._inspect(report, workload.seconds)

    @property
    def progress(self) -> tuple[int, int]:
        """Items submitted and answered, and all of them."""
        return (0 if self._workload is None else self._workload.done), len(self._items)

    def close(self) -> None:
        """End every process of this demo."""
        self.supervisor.stop_all()

    async def leader(self) -> str | None:
        """The validator that leads now, as a running one says."""
        for node in self.supervisor.validators:
            if self.supervisor.is_running(node.name) and (status := await status_of(node.api)) is not None:
                return status.leader
        return None

    async def _inspect(self, report: Report, work_s: float) -> Outcome:
        nodes = self.supervisor.nodes
        for name in [node.name for node in nodes if not self.supervisor.is_running(node.name)]:
            self._say(f"restarting {name}: every node is to be compared")
            self.supervisor.start(name)
            await self.supervisor.wait_ready(name)
        self._say("comparing the state of all nodes")
        agreement = await agree(nodes, report)
        self._say("verifying proofs in a process that has only the bundle and the genesis hash")
        bundles, failures = await check_proofs(nodes[-1], self.manifest.genesis_hash, report)
        for name, bundle in bundles.items():
            write_atomically(self.folder / f"{name}.proof", bundle)
        report.write(self.folder / REPORT_NAME)
        await asyncio.to_thread(material.write_sidecars, self.folder / RECORDS_NAME, self._items, report)
        summary = summarise(
            report,
            agreement,
            validators=self._options.validators,
            observers=self._options.observers,
            work_s=work_s,
            total_s=time.monotonic() - self._began,
            proved=len(bundles) == 2 and not failures,
        )
        return Outcome(summary, report, broken_promises(report, agreement, summary, failures), bundles)

    async def _kill_and_restart(self, half: asyncio.Event, later: asyncio.Event) -> None:
        """SIGKILL the leader half-way, and start it again when three quarters are done."""
        await half.wait()
        name = await self.leader() or self.supervisor.validators[0].name
        self.supervisor.kill(name)
        self._say(f"killed {name}, the leader, with SIGKILL")
        down_since = time.monotonic()
        # Where the others are too few to go on, nothing would ever be three quarters done.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILLED_S_MAX):
                await later.wait()
        await asyncio.sleep(max(0.0, KILLED_S - (time.monotonic() - down_since)))
        self.supervisor.start(name)
        await self.supervisor.wait_ready(name)
        self._say(f"restarted {name}; it is ready again")

    async def _watch(self) -> None:
        """Fail at once, and with the log, when a node dies by itself during the work."""
        while True:
            self.supervisor.check()
            await asyncio.sleep(0.2)


class Progress:
    """Says how far the work is, a few times in all, and sets the marks that others wait for."""

    def __init__(self, say: Say, half: asyncio.Event, later: asyncio.Event) -> None:
        self._say = say
        self._half = half
        self._later = later
        self._said = 0

    def __call__(self, done: int, total: int) -> None:
        """After each item."""
        if 2 * done >= total:
            self._half.set()
        if 4 * done >= 3 * total:
            self._later.set()
        tenth = 10 * done // total
        if tenth > self._said:
            self._said = tenth
            if tenth % 2 == 0:
                self._say(f"{done} of {total} submitted and answered")
