"""``chainnode credential``: signed here, checked here; the ledger holds digests, status lists and accreditations."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from chainnode.cli.connection import Access, connected, node_option, open_key, open_wallet, run, wallet_options
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.operation import Verb, add_verbs
from chainnode.cli.output import dump, emit, examples, fields, json_option
from chainnode.cli.tx import refused, timeout_option
from chainnode.errors import NotFound
from chainnode.sdk.answer import Submission
from chainnode.sdk.canonical_json import DOCUMENT_BYTES_MAX, parse_json
from chainnode.sdk.client import Client
from chainnode.sdk.credential import build_credential, credential_digest, digest_sri, time_of_text
from chainnode.sdk.credential_check import Verdict, check_credential
from chainnode.sdk.credential_finding import CODES
from chainnode.sdk.credential_trust import LedgerTrust
from chainnode.sdk.data_integrity import assertion_key, secure
from chainnode.sdk.status_list import StatusList, list_digest, status_entry, status_list_credential
from contracts.identity.credential import STATUS_BITS_MIN, StatusPurpose
from contracts.identity.operations_credential import AnchorStatusList, LogIssuance

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
PURPOSES: Final = ("revocation", "suspension", "refresh", "message")


@click.group(
    name="credential",
    epilog=examples(
        "chainnode credential issue claims.json --type DataMerchantCredential --log --out credential.json",
        "chainnode credential verify credential.json --status-list status.json",
    ),
)
def command() -> None:
    """Issue and check credentials and their status lists."""


class _Wanted(NamedTuple):
    """What a credential is to be."""

    claims: Path
    types: tuple[str, ...]
    identifier: str
    valid_from: str
    valid_until: str
    status: tuple[str, int, StatusPurpose] | None
    schema: str
    log: bool


@command.command(
    epilog=examples("chainnode credential issue claims.json --type DataMerchantCredential --log --out credential.json")
)
@click.argument("claims", type=FILE)
@click.option("--type", "types", multiple=True, required=True, help="Type of the credential; may be repeated.")
@click.option("--id", "identifier", default="", help="URI of the credential.")
@click.option("--valid-from", default="", help="Date and time with time zone.")
@click.option("--valid-until", default="", help="First moment at which it is not valid any more.")
@click.option("--status-list", "uri", default="", metavar="URI", help="Status list in which it has a bit.")
@click.option("--status-index", type=click.IntRange(0), help="Its bit there.")
@click.option("--purpose", type=click.Choice(PURPOSES), default="revocation", show_default=True, help="Of that list.")
@click.option("--schema", default="", metavar="AUTHOR/NAME/VERSION", help="Schema of the ledger to name.")
@click.option("--log", is_flag=True, help="Put its digest into the issuance log, so that later rotations take nothing.")
@click.option("--out", type=OUT, help="Write the credential there; else it is printed.")
@timeout_option
@node_option
@wallet_options
@json_option
def issue(
    claims: Path,
    types: tuple[str, ...],
    identifier: str,
    valid_from: str,
    valid_until: str,
    uri: str,
    status_index: int | None,
    purpose: StatusPurpose,
    schema: str,
    log: bool,
    out: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Sign the claims of a JSON file (its credentialSubject) as a credential of the wallet's identity.

    The key never leaves this machine, and of the credential nothing but its digest does, with --log.
    """
    if bool(uri) != (status_index is not None):
        raise click.UsageError("--status-list and --status-index go together")
    status = None if status_index is None else (uri, status_index, purpose)
    wanted = _Wanted(claims, types, identifier, valid_from, valid_until, status, schema, log)
    access = Access(nodes, wallet, did, passphrase_file)
    credential, done = run(_issue(wanted, access, int(timeout_s * 1000)))
    if done is not None and done.receipt is not None and done.receipt.code != "ok":
        raise refused(done.receipt.code, done.receipt.info, done.tx_id)
    digest = credential_digest(credential).hex()
    about: dict[str, Any] = {"digest": digest, "tx_id": None if done is None else done.tx_id}
    if out is None:
        emit({**about, "credential": credential}, [dump(credential)])
        return
    out.write_text(dump(credential) + "\n", "utf-8")
    emit({**about, "file": str(out)}, fields({**about, "file": str(out)}))


