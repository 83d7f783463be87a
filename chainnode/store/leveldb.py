"""LevelDB behind the KeyValue contract, with its traps closed.

Each rule here answers something measured (README.md, "LevelDB facts"): only ``create``
makes a database, every read verifies checksums, a batch is built whole before the
engine sees it, and a failed write latches.
"""

import errno
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, NoReturn, Self
from zlib import crc32

import msgspec
import plyvel

from chainnode import limits
from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.store.durable_file import DIRECTORY_MODE, disk_error, fsync_directory
from chainnode.store.key_value import Pair, Snapshot, WriteBatch
from chainnode.store.leveldb_log import cut_zero_tail

COMPACTION_NICENESS: Final = 5
"""How much LevelDB's thread stands back behind ours: a third of the claim to a processor that all others want, too."""
WRITE_BUFFER_SPREAD: Final = 4
"""A database's memtable is smaller by up to this part than it may be: nodes that write the same are not to merge at the
same time."""
CLOSE_WAIT_S: Final = 5.0
"""Readers in other threads finish in milliseconds; one that does not is a bug to report, not to wait for."""

_DISK_FULL: Final = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
_LOCKED: Final = (os.strerror(errno.EAGAIN), "already held by process")


class LevelDBOptions(msgspec.Struct, frozen=True):
    """Memory and files one database may use."""

    write_buffer_bytes: int = 32 * limits.MIB
    """Memtable; up to two exist at a time. Also bounds the log replayed at start (32 MiB: about 0.4 s).

    What it holds is merged into all that is below it: at 100,000 transactions compaction took 66 us of each with 4 MiB,
    35 with 16 and 19 with 32.
    """
    block_cache_bytes: int = 32 * limits.MIB
    bloom_bits_per_key: int = 10
    """1 % false positives: an absent key mostly costs no disk read."""
    open_files_max: int = 256
    file_bytes: int = 8 * limits.MIB
    compression: bool = False
    """Most of what is written are hashes. snappy took a quarter of a node's writing for a third less on the disk."""


def _raise(error: Exception, doing: str) -> NoReturn:
    """Translate what plyvel raised."""
    text = str(error)
    if isinstance(error, plyvel.CorruptionError):
        raise StoreCorrupt("data-corrupt", f"{doing}: {text}") from error
    if isinstance(error, plyvel.IOError):
        if "orruption" in text or "No such file" in text:
            raise StoreCorrupt("data-corrupt", f"{doing}: {text}") from error
        code = "disk-full" if any(reason in text for reason in _DISK_FULL) else "disk-error"
        raise StoreError(code, f"{doing}: {text}") from error
    if isinstance(error, RuntimeError):
        raise StoreError("store-closed", f"{doing}: the store is closed") from error
    raise StoreError("disk-error", f"{doing}: {text}") from error


_FAILURES: Final = (plyvel.Error, RuntimeError)


def _write_buffer_bytes(path: Path, options: LevelDBOptions) -> int:
    """Of this database: chosen by where it is, so that it is the same at each opening."""
    spread = options.write_buffer_bytes // WRITE_BUFFER_SPREAD
    place = f"{socket.gethostname()}:{path.absolute()}".encode()
    return options.write_buffer_bytes - spread * crc32(place) // 2**32


def _give_way() -> None:
    # On Linux a thread's own; elsewhere it would be the process's.
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(COMPACTION_NICENESS)


def _open_database(path: Path, options: LevelDBOptions, *, create: bool) -> Any:
    """Open it, and have LevelDB's thread begin with less claim to a processor than ours.

    There is one for the process. The first call that needs it makes it, and it inherits the priority of the thread that
    calls; who has given way may not take that back, so a thread of its own calls.
    """
    with ThreadPoolExecutor(1, "leveldb-open", _give_way) as opener:
        return opener.submit(_open_engine, path, options, create=create).result()


