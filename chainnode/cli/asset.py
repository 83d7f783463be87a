"""``chainnode asset``: data assets, one by one or a catalogue at a time."""

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from chainnode.cli.certificate import command as certificate
from chainnode.cli.connection import Access, connected, node_option, open_wallet, run, wallet_options
from chainnode.cli.demo.material import read_catalogue
from chainnode.cli.export import command as export
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.lineage import command as lineage
from chainnode.cli.operation import Verb, add_verbs, verbs_of
from chainnode.cli.operation_value import DidText
from chainnode.cli.output import dump, emit, examples, fields, json_option
from chainnode.cli.tx import check_id, emit_submission, parse_operations, timeout_option
from chainnode.sdk.answer import Submission
from chainnode.sdk.assets import EntryResult, register_catalogue
from contracts.assets.dcat import ImportedEntry, import_catalogue
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import AmendDraft, DraftAsset
from contracts.assets.operations_request import ProposeChange
from contracts.assets.record import asset_id_of, description_hash

IN = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
SHOWN_MAX: Final = 20
"""Lines of one sort on a screen; --json and --report have them all."""


@click.group(name="asset", epilog=examples("chainnode asset import catalogue.json", "chainnode asset show ASSET_ID"))
def command() -> None:
    """Register data assets and whole catalogues."""


