"""``chainnode right``: who may do what with an asset."""

from datetime import UTC, datetime

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.operation import Verb, operation_group, verbs_of
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.cli.tx import check_id
from chainnode.sdk.rights import ForceAnswer, force
from contracts.rights.operations import GrantRight
from contracts.rights.record import right_id_of


def _right_id(operation: GrantRight, did: str) -> dict[str, str]:
    return {"right_id": right_id_of(did, operation.asset_id, operation.parent, operation.salt).hex()}


command = operation_group(
    "right",
    "Grant, use and end rights in assets.",
    verbs_of(
        "right",
        use=Verb("right.use", arguments=("right_id", "purpose")),
        grant=Verb("right.grant", arguments=("asset_id", "grantee"), fresh=("salt",), about=_right_id),
    ),
)


@command.command(name="show", epilog=examples("chainnode right show RIGHT_ID", "chainnode right show RIGHT_ID --json"))
@click.argument("right_id")
@node_option
@json_option
def show(right_id: str, nodes: tuple[str, ...]) -> None:
    """Say whether a right holds now, how far it reaches, and what it derives from."""
    wanted = check_id(right_id)

    async def ask() -> ForceAnswer:
        async with connected(nodes) as client:
            return await force(client, wanted)

    found = run(ask())
    emit(msgspec.to_builtins(found), force_lines(found))


def force_lines(found: ForceAnswer) -> list[str]:
    """Whether it holds; its terms as they reach now; the rights above it up to the asset's holder."""
    verdict = "in force" if found.in_force else f"not in force ({found.code}): {found.info}"
    at = datetime.fromtimestamp(found.time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    chain = [
        f"  {record['right_id'][:16]}  {record['status']}  {record['grantor']} -> {record['holder']}"
        for record in found.chain
    ]
    head = f"{verdict}, at height {found.height}, {at} UTC"
    return [head, *fields(found.terms or {}), "derives from:", *chain, f"  asset {found.chain[0]['asset_id']}"]
