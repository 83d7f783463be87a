"""Finding files and reading their digests, without holding them in memory or following links out of a folder."""

import hmac
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from chainnode.errors import Misuse, Rejected
from contracts.evidence.digest import SALT_BYTES

CHUNK_BYTES: Final = 1024 * 1024
FILES_MAX: Final = 100_000
"""Files of one walk; more are refused before any is read."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What was read of one file."""

    digest: bytes
    """SHA-256 of the content, or HMAC-SHA256 of it under a salt."""
    size: int
    """Bytes read."""


def hash_file(path: Path, *, salt: bytes | None = None) -> FileDigest:
    """Read a file once, in pieces of 1 MiB.

    Args:
        path: a regular file.
        salt: 32 bytes that key the digest, so that guessing the content finds nothing; None for a bare SHA-256.

    Raises:
        Rejected: ``file-unreadable``.
        Misuse: ``salt-length``.
    """
    if salt is not None and len(salt) != SALT_BYTES:
        raise Misuse("salt-length", f"a salt has {SALT_BYTES} bytes", found=len(salt))
    running = sha256() if salt is None else hmac.new(salt, digestmod=sha256)
    size = 0
    try:
        with path.open("rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Rejected("file-unreadable", f"{path} is not a regular file")
            while piece := stream.read(CHUNK_BYTES):
                running.update(piece)
                size += len(piece)
    except OSError as error:
        raise Rejected("file-unreadable", f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    return FileDigest(running.digest(), size)


def find_files(paths: Iterable[Path], *, files_max: int = FILES_MAX) -> list[Path]:
    """The files named, and all files below the folders named, each once.

    The order follows from the names alone (argument by argument, within a folder by name). Symbolic links are not
    followed, except where one is named itself; hidden folders and ``__pycache__`` below a named one, and what is no
    regular file, are passed over.

    Raises:
        Rejected: ``file-missing``: a named path does not exist; ``too-many-files``; ``file-unreadable``: a folder.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = _below(path)
        elif path.is_file():
            below = iter((path,))
        else:
            raise Rejected("file-missing", f"{path} is neither a file nor a folder", path=str(path))
        for file in below:
            found[file] = None
            if len(found) > files_max:
                raise Rejected("too-many-files", f"more than {files_max} files; name fewer", limit=files_max)
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise Rejected("file-unreadable", f"{folder} cannot be read: {error.strerror}", path=str(folder)) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name != "__pycache__":
                yield from _below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
