"""``chainnode relay``: operations about other chains, and the process that carries packets between them."""

import asyncio
import signal
from pathlib import Path
from typing import Final

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import dump, emit, examples, fields, json_option, table
from chainnode.cli.parent import die_with_parent
from chainnode.cli.relay_operation import command
from chainnode.node.logging import configure_logging
from chainnode.relayer import service
from chainnode.relayer.config import RelayerConfig, load_relayer_config
from chainnode.relayer.doctor import Finding, diagnose, diagnose_lane
from chainnode.relayer.introduction import introduction
from chainnode.relayer.lane import Lane
from chainnode.relayer.report import LaneReport, report_lane
from contracts.kernel.registry import operation_document
from contracts.relay.operations import CreateClient

__all__ = ["command"]

CONFIG: Final = click.Path(dir_okay=False, path_type=Path)
config_argument = click.argument("config", type=CONFIG)


@command.command(name="introduce", epilog=examples("chainnode relay introduce --node URL --out other.json"))
@node_option
@click.option("--out", type=CONFIG, help="Write the operation's JSON form there; else it is printed.")
@json_option
def introduce(nodes: tuple[str, ...], out: Path | None) -> None:
    """Make the operation by which another chain begins to follow the one of --node.

    It goes to the vote there: `gov propose --operation @FILE`. Whoever votes compares the two hashes with what
    institutions of this chain say: a node can introduce whatever it likes.
    """
    found, header_hash = run(_introduced(nodes))
    document = operation_document(found)
    told = {"chain_id": found.chain_id, "genesis_hash": found.genesis_hash.hex(), "header_hash": header_hash.hex()}
    if out is None:
        emit({**told, "operation": document}, [*fields(told), dump(document)])
        return
    out.write_text(dump(document) + "\n", encoding="utf-8")
    emit({**told, "file": str(out)}, fields({**told, "file": str(out)}))


async def _introduced(nodes: tuple[str, ...]) -> tuple[CreateClient, bytes]:
    async with connected(nodes) as client:
        return await introduction(client)


@command.command(name="run", epilog=examples("chainnode relay run relayer.toml"))
@config_argument
@click.option("--die-with", type=int, hidden=True, help="End when this parent process does.")
@json_option
def run_relayer(config: Path, die_with: int | None) -> None:
    """Carry packets between the chains of CONFIG until told to stop.

    It may be killed at any time and started again, or run several times at once: what is due is asked of the chains.
    """
    if die_with is not None:
        die_with_parent(die_with)
    found = load_relayer_config(config)
    configure_logging(found.relayer.log_level, found.relayer.log_format, node=found.relayer.name)
    run(_until_stopped(found))


async def _until_stopped(config: RelayerConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.run(config, stop)


@command.command(name="status", epilog=examples("chainnode relay status relayer.toml"))
@config_argument
@json_option
def status(config: Path) -> int:
    """Show where every client of CONFIG stands, and how many packets are under way."""
    found = run(_reports(load_relayer_config(config)))
    rows = [
        (one.lane, one.follows, one.client_height, one.lag_blocks, one.expires_s, one.incoming, one.code)
        for one in found
    ]
    headings = ("client", "follows", "header", "behind", "expires s", "packets", "state")
    emit([msgspec.to_builtins(one) for one in found], table(headings, rows))
    return Exit.OK if all(one.code == "ok" for one in found) else Exit.FAILED


async def _reports(config: RelayerConfig) -> list[LaneReport]:
    async with service.opened_chains(config) as chains:
        lanes = [lane for path in config.paths for lane in service.lanes_of(path, chains)]
        return list(await asyncio.gather(*(report_lane(lane) for lane in lanes)))


@command.command(name="clear", epilog=examples("chainnode relay clear relayer.toml"))
@config_argument
@json_option
def clear(config: Path) -> None:
    """Deliver, acknowledge and time out what can be now, on every path of CONFIG, and end."""
    found = load_relayer_config(config)
    configure_logging("warning", found.relayer.log_format, node=found.relayer.name)
    counts = run(service.clear(found))
    document = {name: dict(count.carried) for name, count in counts.items()}
    lines = [f"{name}: {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items())) or 'nothing was due'}"
             for name, kinds in document.items()]
    emit(document, lines)


@command.command(
    name="doctor",
    epilog=examples("chainnode relay doctor relayer.toml", "chainnode relay doctor relayer.toml CHAIN chainnode-1 7"),
)
@config_argument
@click.argument("chain", required=False)
@click.argument("client", required=False)
@click.argument("sequence", required=False, type=click.IntRange(1))
@json_option
def doctor(config: Path, chain: str | None, client: str | None, sequence: int | None) -> int:
    """Say in words why a packet is not through, or whether every path of CONFIG can work.

    CHAIN is the sender, CLIENT its client of the receiver, SEQUENCE the packet's number.
    """
    if chain is not None and (client is None or sequence is None):
        raise click.UsageError("name CHAIN, CLIENT and SEQUENCE, or none of them")
    found = run(_examine(load_relayer_config(config), chain, client, sequence))
    document = {name: [msgspec.to_builtins(one) for one in findings] for name, findings in found.items()}
    emit(document, [line for name, findings in found.items() for line in _lines(name, findings)])
    fine = all(one.code in ("ok", "settled") for findings in found.values() for one in findings)
    return Exit.OK if fine else Exit.FAILED


async def _examine(
    config: RelayerConfig, chain: str | None, client: str | None, sequence: int | None
) -> dict[str, list[Finding]]:
    async with service.opened_chains(config) as chains:
        lanes = [lane for path in config.paths for lane in service.lanes_of(path, chains)]
        if chain is None or sequence is None:
            return {lane.name: await diagnose_lane(lane) for lane in lanes}
        chosen: list[Lane] = [lane for lane in lanes if (lane.peer.name, lane.peer_client) == (chain, client)]
        if not chosen:
            known = ", ".join(f"{lane.peer.name} {lane.peer_client}" for lane in lanes)
            raise CommandError("path-unknown", f"no path leads from {chain} {client}", Exit.NOT_FOUND, expected=known)
        return {f"{chain}/{client}/{sequence}": await diagnose(chosen[0], sequence)}


def _lines(name: str, findings: list[Finding]) -> list[str]:
    lines = [name]
    for one in findings:
        lines.append(f"  {one.code:<24}  {one.text}")
        if one.next:
            lines.append(f"  {'':<24}  next: {one.next}")
    return lines