@command.command(
    epilog=examples("chainnode credential verify credential.json --status-list status.json --at 2026-11-22T08:00:00Z")
)
@click.argument("file", type=FILE)
@click.option("--status-list", "lists", multiple=True, type=FILE, help="A status list credential; may be repeated.")
@click.option("--schema-file", multiple=True, metavar="ID=FILE", help="Content of a schema that it names.")
@click.option("--at", default="", help="Moment to check for: date and time with time zone; else now.")
@click.option("--any-issuer", is_flag=True, help="Do not ask whether its issuer was accredited.")
@node_option
@json_option
def verify(
    file: Path,
    lists: tuple[Path, ...],
    schema_file: tuple[str, ...],
    at: str,
    any_issuer: bool,
    nodes: tuple[str, ...],
) -> None:
    """Check a credential: signature, the issuer's key at that time, period, status, schema, accreditation.

    Every fault that is found is told by its code; the exit status is 1 if one of them makes the credential worth
    nothing. Which key, status list and accreditation counts is asked of the ledger.
    """
    schemas = dict(_schema(text) for text in schema_file)
    at_ms = time_of_text(at) if at else int(datetime.now(UTC).timestamp() * 1_000)
    published = {str(one.get("id", "")): one for one in map(_read_object, lists)}
    verdict = run(_verify(_read_object(file), published, schemas, at_ms, not any_issuer, nodes))
    found = [one._asdict() | {"meaning": CODES[one.code].meaning} for one in verdict.findings]
    document = {
        "holds": verdict.holds,
        "issuer": verdict.issuer,
        "types": list(verdict.types),
        "logged_ms": verdict.logged_ms,
        "findings": found,
    }
    if not verdict.holds:
        fault = next(one for one in verdict.findings if one.severity == "error")
        message = f"{CODES[fault.code].meaning} ({fault.detail})"
        raise CommandError(fault.code, message, Exit.FAILED, findings=", ".join(verdict.codes), issuer=verdict.issuer)
    shown = {name: value for name, value in document.items() if name != "findings"}
    emit(document, [*fields(shown), *(f"{one['severity']}  {one['code']}: {one['meaning']}" for one in found)])


