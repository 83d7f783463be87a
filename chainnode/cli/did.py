"""``chainnode did``: identities from their creation to their end, and what they were at any time.

Private keys stay in their files: what leaves this machine is signatures and public halves.
"""

import asyncio
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from chainnode.cli.connection import Access, connected, node_option, open_key, open_wallet, run, wallet_options
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.operation import Verb, add_verbs
from chainnode.cli.operation_value import DidText
from chainnode.cli.output import emit, examples, fields, json_option, table
from chainnode.cli.tx import emit_submission, timeout_option
from chainnode.errors import NotFound
from chainnode.node.key_file import read_key_info
from chainnode.sdk.answer import Submission
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from chainnode.types.ids import did_of_key
from contracts.identity.operations import CreateIdentity, RotateIdentity, SponsorIdentity
from contracts.identity.operations_recovery import ProposeRecovery
from contracts.identity.record import (
    HOUR_MS,
    IdentityRecord,
    RecoveryPlan,
    VerificationMethod,
    identity_key,
    next_key_hash,
    sponsorship_bytes,
)

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
VERSIONS_MAX: Final = 10_000
_keys = click.argument("key_files", nargs=-1, required=True, type=FILE)
_threshold = click.option("--threshold", type=click.IntRange(1, 16), help="How many of them must sign; else one.")
_announce = click.option(
    "--announce", "announced", multiple=True, type=FILE, help="Key file of a key to announce as next; may be repeated."
)


@click.group(
    name="did",
    epilog=examples(
        "chainnode did create my-key.json --sponsor harbour-exchange", "chainnode did show did:cnode:CHAIN:ID"
    ),
)
def command() -> None:
    """Create, resolve, change, recover and end identities."""


@command.command(
    epilog=examples("chainnode did create my-key.json", "chainnode did create my-key.json --sponsor harbour-exchange")
)
@click.argument("key_file", type=FILE)
@click.option("--key-passphrase-file", type=FILE, help="Its first line opens KEY_FILE.")
@click.option("--sponsor", metavar="FILE|NAME", help="Wallet of the member that brings the identity to the ledger.")
@click.option("--passphrase-file", type=FILE, help="Its first line opens the sponsor's key file.")
@timeout_option
@node_option
@json_option
def create(
    key_file: Path,
    key_passphrase_file: Path | None,
    sponsor: str | None,
    passphrase_file: Path | None,
    timeout_s: float,
    nodes: tuple[str, ...],
) -> None:
    """Create the identity of which KEY_FILE holds the first key.

    By itself, where the consortium lets newcomers do so; else a member sponsors it. A member whose key lies elsewhere
    runs `did sponsor` with what `did agree` prints here.
    """
    owner = Access(nodes, str(key_file), None, key_passphrase_file)
    member = None if sponsor is None else Access(nodes, sponsor, None, passphrase_file)
    did, done = run(_create(owner, member, int(timeout_s * 1000)))
    emit_submission(done, did=did)


@command.command(epilog=examples("chainnode did agree my-key.json --sponsor did:cnode:CHAIN:ID --chain-id harbour-1"))
@click.argument("key_file", type=FILE)
@click.option("--sponsor", required=True, type=DidText(), help="The only member that can use the agreement.")
@click.option("--chain-id", required=True, help="The only chain on which it can be used.")
@click.option("--passphrase-file", type=FILE, help="Its first line opens KEY_FILE.")
@json_option
def agree(key_file: Path, sponsor: str, chain_id: str, passphrase_file: Path | None) -> None:
    """Show a member that you hold the key of an identity to be created; needs no node."""
    key = open_key(Access((), str(key_file), None, passphrase_file))
    proof = key.sign(sponsorship_bytes(chain_id, sponsor))
    did = did_of_key(chain_id, key.public_key)
    document = {"did": did, "initial_key": key.public_key.hex(), "proof": proof.hex()}
    emit(document, fields(document))


