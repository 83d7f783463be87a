"""A disk that forgets: unsynced writes are lost or torn, names too; bits flip; it fills up.

Files speak through ``FakeOs``, which stands where the modules of ``chainnode.store`` import ``os``; the database
through ``SimulatedKeyValue``. Both belong to a ``Session``: one run of one process, and every access ends with it.
"""

import errno
import os
from collections.abc import Callable
from random import Random
from typing import Any

from chainnode.errors import StoreError
from chainnode.store.key_value import WriteBatch
from chainnode.store.memory import MemoryKeyValue

FIRST_DESCRIPTOR = 1_000_000
Operations = list[tuple[bytes, bytes | None]]


class Crashed(BaseException):
    """The process died here; nothing after this line happened."""


class File:
    """What the process sees, what is durable, and the writes between."""

    __slots__ = ("content", "durable", "writes")

    def __init__(self) -> None:
        self.content = bytearray()
        self.durable = bytearray()
        self.writes: list[tuple[int, bytes] | int] = []
        """``(offset, data)``, or the size to which the file was cut."""

    def write(self, offset: int, data: bytes) -> None:
        _apply(self.content, (offset, data))
        self.writes.append((offset, data))

    def truncate(self, size: int) -> None:
        _apply(self.content, size)
        self.writes.append(size)

    def sync(self) -> None:
        for write in self.writes:
            _apply(self.durable, write)
        self.writes.clear()

    def crash(self, random: Random) -> None:
        for write in self.writes:
            kept = random.random()
            if kept < 0.4:
                continue
            if kept < 0.8 and isinstance(write, tuple) and len(write[1]) > 1:
                offset, data = write
                _apply(self.durable, (offset, data[: random.randrange(1, len(data))]))
            else:
                _apply(self.durable, write)
        self.writes.clear()
        self.content = bytearray(self.durable)


def _apply(content: bytearray, write: tuple[int, bytes] | int) -> None:
    if isinstance(write, int):
        del content[write:]
        return
    offset, data = write
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """Of one machine; survives its processes."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        """Begin with the database of an initialised node."""
        self.names: dict[str, File] = {}
        self._durable_names: dict[str, File] = {}
        self._name_changes: list[tuple[str, File | None]] = []
        self.pairs = dict(pairs)
        """Durable content of the database."""
        self.batches: list[Operations] = []
        """Written and not synced, in order."""
        self.bytes_left: int | None = None
        """Free space; None: plenty."""
        self.failing_syncs = 0
        """So many of the next syncs fail."""
        self.fired: Callable[[str], None] = lambda fault: None

    def bind(self, name: str) -> File:
        file = self.names[name] = File()
        self._name_changes.append((name, file))
        return file

    def unbind(self, name: str) -> None:
        del self.names[name]
        self._name_changes.append((name, None))

    def sync_names(self) -> None:
        self._durable_names = dict(self.names)
        self._name_changes.clear()

    def claim(self, size: int) -> int:
        """How much of ``size`` bytes still fits."""
        if self.bytes_left is None:
            return size
        granted = min(size, self.bytes_left)
        self.bytes_left -= granted
        if granted < size:
            self.fired("disk_full")
        return granted

    def check_sync(self) -> None:
        if self.failing_syncs:
            self.failing_syncs -= 1
            self.fired("fsync_failed")
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def crash(self, random: Random) -> None:
        """Power is cut: keep what was synced, and of the rest what chance allows."""
        if any(file.writes for file in self.names.values()) or self.batches:
            self.fired("unsynced_lost")
        for name, file in self._name_changes:
            if random.random() < 0.5:
                if file is None:
                    self._durable_names.pop(name, None)
                else:
                    self._durable_names[name] = file
        self._name_changes.clear()
        for file in self.names.values():
            file.crash(random)
        for file in self._durable_names.values():
            file.crash(random)
        self.names = dict(self._durable_names)
        # A log is written in order: what survives of it is its beginning.
        for batch in self.batches[: random.randint(0, len(self.batches))]:
            apply_batch(self.pairs, batch)
        self.batches.clear()

    def flip_bit(self, random: Random) -> None:
        """Rot, while the machine is off: one bit of one file or of one database record."""
        files = [file for _, file in sorted(self._durable_names.items()) if file.durable]
        if files and random.random() < 0.7:
            file = random.choice(files)
            file.durable[random.randrange(len(file.durable))] ^= 1 << random.randrange(8)
            file.content = bytearray(file.durable)
        else:
            key = random.choice(sorted(self.pairs))
            value = bytearray(self.pairs[key] or b"\0")
            value[random.randrange(len(value))] ^= 1 << random.randrange(8)
            self.pairs[key] = bytes(value)
        self.fired("bit_flip")


def apply_batch(pairs: dict[bytes, bytes], batch: Operations) -> None:
    for key, value in batch:
        if value is None:
            pairs.pop(key, None)
        else:
            pairs[key] = value


class Session:
    """One process on one disk. Every access passes ``touch``, where it may die."""

    def __init__(self, disk: Disk, touch: Callable[[], None]) -> None:
        self.disk = disk
        self.touch = touch


class FakePath:
    """A path on a simulated disk, as far as the store's modules use paths."""

    __slots__ = ("_name", "session")

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self._name = name

    def __truediv__(self, part: str) -> "FakePath":
        return FakePath(self.session, f"{self._name}/{part}")

    def __str__(self) -> str:
        return self._name

    @property
    def name(self) -> str:
        return self._name.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    def parent(self) -> "FakePath":
        return FakePath(self.session, self._name.rpartition("/")[0])

    def exists(self) -> bool:
        return True

    def glob(self, pattern: str) -> list["FakePath"]:
        start, _, end = pattern.partition("*")
        prefix = f"{self._name}/{start}"
        names = sorted(self.session.disk.names)
        return [FakePath(self.session, name) for name in names if name.startswith(prefix) and name.endswith(end)]

    def read_bytes(self) -> bytes:
        self.session.touch()
        return bytes(self.session.disk.names[self._name].content)

    def unlink(self) -> None:
        self.session.touch()
        self.session.disk.unbind(self._name)


