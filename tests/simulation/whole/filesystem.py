"""Paths, folders and system calls on a simulated disk, as far as the node's modules use them.

``FakeOs`` and ``FakeShutil`` stand where those modules import ``os`` and ``shutil``.
"""

import errno
import os
from typing import Any

from tests.simulation.whole.disk import File, Session

FIRST_DESCRIPTOR = 1_000_000


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

    def __lt__(self, other: "FakePath") -> bool:
        return self._name < other._name

    def with_name(self, name: str) -> "FakePath":
        return self.parent / name

    def exists(self) -> bool:
        return self._name in self.session.disk.folders or bool(self.session.disk.below(self._name))

    def is_file(self) -> bool:
        return isinstance(self.session.disk.names.get(self._name), File)

    def is_dir(self) -> bool:
        return self.exists() and not self.is_file()

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        self.session.touch()
        if self.exists() and not exist_ok:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        self.session.disk.folders.add(self._name)

    def iterdir(self) -> list["FakePath"]:
        if not self.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        disk, start = self.session.disk, len(self._name) + 1
        inside = [name for name in (*disk.names, *disk.folders) if name.startswith(self._name + "/")]
        return [self / name for name in sorted({name[start:].partition("/")[0] for name in inside})]

    def glob(self, pattern: str) -> list["FakePath"]:
        start, _, end = pattern.partition("*")
        return [path for path in self.iterdir() if path.name.startswith(start) and path.name.endswith(end)]

    def _file(self) -> File:
        file = self.session.disk.names.get(self._name)
        if not isinstance(file, File):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return file

    def read_bytes(self) -> bytes:
        self.session.touch()
        return bytes(self._file().content)

    def write_bytes(self, data: bytes) -> int:
        self.session.touch()
        file = File()
        self.session.disk.bind(self._name, file)
        granted = self.session.disk.claim(len(data))
        file.write(0, data[:granted])
        if granted < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return granted

    def rename(self, target: "FakePath") -> "FakePath":
        self.session.touch()
        if not self.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.session.disk.rename(self._name, target._name)
        return target

    def unlink(self, missing_ok: bool = False) -> None:
        self.session.touch()
        if not self.is_file():
            if missing_ok:
                return
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self.session.disk.unbind(self._name)


class FakeShutil:
    """``shutil`` for the store's modules."""

    @staticmethod
    def rmtree(path: FakePath, ignore_errors: bool = False) -> None:
        """Remove a folder, entry by entry: a crash may come between two of them."""
        if not path.exists():
            if ignore_errors:
                return
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        disk, name = path.session.disk, str(path)
        for known in disk.below(name):
            path.session.touch()
            disk.unbind(known)
        disk.folders = {folder for folder in disk.folders if not f"{folder}/".startswith(name + "/")}


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
                disk.bind(name, File())
            elif flags & os.O_EXCL:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            found = disk.names[name]
            if not isinstance(found, File):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            file = found
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
