"""A disk that forgets: unsynced writes are lost or torn, names too; bits flip; it fills up.

Databases speak through ``SimulatedKeyValue``, files through ``filesystem``. Both belong to a ``Session``: one run of
one process, and every access ends with it.
"""

import errno
import os
from collections.abc import Callable
from random import Random

from chainnode.errors import StoreError
from chainnode.store.key_value import WriteBatch
from chainnode.store.memory import MemoryKeyValue

LEDGER = "data/ledger"
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


class Database:
    """Records that are durable, and batches written since, in order."""

    __slots__ = ("batches", "pairs")

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.pairs = pairs
        self.batches: list[Operations] = []

    def sync(self) -> None:
        for batch in self.batches:
            apply_batch(self.pairs, batch)
        self.batches.clear()

    def crash(self, random: Random) -> None:
        # A log is written in order: what survives of it is its beginning.
        for batch in self.batches[: random.randint(0, len(self.batches))]:
            apply_batch(self.pairs, batch)
        self.batches.clear()


Entry = File | Database


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
        self.names: dict[str, Entry] = {LEDGER: Database(dict(pairs))}
        self.folders: set[str] = {"data", "data/journal"}
        """Empty ones are of no consequence, so they are never lost."""
        self._durable_names = dict(self.names)
        self._name_changes: list[dict[str, Entry | None]] = []
        """Each is kept or lost as a whole."""
        self.bytes_left: int | None = None
        """Free space; None: plenty."""
        self.failing_syncs = 0
        """So many of the next syncs fail."""
        self.fired: Callable[[str], None] = lambda fault: None

    @property
    def pairs(self) -> dict[bytes, bytes]:
        """What is durable of the ledger; nothing while none is in its place."""
        ledger = self.names.get(LEDGER)
        return ledger.pairs if isinstance(ledger, Database) else {}

    def bind(self, name: str, entry: Entry) -> None:
        self.names[name] = entry
        self._name_changes.append({name: entry})

    def unbind(self, name: str) -> None:
        del self.names[name]
        self._name_changes.append({name: None})

    def below(self, name: str) -> list[str]:
        """Names of the entry itself or of everything in the folder."""
        return sorted(known for known in self.names if known == name or known.startswith(name + "/"))

    def rename(self, old: str, new: str) -> None:
        """One entry, or a folder with all that is in it, at once."""
        change: dict[str, Entry | None] = {}
        for name in self.below(old):
            entry = self.names.pop(name)
            change[name] = None
            change[new + name[len(old) :]] = entry
            self.names[new + name[len(old) :]] = entry
        self._name_changes.append(change)
        self.folders = {new + name[len(old) :] if f"{name}/".startswith(old + "/") else name for name in self.folders}

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
        if any(entry.batches if isinstance(entry, Database) else entry.writes for entry in self.names.values()):
            self.fired("unsynced_lost")
        for change in self._name_changes:
            for name, entry in change.items() if random.random() < 0.5 else ():
                if entry is None:
                    self._durable_names.pop(name, None)
                else:
                    self._durable_names[name] = entry
        self._name_changes.clear()
        for entry in self.names.values():
            entry.crash(random)
        for entry in self._durable_names.values():
            entry.crash(random)
        self.names = dict(self._durable_names)

    def flip_bit(self, random: Random) -> None:
        """Rot, while the machine is off: one bit of one file or of one database record."""
        entries = [entry for _, entry in sorted(self._durable_names.items())]
        files = [entry for entry in entries if isinstance(entry, File) and entry.durable]
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


class SimulatedKeyValue(MemoryKeyValue):
    """The database of one session: atomic batches, durable only when synced."""

    __slots__ = ("_database", "_failure", "_session")

    def __init__(self, session: Session, database: Database) -> None:
        super().__init__()
        self._session = session
        self._database = database
        self._failure: StoreError | None = None
        start = WriteBatch()
        start.operations.extend(database.pairs.items())
        super().write(start, sync=True)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """As ``KeyValue.write``."""
        session, disk = self._session, self._session.disk
        session.touch()
        if self._failure is not None:
            raise self._failure
        operations = list(batch.operations)
        size = sum(len(key) + len(value or b"") for key, value in operations)
        self._database.batches.append(operations)
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
            self._database.sync()
        super().write(batch, sync=sync)
        if sync:
            session.touch()
