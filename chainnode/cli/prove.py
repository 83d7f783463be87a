"""``chainnode prove``: fetch a portable proof; ``chainnode verify`` checks it anywhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.output import emit, examples, json_option
from chainnode.cli.query import record_key, state_key
from chainnode.cli.testnet.manifest import write_atomically
from chainnode.cli.tx import check_id
from chainnode.proofs import document
from chainnode.proofs.bundle import decode_bundle, kind_of
from chainnode.sdk.client import Client
from chainnode.sdk.state_proof import prove_current
from contracts.assets.record import asset_key
from contracts.kernel.registry import COLLECTIONS

out_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write the proof to."
)
format_option = click.option(
    "--format", "form", type=click.Choice(["msgpack", "json"]), default="msgpack", help="Both verify; default: msgpack."
)


@click.group(name="prove", epilog=examples("chainnode prove evidence --digest HEX -o evidence.proof"))
def command() -> None:
    """Fetch a proof that a stranger can check offline."""


@command.command(epilog=examples("chainnode prove transaction TX_ID -o transaction.proof"))
@click.argument("tx_id")
@out_option
@format_option
@node_option
@json_option
def transaction(tx_id: str, output: Path, form: str, nodes: tuple[str, ...]) -> None:
    """Prove that a transaction is on the chain, and its outcome."""
    wanted = check_id(tx_id)
    _fetch(nodes, output, form, lambda client: client.prove_transaction(wanted))


@command.command(epilog=examples("chainnode prove evidence EVIDENCE_ID -o evidence.proof"))
@click.argument("evidence_id", required=False)
@click.option("--digest", metavar="HEX", help="Instead of the id: the recorded digest.")
@click.option("--submitter", metavar="DID", help="Who recorded it, where several chose the same id.")
@out_option
@format_option
@node_option
@json_option
def evidence(
    evidence_id: str | None, digest: str | None, submitter: str | None, output: Path, form: str, nodes: tuple[str, ...]
) -> None:
    """Prove that evidence existed when its block was agreed."""
    if (evidence_id is None) == (digest is None):
        raise click.UsageError("give an EVIDENCE_ID, or --digest HEX")
    by_id = check_id(evidence_id) if evidence_id is not None else None
    by_digest = check_id(digest) if digest is not None else None
    _fetch(
        nodes, output, form, lambda client: client.prove_evidence(by_id, digest=by_digest, submitter=submitter)
    )


@command.command(epilog=examples("chainnode prove state governance/parameters -o parameters.proof"))
@click.argument("key")
@click.option("--height", type=click.IntRange(0), help="After this block; by default the value held now.")
@out_option
@format_option
@node_option
@json_option
def state(key: str, height: int | None, output: Path, form: str, nodes: tuple[str, ...]) -> None:
    """Prove a state value, or that there is none under this key."""
    wanted = state_key(key)
    _fetch(nodes, output, form, lambda client: _prove_state(client, wanted, height))


@command.command(epilog=examples("chainnode prove asset ASSET_ID -o asset.proof"))
@click.argument("asset_id")
@click.option("--height", type=click.IntRange(0), help="After this block; by default the value held now.")
@out_option
@format_option
@node_option
@json_option
def asset(asset_id: str, height: int | None, output: Path, form: str, nodes: tuple[str, ...]) -> None:
    """Prove the record of a registered asset."""
    wanted = asset_key(bytes.fromhex(check_id(asset_id)))
    _fetch(nodes, output, form, lambda client: _prove_state(client, wanted, height))


@command.command(epilog=examples("chainnode prove record trades TRADE_ID -o trade.proof"))
@click.argument("name", type=click.Choice(list(COLLECTIONS)), metavar="COLLECTION")
@click.argument("ids", nargs=-1, required=True)
@click.option("--height", type=click.IntRange(0), help="After this block; by default the value held now.")
@out_option
@format_option
@node_option
@json_option
def record(
    name: str, ids: tuple[str, ...], height: int | None, output: Path, form: str, nodes: tuple[str, ...]
) -> None:
    """Prove the record of a COLLECTION with these IDS, or that there is none; `query records --help` names them."""
    wanted = record_key(name, ids)
    _fetch(nodes, output, form, lambda client: _prove_state(client, wanted, height))


@command.command(epilog=examples("chainnode prove block 1200 -o block.proof"))
@click.argument("height", type=click.IntRange(1))
@out_option
@format_option
@node_option
@json_option
def block(height: int, output: Path, form: str, nodes: tuple[str, ...]) -> None:
    """Prove what a block did by itself: suspended leaders, a new epoch, proposals enacted, orders that ended."""
    _fetch(nodes, output, form, lambda client: client.prove_opened(height))


async def _prove_state(client: Client, key: bytes, height: int | None) -> bytes:
    return await (prove_current(client, key) if height is None else client.prove_state(key, height=height))


def write_bundle(output: Path, bundle: bytes, form: str) -> str:
    """Write a bundle in one of its two forms; returns what kind it is."""
    found = decode_bundle(bundle)
    write_atomically(output, bundle if form == "msgpack" else document.render(found).encode())
    return kind_of(found.claim)


def _fetch(nodes: tuple[str, ...], output: Path, form: str, question: Callable[[Client], Awaitable[bytes]]) -> None:
    async def fetch() -> tuple[bytes, str]:
        async with connected(nodes) as client:
            return await question(client), (await client.status()).genesis_hash

    bundle, genesis_hash = run(fetch())
    kind = write_bundle(output, bundle, form)
    command_line = f"chainnode verify {output} --genesis {genesis_hash}"
    result = {"file": str(output), "kind": kind, "bytes": output.stat().st_size, "verify": command_line}
    # The hash is the node's own word: whoever verifies should have it from the consortium.
    emit(result, [f"{kind} proof written to {output}", f"check it: {command_line}"])
