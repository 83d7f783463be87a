"""The few file operations whose success must survive a power cut.

A failed fsync is final: the kernel may mark the pages clean and report success on a
retry, so callers latch the failure and never try again (Rebello et al., "Can
Applications Recover from fsync Failures?", USENIX ATC 2020).
"""

import errno
import os
from pathlib import Path
from typing import Final

from chainnode.errors import StoreError

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700


def disk_error(error: OSError, doing: str) -> StoreError:
    """The StoreError for a failed system call: ``disk-full`` or ``disk-error``."""
    code = "disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "disk-error"
    return StoreError(code, f"{doing}: {error.strerror}", errno=error.errno)


def fsync_directory(path: Path) -> None:
    """Make created, renamed and deleted names in ``path`` durable.

    Raises:
        StoreError: ``disk-error`` or ``disk-full``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise disk_error(error, f"cannot sync the directory {path}") from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte of ``data`` at the descriptor's position.

    Raises:
        OSError: the disk refused; some bytes may be written.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def create_file(path: Path, content: bytes) -> None:
    """Create ``path`` (mode 0600) holding ``content``, durably, its name included.

    Raises:
        StoreError: ``data-exists`` when there is such a file; ``disk-full``, ``disk-error``.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except FileExistsError as error:
        raise StoreError("data-exists", f"{path} exists already") from error
    except OSError as error:
        raise disk_error(error, f"cannot create {path}") from error
    fsync_directory(path.parent)
