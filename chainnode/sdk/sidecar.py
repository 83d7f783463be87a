"""What only the submitter keeps about recorded evidence: salts, names, and each item's place in a batch.

    {"format": "chainnode-evidence/1", "chain_id": ..., "submitter": <DID>, "evidence_id": <hex>, "kind": "file",
     "algorithm": "sha256", "salted": true, "batch": true, "tx_id": <hex>, "height": 7,
     "items": [{"path": "README.md", "size": 5120, "digest": <hex>, "salt": <hex>}, ...]}

Whoever is shown a file, its salt and a proof can check that the file existed; without the salt the digest says nothing
about it. So the document is written before anything is submitted, for its owner alone (mode 0600): a salt that is lost
makes the evidence worthless, and one that leaks makes guessing possible.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec

from chainnode.errors import ConfigError

FORMAT: Final = "chainnode-evidence/1"
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""100,000 items of about 300 bytes, with room."""

Hex = Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{2})*$")]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file."""

    path: str
    """As it was named; for people."""
    size: int
    digest: Hex
    salt: Hex = ""
    """Empty for a bare digest."""


class Sidecar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The private half of one evidence record."""

    format: str
    chain_id: str
    submitter: str
    evidence_id: Hex
    kind: str
    algorithm: str
    salted: bool
    batch: bool
    """The record holds the Merkle root over the items' digests, in this order; else the one item's digest."""
    items: tuple[Item, ...]
    tx_id: Hex = ""
    """Empty until the record is on the ledger."""
    height: int | None = None


def write_sidecar(folder: Path, sidecar: Sidecar) -> Path:
    """Write ``<evidence id>.evidence.json`` durably, in place of an earlier state of the same.

    Raises:
        ConfigError: ``sidecar-unwritable``.
    """
    path = folder / f"{sidecar.evidence_id}.evidence.json"
    content = msgspec.json.format(msgspec.json.encode(sidecar), indent=1) + b"\n"
    draft = folder / f".{sidecar.evidence_id}.{secrets.token_hex(4)}.draft"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise ConfigError(
            "sidecar-unwritable", f"{path} cannot be written: {error.strerror}", path=str(path)
        ) from error
    return path


def read_sidecar(path: Path) -> Sidecar:
    """Read one back.

    Raises:
        ConfigError: ``sidecar-missing`` or ``sidecar-malformed``.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError("sidecar-missing", f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    try:
        sidecar = msgspec.json.decode(content, type=Sidecar)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError("sidecar-malformed", f"{path} is not an evidence record: {error}", path=str(path)) from error
    if sidecar.format != FORMAT or len(content) > FILE_BYTES_MAX or not sidecar.items:
        raise ConfigError("sidecar-malformed", f"{path} is not an evidence record of format {FORMAT}", path=str(path))
    return sidecar
