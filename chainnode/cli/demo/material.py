"""What a demo submits: entries of a catalogue and digests of files, each with the operation that stands for it."""

import mimetypes
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from chainnode.cli.demo.report import Kind, Report, Result
from chainnode.cli.failure import CommandError, Exit
from chainnode.errors import Rejected
from chainnode.limits import MIB
from chainnode.sdk import sidecar as sidecars
from chainnode.sdk.content import hash_file
from chainnode.sdk.evidence import ID_BYTES
from chainnode.sdk.sidecar import FORMAT, Sidecar, write_sidecar
from chainnode.sdk.wallet import Wallet
from contracts.assets.dcat import Imported, import_catalogue
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.digest import SALT_BYTES
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation

CATALOGUE_BYTES_MAX: Final = 64 * MIB
FILES_MAX: Final = 10_000


class Item(NamedTuple):
    """One thing to submit, or one that was refused before."""

    kind: Kind
    name: str
    operation: Operation | None
    """None: refused by the importer."""
    result: Result
    """What it will be when it is committed."""
    notes: tuple[str, ...] = ()
    refusal: str = "ok"
    """Code of the refusal."""
    id: str = ""
    sidecar: Sidecar | None = None
    """The private half of a piece of evidence."""


def read_catalogue(path: Path) -> bytes:
    """A catalogue file.

    Raises:
        CommandError: ``catalogue-unreadable`` or ``catalogue-too-large``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(CATALOGUE_BYTES_MAX + 1)
    except OSError as error:
        message = f"the catalogue {path} cannot be read: {error.strerror}"
        raise CommandError("catalogue-unreadable", message, Exit.ENVIRONMENT) from error
    if len(content) > CATALOGUE_BYTES_MAX:
        message = f"the catalogue {path} is too large"
        raise CommandError("catalogue-too-large", message, Exit.USAGE, expected=CATALOGUE_BYTES_MAX)
    return content


def catalogue_items(content: bytes, registrar: str) -> list[Item]:
    """Every entry of a catalogue, those that cannot be registered too.

    Raises:
        Rejected: ``catalogue-not-json`` and the other refusals of a whole catalogue.
    """
    imported: Imported = import_catalogue(content)
    return [_asset_item(entry.name, entry.operation, entry.notes, entry.code, registrar) for entry in imported.entries]


def check_enough(assets: Sequence[Item], files: Sequence[Path]) -> None:
    """A demo proves an asset and a piece of evidence, so it needs one of each.

    Raises:
        CommandError: ``nothing-to-register``, ``nothing-to-record``.
    """
    if all(item.operation is None for item in assets):
        message = f"the catalogue has no data set that can be registered, and {len(assets)} that cannot"
        raise CommandError("nothing-to-register", message)
    if not files:
        raise CommandError("nothing-to-record", "no file was found to record as evidence")


def _asset_item(
    name: str, operation: RegisterAsset | None, notes: Sequence[str], code: str, registrar: str
) -> Item:
    if operation is None:
        return Item("asset", name, None, "refused", tuple(notes), code)
    asset_id = asset_id_of(registrar, operation.identifier).hex()
    return Item("asset", name, operation, "adapted" if notes else "registered", tuple(notes), id=asset_id)


def evidence_items(paths: Iterable[Path], wallet: Wallet) -> list[Item]:
    """A salted digest of every file; who has the file and its salt can show what was recorded."""
    return [_evidence_item(path, wallet) for path in paths]


def _evidence_item(path: Path, wallet: Wallet) -> Item:
    salt, evidence_id = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(ID_BYTES)
    name = path.as_posix()
    try:
        found = hash_file(path, salt=salt)
    except Rejected as error:
        return Item("evidence", name, None, "refused", (error.message,), error.code)
    operation = RecordEvidence(
        evidence_id=evidence_id,
        kind="file",
        algorithm="sha256",
        digest=found.digest,
        size=found.size,
        media_type=mimetypes.guess_type(path.name)[0] or "",
    )
    sidecar = Sidecar(
        format=FORMAT,
        chain_id=wallet.chain_id,
        submitter=wallet.did,
        evidence_id=evidence_id.hex(),
        kind=operation.kind,
        algorithm=operation.algorithm,
        salted=True,
        batch=False,
        items=(sidecars.Item(str(path.absolute()), found.size, found.digest.hex(), salt.hex()),),
    )
    return Item("evidence", name, operation, "recorded", id=evidence_id.hex(), sidecar=sidecar)


def write_sidecars(folder: Path, items: Iterable[Item], report: Report) -> None:
    """Keep the private halves of what was recorded, so that its files can be verified later.

    Unlike ``record_files`` of the SDK only after the commit: a demo that breaks off leaves nothing worth proving.
    """
    committed = {entry.id: entry for entry in report.entries if entry.is_committed}
    for item in items:
        entry = committed.get(item.id)
        if item.sidecar is not None and entry is not None:
            write_sidecar(folder, msgspec.structs.replace(item.sidecar, tx_id=entry.tx_id, height=entry.height))
