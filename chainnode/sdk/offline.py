"""Checking without a network: a bundle, a hash the reader trusts, and the file itself.

    shown = verify_file(Path("report.pdf"), bundle, genesis_hash=..., salt=...)
    print(shown.time_ms, shown.sender)

Nothing here talks to a node; a court's expert runs it years later.
"""

import hmac
from pathlib import Path
from typing import Final

from chainnode.errors import ConfigError
from chainnode.proofs.bundle import BUNDLE_BYTES_MAX
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.verifier import Verified, verify_bundle
from chainnode.sdk.content import hash_file
from chainnode.sdk.sidecar import Sidecar

JSON_BYTES_MAX: Final = 3 * BUNDLE_BYTES_MAX
"""Hex doubles the bytes; names and punctuation take less than as much again."""

__all__ = ["Verified", "matching_item", "read_bundle_file", "verify_bundle", "verify_file"]


def read_bundle_file(path: Path) -> bytes:
    """A bundle as it lies on disk, in either form.

    Raises:
        ConfigError: ``bundle-unreadable``.
        ProofInvalid: ``too-large``.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(JSON_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError("bundle-unreadable", f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if len(content) > JSON_BYTES_MAX:
        raise ProofInvalid("too-large", f"a bundle has at most {JSON_BYTES_MAX} bytes", found=len(content))
    return content


def verify_file(path: Path, bundle: bytes | str, *, genesis_hash: bytes, salt: bytes | None = None) -> Verified:
    """That exactly this file was recorded, and when.

    Args:
        path: the file.
        bundle: of kind ``evidence-existed``.
        genesis_hash: 32 bytes that name the chain, from a source the reader trusts.
        salt: 32 bytes, where the digest is salted.

    Raises:
        ProofInvalid: the bundle does not show its claim; ``proof-kind``: it claims something else;
            ``file-digest``: it is about another file, or the salt is another one.
        Rejected: ``file-unreadable``.
    """
    shown = verify_bundle(bundle, genesis_hash=genesis_hash)
    if shown.evidence is None:
        raise ProofInvalid("proof-kind", f"the bundle shows {shown.kind}, not that evidence existed")
    found = hash_file(path, salt=salt)
    if not hmac.compare_digest(found.digest, shown.evidence.digest):
        how = "with this salt" if salt is not None else "without a salt"
        raise ProofInvalid("file-digest", f"{path} {how} has another digest", found=found.digest.hex())
    return shown


def matching_item(sidecar: Sidecar, path: Path) -> int | None:
    """The index of the item that this file is, found by its content; None if it is none of them.

    Raises:
        Rejected: ``file-unreadable``.
    """
    size = path.stat().st_size if path.is_file() else -1
    for index, item in enumerate(sidecar.items):
        if item.size == size:
            found = hash_file(path, salt=bytes.fromhex(item.salt) if item.salt else None)
            if found.digest.hex() == item.digest:
                return index
    return None
