"""The sign-state file: the last thing this validator's key signed.

Two slots of 512 bytes, one at the start of each of two 4 KiB pages, are written in turn, so a
torn write spoils only the older one:

    "CNS1" || sequence (8) || epoch (8) || height (8) || view (8) || step (8) || digest (32) || signature (64)
    || zeros || CRC-32 (4)

All big-endian. Positions ``(epoch, height, view, step)`` only grow. The pure rule is in
``consensus/journal.py``; this file is its memory, and refuses on its own what the rule would.
"""

import errno
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple, Self
from zlib import crc32

from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.store.durable_file import create_file, disk_error

SLOT_BYTES: Final = 512
PAGE_BYTES: Final = 4096
"""Distance of the slots: a disk that tears a whole page must not reach both."""
DIGEST_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
MAGIC: Final = b"CNS1"
FILE_NAME: Final = "sign-state"

VIEW_PASSED: Final = 2**62
STEP_PASSED: Final = 3
"""Above every place of a height at which anything is ever signed."""

Position = tuple[int, int, int, int]
"""``(epoch, height, view, step)``, each below 2^63."""

_SLOT: Final = struct.Struct(f">4sQQQQQ{DIGEST_BYTES}s{SIGNATURE_BYTES}s")


class Signed(NamedTuple):
    """One signature given, and for what."""

    position: Position
    digest: bytes
    """Of the signed payload; 32 bytes."""
    signature: bytes
    """64 bytes."""


NOTHING_SIGNED: Final = Signed((0, 0, 0, 0), bytes(DIGEST_BYTES), bytes(SIGNATURE_BYTES))
"""Below every position that is ever signed: the genesis block needs no vote."""


def _encode(sequence: int, signed: Signed) -> bytes:
    content = _SLOT.pack(MAGIC, sequence, *signed.position, signed.digest, signed.signature)
    content += bytes(SLOT_BYTES - 4 - len(content))
    return content + crc32(content).to_bytes(4, "big")


def _decode(slot: bytes) -> tuple[int, Signed] | None:
    content = slot[:-4]
    if len(slot) != SLOT_BYTES or content[:4] != MAGIC or crc32(content).to_bytes(4, "big") != slot[-4:]:
        return None
    _, sequence, epoch, height, view, step, digest, signature = _SLOT.unpack_from(content)
    return sequence, Signed((epoch, height, view, step), digest, signature)


