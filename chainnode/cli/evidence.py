"""``chainnode evidence``: that files existed, unchanged, at a time that the validators agreed on."""

from pathlib import Path
from typing import Any, Final, get_args

import click

from chainnode.cli.connection import Access, connected, node_option, open_wallet, run, wallet_options
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.operation import Verb, add_verbs
from chainnode.cli.output import emit, examples, fields, json_option, table
from chainnode.cli.tx import check_id, timeout_option
from chainnode.cli.verify import parse_hash, verified_document
from chainnode.errors import NotFound
from chainnode.sdk.client import Client
from chainnode.sdk.content import hash_file
from chainnode.sdk.evidence import RecordResult, prove_item, record_files
from chainnode.sdk.offline import matching_item, read_bundle_file, verify_file
from chainnode.sdk.sidecar import Sidecar, read_sidecar
from contracts.evidence.record import Kind

PATH = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
RECORDS: Final = Path("evidence-records")
RECORDS_MAX: Final = 100_000
records_option = click.option(
    "--records",
    type=click.Path(file_okay=False, path_type=Path),
    default=RECORDS,
    show_default=True,
    help="Folder of the private records, which hold the salts.",
)


@click.group(
    name="evidence", epilog=examples("chainnode evidence add report.pdf", "chainnode evidence verify report.pdf")
)
def command() -> None:
    """Record that files existed, and check them later."""


