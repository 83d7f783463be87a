"""``chainnode testnet``: make, start, end and look at a network on this machine."""

import asyncio
import time
from pathlib import Path
from typing import Any

import click

from chainnode.cli import current
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import counted, emit, examples, json_option, note, table
from chainnode.cli.testnet import network
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.cli.testnet.extension import extend_network, observer_of
from chainnode.cli.testnet.manifest import Manifest, read_manifest
from chainnode.limits import VALIDATORS_MAX
from chainnode.types.ids import is_chain_id

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(
    name="testnet",
    epilog=examples(
        "chainnode testnet init my-network",
        "chainnode testnet up my-network",
        "chainnode testnet status my-network",
        "chainnode testnet down my-network",
    ),
)
def command() -> None:
    """Make and run a network on this machine.

    Real processes with real mutual TLS between them, and development keys that protect nothing.
    """


@command.command(epilog=examples("chainnode testnet init my-network --validators 4 --observers 1"))
@click.argument("folder", type=FOLDER)
@click.option("--validators", type=click.IntRange(1, VALIDATORS_MAX), default=4, show_default=True)
@click.option("--observers", type=click.IntRange(0, 100), default=1, show_default=True)
@click.option("--chain-id", default="devnet", show_default=True, help="Name of the chain.")
@click.option("--port-base", type=click.IntRange(1_024, 65_000), help="First port; by default free ones are found.")
@click.option(
    "--governance",
    type=click.Choice(["quorum", "votes"]),
    default="quorum",
    show_default=True,
    help="A quorum of operators signs as one identity, or each is a governor and more than half decide by proposals.",
)
@json_option
def init(
    folder: Path, validators: int, observers: int, chain_id: str, port_base: int | None, governance: str
) -> None:
    """Make keys, certificates, genesis and configurations of a network."""
    if not is_chain_id(chain_id):
        expected = "1 to 48 of a-z 0-9 . _ -, beginning and ending with a letter or digit"
        raise click.BadParameter(expected, param_hint="--chain-id")
    plan = Plan(chain_id, validators, observers, port_base, by_vote=governance == "votes")
    manifest = create_network(folder, plan, time_ms=time.time_ns() // 1_000_000)
    lines = [
        f"Made {counted(validators, 'validator')} and {counted(observers, 'observer')} of chain {chain_id} in {folder}",
        f"genesis hash  {manifest.genesis_hash}",
        "",
        *identity_lines(manifest),
        "",
        f"next: chainnode testnet up {folder}",
    ]
    emit(manifest_document(folder, manifest), lines)


@command.command(epilog=examples("chainnode testnet up my-network --timeout 30"))
@click.argument("folder", type=FOLDER)
@click.option("--only", metavar="NODE", multiple=True, help="Start this node only; may be repeated.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(1, 600), default=60, show_default=True, help="Seconds.")
@json_option
def up(folder: Path, only: tuple[str, ...], timeout_s: float) -> None:
    """Start the nodes and wait until they are ready; they go on after this command."""
    manifest = read_manifest(folder)
    names = list(only) or [node.name for node in manifest.nodes]
    started = network.start(folder, manifest, names)
    if not only:
        asyncio.run(network.wait_until_ready(folder, manifest, names, timeout_s))
    else:
        note("a part of a network may wait for the others; see `chainnode testnet status`")
    lines = [f"{name} started" for name in started] or ["every node runs already"]
    lines += ["", *(f"{node.name:<14} {node.api}" for node in manifest.nodes)]
    emit({"started": started, **manifest_document(folder, manifest)}, lines)


@command.command(name="add-node", epilog=examples("chainnode testnet add-node my-network newcomer"))
@click.argument("folder", type=FOLDER)
@click.argument("name")
@json_option
def add_node(folder: Path, name: str) -> None:
    """Make one more node: keys, certificate, configuration and data.

    It follows once the consortium has admitted it, and votes once `chainnode gov add-validator` let it.
    """
    manifest = extend_network(folder, name)
    entry = observer_of(folder, manifest, name)
    document = {"name": name, "did": entry.did, "node_key": entry.node_key.hex(), "api": manifest.node(name).api}
    lines = [
        f"Made the node {name} in {folder / name}",
        "",
        f"next: chainnode gov admit-node {name} {entry.did} {entry.node_key.hex()}",
        f"      chainnode testnet up {folder} --only {name}",
    ]
    emit(document, lines)


@command.command(epilog=examples("chainnode testnet down my-network"))
@click.argument("folder", type=FOLDER)
@click.option("--only", metavar="NODE", multiple=True, help="End this node only; may be repeated.")
@json_option
def down(folder: Path, only: tuple[str, ...]) -> None:
    """End the nodes of this network, and nothing else."""
    manifest = read_manifest(folder)
    names = [manifest.node(name).name for name in only] or [node.name for node in manifest.nodes]
    stopped = network.stop(folder, manifest, names)
    emit({"stopped": stopped}, [f"{name} stopped" for name in stopped] or ["no node of this network runs"])


@command.command(epilog=examples("chainnode testnet status my-network", "chainnode testnet status --json"))
@click.argument("folder", type=FOLDER, required=False)
@json_option
def status(folder: Path | None) -> None:
    """Show every node of a network; without a folder, of the one that runs here."""
    place, manifest = (folder, read_manifest(folder)) if folder is not None else _running()
    states = asyncio.run(network.states(place, manifest))
    headings = ("node", "role", "pid", "height", "view", "leader", "peers", "tx/s", "api")
    lines = [
        f"chain {manifest.chain_id}, genesis hash {manifest.genesis_hash}",
        "",
        *table(headings, [_row(state) for state in states]),
        "",
        *identity_lines(manifest),
    ]
    nodes = [{"running": state.running, "pid": state.pid, **_status_document(state)} for state in states]
    emit({**manifest_document(place, manifest), "nodes": nodes}, lines)


def identity_lines(manifest: Manifest) -> list[str]:
    """The named development identities, for people."""
    rows = [(entry.name, ", ".join(entry.roles), entry.did) for entry in manifest.identities]
    return ["development identities (their keys are not secret)", *table(("name", "roles", "DID"), rows)]


def manifest_document(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """A network for programs."""
    return {
        "folder": str(folder.absolute()),
        "chain_id": manifest.chain_id,
        "genesis_hash": manifest.genesis_hash,
        "nodes": [{"name": node.name, "role": node.role, "api": node.api} for node in manifest.nodes],
        "identities": [{"name": who.name, "did": who.did, "roles": list(who.roles)} for who in manifest.identities],
    }


def _running() -> tuple[Path, Manifest]:
    found = current.running_network()
    if found is None:
        raise CommandError("no-network", "no network that was started here runs", Exit.NOT_FOUND)
    return found


def _row(state: network.NodeState) -> tuple[object, ...]:
    status = state.status
    if status is None:
        answer = "no answer" if state.running else "down"
        return (state.name, state.role, state.pid or "-", answer, *("-",) * 4, state.api)
    rate = f"{status.transactions_per_second:.1f}"
    shown = (status.height, status.view, status.leader or "-", len(status.peers), rate)
    return (state.name, state.role, state.pid, *shown, state.api)


def _status_document(state: network.NodeState) -> dict[str, Any]:
    document = {"name": state.name, "role": state.role, "api": state.api}
    if state.status is None:
        return document
    status = state.status
    return document | {
        "height": status.height,
        "view": status.view,
        "leader": status.leader,
        "peers": len(status.peers),
        "state_root": status.state_root,
        "transactions_per_second": status.transactions_per_second,
        "halted": status.halted,
    }
