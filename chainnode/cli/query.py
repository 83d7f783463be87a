"""``chainnode query``: what the ledger holds, as a node tells it. What it proves is ``prove`` and ``verify``."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec
from msgspec import inspect

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.operation_value import DidText, did_of_name
from chainnode.cli.output import dump, emit, examples, fields, json_option, table
from chainnode.cli.tx import check_id
from chainnode.sdk.client import Client
from chainnode.types.receipt import Scalar
from contracts.kernel.registry import COLLECTIONS
from contracts.kernel.text import DID_PATTERN

T = TypeVar("T")


@click.group(name="query", epilog=examples("chainnode query status", "chainnode query block latest --json"))
def command() -> None:
    """Read blocks, state, receipts, status and more."""


@command.command(epilog=examples("chainnode query status --node http://127.0.0.1:8000"))
@node_option
@json_option
def status(nodes: tuple[str, ...]) -> None:
    """Show a node's own view: height, state root, leader, peers, pool, speed."""
    found = _ask(nodes, lambda client: client.status())
    document = msgspec.to_builtins(found)
    shown = document | {"peers": ", ".join(f"{peer.name}@{peer.height}" for peer in found.peers)}
    emit(document, fields(shown))


@command.command(epilog=examples("chainnode query block latest", "chainnode query block 7"))
@click.argument("at", default="latest")
@node_option
@json_option
def block(at: str, nodes: tuple[str, ...]) -> None:
    """Show a block by its height or hash, or the latest."""
    where: int | str = int(at) if at.isascii() and at.isdigit() and len(at) < 19 else at
    if isinstance(where, str) and where != "latest":
        if len(where.removeprefix("0x")) != 64:
            raise CommandError("id-form", f"{at[:80]!r} is no height, no hash and not `latest`", Exit.USAGE)
        where = check_id(where)
    found = _ask(nodes, lambda client: client.block(where))
    document = msgspec.to_builtins(found)
    ids = [f"  {tx_id}" for tx_id in found.transactions]
    head = {"height": found.height, "block_hash": found.block_hash, **found.header, "transactions": len(ids)}
    emit(document, [*fields(head), *ids])


@command.command(epilog=examples("chainnode query state governance/parameters"))
@click.argument("key")
@node_option
@json_option
def state(key: str, nodes: tuple[str, ...]) -> None:
    """Show one state value with its meaning."""
    found = _ask(nodes, lambda client: client.state(state_key(key)))
    document = msgspec.to_builtins(found)
    emit(document, fields({"height": found.height, **found.document}))


@command.command(epilog=examples("chainnode query receipt TX_ID"))
@click.argument("tx_id")
@node_option
@json_option
def receipt(tx_id: str, nodes: tuple[str, ...]) -> None:
    """Show the certified outcome of a transaction."""
    found = _ask(nodes, lambda client: client.receipt(check_id(tx_id)))
    document = msgspec.to_builtins(found)
    emit(document, fields(document))


@command.command(epilog=examples("chainnode query validators"))
@node_option
@json_option
def validators(nodes: tuple[str, ...]) -> None:
    """Show who agrees in the running epoch."""
    found = _ask(nodes, lambda client: client.validators())
    rows = [(who.index, who.name, who.did, who.consensus_key) for who in found.validators]
    head = f"epoch {found.epoch}, quorum {found.quorum} of {len(rows)}, hash {found.validators_hash}"
    emit(msgspec.to_builtins(found), [head, *table(("index", "name", "DID", "consensus key"), rows)])


@command.command(epilog=examples("chainnode query identity did:cnode:devnet:abcdefghijklmnopqrstuvwxyz234567"))
@click.argument("did", type=DidText())
@node_option
@json_option
def identity(did: str, nodes: tuple[str, ...]) -> None:
    """Show an identity's record."""
    found = _ask(nodes, lambda client: client.identity(did))
    emit(found, fields(found))


@command.command(epilog=examples("chainnode query events asset.registered identifier my-data-set"))
@click.argument("name")
@click.argument("attribute")
@click.argument("value")
@click.option("--type", "kind", type=click.Choice(["string", "int", "bool", "bytes"]), default="string")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True)
@click.option("--after", help="Go on behind this cursor, the `next` of the page before.")
@node_option
@json_option
def events(
    name: str, attribute: str, value: str, kind: str, limit: int, after: str | None, nodes: tuple[str, ...]
) -> None:
    """Show events by an indexed attribute, in ledger order; bytes are written in hexadecimal."""
    wanted = _scalar(value, kind)
    page = _ask(nodes, lambda client: client.events(name, attribute, wanted, after=after, limit=limit))
    rows = [
        (
            item.height,
            "block" if item.tx_index is None else item.tx_index,
            item.name,
            (item.tx_id or "")[:16],
            dump(item.attributes),
        )
        for item in page.items
    ]
    lines = table(("height", "index", "event", "transaction", "attributes"), rows) if rows else ["no such events"]
    emit(msgspec.to_builtins(page), lines + ([f"more: --after {page.next}"] if page.next else []))