@command.command(
    epilog=examples(
        "chainnode did show did:cnode:CHAIN:ID",
        "chainnode did show did:cnode:CHAIN:ID --version-time 2026-11-22T08:00:00Z",
    )
)
@click.argument("did", type=DidText())
@click.option("--version", type=click.IntRange(1), help="Number of a version.")
@click.option("--version-time", help="The version in force then: a date and time in UTC.")
@node_option
@json_option
def show(did: str, version: int | None, version_time: str | None, nodes: tuple[str, ...]) -> None:
    """Resolve DID: its document and what is known about that version; of this chain, or a did:key."""
    found = run(_resolve(did, version, version_time, nodes))
    error = found["didResolutionMetadata"].get("error")
    if error is not None:
        kind = str(error["type"]).rpartition("#")[2]
        status = Exit.NOT_FOUND if kind == "NOT_FOUND" else Exit.USAGE
        raise CommandError(kind.lower().replace("_", "-"), str(error["detail"]), status)
    emit(found, [*fields(found["didDocumentMetadata"]), *fields(found["didDocument"])])


@command.command(epilog=examples("chainnode did history did:cnode:CHAIN:ID"))
@click.argument("did", type=DidText())
@node_option
@json_option
def history(did: str, nodes: tuple[str, ...]) -> None:
    """List every version of an identity of this chain, oldest first."""
    items = run(_history(did, nodes))
    headings = ("VERSION", "FROM", "UNTIL", "STATUS", "KEYS", "THRESHOLD", "CONTROLLERS")
    rows = [
        (
            item["metadata"]["versionId"],
            item["metadata"]["updated"],
            item["metadata"].get("nextUpdate", ""),
            item["record"]["status"],
            ", ".join(method["fragment"] for method in item["record"]["methods"]),
            item["record"]["threshold"],
            len(item["record"]["controllers"]),
        )
        for item in items
    ]
    emit(items, table(headings, rows))