def _open_engine(path: Path, options: LevelDBOptions, *, create: bool) -> Any:
    database = plyvel.DB(
        os.fspath(path),
        create_if_missing=create,
        error_if_exists=create,
        paranoid_checks=True,
        write_buffer_size=_write_buffer_bytes(path, options),
        max_open_files=options.open_files_max,
        lru_cache_size=options.block_cache_bytes,
        bloom_filter_bits=options.bloom_bits_per_key,
        max_file_size=options.file_bytes,
        compression="snappy" if options.compression else None,
    )
    # Nothing lies in this range: what it does is to hand over the memtable, which is empty, to LevelDB's thread.
    database.compact_range(start=b"", stop=b"\x00")
    return database


def _lock_directory(path: Path) -> int:
    """Take the kernel's lock on the directory itself; returns the descriptor that holds it.

    LevelDB's own lock is not enough: it refuses a second open in one process, but in doing so
    closes a descriptor of its lock file, which gives up the first one's lock (POSIX locks).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise disk_error(error, f"cannot open {path}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise StoreError("data-in-use", f"{path} is in use") from error
        raise disk_error(error, f"cannot lock {path}") from error
    return descriptor


class _Readers:
    """Counts calls inside the engine: closing LevelDB under a reading thread crashes the process.

    Appending to and popping from a list are atomic, so a call costs no lock.
    """

    __slots__ = ("closing", "inside")

    def __init__(self) -> None:
        self.inside: Final[list[None]] = []
        self.closing = False

    def __enter__(self) -> None:
        self.inside.append(None)
        if self.closing:
            self.inside.pop()
            raise StoreError("store-closed", "the store is closed")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inside.pop()

    def drain(self) -> None:
        self.closing = True
        deadline = time.monotonic() + CLOSE_WAIT_S
        while self.inside:
            if time.monotonic() > deadline:
                raise Misuse("store-in-use", "a thread still reads the store that is to be closed")
            time.sleep(0.001)


class _LevelDBView:
    """Reads of a plyvel database or snapshot."""

    __slots__ = ("_readers", "_source")

    def __init__(self, source: Any, readers: _Readers) -> None:
        self._source: Final = source
        self._readers: Final = readers

    def get(self, key: bytes) -> bytes | None:
        """As ``View.get``."""
        # Several for each transaction: without the call of a context manager.
        readers = self._readers
        readers.inside.append(None)
        try:
            if readers.closing:
                raise StoreError("store-closed", "the store is closed")
            value: bytes | None = self._source.get(key, verify_checksums=True)
        except _FAILURES as error:
            _raise(error, "cannot read")
        finally:
            readers.inside.pop()
        return value

    def iterate(self, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False) -> Iterator[Pair]:
        """As ``View.iterate``. The iterator is made now, so it shows this moment."""
        with self._readers:
            try:
                # On its way back plyvel misses a sole key that equals ``start``, so that bound is kept in _walk.
                source = self._source.iterator(
                    start=None if reverse else start,
                    stop=stop,
                    reverse=reverse,
                    verify_checksums=True,
                    fill_cache=False,
                )
            except _FAILURES as error:
                _raise(error, "cannot read")
        return self._walk(source, start)

    def _walk(self, source: Any, start: bytes) -> Iterator[Pair]:
        try:
            while True:
                with self._readers:
                    try:
                        pair: Pair | None = next(source, None)
                    except (*_FAILURES, plyvel.IteratorInvalidError) as error:
                        _raise(error, "cannot read")
                if pair is None or pair[0] < start:
                    return
                yield pair
        finally:
            # A store that is closing closes its iterators itself.
            with suppress(StoreError), self._readers:
                source.close()


class LevelDBSnapshot(_LevelDBView):
    """A frozen view of a LevelDBKeyValue."""

    __slots__ = ()

    def close(self) -> None:
        """As ``Snapshot.close``."""
        with suppress(StoreError), self._readers:
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LevelDBKeyValue(_LevelDBView):
    """One open LevelDB directory. Made by ``create`` or ``open`` only."""

    __slots__ = ("_failure", "_lock", "_write_lock")

    def __init__(self, database: Any, lock: int) -> None:
        super().__init__(database, _Readers())
        self._lock = lock
        self._failure: StoreError | None = None
        self._write_lock = Lock()

    @classmethod
    def create(cls, path: Path, options: LevelDBOptions | None = None) -> Self:
        """Make an empty database in the new directory ``path`` (mode 0700; its parent exists).

        Raises:
            StoreError: ``data-exists``: there is something at ``path``; ``disk-full``, ``disk-error``.
        """
        try:
            path.mkdir(mode=DIRECTORY_MODE)
        except FileExistsError as error:
            raise StoreError("data-exists", f"{path} exists already") from error
        except OSError as error:
            raise disk_error(error, f"cannot create {path}") from error
        return cls._start(path, options, create=True)

    @classmethod
    def open(cls, path: Path, options: LevelDBOptions | None = None) -> Self:
        """Open the database in ``path``; never creates one.

        Raises:
            StoreError: ``data-missing``: no database there; ``data-in-use``: another process has it;
                ``disk-full``, ``disk-error``.
            StoreCorrupt: ``data-corrupt``: files are damaged or missing.
        """
        try:
            names = sorted(entry.name for entry in path.iterdir())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError("data-missing", f"no database in {path}") from error
        except OSError as error:
            raise disk_error(error, f"cannot read {path}") from error
        if "CURRENT" not in names:
            # LevelDB would make a new, empty database over the remains.
            if any(name.startswith("MANIFEST-") or name.endswith((".ldb", ".log", ".sst")) for name in names):
                raise StoreCorrupt("data-corrupt", f"the file CURRENT is missing from {path}")
            raise StoreError("data-missing", f"no database in {path}")
        return cls._start(path, options, create=False)

    @classmethod
    def _start(cls, path: Path, options: LevelDBOptions | None, *, create: bool) -> Self:
        chosen = options or LevelDBOptions()
        with ExitStack() as undo:
            lock = _lock_directory(path)
            undo.callback(os.close, lock)
            try:
                try:
                    database = _open_database(path, chosen, create=create)
                except plyvel.CorruptionError:
                    if not cut_zero_tail(path):
                        raise
                    database = _open_database(path, chosen, create=False)
            except plyvel.Error as error:
                text = str(error)
                if "LOCK" in text and any(reason in text for reason in _LOCKED):
                    raise StoreError("data-in-use", f"{path} is in use") from error
                _raise(error, f"cannot open {path}")
            undo.callback(database.close)
            # LevelDB renamed a new CURRENT into place and removed old files without syncing the directory.
            fsync_directory(path)
            if create:
                fsync_directory(path.parent)
            undo.pop_all()
        return cls(database, lock)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """As ``KeyValue.write``. Blocks while the disk works: call it from the store's own thread."""
        with self._write_lock, self._readers:
            if self._failure is not None:
                code, details = self._failure.code, self._failure.details
                raise type(self._failure)(code, f"refused after: {self._failure.message}", **details)
            try:
                # Without transaction=True plyvel writes the half of a batch that an exception cut short.
                with self._source.write_batch(transaction=True, sync=sync) as target:
                    put, delete = target.put, target.delete
                    for key, value in batch.operations:
                        if value is None:
                            delete(key)
                        else:
                            put(key, value)
            except _FAILURES as error:
                try:
                    _raise(error, "cannot write")
                except StoreError as failure:
                    self._failure = failure
                    raise

    def snapshot(self) -> Snapshot:
        """As ``KeyValue.snapshot``."""
        with self._readers:
            return LevelDBSnapshot(self._source.snapshot(), self._readers)

    def close(self) -> None:
        """As ``KeyValue.close``.

        Raises:
            Misuse: ``store-in-use``: a thread is still reading after five seconds.
        """
        self._readers.drain()
        self._source.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1