@command.command(epilog=examples("chainnode query records assets --filter kind=dataset --filter status=CERTIFIED"))
@click.argument("name", type=click.Choice(list(COLLECTIONS)), metavar="COLLECTION")
@click.option("--filter", "filters", metavar="NAME=VALUE", multiple=True, help="Equality; repeat for each field.")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True)
@click.option("--after", help="Go on behind this cursor, the `next` of the page before.")
@node_option
@json_option
def records(name: str, filters: tuple[str, ...], limit: int, after: str | None, nodes: tuple[str, ...]) -> None:
    """List records of a COLLECTION, those that have all the values given; bytes are written in hexadecimal.

    A page may be short while more follows. `chainnode operations --markdown` tells the filters of each.
    """
    given = [_filter(name, text) for text in filters]
    wanted = {field: _as_did(name, COLLECTIONS[name].by_name[field].path, value) for field, value in given}
    page = _ask(nodes, lambda client: client.collection(name, after=after, limit=limit, **wanted))
    lines = [line for item in page.items for line in (*fields(item), "")] or ["none on this page"]
    emit(msgspec.to_builtins(page), lines + ([f"more: --after {page.next}"] if page.next else []))


@command.command(epilog=examples("chainnode query record roles did:cnode:devnet:abcdefghijklmnopqrstuvwxyz234567"))
@click.argument("name", type=click.Choice(list(COLLECTIONS)), metavar="COLLECTION")
@click.argument("ids", nargs=-1, required=True)
@node_option
@json_option
def record(name: str, ids: tuple[str, ...], nodes: tuple[str, ...]) -> None:
    """Show one record of a COLLECTION by its IDS, in the order in which `chainnode operations --markdown` has them."""
    record_key(name, ids)
    known = zip(COLLECTIONS[name].ids, ids, strict=True)
    wanted = [_as_did(name, field, text) for field, text in known]
    found = _ask(nodes, lambda client: client.record(name, *wanted))
    emit(found, fields(found))


for reading in (records, record):
    reading.help = f"{reading.help}\n\nCOLLECTION is one of {', '.join(COLLECTIONS)}."


def record_key(name: str, ids: tuple[str, ...]) -> bytes:
    """The state key of one record of a collection.

    Raises:
        CommandError: ``id-form``: an id is not of its form.
    """
    known = COLLECTIONS[name]
    if len(ids) != len(known.ids):
        raise click.UsageError(f"{name} is read by {' and '.join(known.ids)}")
    parts: list[str | bytes | int] = []
    for field, text in zip(known.ids, ids, strict=True):
        match known.type_of(field):
            case inspect.BytesType():
                parts.append(bytes.fromhex(check_id(text)))
            case inspect.IntType():
                parts.append(_number(field, text))
            case inspect.StrType(pattern=pattern) if pattern in (None, DID_PATTERN):
                # Whoever is misspelt has no record either: that would be a true proof of the wrong thing.
                parts.append(DidText().convert(text, None, None))
            case _:
                parts.append(text)
    return known.key(*parts)


def _as_did(name: str, path: str, text: str) -> str:
    """The DID of a development identity that was named where a DID may stand; anything else as it is."""
    info = COLLECTIONS[name].type_of(path)
    may_be = isinstance(info, inspect.StrType) and info.pattern in (None, DID_PATTERN)
    return (did_of_name(text) or text) if may_be else text


def _number(field: str, text: str) -> int:
    if not text.isdecimal():
        raise CommandError("id-form", f"{text[:80]!r} is no number for {field}", Exit.USAGE)
    return int(text)


def state_key(text: str) -> bytes:
    """A state key as written: text such as ``governance/parameters``, or ``0x`` and hexadecimal digits.

    Raises:
        CommandError: ``state-key-form``.
    """
    if not text.startswith("0x"):
        return text.encode()
    try:
        return bytes.fromhex(text[2:])
    except ValueError as error:
        raise CommandError("state-key-form", f"{text[:80]!r} is not hexadecimal", Exit.USAGE) from error


def _filter(name: str, text: str) -> tuple[str, str]:
    """One ``--filter``; the node judges the value."""
    field, separator, value = text.partition("=")
    if not separator or field not in COLLECTIONS[name].by_name:
        known = ", ".join(COLLECTIONS[name].by_name)
        raise click.BadParameter(f"{text[:80]!r} is not NAME=VALUE with one of {known}", param_hint="--filter")
    return field, value


def _scalar(text: str, kind: str) -> Scalar:
    readers: dict[str, Callable[[str], Scalar]] = {"int": int, "bool": _truth, "bytes": bytes.fromhex}
    try:
        return readers[kind](text) if kind in readers else text
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not of type {kind}", param_hint="VALUE") from error


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _ask(nodes: tuple[str, ...], question: Callable[[Client], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with connected(nodes) as client:
            return await question(client)

    return run(ask())
