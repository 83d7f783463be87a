"""Cutting the zeros a power cut leaves at the end of LevelDB's newest log.

A file system that allocates late may keep a file's new length but not its bytes; the
tail then reads as zeros. That is a torn write like any other, yet with
``paranoid_checks`` LevelDB refuses it for ever. So when LevelDB has refused, zeros that
reach the end of the newest log are cut, and with them a last fragment whose checksum they
broke, before it is asked once more. Anything else that is wrong stays refused.

Source: LevelDB doc/log_format.md: blocks of 32 KiB; a fragment is ``checksum (4, CRC-32C of
type and data, masked) || length (2) || type (1) || data``, little-endian; at most six zero bytes end a block.
"""

import os
import struct
from pathlib import Path
from typing import Final

from chainnode import limits
from chainnode.errors import StoreCorrupt
from chainnode.store.durable_file import disk_error

BLOCK_BYTES: Final = 32 * limits.KIB
LOG_BYTES_MAX: Final = 256 * limits.MIB
"""A log holds one memtable and the batch that overran it; nothing we write comes near."""
_HEADER: Final = struct.Struct("<IHB")
_MASK_DELTA: Final = 0xA282EAD8


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_TABLE: Final = _crc32c_table()


def masked_crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) as LevelDB stores it: rotated and offset."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def whole_bytes(log: bytes) -> int:
    """How much of ``log`` precedes a zero tail; ``len(log)`` when there is none to cut."""
    written = len(log.rstrip(b"\x00"))
    offset, last = 0, None
    while offset < written:
        room = BLOCK_BYTES - offset % BLOCK_BYTES
        if room < _HEADER.size:
            offset += room
            continue
        if offset + _HEADER.size > len(log):
            return len(log)
        _, length, _ = _HEADER.unpack_from(log, offset)
        following = offset + _HEADER.size + length
        if following > min(len(log), offset + room):
            return len(log)
        last, offset = offset, following
    if last is None or _is_whole(log, last):
        return min(offset, len(log))
    return last


def _is_whole(log: bytes, start: int) -> bool:
    """Whether the fragment at ``start`` carries its own checksum, or at least does not end in zeros."""
    checksum: int
    checksum, length, _ = _HEADER.unpack_from(log, start)
    stop: int = start + _HEADER.size + length
    return log[stop - 1] != 0 or masked_crc32c(log[start + 6 : stop]) == checksum


def cut_zero_tail(directory: Path) -> int:
    """Cut a zero tail off the newest log in ``directory``, durably; returns the bytes removed.

    Raises:
        StoreCorrupt: ``data-corrupt``: the log is larger than any we write.
        StoreError: ``disk-error``.
    """
    logs = sorted(path for path in directory.glob("*.log") if path.stem.isdecimal())
    if not logs:
        return 0
    path = logs[-1]
    try:
        size = path.stat().st_size
        if size > LOG_BYTES_MAX:
            raise StoreCorrupt("data-corrupt", f"{path} is larger than any log of ours", found=size)
        with path.open("rb") as file:
            kept = whole_bytes(file.read())
        if kept < size:
            descriptor = os.open(path, os.O_WRONLY)
            try:
                os.ftruncate(descriptor, kept)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise disk_error(error, f"cannot examine {path}") from error
    return size - kept