@command.command(epilog=examples("chainnode did rotate new-key.json --announce next-key.json --wallet my-key.json"))
@_keys
@_threshold
@_announce
@click.option("--controller", "controllers", multiple=True, type=DidText(), help="May act for it; replaces all.")
@click.option("--controller-threshold", type=click.IntRange(1, 8), default=1, show_default=True, help="How many must.")
@click.option("--guardian", "guardians", multiple=True, type=DidText(), help="Who may recover it; replaces all.")
@click.option("--guardian-threshold", type=click.IntRange(1, 8), default=1, show_default=True, help="How many must.")
@click.option("--recovery-hours", type=click.IntRange(1, 8_760), default=168, show_default=True, help="Time to object.")
@timeout_option
@node_option
@wallet_options
@json_option
def rotate(
    key_files: tuple[Path, ...],
    threshold: int | None,
    announced: tuple[Path, ...],
    controllers: tuple[str, ...],
    controller_threshold: int,
    guardians: tuple[str, ...],
    guardian_threshold: int,
    recovery_hours: int,
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Let the keys of KEY_FILES sign from now on, and none of the earlier ones.

    Signed by the present key, which --wallet names. With --announce only the announced keys can follow at the next
    rotation, whoever may have got hold of the present ones. Controllers and guardians stay unless others are named;
    to remove them, submit identity.rotate by `chainnode tx submit`.
    """
    access = Access(nodes, wallet, did, passphrase_file)
    authority = _Authority(controllers, controller_threshold)
    plan = RecoveryPlan(guardians, guardian_threshold, recovery_hours * HOUR_MS) if guardians else None
    emit_submission(run(_rotate(access, key_files, threshold or 1, announced, authority, plan, int(timeout_s * 1000))))


@command.command(
    name="propose-recovery",
    epilog=examples("chainnode did propose-recovery did:cnode:CHAIN:ID new-key.json --wallet guardian.json"),
)
@click.argument("lost", type=DidText())
@_keys
@_threshold
@_announce
@timeout_option
@node_option
@wallet_options
@json_option
def propose_recovery(
    lost: str,
    key_files: tuple[Path, ...],
    threshold: int | None,
    announced: tuple[Path, ...],
    timeout_s: float,
    nodes: tuple[str, ...],
    wallet: str | None,
    did: str | None,
    passphrase_file: Path | None,
) -> None:
    """Ask the other guardians of the identity LOST to agree to the keys of KEY_FILES.

    Signed by a guardian. The others agree by `did approve-recovery` with the digest that this shows; once the delay
    of the identity's plan has passed, any of them completes it by `did recover`.
    """
    access = Access(nodes, wallet, did, passphrase_file)
    digest, done = run(_propose(access, lost, key_files, threshold or 1, announced, int(timeout_s * 1000)))
    emit_submission(done, digest=digest)


async def _create(owner: Access, member: Access | None, timeout_ms: int) -> tuple[str, Submission]:
    async with connected(owner.nodes, patience_ms=timeout_ms) as client:
        key = await asyncio.to_thread(open_key, owner)
        chain_id = (await client.status()).chain_id
        did = did_of_key(chain_id, key.public_key)
        if member is None:
            signer: Wallet = Wallet(chain_id, [key])
            operation: msgspec.Struct = CreateIdentity(key.public_key)
        else:
            signer = await open_wallet(member, client)
            operation = SponsorIdentity(key.public_key, key.sign(sponsorship_bytes(chain_id, signer.did)))
        return did, await signer.submit(client, [operation], timeout_ms=timeout_ms)


async def _resolve(did: str, version: int | None, version_time: str | None, nodes: tuple[str, ...]) -> dict[str, Any]:
    async with connected(nodes) as client:
        return await client.resolve(did, version_id=version, version_time=version_time)


async def _history(did: str, nodes: tuple[str, ...]) -> list[dict[str, Any]]:
    async with connected(nodes) as client:
        items: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None and len(items) < VERSIONS_MAX:
            page = await client.identity_versions(did, after=after, limit=100)
            items += page["items"]
            after = page["next"]
        return items


class _Authority(NamedTuple):
    """Who else may act for an identity; nobody named = as it is."""

    controllers: tuple[str, ...]
    threshold: int


async def _rotate(
    access: Access,
    key_files: tuple[Path, ...],
    threshold: int,
    announced: tuple[Path, ...],
    authority: _Authority,
    plan: RecoveryPlan | None,
    timeout_ms: int,
) -> Submission:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        record = await read_record(client, signer.did)
        operation = RotateIdentity(
            methods=await asyncio.to_thread(signing_methods, record, key_files),
            threshold=threshold,
            next_key_hashes=await asyncio.to_thread(announced_hashes, announced),
            controllers=authority.controllers or record.controllers,
            controller_threshold=authority.threshold if authority.controllers else record.controller_threshold,
            recovery=plan,
        )
        return await signer.submit(client, [operation], timeout_ms=timeout_ms)


async def _propose(
    access: Access, lost: str, key_files: tuple[Path, ...], threshold: int, announced: tuple[Path, ...], timeout_ms: int
) -> tuple[str, Submission]:
    async with connected(access.nodes, patience_ms=timeout_ms) as client:
        signer = await open_wallet(access, client)
        record = await read_record(client, lost)
        methods = await asyncio.to_thread(signing_methods, record, key_files)
        hashes = await asyncio.to_thread(announced_hashes, announced)
        operation = ProposeRecovery(lost, methods, threshold, hashes)
        done = await signer.submit(client, [operation], timeout_ms=timeout_ms)
        if not done.applied:
            return "", done
        return str((await client.record("recoveries", lost, signer.did))["digest"]), done


async def read_record(client: Client, did: str) -> IdentityRecord:
    """The current version of ``did``.

    Raises:
        CommandError: ``identity-not-found``.
    """
    try:
        answer = await client.state(identity_key(did))
    except NotFound as error:
        raise CommandError("identity-not-found", f"no identity {did[:128]!r} exists here", Exit.NOT_FOUND) from error
    return msgspec.msgpack.decode(bytes.fromhex(answer.value), type=IdentityRecord)


def signing_methods(record: IdentityRecord, key_files: tuple[Path, ...]) -> tuple[VerificationMethod, ...]:
    """The keys of files as the next signing keys of ``record``, under fragments that name the version."""
    first = f"key-{record.version + 1}"
    return tuple(
        VerificationMethod(
            first if number == 1 else f"{first}.{number}",
            "ed25519",
            bytes.fromhex(read_key_info(path).public_key),
            ("authentication", "assertion"),
        )
        for number, path in enumerate(key_files, 1)
    )


def announced_hashes(key_files: tuple[Path, ...]) -> tuple[bytes, ...]:
    """How the keys of files are announced before they are used."""
    return tuple(next_key_hash(bytes.fromhex(read_key_info(path).public_key)) for path in key_files)


add_verbs(
    command,
    {
        "sponsor": Verb("identity.sponsor", arguments=("initial_key",)),
        "update": Verb("identity.update"),
        "approve-recovery": Verb("identity.approve_recovery", arguments=("did", "proposer", "digest")),
        "cancel-recovery": Verb("identity.cancel_recovery", arguments=("proposer",)),
        "recover": Verb("identity.recover", arguments=("did", "proposer")),
        "deactivate": Verb("identity.deactivate"),
    },
)
