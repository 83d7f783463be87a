"""One node on one data directory.

Two processes with one key would sign against each other. The lock is the kernel's
(flock) and goes with the process, however it ends; the file's content only names the holder.
A forked child keeps it too: worker processes must be spawned, not forked.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chainnode.errors import StoreError
from chainnode.store.durable_file import FILE_MODE, disk_error

FILE_NAME: Final = "lock"


class DirectoryLock:
    """The held lock of a data directory."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, directory: Path) -> Self:
        """Take the lock of ``directory``, which exists.

        Raises:
            StoreError: ``data-in-use``: another process holds it (``pid`` in the details, if known);
                ``data-missing``: there is no such directory; ``disk-error``.
        """
        path = directory / FILE_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError("data-missing", f"there is no directory {directory}") from error
        except OSError as error:
            raise disk_error(error, f"cannot open {path}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).strip()
            os.close(descriptor)
            pid = int(holder) if holder.isdigit() else None
            message = f"{directory} is in use by process {pid}" if pid else f"{directory} is in use"
            raise StoreError("data-in-use", message, pid=pid) from error
        except OSError as error:
            os.close(descriptor)
            raise disk_error(error, f"cannot lock {path}") from error
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back; twice is no error. The file stays: removing it could let two in."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
