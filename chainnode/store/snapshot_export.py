"""Writing a snapshot: bounded pieces of work on a frozen view of the ledger, so that a node votes meanwhile.

The store keeps the state in order of keys, chunks are in order of hashed keys. A first
pass counts bytes by the first bits of the hash and decides how to cut; further passes
collect as many chunks at a time as fit into memory.
"""

import shutil
from array import array
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from chainnode import limits
from chainnode.codec.canonical import encode
from chainnode.errors import StoreError
from chainnode.store.durable_file import DIRECTORY_MODE, create_file, disk_error, fsync_directory
from chainnode.store.ledger_reader import LedgerReader
from chainnode.store.snapshot import (
    CHUNK_BITS_MAX,
    CHUNK_BYTES_TARGET,
    MANIFEST_VERSION,
    Chunk,
    Manifest,
    Pair,
    chunk_of,
    key_prefix,
)

PAIRS_PER_STEP: Final = 256
"""State pairs read between two yields: under a millisecond."""
PASS_BYTES_MAX: Final = 64 * limits.MIB
"""Pairs held in memory during one pass; a state ten times as large is read ten times."""
PAIR_FRAMING_BYTES: Final = 8
MANIFEST_NAME: Final = "manifest"


def chunk_name(index: int) -> str:
    """The file of a chunk."""
    return f"chunk-{index:05d}"


def snapshot_path(folder: Path, height: int) -> Path:
    """The directory of the snapshot at ``height``."""
    return folder / f"{height:016d}"


def cut(sizes: "array[int]", bytes_target: int = CHUNK_BYTES_TARGET) -> list[tuple[int, int]]:
    """``(bits, prefix)`` of the chunks: halves of the key space, divided again while they hold more than the target.

    ``sizes[p]`` are the bytes of the pairs whose hashed key begins with the 16 bits ``p``.
    """
    chunks: list[tuple[int, int]] = []

    def divide(bits: int, prefix: int, size: int) -> None:
        if size <= bytes_target or bits == CHUNK_BITS_MAX:
            chunks.append((bits, prefix))
            return
        width = CHUNK_BITS_MAX - bits - 1
        first = prefix << (width + 1)
        left = sum(sizes[first : first + (1 << width)])
        divide(bits + 1, 2 * prefix, left)
        divide(bits + 1, 2 * prefix + 1, size - left)

    divide(0, 0, sum(sizes))
    return chunks


class SnapshotExport:
    """One export; ``steps`` does it, in pieces."""

    def __init__(
        self, reader: LedgerReader, chain_id: str, folder: Path, *, bytes_target: int = CHUNK_BYTES_TARGET
    ) -> None:
        """Export the state of ``reader``, a view that does not change, into a new directory of ``folder``."""
        self._reader = reader
        self._chain_id = chain_id
        self._tip = reader.tip()
        self._target = bytes_target
        self.path: Final = snapshot_path(folder, self._tip.height)
        self._partial = self.path.with_name(self.path.name + ".partial")

    def steps(self) -> Iterator[None]:
        """Do the work, giving way between pieces; the directory appears when it is whole.

        Raises:
            StoreError: ``disk-full``, ``disk-error``: nothing is left behind but a ``.partial`` directory.
            StoreCorrupt: ``data-corrupt``.
        """
        if self.path.exists():
            return
        try:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True, mode=DIRECTORY_MODE)
        except OSError as error:
            raise disk_error(error, f"cannot create {self._partial}") from error
        sizes = array("Q", bytes(8 << CHUNK_BITS_MAX))
        for number, (key, value) in enumerate(self._reader.all_state()):
            sizes[key_prefix(key)] += len(key) + len(value) + PAIR_FRAMING_BYTES
            if number % PAIRS_PER_STEP == 0:
                yield
        places = cut(sizes, self._target)
        chunks: list[Chunk] = []
        first = 0
        while first < len(places):
            stop = self._affordable(places, sizes, first)
            for _ in self._export(places[first:stop], chunks):
                yield
            first = stop
        manifest = Manifest(
            MANIFEST_VERSION, self._chain_id, self._tip.height, self._tip.block_hash, self._tip.state_root,
            self._reader.frontier(), tuple(chunks),
        )
        create_file(self._partial / MANIFEST_NAME, encode(manifest))
        try:
            self._partial.rename(self.path)
        except OSError as error:
            raise disk_error(error, f"cannot create {self.path}") from error
        fsync_directory(self.path.parent)

    @staticmethod
    def _affordable(places: list[tuple[int, int]], sizes: "array[int]", first: int) -> int:
        total, stop = 0, first
        while stop < len(places):
            bits, prefix = places[stop]
            width = CHUNK_BITS_MAX - bits
            total += sum(sizes[prefix << width : (prefix + 1) << width])
            if total > PASS_BYTES_MAX and stop > first:
                break
            stop += 1
        return stop

    def _export(self, places: list[tuple[int, int]], chunks: list[Chunk]) -> Iterator[None]:
        """Write the neighbouring chunks ``places`` in one pass over the state."""
        low = places[0][1] << (CHUNK_BITS_MAX - places[0][0])
        high = (places[-1][1] + 1) << (CHUNK_BITS_MAX - places[-1][0])
        found: list[tuple[bytes, bytes, bytes]] = []
        for number, (key, value) in enumerate(self._reader.all_state()):
            if low <= key_prefix(key) < high:
                found.append((sha256(key).digest(), key, value))
            if number % PAIRS_PER_STEP == 0:
                yield
        found.sort()
        at = 0
        for bits, prefix in places:
            pairs: list[Pair] = []
            while at < len(found) and int.from_bytes(found[at][0], "big") >> (256 - bits) == prefix:
                pairs.append(found[at][1:])
                at += 1
            chunk, data = chunk_of(bits, prefix, pairs)
            create_file(self._partial / chunk_name(len(chunks)), data)
            chunks.append(chunk)
            yield


def remove_snapshots(folder: Path, kept: int) -> None:
    """Remove all but the newest ``kept`` snapshots, and what interrupted exports left.

    Raises:
        StoreError: ``disk-error``.
    """
    try:
        whole = sorted(path for path in folder.iterdir() if path.is_dir() and path.name.isdigit())
        partial = [path for path in folder.iterdir() if path.name.endswith(".partial")]
        for path in whole[: max(0, len(whole) - kept)] + partial:
            shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise disk_error(error, f"cannot remove snapshots in {folder}") from error


def stored_heights(folder: Path) -> list[int]:
    """Heights of the whole snapshots in ``folder``, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdigit())


def read_part(path: Path, name: str) -> bytes | None:
    """A file of a snapshot; None if it is not there.

    Raises:
        StoreError: ``disk-error``.
    """
    try:
        return (path / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError("disk-error", f"cannot read {path / name}: {error.strerror}") from error
