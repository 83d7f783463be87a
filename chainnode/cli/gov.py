"""``chainnode gov``: changes of the consortium itself, signed by several operators at once.

In a generated network the identity ``consortium`` governs, and a quorum of the operators acts for it: name their key
files with ``--signer``, or none where a development network runs here, whose operators' keys are at hand.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from chainnode.cli import proposal
from chainnode.cli.config import config_option, load, set_option
from chainnode.cli.connection import FILE, connected, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.governing import governing, operators_wallet
from chainnode.cli.operation import Verb, add_verbs
from chainnode.cli.operation_value import DidText
from chainnode.cli.output import emit, examples, json_option
from chainnode.cli.tx import check_id, emit_submission
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key, read_passphrase
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.types.validator_set import ObserverNode, Validator, validator_of
from contracts.governance.operations import (
    AddValidator,
    AdmitNode,
    CancelChange,
    DismissNode,
    JoinProof,
    ReadmitLeader,
    RemoveValidator,
    ReplaceValidator,
)
from contracts.governance.order import order_of
from contracts.governance.record import CHECKPOINT_STEP
from contracts.governance.succession import join_bytes
from contracts.kernel.operation import Operation
from contracts.kernel.registry import operation_document, operation_from_document

JOIN_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(
    name="gov",
    epilog=examples(
        "chainnode gov join-proof --config newcomer/node.toml --did did:cnode:CHAIN:ID --out join.json",
        "chainnode gov add-validator join.json --signer operator-0.json --signer operator-1.json",
    ),
)
def command() -> None:
    """Change the consortium: its validators and the nodes that may follow.

    A change of the validator set takes effect when the epoch ends.
    """


@command.command(
    name="join-proof", epilog=examples("chainnode gov join-proof --config node.toml --did did:cnode:CHAIN:ID")
)
@config_option
@set_option
@click.option("--did", required=True, type=DidText(), help="The institution that operates the node.")
@click.option("--next-key", is_flag=True, help="For keys.next_consensus_key_file, to replace this validator's key.")
@click.option("--out", type=FILE, help="Write the join file there.")
@json_option
def join_proof(file: Path, assignments: tuple[str, ...], did: str, next_key: bool, out: Path | None) -> None:
    """Show that this node holds the chain and its consensus key: what `gov add-validator` takes.

    Run it where the node runs; it asks the node's own API for a recent block and signs that. Good for 1,000 blocks.
    With --next-key its result goes to `gov replace-validator`: the node takes up that key when the epoch ends.
    """
    config = load(file, assignments).config
    keys = config.keys
    name = "next_consensus_key_file" if next_key else "consensus_key_file"
    key_file = keys.next_consensus_key_file if next_key else keys.consensus_key_file
    if key_file is None:
        raise CommandError("consensus-key-needed", f"{file} names no keys.{name}", Exit.USAGE)
    passphrase = None if keys.passphrase_file is None else read_passphrase(keys.passphrase_file)
    key = read_key(key_file, passphrase)
    node_key = read_key(keys.node_key_file, passphrase).public_key
    entry = validator_of(config.node.name, did, key, node_key)
    proof = run(_prove(f"http://{config.api.listen}", entry, key))
    document = operation_document(AddValidator(entry, proof))
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    lines = [f"{entry.name} holds the chain at height {proof.height}"]
    emit(document, [*lines, f"wrote {out}" if out else msgspec.json.encode(document).decode()])


@command.command(name="add-validator", epilog=examples("chainnode gov add-validator join.json"))
@click.argument("join", type=JOIN_FILE)
@governing
def add_validator(join: Path, **options: Any) -> None:
    """Let a synced observer vote from the next epoch on; JOIN is what `gov join-proof` wrote on its machine."""
    _change([_read_join(join)], **options)


@command.command(name="remove-validator", epilog=examples("chainnode gov remove-validator validator-3"))
@click.argument("validator")
@governing
def remove_validator(validator: str, **options: Any) -> None:
    """Take VALIDATOR, a name or a consensus key, out of the set of the next epoch."""
    _change([lambda client: _removal(client, validator)], **options)


@command.command(name="replace-validator", epilog=examples("chainnode gov replace-validator validator-3 join.json"))
@click.argument("validator")
@click.argument("join", type=JOIN_FILE)
@governing
def replace_validator(validator: str, join: Path, **options: Any) -> None:
    """Put the node of JOIN in the place of VALIDATOR; counts as one change."""
    joining = _read_join(join)

    async def operation(client: Client) -> Operation:
        return ReplaceValidator(await _consensus_key(client, validator), joining.entry, joining.proof)

    _change([operation], **options)


@command.command(name="cancel-change", epilog=examples("chainnode gov cancel-change"))
@governing
def cancel_change(**options: Any) -> None:
    """Drop every change of the set that waits for the end of the epoch."""
    _change([CancelChange()], **options)


@command.command(epilog=examples("chainnode gov readmit validator-2"))
@click.argument("validator")
@governing
def readmit(validator: str, **options: Any) -> None:
    """Let a suspended VALIDATOR, a name or a consensus key, lead again."""

    async def operation(client: Client) -> Operation:
        return ReadmitLeader(await _consensus_key(client, validator))

    _change([operation], **options)


@command.command(name="admit-node", epilog=examples("chainnode gov admit-node watcher did:cnode:CHAIN:ID NODE_KEY"))
@click.argument("name")
@click.argument("institution", type=DidText())
@click.argument("node_key")
@governing
def admit_node(name: str, institution: str, node_key: str, **options: Any) -> None:
    """Let the node with NODE_KEY, run by the identity INSTITUTION, connect and follow."""
    _change([AdmitNode(ObserverNode(name, institution, bytes.fromhex(check_id(node_key))))], **options)


@command.command(name="dismiss-node", epilog=examples("chainnode gov dismiss-node NODE_KEY"))
@click.argument("node_key")
@governing
def dismiss_node(node_key: str, **options: Any) -> None:
    """Let an observer connect no more."""
    _change([DismissNode(bytes.fromhex(check_id(node_key)))], **options)


add_verbs(
    command,
    {
        "grant-role": Verb("governance.grant_role", arguments=("did", "role"), signed_by="operators"),
        "set-parameters": Verb("governance.set_parameters", signed_by="operators"),
        "set-policy": Verb("governance.set_policy", arguments=("target",), signed_by="operators"),
        "activate-feature": Verb("governance.activate_feature", arguments=("name", "height"), signed_by="operators"),
        "withdraw-proposal": Verb("governance.withdraw_proposal", arguments=("number",)),
        "annul-proposal": Verb("governance.annul_proposal", arguments=("number",), signed_by="operators"),
        "issue-order": Verb(
            "governance.issue_order",
            arguments=("target", "legal_basis", "document_hash"),
            fresh=("order_id",),
            about=lambda operation, did: {"order": order_of(did, operation.order_id).hex()},
        ),
        "lift-order": Verb("governance.lift_order", arguments=("order",)),
        "revoke-role": Verb("governance.revoke_role", arguments=("did", "role"), signed_by="operators"),
    },
)


for voting in (proposal.simulate, proposal.propose, proposal.vote, proposal.show):
    command.add_command(voting)


def _change(
    operations: Sequence[Operation | Callable[[Client], Any]],
    *,
    signers: tuple[str, ...],
    did: str | None,
    passphrase_file: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
) -> None:
    """Sign with every operator that was named, submit, and show what became of it."""

    async def submit() -> Submission:
        async with connected(nodes, patience_ms=int(timeout_s * 1000)) as client:
            chosen = [found if isinstance(found, Operation) else await found(client) for found in operations]
            wallet = await operators_wallet(client, nodes, signers, did, passphrase_file)
            return await wallet.submit(client, chosen, timeout_ms=int(timeout_s * 1000))

    emit_submission(run(submit()))


async def _removal(client: Client, validator: str) -> Operation:
    return RemoveValidator(await _consensus_key(client, validator))


async def _consensus_key(client: Client, validator: str) -> bytes:
    """The key of a validator that was named, or that key itself.

    Raises:
        CommandError: ``id-form``: neither.
    """
    for member in (await client.validators()).validators:
        if validator in {member.name, member.consensus_key}:
            return bytes.fromhex(member.consensus_key)
    return bytes.fromhex(check_id(validator))


async def _prove(url: str, entry: Validator, key: SigningKey) -> JoinProof:
    async with connected((url,)) as client:
        status = await client.status()
        height = max(0, status.height - 1) // CHECKPOINT_STEP * CHECKPOINT_STEP
        block_hash = bytes.fromhex((await client.block(height)).block_hash)
    return JoinProof(height, key.sign(join_bytes(status.chain_id, height, block_hash, entry)))


def _read_join(file: Path) -> AddValidator:
    """What ``join-proof`` wrote.

    Raises:
        CommandError: ``operations-form``.
        Rejected: its fields are malformed.
    """
    try:
        document = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandError("operations-form", f"{file} is no join file: {error}", Exit.USAGE) from error
    operation = operation_from_document(document)
    if not isinstance(operation, AddValidator):
        raise CommandError("operations-form", f"{file} is no join file", Exit.USAGE)
    return operation
