"""Runs ``demo --two-chains`` to its end, and ends every process on the way out."""

import asyncio
from pathlib import Path

import click
import msgspec

from chainnode.cli.demo.interruption import cancel_on_signal
from chainnode.cli.demo.settlement import Settlement
from chainnode.cli.demo.two_chains import Amounts, Say, TwoChains, broken_promises
from chainnode.cli.failure import Exit
from chainnode.cli.output import wants_json


def run_two_chains(folder: Path, amounts: Amounts, say: Say) -> int:
    """The exit status: 0 only where everything is as it was asked for."""
    return asyncio.run(_run(folder, amounts, say))


async def _run(folder: Path, amounts: Amounts, say: Say) -> int:
    stopped = cancel_on_signal()
    chains = TwoChains(folder, amounts, say)
    try:
        found = await chains.run()
    except asyncio.CancelledError:
        if not stopped:
            raise
        say("ended before everything was checked")
        return 128 + stopped[0]
    finally:
        await chains.close()
    return _finish(found, amounts, say)


def _finish(found: Settlement, amounts: Amounts, say: Say) -> int:
    broken = broken_promises(found, amounts)
    for reason in broken:
        click.echo(f"chainnode: promise not kept: {reason}", err=True)
    say(
        f"{found.recognised} assets recognised, {found.orders} orders placed from abroad, {found.timeouts} timed out; "
        f"{found.duplicates} duplicates, {found.lost} lost; "
        f"from commit to commit p50 {found.relay_p50_ms} ms, p99 {found.relay_p99_ms} ms"
    )
    if wants_json():
        click.echo(msgspec.json.encode(found).decode())
    return Exit.FAILED if broken else Exit.OK
