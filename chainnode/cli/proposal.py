"""``chainnode gov`` for votes: simulate, propose, follow and vote.

Operations are given in their JSON form, as ``chainnode gov grant-role ... --dry-run`` prints it: one to a
``--operation``, or ``@FILE`` with one or a list of them.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from chainnode.cli.connection import Access, connected, node_option, open_wallet, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.governing import governing, operators_wallet
from chainnode.cli.operation_value import JsonValue, Span
from chainnode.cli.output import dump, emit, examples, fields, json_option, table
from chainnode.cli.tx import emit_submission, told_by_events
from chainnode.sdk.answer import Submission
from chainnode.sdk.governance import SimulationAnswer, find_proposal, proposal, simulation, simulation_of
from contracts.governance.operations_proposal import Choice, Vote
from contracts.kernel.operation import Operation
from contracts.kernel.registry import operation_from_document

_EXAMPLE: Final = '{"operation": "governance.grant_role", "did": "DID", "role": "notary"}'

PROPOSALS_MAX: Final = 10_000
"""In one list; a consortium that decides daily needs decades for more."""
_OPERATION_HELP: Final = "JSON form, or @FILE; repeat for more."
wallet_option = click.option("--wallet", metavar="FILE|NAME", help="Act as this key's identity, not as the consortium.")


@click.command(name="simulate", epilog=examples(f"chainnode gov simulate --operation '{_EXAMPLE}'"))
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--operation", "listed", type=JsonValue(), multiple=True, help=_OPERATION_HELP)
@node_option
@json_option
def simulate(number: int | None, listed: tuple[Any, ...], nodes: tuple[str, ...]) -> None:
    """Tell what proposal NUMBER, or these operations, would do if they were carried out now; nothing is changed."""
    if (number is None) == (not listed):
        raise click.UsageError("give the NUMBER of a proposal, or --operation")
    operations = _operations(listed)

    async def ask() -> SimulationAnswer:
        async with connected(nodes) as client:
            return await (simulation(client, operations) if number is None else simulation_of(client, number))

    found = run(ask())
    emit(msgspec.to_builtins(found), _simulation_lines(found))


@click.command(name="propose", epilog=examples(f"chainnode gov propose 'A notary' --operation '{_EXAMPLE}' --approve"))
@click.argument("title")
@click.option("--operation", "listed", type=JsonValue(), multiple=True, required=True, help=_OPERATION_HELP)
@click.option("--voting", "voting_ms", type=Span(), default="7d", show_default=True, help="Votes count for so long.")
@click.option("--document", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its reasons: hashed.")
@click.option("--enact-at", type=click.IntRange(0), default=0, help="At this height; else after approval.")
@click.option("--approve", is_flag=True, help="Cast the proposer's own vote for it at once.")
@wallet_option
@governing
def propose(title: str, listed: tuple[Any, ...], document: Path | None, **options: Any) -> None:
    """Put operations to the vote; they are carried out together or not at all.

    Any command of an operation prints its JSON form with --dry-run.
    """
    settings = {name: options.pop(name) for name in ("voting_ms", "enact_at", "approve")}
    digest = None if document is None else hashlib.sha256(document.read_bytes()).digest()
    _submit(proposal(title, _operations(listed), document_hash=digest, **settings), **options)


@click.command(name="vote", epilog=examples("chainnode gov vote 12 approve --wallet member.json"))
@click.argument("number", type=click.IntRange(1))
@click.argument("choice", type=click.Choice(["approve", "reject", "abstain"]))
@wallet_option
@governing
def vote(number: int, choice: Choice, **options: Any) -> None:
    """Vote on proposal NUMBER, once and finally."""
    _submit(Vote(number, choice), **options)


@click.command(name="proposals", epilog=examples("chainnode gov proposals", "chainnode gov proposals 12"))
@click.argument("number", type=click.IntRange(1), required=False)
@node_option
@json_option
def show(number: int | None, nodes: tuple[str, ...]) -> None:
    """Show proposal NUMBER with its votes and tally; without one, list all proposals, oldest first."""
    if number is None:
        _list(run(_all_proposals(nodes)))
    else:
        _show(run(_one_proposal(number, nodes)))


async def _all_proposals(nodes: tuple[str, ...]) -> list[dict[str, Any]]:
    async with connected(nodes) as client:
        found: list[dict[str, Any]] = []
        async for record in client.all_records("proposals"):
            found.append(record)
            if len(found) == PROPOSALS_MAX:
                break
        return found


async def _one_proposal(number: int, nodes: tuple[str, ...]) -> dict[str, Any]:
    async with connected(nodes) as client:
        return await find_proposal(client, number)


def _list(found: Sequence[dict[str, Any]]) -> None:
    rows = [(one["number"], one["status"], one["proposer"], one["title"]) for one in found]
    emit(found, table(("number", "status", "proposer", "title"), rows) if rows else ["nothing was ever proposed"])


def _show(found: dict[str, Any]) -> None:
    closes = datetime.fromtimestamp(found["closes_ms"] / 1000, UTC).isoformat(timespec="milliseconds")
    shown = {name: found[name] for name in ("number", "title", "status", "proposer", "enact_at", "code", "info")}
    operations = [f"  {dump(item)}" for item in found["operations"]]
    votes = [f"  {item['choice']:8} {item['did']}" for item in found["votes"]]
    lines = [*fields(shown | {"voting until": closes}), "operations", *operations, "votes", *votes]
    emit(found, [*lines, *_tally_lines(found["tally"])])


def _operations(listed: Sequence[Any]) -> list[Operation]:
    """Operations from their JSON forms, single or in lists.

    Raises:
        CommandError: ``operations-form``.
        Rejected: an operation is unknown or malformed.
    """
    found = [item for given in listed for item in (given if isinstance(given, list) else [given])]
    if not all(isinstance(item, dict) for item in found):
        raise CommandError("operations-form", "an operation is a JSON object with its name and fields", Exit.USAGE)
    return [operation_from_document(item) for item in found]


def _submit(
    operation: Operation,
    *,
    wallet: str | None,
    signers: tuple[str, ...],
    did: str | None,
    passphrase_file: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
) -> None:
    """Sign as the consortium by its operators, or as one identity, and show what became of it."""
    if wallet is not None and signers:
        raise click.UsageError("give --wallet, or --signer for each operator")

    async def submit() -> tuple[Submission, dict[str, str]]:
        async with connected(nodes, patience_ms=int(timeout_s * 1000)) as client:
            if wallet is None:
                acting = await operators_wallet(client, nodes, signers, did, passphrase_file)
            else:
                acting = await open_wallet(Access(nodes, wallet, did, passphrase_file), client)
            done = await acting.submit(client, [operation], timeout_ms=int(timeout_s * 1000))
            return done, await told_by_events(client, done, ("number",))

    done, told = run(submit())
    emit_submission(done, **told)


def _simulation_lines(found: SimulationAnswer) -> list[str]:
    if found.code == "ok":
        lines = [f"would apply on the state of block {found.height}, changing {found.changed} records"]
    else:
        lines = [f"operation {found.failed_operation} would be refused: {found.code}: {found.info}"]
    lines += [f"  {event.name} {dump(event.attributes)}" for event in found.events]
    return lines + _tally_lines(msgspec.to_builtins(found.tally))


def _tally_lines(counts: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        (one["operation"], one["rule"]["kind"], ", ".join(one["rule"]["roles"]), f"{one['approvals']}/{one['needed']}",
         one["against"], one["electorate"], "met" if one["met"] else "")
        for one in counts
    ]  # fmt: skip
    return table(("operation", "rule", "roles", "approve/needed", "against", "may vote", ""), rows)
