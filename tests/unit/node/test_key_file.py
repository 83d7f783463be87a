"""Key files on disk: private, made once, told by name when they cannot be used."""

import stat
from pathlib import Path

import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.keystore import Cost
from chainnode.errors import ConfigError
from chainnode.node.key_file import read_key, read_key_info, read_passphrase, write_key

KEY = SigningKey(bytes(range(32)))
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)


def failure(path: Path, passphrase: str | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_key(path, passphrase)
    return caught.value


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_key_survives_writing_and_reading(tmp_path: Path, passphrase: str | None):
    path = tmp_path / "k.json"
    write_key(path, KEY, name="validator-0", passphrase=passphrase, cost=CHEAP)

    assert read_key(path, passphrase).seed == KEY.seed
    assert read_key_info(path).name == "validator-0"
    assert read_key_info(path).kind == ("development" if passphrase is None else "encrypted")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_key_is_never_overwritten_and_a_link_is_not_followed(tmp_path: Path):
    write_key(tmp_path / "k.json", KEY, name="", passphrase=None)
    (tmp_path / "link.json").symlink_to(tmp_path / "elsewhere.json")

    for name in ("k.json", "link.json"):
        with pytest.raises(ConfigError) as caught:
            write_key(tmp_path / name, KEY, name="", passphrase=None)
        assert caught.value.code == "key-file-exists"
    assert not (tmp_path / "elsewhere.json").exists()


def test_key_file_that_others_may_read_is_refused(tmp_path: Path):
    """service.md: key file permissions checked."""
    path = tmp_path / "k.json"
    write_key(path, KEY, name="", passphrase=None)
    path.chmod(0o640)

    error = failure(path)

    assert (error.code, error.details["found"]) == ("key-file-permissions", "0640")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{}", "key-file-malformed"), (b"x" * 20_000, "key-file-malformed"), (b"\xff\xfe", "key-file-malformed")],
)
def test_file_that_is_no_key_file_is_refused_by_name(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "k.json"
    path.write_bytes(content)
    path.chmod(0o600)

    error = failure(path)

    assert error.code == code
    assert str(path) in error.message


def test_absent_key_file_is_named(tmp_path: Path):
    assert failure(tmp_path / "absent.json").code == "key-file-missing"


def test_passphrase_is_the_first_line_of_a_private_file(tmp_path: Path):
    path = tmp_path / "passphrase"
    path.write_text("correct horse\r\nsecond line\n")
    path.chmod(0o600)

    assert read_passphrase(path) == "correct horse"
    path.write_text("\n")
    with pytest.raises(ConfigError):
        read_passphrase(path)
