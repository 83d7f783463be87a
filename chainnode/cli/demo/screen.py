"""What a demo shows: lines while it works, and a live table with keys while it runs on."""

import asyncio
import contextlib
import shlex
import shutil
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chainnode.cli.demo.background import BackgroundLoad
from chainnode.cli.testnet.command import identity_lines
from chainnode.cli.testnet.manifest import NodeEntry
from chainnode.cli.testnet.network import status_of
from chainnode.errors import ChainError
from chainnode.sdk.answer import StatusAnswer

if TYPE_CHECKING:
    from chainnode.cli.demo.session import Outcome, Session

REFRESH_S: Final = 0.5
STATUS_MS: Final = 1_000
HEADINGS: Final = ("node", "state", "height", "view", "leader", "peers", "tx/s", "p50 ms", "p99 ms")
KEYS: Final = "k kills the leading validator, r restarts it, q quits"
Statuses = dict[str, StatusAnswer | None]
_CONSOLE: Final = Console(stderr=True)


def say(text: str) -> None:
    """Tell one event; on stderr, so that stdout holds results only.

    Where the live table is shown it goes above the table. Lines are never broken: people copy them.
    """
    _CONSOLE.print(Text(text), soft_wrap=True)


def closing_lines(session: "Session", outcome: "Outcome", *, runs_on: bool, kept: Path | None) -> list[str]:
    """What was found, and where to go from here."""
    summary = outcome.summary
    finality = summary.finality_ms
    checks = {
        "state root equal on all nodes": summary.state_roots_equal,
        "proofs verified offline": summary.proof_verified_offline,
    }
    speed = f"{summary.tx_per_s} transactions/s, finality p50 {finality.p50} ms, p99 {finality.p99} ms"
    lines = [
        "",
        *outcome.report.lines(),
        f"{summary.transactions} transactions, {speed}; height {summary.height}, view changes {summary.view_changes}",
        *(f"{'yes' if holds else 'NO '}  {what}" for what, holds in checks.items()),
    ]
    if runs_on:
        lines += ["", *(f"{node.name:<14} {node.api}" for node in session.manifest.nodes)]
        lines += [f"genesis hash   {session.manifest.genesis_hash}", "", *identity_lines(session.manifest)]
        lines += ["", _invitation(), *(f"  {line}" for line in next_commands(session, outcome))]
    elif kept is not None:
        lines += ["", f"kept in {kept}; start it again with: chainnode testnet up {kept}"]
    return lines


def next_commands(session: "Session", outcome: "Outcome") -> list[str]:
    """Commands that work while the demo runs on."""
    lines = ["chainnode testnet status", "chainnode query block latest"]
    committed = [entry for entry in outcome.report.entries if entry.is_committed]
    asset = next((entry for entry in committed if entry.kind == "asset"), None)
    evidence = next((entry for entry in committed if entry.kind == "evidence"), None)
    if asset is not None:
        lines.append(f"chainnode asset show {asset.id}")
    if evidence is not None:
        proof = shlex.quote(str(session.folder / "my-evidence.proof"))
        lines.append(f"chainnode prove evidence {evidence.id} -o {proof}")
        lines.append(f"chainnode verify {proof} --genesis {session.manifest.genesis_hash}")
    return lines


def _invitation() -> str:
    """What stands above the next commands; without ``chainnode`` on the path, also how to put it there."""
    if shutil.which("chainnode") is not None:
        return "try, in another terminal:"
    return f"try, in another terminal, after `. {shlex.quote(str(Path(sys.prefix) / 'bin' / 'activate'))}`:"


async def watch_plainly(session: "Session") -> None:
    """Where nobody can press keys: keep the network running until a signal ends this process."""
    say("running on; Ctrl-C or SIGTERM ends it")
    async with asyncio.TaskGroup() as group:
        group.create_task(_load(session).run(), name="background-load")
        while True:
            session.supervisor.check()
            await asyncio.sleep(REFRESH_S)


