"""What a demo submits: entries of a catalogue and digests of files, each with the operation that stands for it."""

import hmac
import mimetypes
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from chainnode.cli.demo.report import Kind, Result
from chainnode.cli.failure import CommandError, Exit
from chainnode.limits import MIB
from contracts.assets.dcat import Imported, import_catalogue
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.digest import SALT_BYTES
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.operation import Operation

CATALOGUE_BYTES_MAX: Final = 64 * MIB
FILES_MAX: Final = 10_000
TITLE_CHARS_MAX: Final = 200


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


def _asset_item(
    name: str, operation: RegisterAsset | None, notes: Sequence[str], code: str, registrar: str
) -> Item:
    if operation is None:
        return Item("asset", name, None, "refused", tuple(notes), code)
    asset_id = asset_id_of(registrar, operation.identifier).hex()
    return Item("asset", name, operation, "adapted" if notes else "registered", tuple(notes), id=asset_id)


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The regular files among these paths and below those that are folders, in order, each once.

    Hidden entries, ``__pycache__`` and symbolic links below a folder are passed over.

    Raises:
        CommandError: ``evidence-missing``: a path does not exist; ``evidence-too-many``.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise CommandError("evidence-missing", f"there is no file or folder {path}", Exit.ENVIRONMENT)
        for file in [path] if path.is_file() else _below(path):
            found.setdefault(file)
            if len(found) > FILES_MAX:
                message = f"more than {FILES_MAX} files; name fewer folders"
                raise CommandError("evidence-too-many", message, Exit.USAGE, expected=FILES_MAX)
    return list(found)


def evidence_items(paths: Iterable[Path]) -> tuple[list[Item], dict[str, str]]:
    """A salted digest of every file, and the salts by evidence id: who has file and salt can show what was recorded."""
    items, salts = [], {}
    for path in paths:
        evidence_id, salt = secrets.token_bytes(16), secrets.token_bytes(SALT_BYTES)
        name = path.as_posix()
        try:
            digest, size = digest_file(path, salt)
        except OSError as error:
            items.append(Item("evidence", name, None, "refused", (str(error.strerror),), "evidence-unreadable"))
            continue
        operation = RecordEvidence(
            evidence_id=evidence_id,
            kind="file",
            algorithm="sha256",
            digest=digest,
            size=size,
            media_type=mimetypes.guess_type(path.name)[0] or "",
            title=name[-TITLE_CHARS_MAX:],
        )
        items.append(Item("evidence", name, operation, "recorded", id=evidence_id.hex()))
        salts[evidence_id.hex()] = salt.hex()
    return items, salts


def digest_file(path: Path, salt: bytes) -> tuple[bytes, int]:
    """HMAC-SHA256 of a file's content under ``salt``, read in pieces, and its size in bytes."""
    state = hmac.new(salt, digestmod="sha256")
    size = 0
    with path.open("rb") as file:
        while piece := file.read(MIB):
            state.update(piece)
            size += len(piece)
    return state.digest(), size


def _below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "__pycache__" or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _below(entry)
        elif entry.is_file():
            yield entry


def encode_salts(salts: dict[str, str]) -> bytes:
    """The file that keeps the salts, by evidence id."""
    return msgspec.json.format(msgspec.json.encode(salts)) + b"\n"