@command.command(
    name="status-list",
    epilog=examples(
        "chainnode credential status-list status.json --uri https://issuer.example/status/1 --anchor 1",
        "chainnode credential status-list status.json --set 94567 --anchor 1",
    ),
)
@click.argument("file", type=OUT)
@click.option("--uri", default="", help="Where FILE will be published; for a new list.")
@click.option("--purpose", type=click.Choice(PURPOSES), default="revocation", show_default=True, help="For a new list.")
@click.option("--length", type=int, default=STATUS_BITS_MIN, show_default=True, help="Bits, for a new list.")
@click.option("--set", "to_set", multiple=True, type=click.IntRange(0), help="Index whose bit to set; may be repeated.")
@click.option("--clear", "to_clear", multiple=True, type=click.IntRange(0), help="Index whose bit to clear.")
@click.option("--anchor", metavar="LIST_ID", help="Put the result in force on the ledger, under this id of yours.")
@timeout_option
@node_option
@wallet_options
@json_option
def status_list(
    file: Path,
    uri: str,
    purpose: StatusPurpose,
    length: int,
    to_set: tuple[int, ...],
    to_clear: tuple[int, ...],
    anchor: str | None,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Make the status list credential FILE, or change bits of it, and sign it anew.

    FILE is written once the ledger has taken the list; publish it then under its address.
    """
    if file.exists():
        old = _read_object(file)
        subject = old.get("credentialSubject", {})
        values = StatusList.decode(str(subject.get("encodedList", "")))
        uri, purpose = str(old.get("id", "")), subject.get("statusPurpose", purpose)
    elif uri:
        values = StatusList(length)
    else:
        raise click.UsageError("a new list needs --uri")
    for index in to_set:
        values.set(index)
    for index in to_clear:
        values.set(index, False)
    access = Access(nodes, wallet, did, passphrase_file)
    signed, done = run(_sign_list(values, uri, purpose, anchor, access, int(timeout_s * 1000)))
    if done is not None and done.receipt is not None and done.receipt.code != "ok":
        raise refused(done.receipt.code, done.receipt.info, done.tx_id)
    file.write_text(dump(signed) + "\n", "utf-8")
    document = {"file": str(file), "uri": uri, "set": values.count(), "tx_id": None if done is None else done.tx_id}
    emit(document, fields(document))


async def _issue(wanted: _Wanted, access: Access, timeout_ms: int) -> tuple[dict[str, Any], Submission | None]:
    claims = await asyncio.to_thread(_read_json, wanted.claims)
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        document = build_credential(
            claims,
            types=wanted.types,
            issuer=signer.did,
            identifier=wanted.identifier,
            valid_from=wanted.valid_from,
            valid_until=wanted.valid_until,
            status=[] if wanted.status is None else [status_entry(*wanted.status)],
            schema=await _schema_reference(client, wanted.schema) if wanted.schema else None,
        )
        credential = await _signed(document, access, client, signer.did)
        if not wanted.log:
            return credential, None
        operation = LogIssuance(credential_digest(credential), wanted.types[0])
        return credential, await signer.submit(client, [operation], timeout_ms=timeout_ms)


async def _signed(document: dict[str, Any], access: Access, client: Client, did: str) -> dict[str, Any]:
    """``document`` signed by the wallet's key, under the name that the identity's document gives it for assertions."""
    key = await asyncio.to_thread(open_key, access)
    found = (await client.resolve(did))["didDocument"] or {}
    listed = found.get("assertionMethod", ())
    method = next((one for one in listed if assertion_key(found, one) == key.public_key), None)
    if method is None:
        raise CommandError("key-not-for-assertions", f"{did} lists no such key for assertions", Exit.FAILED)
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return secure(document, key, method=method, created=created)


async def _sign_list(
    values: StatusList, uri: str, purpose: StatusPurpose, anchor: str | None, access: Access, timeout_ms: int
) -> tuple[dict[str, Any], Submission | None]:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        document = status_list_credential(values, purpose=purpose, issuer=signer.did, uri=uri)
        signed = await _signed(document, access, client, signer.did)
        if anchor is None:
            return signed, None
        try:
            sequence = (await client.record("status-lists", signer.did, anchor))["sequence"] + 1
        except NotFound:
            sequence = 1
        digest = list_digest(document["credentialSubject"]["encodedList"])
        operation = AnchorStatusList(anchor, purpose, len(values), sequence, digest, uri)
        return signed, await signer.submit(client, [operation], timeout_ms=timeout_ms)


async def _verify(
    credential: dict[str, Any],
    lists: dict[str, Any],
    schemas: dict[str, bytes],
    at_ms: int,
    needs_accreditation: bool,
    nodes: tuple[str, ...],
) -> Verdict:
    async with connected(nodes) as client:
        return await check_credential(
            credential,
            LedgerTrust(client),
            at_ms=at_ms,
            status_lists=lists,
            schemas=schemas,
            needs_accreditation=needs_accreditation,
        )


async def _schema_reference(client: Client, text: str) -> dict[str, str]:
    author, _, rest = text.partition("/")
    name, _, version = rest.partition("/")
    number = int(version) if version.isascii() and version.isdigit() else 0
    record = await client.record("credential-schemas", author, name, number)
    identifier = f"{author}/schemas/{name}/{number}"
    return {"id": identifier, "type": "JsonSchema", "digestSRI": digest_sri(bytes.fromhex(record["digest"]))}


def _schema(text: str) -> tuple[str, bytes]:
    identifier, mark, path = text.partition("=")
    if not mark:
        raise click.BadParameter("the schema's id, = and its file", param_hint="--schema-file")
    return identifier, _read_bytes(Path(path))


def _read_object(path: Path) -> dict[str, Any]:
    found = _read_json(path)
    if not isinstance(found, dict):
        raise CommandError("credential-form", f"{path} holds no JSON object", Exit.USAGE)
    return found


def _read_json(path: Path) -> Any:
    return parse_json(_read_bytes(path))


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(DOCUMENT_BYTES_MAX + 1)


add_verbs(
    command,
    {
        "accredit": Verb("identity.accredit", arguments=("did", "kind")),
        "end-accreditation": Verb("identity.end_accreditation", arguments=("did", "kind")),
        "register-schema": Verb("identity.register_schema", arguments=("schema_id",)),
        "log-issuance": Verb("identity.log_issuance", arguments=("digest",)),
        "anchor-status-list": Verb("identity.anchor_status_list", arguments=("list_id",)),
    },
)
