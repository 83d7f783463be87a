"""``chainnode key``: files that protect, or say that they do not."""

import io
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node.key_file import read_key
from chainnode.types.ids import did_of_key

SEED = bytes(range(32))


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse\n")
    path.chmod(0o600)
    return path


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_new_key_is_encrypted_and_opens_with_its_passphrase(tmp_path: Path, passphrase: Path, capsys):
    file = tmp_path / "k.json"

    assert main(["key", "new", str(file), "--passphrase-file", str(passphrase), "--json"]) == Exit.OK

    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "encrypted"
    assert read_key(file, "correct horse").public_key.hex() == told["public_key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_key_is_never_overwritten(tmp_path: Path, capsys):
    file = tmp_path / "k.json"
    assert main(["key", "new", str(file), "--development"]) == Exit.OK
    before = file.read_bytes()

    assert main(["key", "new", str(file), "--development"]) == Exit.USAGE
    assert "key-file-exists" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_show_tells_the_identity_and_never_the_seed(tmp_path: Path, capsys):
    source = private(tmp_path / "seed", SEED.hex().encode())
    file = tmp_path / "k.json"
    assert main(["key", "import", str(source), str(file), "--development"]) == Exit.OK

    assert main(["key", "show", str(file), "--chain-id", "devnet"]) == Exit.OK

    shown = capsys.readouterr().out
    assert did_of_key("devnet", SigningKey(SEED).public_key) in shown
    assert SEED.hex() not in shown


def test_pem_key_is_imported(tmp_path: Path):
    pem = Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    source = private(tmp_path / "k.pem", pem)

    assert main(["key", "import", str(source), str(tmp_path / "k.json"), "--development"]) == Exit.OK
    assert read_key(tmp_path / "k.json").seed == SEED


def test_development_key_is_taken_over_into_an_encrypted_file(tmp_path: Path, passphrase: Path):
    assert main(["key", "new", str(tmp_path / "dev.json"), "--development"]) == Exit.OK
    files = [str(tmp_path / "dev.json"), str(tmp_path / "k.json")]

    assert main(["key", "import", *files, "--passphrase-file", str(passphrase)]) == Exit.OK
    assert read_key(tmp_path / "k.json", "correct horse").seed == read_key(tmp_path / "dev.json").seed


PEM_OF_NOTHING = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("content", [b"hello", b"00" * 31, PEM_OF_NOTHING])
def test_file_without_a_key_is_refused(tmp_path: Path, content: bytes, capsys):
    source = private(tmp_path / "x", content)

    assert main(["key", "import", str(source), str(tmp_path / "k.json"), "--development"]) == Exit.USAGE
    assert "key-file-malformed" in capsys.readouterr().err
    assert not (tmp_path / "k.json").exists()


def test_source_that_others_may_read_is_refused(tmp_path: Path, capsys):
    source = private(tmp_path / "seed", SEED.hex().encode())
    source.chmod(0o644)

    assert main(["key", "import", str(source), str(tmp_path / "k.json"), "--development"]) == Exit.USAGE
    assert "chmod 600" in capsys.readouterr().err


def test_nobody_is_asked_for_a_passphrase_without_a_terminal(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())

    assert main(["key", "new", str(tmp_path / "k.json")]) == Exit.USAGE
    assert "passphrase-needed" in capsys.readouterr().err