class FakeOs:
    """``os`` for the store's modules: descriptors of simulated files; everything else is the real module's."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[Session, File | None, list[int]]] = {}
        self._next = FIRST_DESCRIPTOR

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        if not isinstance(path, FakePath):
            return os.open(path, flags, mode)
        path.session.touch()
        file: File | None = None
        if not flags & os.O_DIRECTORY:
            disk, name = path.session.disk, str(path)
            if name not in disk.names:
                if not flags & os.O_CREAT:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
                disk.bind(name)
            elif flags & os.O_EXCL:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            file = disk.names[name]
        self._next += 1
        self._open[self._next] = (path.session, file, [0])
        return self._next

    def _file(self, descriptor: int) -> tuple[Session, File, list[int]]:
        session, file, place = self._open[descriptor]
        session.touch()
        if file is None:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return session, file, place

    def _put(self, session: Session, file: File, offset: int, data: bytes) -> int:
        granted = session.disk.claim(len(data))
        if not granted and data:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(offset, bytes(data[:granted]))
        return granted

    def write(self, descriptor: int, data: bytes) -> int:
        if descriptor < FIRST_DESCRIPTOR:
            return os.write(descriptor, data)
        session, file, place = self._file(descriptor)
        written = self._put(session, file, place[0], data)
        place[0] += written
        return written

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if descriptor < FIRST_DESCRIPTOR:
            return os.pwrite(descriptor, data, offset)
        session, file, _ = self._file(descriptor)
        return self._put(session, file, offset, data)

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        if descriptor < FIRST_DESCRIPTOR:
            return os.pread(descriptor, size, offset)
        return bytes(self._file(descriptor)[1].content[offset : offset + size])

    def fsync(self, descriptor: int) -> None:
        if descriptor < FIRST_DESCRIPTOR:
            os.fsync(descriptor)
            return
        session, file, _ = self._open[descriptor]
        session.touch()
        session.disk.check_sync()
        if file is None:
            session.disk.sync_names()
        else:
            file.sync()

    fdatasync = fsync

    def fstat(self, descriptor: int) -> os.stat_result:
        if descriptor < FIRST_DESCRIPTOR:
            return os.fstat(descriptor)
        size = len(self._file(descriptor)[1].content)
        return os.stat_result((0o100600, 0, 0, 1, 0, 0, size, 0, 0, 0))

    def ftruncate(self, descriptor: int, size: int) -> None:
        if descriptor < FIRST_DESCRIPTOR:
            os.ftruncate(descriptor, size)
            return
        self._file(descriptor)[1].truncate(size)

    def lseek(self, descriptor: int, position: int, how: int) -> int:
        if descriptor < FIRST_DESCRIPTOR:
            return os.lseek(descriptor, position, how)
        _, file, place = self._file(descriptor)
        base = {os.SEEK_SET: 0, os.SEEK_CUR: place[0], os.SEEK_END: len(file.content)}[how]
        place[0] = base + position
        return place[0]

    def close(self, descriptor: int) -> None:
        if descriptor < FIRST_DESCRIPTOR:
            os.close(descriptor)
            return
        del self._open[descriptor]


class SimulatedKeyValue(MemoryKeyValue):
    """The database of one session: atomic batches, durable only when synced."""

    __slots__ = ("_failure", "_session")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._failure: StoreError | None = None
        start = WriteBatch()
        start.operations.extend(session.disk.pairs.items())
        super().write(start, sync=True)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """As ``KeyValue.write``."""
        session, disk = self._session, self._session.disk
        session.touch()
        if self._failure is not None:
            raise self._failure
        operations = list(batch.operations)
        size = sum(len(key) + len(value or b"") for key, value in operations)
        disk.batches.append(operations)
        try:
            if disk.claim(size) < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if sync:
                # The crash may come before or after the data reached the disk; the caller knows neither.
                session.touch()
                disk.check_sync()
        except OSError as error:
            code = "disk-full" if error.errno == errno.ENOSPC else "disk-error"
            self._failure = StoreError(code, f"cannot write the database: {error.strerror}")
            raise self._failure from error
        if sync:
            for pending in disk.batches:
                apply_batch(disk.pairs, pending)
            disk.batches.clear()
        super().write(batch, sync=sync)
        if sync:
            session.touch()
