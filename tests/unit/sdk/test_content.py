"""Files are found in one order, read in pieces, and never through a link."""

import hmac
import os
from hashlib import sha256
from pathlib import Path

import pytest

from chainnode.errors import Misuse, Rejected
from chainnode.sdk import content
from chainnode.sdk.content import find_files, hash_file
from contracts.evidence.digest import salted_digest

SALT = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/deep/d.txt", ".git/config", "__pycache__/x.pyc", ".hidden"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(paths: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_is_walked_by_name(folder: Path) -> None:
    assert names(find_files([folder]), folder) == [".hidden", "a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"]


def test_each_file_comes_once_in_the_order_asked(folder: Path) -> None:
    found = find_files([folder / "sub", folder / "b.txt", folder])
    assert names(found, folder) == ["sub/c.txt", "sub/deep/d.txt", "b.txt", ".hidden", "a.txt"]


def test_links_are_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s")
    (folder / "sub" / "link").symlink_to(outside)
    (folder / "sub" / "file-link").symlink_to(outside / "secret")
    (folder / "sub" / "loop").symlink_to(folder)
    assert names(find_files([folder / "sub"]), folder) == ["sub/c.txt", "sub/deep/d.txt"]


def test_what_is_no_regular_file_is_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "sub" / "pipe")
    assert "sub/pipe" not in names(find_files([folder]), folder)


def test_a_missing_path_is_named(folder: Path) -> None:
    with pytest.raises(Rejected) as caught:
        find_files([folder / "none"])
    assert caught.value.code == "file-missing"
    assert "none" in caught.value.message


def test_too_many_files_are_refused(folder: Path) -> None:
    with pytest.raises(Rejected) as caught:
        find_files([folder], files_max=4)
    assert caught.value.code == "too-many-files"


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 100])
def test_a_file_is_hashed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(content, "CHUNK_BYTES", 8)
    data = os.urandom(size)
    path = tmp_path / "file"
    path.write_bytes(data)
    assert hash_file(path) == content.FileDigest(sha256(data).digest(), size)
    assert hash_file(path, salt=SALT).digest == salted_digest(SALT, data) == hmac.digest(SALT, data, "sha256")


def test_what_cannot_be_read_is_named(folder: Path) -> None:
    for path in (folder / "none", folder / "sub"):
        with pytest.raises(Rejected) as caught:
            hash_file(path)
        assert caught.value.code == "file-unreadable"


def test_a_salt_has_32_bytes(folder: Path) -> None:
    with pytest.raises(Misuse):
        hash_file(folder / "a.txt", salt=b"short")