@command.command(
    epilog=examples("chainnode evidence add report.pdf data/ --kind delivery", "chainnode evidence add data/ --batch")
)
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--batch", is_flag=True, help="One record for all files; each stays provable alone.")
@click.option("--kind", type=click.Choice(get_args(Kind)), default="file", show_default=True, help="What they are.")
@click.option("--no-salt", is_flag=True, help="Record bare hashes; whoever can guess a content can then find it.")
@records_option
@timeout_option
@node_option
@wallet_options
@json_option
def add(
    files: tuple[Path, ...],
    batch: bool,
    kind: Kind,
    no_salt: bool,
    records: Path,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Record the digests of FILES, and of every file below the folders among them.

    Only salted digests reach the ledger. The salts stay in the folder of --records: keep it, for without its salt a
    record shows nothing.
    """
    access = Access(nodes, wallet, did, passphrase_file)
    recording = _add(files, access, records, int(timeout_s * 1000), batch=batch, salted=not no_salt, kind=kind)
    results = run(recording)
    if not results:
        raise CommandError("nothing-to-record", "no file was found there; hidden ones are passed over", Exit.NOT_FOUND)
    rows = [(result.path, result.outcome, result.evidence_id, result.height or "-", result.code) for result in results]
    emit([_document(result) for result in results], table(("file", "outcome", "evidence id", "height", "code"), rows))
    failed = [result for result in results if result.outcome != "recorded"]
    if failed:
        status = Exit.NO_ANSWER if all(result.outcome == "unsettled" for result in failed) else Exit.FAILED
        raise CommandError("evidence-partly-refused", f"{len(failed)} of {len(results)} files are not recorded", status)


@command.command(
    epilog=examples(
        "chainnode evidence verify report.pdf --save report.proof",
        "chainnode evidence verify report.pdf --proof report.proof --record ID.evidence.json --genesis HASH",
    )
)
@click.argument("file", type=FILE)
@click.option("--record", type=FILE, help="The file's private record.")
@records_option
@click.option("--proof", type=FILE, help="Check this proof offline.")
@click.option("--save", type=OUT, help="Keep the proof that was fetched; also of one file of a batch.")
@click.option("--genesis", metavar="HASH", help="The consortium's genesis hash, from a source you trust.")
@node_option
@json_option
def verify(
    file: Path,
    record: Path | None,
    records: Path,
    proof: Path | None,
    save: Path | None,
    genesis: str | None,
    nodes: tuple[str, ...],
) -> None:
    """Say whether FILE was recorded, unchanged: by whom, when, and in which block.

    With --proof it needs no network, only the genesis hash. Without --genesis the node's own word for that hash is
    taken. A file with a salted digest needs its private record.
    """
    sidecar, index = _find_record(file, record, records)
    trusted = parse_hash(genesis)
    if proof is not None:
        if trusted is None:
            raise click.UsageError("--proof needs --genesis HASH")
        bundle, source = read_bundle_file(proof), "your own"
    else:
        bundle, told = run(_fetch_proof(file, sidecar, index, nodes))
        source = "your own" if trusted is not None else "the node's word"
        trusted = trusted or told
    salt = bytes.fromhex(sidecar.items[index].salt) if sidecar is not None else b""
    shown = verify_file(file, bundle, genesis_hash=trusted, salt=salt or None)
    if save is not None:
        save.write_bytes(bundle)
    document = {"file": str(file), "recorded": True, **verified_document(shown), "genesis_hash": trusted.hex()}
    emit(document, [f"yes: {file} was recorded and is unchanged", *fields(document), f"genesis hash from {source}"])


@command.command(epilog=examples("chainnode evidence show EVIDENCE_ID", "chainnode evidence show --digest HEX"))
@click.argument("evidence_id", required=False)
@click.option("--digest", metavar="HEX", help="Instead of the id: the recorded digest.")
@node_option
@json_option
def show(evidence_id: str | None, digest: str | None, nodes: tuple[str, ...]) -> None:
    """Show what the ledger holds about a piece of evidence; by its digest, every record of it."""
    if (evidence_id is None) == (digest is None):
        raise click.UsageError("give an EVIDENCE_ID, or --digest HEX")
    wanted = check_id(evidence_id or digest or "")

    async def ask() -> list[dict[str, Any]]:
        async with connected(nodes) as client:
            if evidence_id is not None:
                return [await client.evidence(wanted)]
            return await client.evidence_of(wanted)

    found = run(ask())
    if not found:
        raise CommandError("evidence-not-found", f"nothing on the ledger has the digest {wanted}", Exit.NOT_FOUND)
    emit(found if evidence_id is None else found[0], [line for record in found for line in (*fields(record), "")][:-1])


async def _add(
    files: tuple[Path, ...], access: Access, records: Path, timeout_ms: int, *, batch: bool, salted: bool, kind: Kind
) -> list[RecordResult]:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        recording = record_files(
            client, signer, files, records=records, batch=batch, salted=salted, kind=kind, timeout_ms=timeout_ms
        )
        return [result async for result in recording]


def _document(result: RecordResult) -> dict[str, Any]:
    return {
        "file": str(result.path),
        "outcome": result.outcome,
        "code": result.code,
        "info": result.info,
        "evidence_id": result.evidence_id,
        "digest": result.digest,
        "size": result.size,
        "tx_id": result.tx_id,
        "height": result.height,
        "record": str(result.sidecar) if result.sidecar is not None else None,
    }


def _find_record(file: Path, record: Path | None, records: Path) -> tuple[Sidecar | None, int]:
    """The private record that holds this very content, and the item's place in it; None for a bare digest.

    Raises:
        CommandError: ``file-digest``: the named record is of another content.
    """
    if record is not None:
        sidecar = read_sidecar(record)
        index = matching_item(sidecar, file)
        if index is None:
            message = f"no: {file} is not, or is no longer, what {record} was made of"
            raise CommandError("file-digest", message, Exit.FAILED)
        return sidecar, index
    for number, path in enumerate(sorted(records.glob("*.evidence.json")) if records.is_dir() else ()):
        if number >= RECORDS_MAX:
            break
        sidecar = read_sidecar(path)
        index = matching_item(sidecar, file)
        if index is not None and sidecar.tx_id:
            return sidecar, index
    return None, 0


async def _fetch_proof(
    file: Path, sidecar: Sidecar | None, index: int, nodes: tuple[str, ...]
) -> tuple[bytes, bytes]:
    """A proof that this content was recorded, and the genesis hash that the node names."""
    async with connected(nodes) as client:
        genesis_hash = bytes.fromhex((await client.status()).genesis_hash)
        if sidecar is not None:
            return await prove_item(client, sidecar, index), genesis_hash
        return await _prove_bare(client, file), genesis_hash


async def _prove_bare(client: Client, file: Path) -> bytes:
    digest = hash_file(file).digest
    try:
        return await client.prove_evidence(digest=digest)
    except NotFound as error:
        raise CommandError(
            "evidence-not-found",
            f"no: nothing on the ledger has the digest of {file}, and no private record of its content was found",
            Exit.NOT_FOUND,
            digest=digest.hex(),
            hint="if it was recorded with a salt, name its private record with --record or the folder with --records",
        ) from error


add_verbs(
    command,
    {
        "record": Verb("evidence.record", arguments=("digest",), fresh=("evidence_id",)),
        "record-batch": Verb("evidence.record_batch", arguments=("root",), fresh=("evidence_id",)),
        "revoke": Verb("evidence.revoke", arguments=("evidence_id",)),
        "append": Verb("evidence.append", arguments=("submitter", "evidence_id", "digest")),
        "request-signatures": Verb("evidence.request_signatures", arguments=("evidence_id",)),
        "countersign": Verb("evidence.countersign", arguments=("submitter", "evidence_id", "digest")),
        "withdraw-signature": Verb("evidence.withdraw_signature", arguments=("submitter", "evidence_id")),
    },
)
