"""``chainnode demo``: see for yourself."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from chainnode.cli.demo.interruption import cancel_on_signal
from chainnode.cli.demo.screen import LiveScreen, closing_lines, say, watch_plainly
from chainnode.cli.demo.session import REPORT_NAME, Options, Outcome, Session
from chainnode.cli.demo.two_chains import Amounts
from chainnode.cli.demo.two_chains_run import run_two_chains
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import examples, json_option, wants_json

PATH = click.Path(path_type=Path)


@click.command(
    name="demo",
    epilog=examples(
        "chainnode demo",
        "chainnode demo --catalog catalogue.json --evidence README.md consensus contracts",
        "chainnode demo --once --json --kill-one",
        "chainnode demo --two-chains --once --json",
    ),
)
@click.option("--catalog", "catalogue", type=PATH, help="A DCAT-US or DCAT catalogue; each data set is registered.")
@click.option("--evidence", multiple=True, type=PATH, help="Files and folders to record; several may follow.")
@click.argument("more_evidence", metavar="[EVIDENCE]...", nargs=-1, type=PATH)
@click.option("--validators", type=click.IntRange(1, 32), default=4, show_default=True)
@click.option("--observers", type=click.IntRange(0, 16), default=1, show_default=True)
@click.option("--once", is_flag=True, help="End when everything is checked, instead of running on.")
@click.option("--kill-one", is_flag=True, help="Kill the leader half-way with SIGKILL, restart it later.")
@click.option("--keep", type=PATH, help="Make the network in this folder and keep it.")
@click.option("--report", type=PATH, help="Also write the per-entry report here.")
@click.option("--port-base", type=click.IntRange(1_024, 65_000), help="First port; by default free ones are found.")
@click.option("--two-chains", is_flag=True, help="Instead: two chains that recognise each other, and a relayer.")
@click.option("--carry", type=click.IntRange(4, 1_000), default=100, hidden=True, help="Assets that are recognised.")
@click.option("--relayers", type=click.IntRange(1, 4), default=1, hidden=True, help="On the same path.")
@json_option
def command(
    catalogue: Path | None,
    evidence: tuple[Path, ...],
    more_evidence: tuple[Path, ...],
    validators: int,
    observers: int,
    once: bool,
    kill_one: bool,
    keep: Path | None,
    report: Path | None,
    port_base: int | None,
    two_chains: bool,
    carry: int,
    relayers: int,
) -> int:
    """Watch real processes agree on real registrations.

    Starts validators and an observer as processes of their own on this machine, with real mutual TLS between them and
    databases in a temporary folder. Registers every data set of a catalogue, records evidence of files, and has a
    separate process verify proofs of both. Without --catalog and --evidence it takes the project's own files.

    While it runs on: k kills the leading validator, r restarts it, q quits. With --json the last line is a summary for
    programs.

    With --two-chains two chains of four validators follow each other by light clients: assets of the one are recognised
    and ordered on the other, while the relayer between them is killed and a validator leaves each. It ends by itself.
    """
    if two_chains:
        with _folder(keep) as folder:
            amounts = Amounts(carry, carry // 2, max(1, carry // 10), validators, relayers)
            return run_two_chains(folder, amounts, say)
    if more_evidence and not evidence:
        raise click.UsageError(f"unexpected argument {str(more_evidence[0])!r}; name files after --evidence")
    if report is not None and not report.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {report.absolute().parent}", param_hint="--report")
    options = Options(validators, observers, catalogue, (*evidence, *more_evidence), kill_one, port_base)
    with _folder(keep) as folder:
        return asyncio.run(_run(folder, options, once=once, report=report, keep=keep))


async def _run(folder: Path, options: Options, *, once: bool, report: Path | None, keep: Path | None) -> int:
    stopped = cancel_on_signal()
    session = Session(folder, options, say)
    outcome: Outcome | None = None

    def tell(found: Outcome) -> None:
        nonlocal outcome
        outcome = found
        if report is not None:
            shutil.copyfile(folder / REPORT_NAME, report)
        for line in closing_lines(session, found, runs_on=not once, kept=keep):
            say(line)

    try:
        await session.start()
        if _has_terminal() and not wants_json():
            outcome = await LiveScreen(session, once=once).run(tell)
        else:
            outcome = await session.work()
            tell(outcome)
            if not once:
                await watch_plainly(session)
    except asyncio.CancelledError:
        if not stopped:
            raise
        say("stopping the nodes")
    finally:
        session.close()
    if outcome is None:
        say("ended before everything was checked")
        return 128 + stopped[0] if stopped else Exit.INTERRUPTED
    return _finish(outcome)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _finish(outcome: Outcome) -> int:
    for reason in outcome.broken:
        click.echo(f"chainnode: promise not kept: {reason}", err=True)
    if wants_json():
        click.echo(outcome.summary.line())
    return Exit.FAILED if outcome.broken else Exit.OK


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder to keep, or a temporary one that is removed at the end."""
    if keep is not None:
        yield keep
        return
    try:
        top = Path(tempfile.mkdtemp(prefix="chainnode-demo-"))
    except OSError as error:
        message = f"no temporary folder can be made: {error.strerror}"
        raise CommandError("directory-not-writable", message, Exit.ENVIRONMENT) from error
    try:
        yield top / "network"
    finally:
        shutil.rmtree(top, ignore_errors=True)
