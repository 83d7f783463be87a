"""The vote journal: what a validator must remember before it speaks.

The records of a step are appended, then made durable together by ``sync``: one frame, one
write, one fdatasync. Frames fill the files ``journal-<sequence>.log`` (``segment.py`` has
their bytes). ``start_height`` drops what is no longer needed; nothing else does.

On opening, what follows the last whole frame of the last file is a torn write and is cut,
unless a whole frame stands behind it: a frame is written only when the one before it is
durable, so then the disk lost bytes it had confirmed. That, and damage in an earlier file,
refuses with ``journal-corrupt``; the way back is recovery from peers. A damaged *last*
frame looks like a torn one: the sign-state file shows the difference.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.errors import DecodeError, Misuse, StoreCorrupt, StoreError
from chainnode.store.durable_file import FILE_MODE, disk_error, fsync_directory, write_all
from chainnode.store.segment import (
    HEADER_BYTES,
    PAYLOAD_BYTES_MAX,
    RESET,
    SALT_BYTES,
    STEP,
    SegmentFormat,
)

SEGMENT_BYTES: Final = 4 * limits.MIB
"""A new file is begun after this many bytes: some hundred blocks, so its cost disappears."""
SEGMENTS_MAX: Final = 256
"""Files of one height, 1 GiB: a height that journals more is stuck, and must not fill the disk."""


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    """What one frame holds: a marker if a height began, then the records after it."""

    height: int | None
    records: tuple[bytes, ...]


_decode_payload: Final = Decoder(_Payload, PAYLOAD_BYTES_MAX)


class _Content(NamedTuple):
    height: int
    records: list[bytes]
    live: list[int]
    """Sequences of the files the records come from; all others are dead."""
    whole_bytes: int
    """Of the last live file."""


def _path(directory: Path, sequence: int) -> Path:
    return directory / f"journal-{sequence:08d}.log"


def _sequences(directory: Path) -> list[int]:
    names = (path.stem.removeprefix("journal-") for path in directory.glob("journal-*.log"))
    return sorted(int(name) for name in names if name.isdecimal())


def _corrupt(path: Path, what: str) -> StoreCorrupt:
    return StoreCorrupt("journal-corrupt", f"{path}: {what}")


def _read(directory: Path) -> _Content:
    """Everything since the last RESET.

    Raises:
        StoreError: ``journal-missing``.
        StoreCorrupt: ``journal-corrupt``.
    """
    sequences = _sequences(directory)
    if not sequences:
        raise StoreError("journal-missing", f"no journal in {directory}")
    payloads: list[bytes] = []
    live: list[int] = []
    whole_bytes = 0
    expected = last = sequences[-1]
    for sequence in reversed(sequences):
        path = _path(directory, sequence)
        if sequence != expected:
            raise _corrupt(path, f"segment {expected} is missing after it")
        expected -= 1
        try:
            data = path.read_bytes()
        except OSError as error:
            raise disk_error(error, f"cannot read {path}") from error
        segment = SegmentFormat.read(data, sequence)
        found = None if segment is None else segment.scan(data)
        if found is None or not found.frames:
            # A file whose making a crash cut short holds nothing yet; its predecessor goes on.
            torn = sequence == last and (found is not None or not data[HEADER_BYTES:].strip(b"\x00"))
            if not torn or (found is not None and found.damaged):
                raise _corrupt(path, "the file is damaged")
            continue
        if found.damaged or (sequence != last and found.whole_bytes != len(data)):
            raise _corrupt(path, f"damaged at byte {found.whole_bytes}")
        if not live:
            whole_bytes = found.whole_bytes
        live.insert(0, sequence)
        payloads = [frame.payload for frame in found.frames] + payloads
        if found.frames[0].kind == RESET:
            height, records = _replay(path, payloads)
            return _Content(height, records, live, whole_bytes)
    raise _corrupt(_path(directory, sequences[0]), "the beginning of the journal is missing")


def _replay(path: Path, payloads: list[bytes]) -> tuple[int, list[bytes]]:
    height: int | None = None
    records: list[bytes] = []
    for data in payloads:
        try:
            payload = _decode_payload(data)
        except DecodeError as error:
            raise _corrupt(path, error.message) from error
        if payload.height is not None:
            height, records = payload.height, []
        records += payload.records
    if height is None:
        raise _corrupt(path, "the journal names no height")
    return height, records


class Journal:
    """An open journal. One owner; made by ``create`` or ``open`` only."""

    __slots__ = ("_descriptor", "_directory", "_failure", "_height", "_live", "_marker", "_offset", "_pending",
                 "_pending_bytes", "_segment")  # fmt: skip

    def __init__(self, directory: Path, height: int, live: list[int]) -> None:
        self._directory: Final = directory
        self._height = height
        self._live = live
        self._descriptor = -1
        self._offset = 0
        self._segment: SegmentFormat | None = None
        self._marker: int | None = None
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._failure: StoreError | None = None

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Begin a journal at height 0 in ``directory``, which exists and holds none.

        Raises:
            StoreError: ``data-exists``; ``disk-full``, ``disk-error``.
        """
        if _sequences(directory):
            raise StoreError("data-exists", f"{directory} holds a journal already")
        journal = cls(directory, 0, [])
        journal._begin_segment(RESET, _Payload(0, ()))
        return journal

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the journal in ``directory``: cut a torn tail, remove dead files; creates none.

        Raises:
            StoreError: ``journal-missing``; ``disk-error``.
            StoreCorrupt: ``journal-corrupt``: damage that is not a torn tail.
        """
        content = _read(directory)
        journal = cls(directory, content.height, content.live)
        try:
            for sequence in _sequences(directory):
                if sequence not in content.live:
                    _path(directory, sequence).unlink()
            path = _path(directory, content.live[-1])
            journal._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            if os.fstat(journal._descriptor).st_size != content.whole_bytes:
                os.ftruncate(journal._descriptor, content.whole_bytes)
                os.fsync(journal._descriptor)
            header = os.pread(journal._descriptor, HEADER_BYTES, 0)
            journal._segment = SegmentFormat.read(header, content.live[-1])
            journal._offset = os.lseek(journal._descriptor, 0, os.SEEK_END)
        except OSError as error:
            journal.close()
            raise disk_error(error, f"cannot open the journal in {directory}") from error
        fsync_directory(directory)
        return journal

    @property
    def height(self) -> int:
        """The last height given to ``start_height`` and since made durable: the store reached it."""
        return self._height

    @property
    def live_bytes(self) -> int:
        """About what the present height has journalled; ``start_height`` with ``carry`` brings it down."""
        return (len(self._live) - 1) * SEGMENT_BYTES + self._offset

    def read(self) -> list[bytes]:
        """The durable records since the last height began, in order: what recovery starts from.

        Raises:
            StoreCorrupt: ``journal-corrupt``.
        """
        return _read(self._directory).records

    def append(self, records: Sequence[bytes]) -> None:
        """Queue records for the next ``sync``.

        Raises:
            Misuse: ``journal-step-size``: more than 32 MiB wait for one sync.
        """
        self._pending_bytes += sum(map(len, records)) + 5 * len(records)
        if self._pending_bytes > PAYLOAD_BYTES_MAX - 64:
            raise Misuse("journal-step-size", "one step journals too much", found=self._pending_bytes)
        self._pending += records

    def start_height(self, height: int, carry: Sequence[bytes] = ()) -> None:
        """Declare the block at ``height`` durable in the store: what was recorded before is dropped.

        Costs nothing now: the mark goes to disk with the next ``sync``. A crash before that
        brings old records back, which recovery recognises by their height. ``carry`` names records
        that stay; they replace what was queued.

        Raises:
            Misuse: ``journal-height``: heights go up; the same one again only to carry records.
        """
        if height < (self._height if self._marker is None else self._marker):
            raise Misuse("journal-height", "a journal's height cannot fall", found=height, height=self._height)
        self._marker = height
        self._pending = []
        self._pending_bytes = 0
        self.append(carry)

    def sync(self) -> None:
        """Make everything appended durable; nothing to do costs nothing.

        Raises:
            StoreError: ``disk-full``, ``disk-error``, ``journal-full`` (one height wrote a GiB): the journal
                refuses from now on, because an fsync that failed once may lie when repeated.
        """
        if self._failure is not None:
            raise StoreError(self._failure.code, f"refused after: {self._failure.message}", **self._failure.details)
        if not self._pending and self._marker is None:
            return
        payload = _Payload(self._marker, tuple(self._pending))
        try:
            if self._offset >= SEGMENT_BYTES or (self._marker is not None and len(self._live) > 1):
                self._begin_segment(STEP if self._marker is None else RESET, payload)
            else:
                self._write_frame(STEP, payload)
        except OSError as error:
            self._failure = disk_error(error, "cannot write the journal")
            raise self._failure from error
        except StoreError as error:
            self._failure = error
            raise
        if self._marker is not None:
            self._height = self._marker
        self._marker = None
        self._pending = []
        self._pending_bytes = 0

    def close(self) -> None:
        """Release the file; what was not synced is dropped. Twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._failure = self._failure or StoreError("store-closed", "the journal is closed")

    def _write_frame(self, kind: int, payload: _Payload) -> None:
        if self._segment is None:
            raise Misuse("journal-closed", "the journal has no file")
        frame = self._segment.frame(self._offset, kind, encode(payload))
        write_all(self._descriptor, frame)
        os.fdatasync(self._descriptor)
        self._offset += len(frame)

    def _begin_segment(self, kind: int, payload: _Payload) -> None:
        """Go on in a new file; after a RESET the older ones are dead."""
        if kind == STEP and len(self._live) >= SEGMENTS_MAX:
            raise StoreError("journal-full", "one height filled the journal", segments=len(self._live))
        sequence = self._live[-1] + 1 if self._live else 1
        path = _path(self._directory, sequence)
        segment = SegmentFormat(sequence, secrets.token_bytes(SALT_BYTES))
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._segment, self._offset = descriptor, segment, HEADER_BYTES
        write_all(descriptor, segment.header)
        # The name and the header are durable before a frame is: a file without them holds nothing.
        os.fdatasync(descriptor)
        fsync_directory(self._directory)
        self._write_frame(kind, payload)
        dead = self._live if kind == RESET else []
        self._live = [sequence] if kind == RESET else [*self._live, sequence]
        for old in dead:
            _path(self._directory, old).unlink()
