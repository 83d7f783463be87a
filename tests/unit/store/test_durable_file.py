"""File operations that survive a power cut, and their failures."""

import errno
import os
from pathlib import Path

import pytest

from chainnode.errors import StoreError
from chainnode.store.durable_file import create_file, disk_error, fsync_directory, write_all


def test_created_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    create_file(tmp_path / "f", b"content")
    assert (tmp_path / "f").read_bytes() == b"content"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError) as caught:
        create_file(tmp_path / "f", b"other")
    assert caught.value.code == "data-exists"
    assert (tmp_path / "f").read_bytes() == b"content"


def test_write_all_goes_on_when_the_kernel_takes_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []

    def write_some(_: int, data: memoryview) -> int:
        taken.append(bytes(data[:3]))
        return len(taken[-1])

    monkeypatch.setattr(os, "write", write_some)
    write_all(1, b"0123456789")
    assert b"".join(taken) == b"0123456789"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk-full"), (errno.EDQUOT, "disk-full"), (errno.EIO, "disk-error")]
)
def test_error_names_what_the_disk_refused(number: int, code: str) -> None:
    error = disk_error(OSError(number, os.strerror(number)), "cannot write")
    assert error.code == code
    assert error.details == {"errno": number}


def test_missing_directory_is_a_disk_error(tmp_path: Path) -> None:
    for action in (lambda: fsync_directory(tmp_path / "no"), lambda: create_file(tmp_path / "no" / "f", b"")):
        with pytest.raises(StoreError) as caught:
            action()
        assert caught.value.code == "disk-error"
