"""``chainnode tx``: transactions, from operations in a file to the receipt."""

import asyncio
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from chainnode.cli.connection import FILE, Access, connected, node_option, open_wallet, run, wallet_options
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.errors import DecodeError
from chainnode.limits import MIB
from chainnode.sdk.answer import Submission, TransactionAnswer
from chainnode.sdk.client import Client
from chainnode.sdk.submitter import Wait
from chainnode.sdk.wallet import Operation
from chainnode.types.transaction import decode_transaction
from contracts.kernel.registry import CODES, operation_from_document

FILE_BYTES_MAX: Final = 4 * MIB
timeout_option = click.option(
    "--timeout", "timeout_s", type=click.FloatRange(0.1, 600), default=30, show_default=True, help="Seconds."
)


@click.group(name="tx", epilog=examples("chainnode tx submit operations.json", "chainnode tx show TX_ID"))
def command() -> None:
    """Submit transactions and follow them."""


@command.command(
    epilog=examples("chainnode tx submit operations.json --wallet my-key.json", "chainnode tx submit - --wait checked")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--wait", type=click.Choice(["none", "checked", "committed"]), default="committed", show_default=True)
@click.option("--memo", default="", help="Up to 256 bytes of text, public for ever.")
@click.option("--save", type=FILE, help="Keep the signed bytes there, to submit them again.")
@timeout_option
@node_option
@wallet_options
@json_option
def submit(
    file: Path,
    wait: Wait,
    memo: str,
    save: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Submit FILE (- reads standard input): operations to sign, or an envelope that is signed already.

    Operations are JSON, one {"operation": "asset.register", ...} or a list of them, and apply together or not at all.
    An envelope is what --save wrote; submitting it again is always safe.
    """
    content = _read(file)
    access = Access(nodes, wallet, did, passphrase_file)
    done = run(_submit(content, access, wait, memo, save, int(timeout_s * 1000)))
    emit_submission(done)


@command.command(epilog=examples("chainnode tx wait TX_ID --timeout 60"))
@click.argument("tx_id")
@timeout_option
@node_option
@json_option
def wait(tx_id: str, timeout_s: float, nodes: tuple[str, ...]) -> None:
    """Wait until a transaction is committed, and show its outcome."""
    found = run(_wait(check_id(tx_id), nodes, int(timeout_s * 1000)))
    emit_transaction(found)
    if found.receipt is not None and found.receipt.code != "ok":
        raise refused(found.receipt.code, found.receipt.info, found.tx_id)


@command.command(epilog=examples("chainnode tx show TX_ID --json"))
@click.argument("tx_id")
@node_option
@json_option
def show(tx_id: str, nodes: tuple[str, ...]) -> None:
    """Show a transaction: committed with its receipt, or pending."""
    emit_transaction(run(_show(check_id(tx_id), nodes)))


def check_id(text: str) -> str:
    """A transaction id, evidence id or hash as given on the command line: lower-case hexadecimal.

    Raises:
        CommandError: ``id-form``.
    """
    found = text.strip().lower().removeprefix("0x")
    if not found or len(found) > 128 or len(found) % 2 or set(found) - set("0123456789abcdef"):
        raise CommandError("id-form", f"{text[:80]!r} is not an id in hexadecimal digits", Exit.USAGE)
    return found


def emit_submission(done: Submission, **about: str) -> None:
    """Show what became of a submission, after what is known ``about`` it.

    Raises:
        CommandError: it was committed and did not apply, with the receipt's code.
    """
    document: dict[str, Any] = {**about, "tx_id": done.tx_id, "outcome": done.outcome, "height": done.height}
    if done.receipt is not None:
        document |= {"code": done.receipt.code, "info": done.receipt.info}
    emit(document, fields(document))
    if done.receipt is not None and done.receipt.code != "ok":
        raise refused(done.receipt.code, done.receipt.info, done.tx_id)


async def told_by_events(client: Client, done: Submission, attributes: Collection[str]) -> dict[str, str]:
    """What the events of an applied transaction say under these attributes, each as the first that has it says it."""
    if not attributes or not done.applied:
        return {}
    events = (await client.receipt(done.tx_id)).events
    found = {name: value for event in reversed(events) for name, value in event.attributes.items()}
    return {name: str(found[name]) for name in attributes if name in found}


def emit_transaction(found: TransactionAnswer) -> None:
    """Show a transaction."""
    document = msgspec.to_builtins(found)
    emit(document, fields({name: value for name, value in document.items() if name != "envelope"}))


def refused(code: str, info: str, tx_id: str) -> CommandError:
    """A transaction that stands on the ledger with the reason why nothing of it applied."""
    hint = CODES[code].hint if code in CODES else ""
    message = info or "the transaction was committed and did not apply"
    return CommandError(code, message, Exit.FAILED, tx_id=tx_id, hint=hint)


async def _submit(
    content: bytes, access: Access, wait: Wait, memo: str, save: Path | None, timeout_ms: int
) -> Submission:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        envelope = content
        if content.lstrip()[:1] in (b"{", b"["):
            operations = parse_operations(content)
            signer = await open_wallet(access, client)
            envelope = (await signer.transaction(client, operations, memo=memo)).envelope
        else:
            check_envelope(content)
        if save is not None:
            await asyncio.to_thread(save.write_bytes, envelope)
        return await client.submit(envelope, wait=wait, timeout_ms=timeout_ms)


def check_envelope(content: bytes) -> None:
    """Refuse here what no node would read.

    Raises:
        CommandError: ``operations-form``.
    """
    try:
        decode_transaction(content)
    except DecodeError as error:
        message = f"the file holds neither operations in JSON nor a signed envelope: {error.message}"
        raise CommandError("operations-form", message, Exit.USAGE) from error


def parse_operations(content: bytes) -> list[Operation]:
    """The operations of a JSON text: one document, a list, or ``{"operations": [...]}``.

    Raises:
        CommandError: ``operations-form``.
        Rejected: an operation is unknown, malformed or impossible.
    """
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError("operations-form", f"the file is not JSON: {error}", Exit.USAGE) from error
    if isinstance(found, dict) and "operations" in found:
        found = found["operations"]
    documents = found if isinstance(found, list) else [found]
    if not documents or not all(isinstance(document, dict) for document in documents):
        expected = '{"operation": NAME, ...} or a list of them'
        raise CommandError("operations-form", "the file holds no operations", Exit.USAGE, expected=expected)
    return [operation_from_document(document) for document in documents]


async def _wait(tx_id: str, nodes: tuple[str, ...], timeout_ms: int) -> TransactionAnswer:
    async with connected(nodes, patience_ms=timeout_ms) as client:
        return await client.wait(tx_id, timeout_ms=timeout_ms)


async def _show(tx_id: str, nodes: tuple[str, ...]) -> TransactionAnswer:
    async with connected(nodes) as client:
        return await _transaction(client, tx_id)


async def _transaction(client: Client, tx_id: str) -> TransactionAnswer:
    return await client.transaction(tx_id)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise CommandError("too-large", f"{file} is too large for one transaction", Exit.USAGE, expected=FILE_BYTES_MAX)
    return content
