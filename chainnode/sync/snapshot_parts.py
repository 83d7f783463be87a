"""Parts of a snapshot on their way: kept as they arrive, so that an interrupted fetch goes on where it was.

    offer              the offer that is being followed
    chunk-00000 ...    verified chunks
    headers-<first>    headers of recent blocks, from a height on
    block-<height>     recent blocks

Files are written without waiting for the disk: after a power cut one may be torn, and is
found so when the ledger is built, where every part is verified again.
"""

import shutil
from pathlib import Path
from typing import Final

from chainnode.errors import StoreError
from chainnode.store.durable_file import DIRECTORY_MODE, disk_error
from chainnode.store.snapshot_export import chunk_name, read_part


def block_name(height: int) -> str:
    """The file of a recent block."""
    return f"block-{height:016d}"


def headers_name(first: int) -> str:
    """The file of the headers that were asked for from ``first`` on."""
    return f"headers-{first:016d}"


class SnapshotParts:
    """The folder of one fetch."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which need not exist yet."""
        self._folder: Final = folder

    def clear(self) -> None:
        """Forget everything.

        Raises:
            StoreError: ``disk-error``.
        """
        try:
            if self._folder.exists():
                shutil.rmtree(self._folder)
        except OSError as error:
            raise disk_error(error, f"cannot remove {self._folder}") from error

    def read(self, name: str) -> bytes | None:
        """A part, or None.

        Raises:
            StoreError: ``disk-error``.
        """
        return read_part(self._folder, name)

    def read_chunk(self, index: int) -> bytes | None:
        """A chunk as it was kept, or None."""
        return self.read(chunk_name(index))

    def keep(self, name: str, data: bytes) -> None:
        """Keep a part that was verified.

        Raises:
            StoreError: ``disk-full``, ``disk-error``.
        """
        target = self._folder / name
        partial = target.with_name(name + ".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=DIRECTORY_MODE)
            partial.write_bytes(data)
            partial.rename(target)
        except OSError as error:
            raise disk_error(error, f"cannot write {target}") from error

    def drop(self, name: str) -> None:
        """Forget one part, which turned out to be damaged."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError("disk-error", f"cannot remove {self._folder / name}: {error.strerror}") from error

    def has(self, name: str) -> bool:
        """Whether a part was kept."""
        return (self._folder / name).is_file()