class SignStateFile:
    """An open sign-state file. One owner; made by ``create`` or ``open`` only."""

    __slots__ = ("_descriptor", "_doubtful", "_failure", "_last", "_sequence")

    def __init__(self, descriptor: int, sequence: int, last: Signed, doubtful: bool) -> None:
        self._descriptor = descriptor
        self._sequence = sequence
        self._last = last
        self._doubtful = doubtful
        self._failure: StoreError | None = None

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the file of a key that has signed nothing.

        Raises:
            StoreError: ``data-exists``; ``disk-full``, ``disk-error``.
        """
        gap = bytes(PAGE_BYTES - SLOT_BYTES)
        create_file(path, _encode(0, NOTHING_SIGNED) + gap + _encode(1, NOTHING_SIGNED) + gap)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file at ``path``; never creates it.

        Raises:
            StoreError: ``sign-state-missing``: there is no file; ``disk-error``.
            StoreCorrupt: ``sign-state-missing``: neither slot can be read. Both mean: this key may
                have signed anything; only an operator's command makes a new file.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise StoreError("sign-state-missing", f"{path} is missing") from error
        except OSError as error:
            raise disk_error(error, f"cannot open {path}") from error
        try:
            slots = [_decode(os.pread(descriptor, SLOT_BYTES, page * PAGE_BYTES)) for page in (0, 1)]
        except OSError as error:
            os.close(descriptor)
            raise disk_error(error, f"cannot read {path}") from error
        whole = [slot for page, slot in enumerate(slots) if slot is not None and slot[0] % 2 == page]
        if not whole:
            os.close(descriptor)
            raise StoreCorrupt("sign-state-missing", f"{path} is damaged beyond use")
        sequence, last = max(whole, key=lambda slot: slot[0])
        doubtful = len(whole) == 1 or abs(whole[0][0] - whole[1][0]) != 1
        return cls(descriptor, sequence, last, doubtful)

    @property
    def last(self) -> Signed:
        """The last signature known to be recorded."""
        return self._last

    @property
    def doubtful(self) -> bool:
        """One slot is damaged: by a torn write, then ``last`` is the truth; by rot, then a newer signature is lost.

        Until ``confirm`` says which, ``record`` refuses.
        """
        return self._doubtful

    def confirm(self, newest: Signed | None) -> None:
        """Compare with the newest own signature in the journal (None: it holds none); call it at every start.

        Nothing is sent before it is journalled, and the journal forgets a height only when its block
        is durable. So a journal that ends at or below ``last`` proves that nothing newer got out
        which could be contradicted; one that goes further supplies what a crash or rot took from
        here. A damaged slot is repaired.

        Raises:
            StoreError: ``sign-state-regression``: the journal holds another payload at ``last``'s own position;
                ``disk-full``, ``disk-error``.
        """
        if newest is not None and newest.position == self._last.position and newest.digest != self._last.digest:
            raise _regression(newest.position, self._last.position)
        if newest is not None and newest.position > self._last.position:
            self._write(newest)
        elif self._doubtful:
            self._write(self._last)
        self._doubtful = False

    def pass_height(self, height: int) -> None:
        """Sign nothing at ``height`` or below from now on: what was signed there is decided, and may be forgotten here.

        After doubt: the lost slot may have held a signature at a height that is over. Without this mark the file would
        look, at the next start, like a copy older than the certificates that show this signature.

        Raises:
            StoreError: ``disk-full``, ``disk-error``.
        """
        if height > self._last.position[1]:
            passed = (self._last.position[0], height, VIEW_PASSED, STEP_PASSED)
            self._write(Signed(passed, bytes(DIGEST_BYTES), bytes(SIGNATURE_BYTES)))

    def check(self, position: Position, digest: bytes) -> bytes | None:
        """The signature already given for exactly this, or None when signing it would go forward.

        Raises:
            StoreError: ``sign-state-regression``: something else, or something later, was signed;
                ``sign-state-doubtful``: ``confirm`` comes first.
        """
        if self._doubtful:
            raise StoreError("sign-state-doubtful", "the last signature is in doubt until the journal confirms it")
        if position > self._last.position:
            return None
        if position == self._last.position and digest == self._last.digest:
            return self._last.signature
        raise _regression(position, self._last.position)

    def record(self, position: Position, digest: bytes, signature: bytes) -> bytes:
        """Remember a signature, durably (one write, one fdatasync), before it is used.

        Returns the signature to use: the stored one if exactly this was signed before.

        Raises:
            StoreError: as ``check``; ``disk-full``, ``disk-error``: the file refuses from now on.
            Misuse: ``sign-state-shape``: sizes or numbers out of range.
        """
        known = self.check(position, digest)
        if known is not None:
            return known
        self._write(Signed(position, digest, signature))
        return signature

    def close(self) -> None:
        """Release the file; twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._failure = self._failure or StoreError("store-closed", "the sign-state file is closed")

    def _write(self, signed: Signed) -> None:
        if self._failure is not None:
            raise StoreError(self._failure.code, f"refused after: {self._failure.message}", **self._failure.details)
        if len(signed.digest) != DIGEST_BYTES or len(signed.signature) != SIGNATURE_BYTES:
            raise Misuse("sign-state-shape", "a digest has 32 bytes and a signature 64")
        if not all(0 <= number < 2**63 for number in signed.position):
            raise Misuse("sign-state-shape", "a position is four numbers below 2^63")
        sequence = self._sequence + 1
        slot = _encode(sequence, signed)
        try:
            if os.pwrite(self._descriptor, slot, sequence % 2 * PAGE_BYTES) < len(slot):
                # A copy-on-write disk that is almost full takes a part and reports no error.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._failure = disk_error(error, "cannot write the sign-state file")
            raise self._failure from error
        self._sequence = sequence
        self._last = signed


def _regression(asked: Position, last: Position) -> StoreError:
    return StoreError(
        "sign-state-regression", "signing this would contradict an earlier signature", asked=str(asked), last=str(last)
    )