class LiveScreen:
    """The table, and the keys k, r and q, from the first submission on."""

    def __init__(self, session: "Session", *, once: bool) -> None:
        self._session: Final = session
        self._once: Final = once
        self._load: Final = _load(session)
        self._quit: Final = asyncio.Event()
        self._keys: Final[dict[str, Callable[[], None]]] = {"k": self._kill, "r": self._restart, "q": self._quit.set}
        self._statuses: Statuses = {}
        self._said = ""

    async def run(self, tell: Callable[["Outcome"], None]) -> "Outcome | None":
        """Work, ``tell`` the outcome above the table, and go on until q; None when q came before the outcome."""
        outcome: Outcome | None = None
        task: asyncio.Task[Outcome | None] = asyncio.create_task(self._session.work(), name="demo-work")
        with _pressed_keys(self._press), Live(console=_CONSOLE, auto_refresh=False) as live:
            try:
                while not self._quit.is_set():
                    await self._refresh()
                    live.update(self._picture(), refresh=True)
                    if task.done():
                        # The load has no end of its own: what ended it is a failure, raised here like one of the work.
                        outcome = task.result() or outcome
                        if outcome is not None:
                            tell(outcome)
                        if self._once:
                            break
                        task = asyncio.create_task(self._load.run(), name="background-load")
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(REFRESH_S):
                            await self._quit.wait()
            finally:
                task.cancel()
                await asyncio.wait({task})
        if self._quit.is_set():
            say("stopping the nodes")
        return outcome

    async def _refresh(self) -> None:
        self._session.supervisor.check()
        nodes = self._session.manifest.nodes
        found = await asyncio.gather(*(self._status(node) for node in nodes))
        self._statuses = dict(zip((node.name for node in nodes), found, strict=True))

    async def _status(self, node: NodeEntry) -> StatusAnswer | None:
        return await status_of(node.api, STATUS_MS) if self._session.supervisor.is_running(node.name) else None

    def _press(self, key: str) -> None:
        action = self._keys.get(key.lower())
        if action is not None:
            try:
                action()
            except ChainError as error:
                self._said = error.message

    def _kill(self) -> None:
        running = [node.name for node in self._session.supervisor.validators if self._is_running(node.name)]
        leaders = [status.leader for status in self._statuses.values() if status is not None]
        leader = leaders[0] if leaders else None
        name = leader if leader in running else next(iter(running), None)
        if name is None:
            self._said = "no validator is left to kill; r restarts them"
            return
        self._session.supervisor.kill(name)
        quorum = next((status.quorum for status in self._statuses.values() if status is not None), 0)
        left = len(running) - 1
        fate = "the others go on" if left >= quorum else f"{left} are left and {quorum} must agree, so the chain waits"
        self._said = f"killed {name} with SIGKILL; {fate}; r restarts it"

    def _restart(self) -> None:
        down = [node.name for node in self._session.manifest.nodes if not self._is_running(node.name)]
        for name in down:
            self._session.supervisor.start(name)
        self._said = f"restarted {', '.join(down)}" if down else "every node runs"

    def _is_running(self, name: str) -> bool:
        return self._session.supervisor.is_running(name)

    def _picture(self) -> Group:
        table = Table(title=f"chain {self._session.manifest.chain_id}", title_justify="left")
        for heading in HEADINGS:
            numeric = heading not in ("node", "state", "leader")
            table.add_column(heading, justify="right" if numeric else "left", no_wrap=True)
        for node in self._session.manifest.nodes:
            table.add_row(*table_row(node, self._statuses.get(node.name), running=self._is_running(node.name)))
        done, total = self._session.progress
        load = f"{done} of {total} items submitted and answered, {self._load.committed} more pieces of evidence since"
        if self._load.failed:
            load += f", {self._load.failed} attempts failed (last: {self._load.last_failure})"
        return Group(table, Text(load), Text(KEYS), Text(self._said, style="bold"))


def table_row(node: NodeEntry, status: StatusAnswer | None, *, running: bool) -> list[str]:
    """One node's line of the table."""
    if status is None:
        return [node.name, "starting" if running else "down", *("-",) * 7]
    state = "halted" if status.halted else "syncing" if status.syncing else node.role
    finality = [status.finality_ms.get(name) for name in ("p50", "p99")]
    return [
        node.name,
        state,
        str(status.height),
        str(status.view),
        status.leader or "-",
        str(len(status.peers)),
        f"{status.transactions_per_second:.1f}",
        *("-" if value is None else f"{value:.0f}" for value in finality),
    ]


def _load(session: "Session") -> BackgroundLoad:
    return BackgroundLoad([node.api for node in session.supervisor.validators], session.wallet)


@contextlib.contextmanager
def _pressed_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Single key presses of the terminal, without waiting for a line; the terminal is put back as it was."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, lambda: on_key(sys.stdin.read(1)))
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
