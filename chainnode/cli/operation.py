"""Commands made from operations: one option for each field, signed and submitted like every other.

A family lists its verbs, and that is all:

    command = operation_group(
        "right",
        "Grant, use and end rights in assets.",
        verbs_of("right", grant=Verb("right.grant", arguments=("asset_id", "grantee"), fresh=("salt",))),
    )
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import click

from chainnode.cli.connection import Access, connected, node_option, open_wallet, run, wallet_options
from chainnode.cli.governing import governing, operators_wallet
from chainnode.cli.operation_option import FieldOption, field_options, given_fields
from chainnode.cli.output import dump, emit, examples, json_option
from chainnode.cli.tx import emit_submission, timeout_option, told_by_events
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from contracts.kernel.operation import Operation, OperationSpec
from contracts.kernel.registry import OPERATIONS, operation_document, operation_from_document
from contracts.kernel.schema import summary_of

FRESH_BYTES: Final = 16
"""Of an id that the sender chooses: unique under its name, and hard to guess before it is on the ledger."""
SignedBy = Literal["wallet", "operators"]


class Verb(NamedTuple):
    """How one operation is asked for on the command line."""

    operation: str
    """Its name, such as ``right.grant``."""
    arguments: tuple[str, ...] = ()
    """Fields given by their place, in this order; the others are options."""
    fresh: tuple[str, ...] = ()
    """Ids of 16 random bytes unless they are given."""
    signed_by: SignedBy = "wallet"
    """``operators``: by several operators at once, in the name of the consortium, as ``chainnode gov`` does."""
    about: Callable[[Any, str], Mapping[str, str]] | None = None
    """What to tell beside the outcome, such as the id that follows from the operation and the sender's DID."""
    told: tuple[str, ...] = ()
    """Attributes of the events that the operation leads to, to tell as well, such as the number of a certificate."""


class OperationCommand(click.Command):
    """A command that submits one operation."""

    def __init__(self, spec: OperationSpec, **settings: Any) -> None:
        super().__init__(**settings)
        self.spec: Final = spec


class _Options(NamedTuple):
    """What such a command was called with, beside the fields."""

    nodes: tuple[str, ...]
    timeout_s: float
    memo: str
    dry_run: bool
    did: str | None
    passphrase_file: Path | None
    wallet: str | None = None
    signers: tuple[str, ...] = ()


def operation_group(name: str, help_text: str, verbs: Mapping[str, Verb]) -> click.Group:
    """A group of such commands."""
    first = command_for(next(iter(verbs)), next(iter(verbs.values())), group=name)
    return add_verbs(click.Group(name, help=help_text, epilog=first.epilog), verbs)


def verbs_of(prefix: str, *, but: Collection[str] = (), **chosen: Verb) -> dict[str, Verb]:
    """A verb for each operation ``<prefix>.<word>``; the record it is about, its first field, is given by its place.

    Args:
        prefix: of the operations' names.
        but: words that have a command of their own.
        chosen: verbs that need more said, by word (with ``_`` as in the operation's name).
    """
    found = {}
    for name, spec in OPERATIONS.items():
        family, _, word = name.partition(".")
        if family == prefix and word not in but:
            first = spec.type.__struct_fields__[:1]
            placed = first if first and first[0].endswith(("_id", "number")) else ()
            found[word.replace("_", "-")] = chosen.get(word) or Verb(name, arguments=placed)
    return found


def add_verbs(group: click.Group, verbs: Mapping[str, Verb]) -> click.Group:
    """Give ``group`` a command for each verb."""
    for word, verb in verbs.items():
        group.add_command(command_for(word, verb, group=group.name or ""))
    return group


def command_for(word: str, verb: Verb, *, group: str) -> OperationCommand:
    """The command ``chainnode <group> <word>``."""
    spec = OPERATIONS[verb.operation]

    def callback(**values: Any) -> None:
        document = {"operation": spec.name, **given_fields(values)}
        for field in verb.fresh:
            document.setdefault(field, secrets.token_hex(FRESH_BYTES))
        options = _Options(**{name: value for name, value in values.items() if name in _Options._fields})
        _perform(operation_from_document(document), verb, options)

    callback = _with_options(callback, verb.signed_by)
    own: list[click.Parameter] = list(reversed(getattr(callback, "__click_params__", [])))
    taken = [flag for parameter in own for flag in parameter.opts] + ["--help"]
    listed = field_options(spec.type, verb.arguments, verb.fresh, taken)
    return OperationCommand(
        spec,
        name=word,
        callback=callback,
        params=[*(one.parameter for one in listed), *own],
        help=_help(spec),
        epilog=examples(_example(f"chainnode {group} {word}", listed)),
    )


def _with_options(callback: Callable[..., None], signed_by: SignedBy) -> Callable[..., None]:
    """The options of every such command, as decorators give them."""
    if signed_by == "operators":
        callback = governing(callback)
    else:
        callback = json_option(wallet_options(node_option(timeout_option(callback))))
    callback = click.option("--memo", default="", help="Up to 256 bytes of text, public for ever.")(callback)
    text = "Only check the operation and print its JSON form; needs no node."
    return click.option("--dry-run", is_flag=True, help=text)(callback)


def _perform(operation: Operation, verb: Verb, options: _Options) -> None:
    document = operation_document(operation)
    if options.dry_run:
        emit(document, [dump(document)])
        return
    done, about = run(_submit(operation, verb, options))
    chosen = {field: str(document[field]) for field in verb.fresh}
    emit_submission(done, **{**chosen, **about})


async def _submit(operation: Operation, verb: Verb, options: _Options) -> tuple[Submission, Mapping[str, str]]:
    timeout_ms = int(options.timeout_s * 1000)
    async with connected(options.nodes, patience_ms=timeout_ms) as client:
        wallet = await _wallet(client, verb, options)
        done = await wallet.submit(client, [operation], memo=options.memo, timeout_ms=timeout_ms)
        told = await told_by_events(client, done, verb.told)
    return done, {**({} if verb.about is None else verb.about(operation, wallet.did)), **told}


async def _wallet(client: Client, verb: Verb, options: _Options) -> Wallet:
    if verb.signed_by == "wallet":
        return await open_wallet(Access(options.nodes, options.wallet, options.did, options.passphrase_file), client)
    return await operators_wallet(client, options.nodes, options.signers, options.did, options.passphrase_file)


def _help(spec: OperationSpec) -> str:
    codes = ", ".join(spec.codes)
    refusals = f"\n\nRefused with: {codes}." if codes else ""
    return f"{summary_of(spec.type)}\n\nThe operation {spec.name}.{refusals}"


def _example(command: str, listed: list[FieldOption]) -> str:
    words = [word for one in listed for word in one.example]
    return " ".join([command, *words])