@command.command(epilog=examples("chainnode asset register my-data-set.json --wallet my-key.json"))
@click.argument("file", type=IN)
@click.option("--holder", type=DidText(), help="Whose asset it is; else the one FILE names, or the sender's.")
@timeout_option
@node_option
@wallet_options
@json_option
def register(
    file: Path,
    holder: str | None,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Register one asset from its JSON form.

    {"identifier": "my-data-set", "description": {"kind": "dataset", "name": "My data set", ...}}
    """
    document = _read_registration(file, holder)
    done, about = run(_register(document, Access(nodes, wallet, did, passphrase_file), int(timeout_s * 1000)))
    emit_submission(done, **about)


@command.command(
    name="import",
    epilog=examples("chainnode asset import catalogue.json", "chainnode asset import data.jsonld --dry-run"),
)
@click.argument("catalogue", type=IN)
@click.option("--dry-run", is_flag=True, help="Only say what would be registered, adapted or refused; needs no node.")
@click.option("--report", type=OUT, help="Write every entry's outcome to this file, one JSON object a line.")
@timeout_option
@node_option
@wallet_options
@json_option
def import_catalogue_command(
    catalogue: Path,
    dry_run: bool,
    report: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Register every entry of a DCAT-US or DCAT (JSON-LD) catalogue, and say what became of each.

    Importing a catalogue again is harmless: what is registered already is refused by name. Ends with status 1 when an
    entry was refused.
    """
    content = read_catalogue(catalogue)
    if dry_run:
        results = [_planned(entry) for entry in import_catalogue(content).entries]
    else:
        access = Access(nodes, wallet, did, passphrase_file)
        results = run(_import(content, access, int(timeout_s * 1000)))
    documents = [msgspec.to_builtins(result) for result in results]
    if report is not None:
        report.write_text("".join(dump(document) + "\n" for document in documents))
    counts = {outcome: sum(result.outcome == outcome for result in results) for outcome in OUTCOMES}
    emit({**counts, "entries": documents}, _import_lines(results, counts))
    if counts["refused"] or counts["unsettled"]:
        status = Exit.NO_ANSWER if counts["unsettled"] else Exit.FAILED
        message = f"{counts['refused']} entries were refused, {counts['unsettled']} are not settled"
        raise CommandError("catalogue-partly-refused", message, status)


@command.command(epilog=examples("chainnode asset show ASSET_ID --json"))
@click.argument("asset_id")
@node_option
@json_option
def show(asset_id: str, nodes: tuple[str, ...]) -> None:
    """Show the record of a registered asset."""
    wanted = check_id(asset_id)

    async def ask() -> dict[str, Any]:
        async with connected(nodes) as client:
            return await client.asset(wanted)

    found = run(ask())
    emit(found, fields(found))


@command.command(name="id", epilog=examples("chainnode asset id my-data-set --of did:cnode:CHAIN:ID"))
@click.argument("identifier")
@click.option("--of", "applicant", type=DidText(), required=True, help="Who registers it, or applies for it.")
@json_option
def id_command(identifier: str, applicant: str) -> None:
    """Tell the id that an asset has or will have, before anybody registers it; needs no node.

    A use of a right that permits a derivation names it: `right use RIGHT_ID PURPOSE --derived ASSET_ID`.
    """
    found = asset_id_of(applicant, identifier).hex()
    emit({"asset_id": found}, [found])


command.add_command(certificate)
command.add_command(lineage)
command.add_command(export)

OUTCOMES: Final = ("registered", "adapted", "refused", "unsettled")


def _read_registration(file: Path, holder: str | None) -> bytes:
    """The JSON form with the operation's name, which the file may leave out."""
    try:
        found = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError("operations-form", f"{file} is not JSON: {error}", Exit.USAGE) from error
    if not isinstance(found, dict) or found.get("operation", "asset.register") != "asset.register":
        expected = '{"identifier": ..., "description": {...}}'
        raise CommandError("operations-form", f"{file} does not describe one asset", Exit.USAGE, expected=expected)
    chosen = {} if holder is None else {"holder": holder}
    return msgspec.json.encode({"operation": "asset.register", **found, **chosen})


async def _register(document: bytes, access: Access, timeout_ms: int) -> tuple[Submission, dict[str, str]]:
    """What became of it, and under which id the asset is found."""
    operations = parse_operations(document)
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        done = await signer.submit(client, operations, timeout_ms=timeout_ms)
    ids = [asset_id_of(signer.did, found.identifier) for found in operations if isinstance(found, RegisterAsset)]
    return done, {"asset_id": ids[0].hex()}


async def _import(content: bytes, access: Access, timeout_ms: int) -> list[EntryResult]:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        found = [result async for result in register_catalogue(client, signer, content, timeout_ms=timeout_ms)]
    return sorted(found, key=lambda result: result.position)


def _planned(entry: ImportedEntry) -> EntryResult:
    """What the importer alone can say: the ledger may still refuse, for example what is registered already."""
    outcomes = {"ready": "registered", "adapted": "adapted", "refused": "refused"}
    return msgspec.convert(
        {
            "position": entry.position,
            "identifier": entry.identifier,
            "title": entry.title,
            "outcome": outcomes[entry.outcome],
            "code": entry.code or "ok",
            "notes": entry.notes,
        },
        EntryResult,
    )


def _import_lines(results: list[EntryResult], counts: dict[str, int]) -> list[str]:
    text = [", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "the catalogue is empty"]
    for outcome in ("adapted", "refused", "unsettled"):
        named = [result for result in results if result.outcome == outcome]
        text += [f"  {outcome} {result.identifier or result.position}: {_why(result)}" for result in named[:SHOWN_MAX]]
        if len(named) > SHOWN_MAX:
            text.append(f"  ... and {len(named) - SHOWN_MAX} more {outcome}; --report FILE has them all")
    return text


def _why(result: EntryResult) -> str:
    code = f" ({result.code})" if result.code != "ok" else ""
    return "; ".join(result.notes) + code


def _drafted(operation: DraftAsset, did: str) -> dict[str, str]:
    """What the applicant needs for every later step."""
    return {
        "asset_id": asset_id_of(did, operation.identifier).hex(),
        "description_hash": description_hash(operation.description).hex(),
    }


def _described(operation: AmendDraft | ProposeChange, _did: str) -> dict[str, str]:
    """What a submission, an opinion or an approval names the description by."""
    return {"description_hash": description_hash(operation.description).hex()}


add_verbs(
    command,
    verbs_of(
        "asset",
        but=("register",),
        draft=Verb("asset.draft", arguments=("identifier",), about=_drafted),
        amend_draft=Verb("asset.amend_draft", arguments=("asset_id",), about=_described),
        certify=Verb("asset.certify", arguments=("asset_id",), told=("certificate",)),
        propose_change=Verb("asset.propose_change", arguments=("asset_id",), about=_described),
    ),
)
