"""Key files keep a key secret, whole and its owner's alone."""

import json
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError
from chainnode.sdk.keystore import Cost, key_info, read_key, write_development_key, write_key

KEY = SigningKey(bytes(range(32)))
CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)


def code_of(path: Path, passphrase: str | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read_key(path, passphrase)
    return caught.value.code


@pytest.fixture
def encrypted(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    write_key(path, KEY, name="harbour", passphrase="correct horse ü", cost=CHEAP)
    return path


def test_encrypted_key_opens_with_its_passphrase(encrypted: Path) -> None:
    assert read_key(encrypted, "correct horse ü").seed == KEY.seed


def test_encrypted_file_shows_neither_seed_nor_passphrase(encrypted: Path) -> None:
    text = encrypted.read_text()
    assert KEY.seed.hex() not in text
    assert "correct" not in text


def test_default_cost_is_the_recommended_one(tmp_path: Path) -> None:
    """RFC 9106, section 4: 3 passes, 4 lanes, 64 MiB."""
    path = tmp_path / "key.json"
    write_key(path, KEY, name="", passphrase="x")
    kdf = json.loads(path.read_text())["kdf"]
    assert (kdf["iterations"], kdf["lanes"], kdf["memory_kib"]) == (3, 4, 65_536)
    assert read_key(path, "x").public_key == KEY.public_key


def test_two_files_of_one_key_share_no_salt_nonce_or_ciphertext(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        write_key(tmp_path / name, KEY, name="n", passphrase="p", cost=CHEAP)
        files.append(json.loads((tmp_path / name).read_text()))
    assert files[0]["kdf"]["salt"] != files[1]["kdf"]["salt"]
    assert files[0]["cipher"]["nonce"] != files[1]["cipher"]["nonce"]
    assert files[0]["cipher"]["ciphertext"] != files[1]["cipher"]["ciphertext"]


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [
        ("correct horse", "wrong-passphrase"),
        (None, "passphrase-needed"),
        ("", "passphrase-length"),
        ("x" * 2_000, "passphrase-length"),
    ],
)
def test_encrypted_key_stays_shut_without_its_passphrase(encrypted: Path, passphrase: str | None, code: str) -> None:
    assert code_of(encrypted, passphrase) == code


def test_damage_is_not_mistaken_for_a_wrong_passphrase(encrypted: Path) -> None:
    document = json.loads(encrypted.read_text())
    sealed = document["cipher"]["ciphertext"]
    document["cipher"]["ciphertext"] = ("0" if sealed[0] != "0" else "1") + sealed[1:]
    encrypted.write_text(json.dumps(document))
    assert code_of(encrypted, "correct horse ü") == "key-file-damaged"


@pytest.mark.parametrize("field", ["name", "public_key"])
def test_a_field_exchanged_with_its_checksum_still_fails(tmp_path: Path, field: str) -> None:
    """The associated data covers every field, so recomputing the unkeyed checksum does not help a forger."""
    other = SigningKey(bytes(32))
    write_key(tmp_path / "a", KEY, name="a", passphrase="p", cost=CHEAP)
    write_key(tmp_path / "b", other, name="b", passphrase="p", cost=CHEAP)
    forged = json.loads((tmp_path / "a").read_text())
    forged[field] = json.loads((tmp_path / "b").read_text())[field]
    (tmp_path / "a").write_text(json.dumps(with_checksum(forged)))
    assert code_of(tmp_path / "a", "p") == "wrong-passphrase"


def with_checksum(document: dict) -> dict:
    """Recompute the documented checksum: SHA-256 of the compact JSON without it."""
    rest = {name: value for name, value in document.items() if name != "checksum"}
    compact = json.dumps(rest, separators=(",", ":"), ensure_ascii=False).encode()
    return rest | {"checksum": sha256(compact).hexdigest()}


def test_development_key_says_that_it_is_not_secret(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    write_development_key(path, KEY, name="dev")
    assert "NOT SECRET" in json.loads(path.read_text())["warning"]
    assert read_key(path).seed == KEY.seed
    assert key_info(path).kind == "development"


def test_development_key_with_another_public_key_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    write_development_key(path, KEY, name="dev")
    document = json.loads(path.read_text())
    document["public_key"] = "00" * 32
    path.write_text(json.dumps(with_checksum(document)))
    assert code_of(path) == "key-file-damaged"


def test_files_are_created_for_their_owner_alone(encrypted: Path) -> None:
    assert stat.S_IMODE(encrypted.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_others_can_read_is_refused(encrypted: Path, mode: int) -> None:
    encrypted.chmod(mode)
    assert code_of(encrypted, "correct horse ü") == "key-file-permissions"


def test_an_existing_file_or_link_is_never_overwritten(encrypted: Path, tmp_path: Path) -> None:
    before = encrypted.read_bytes()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "absent")
    for path in (encrypted, link):
        with pytest.raises(ConfigError) as caught:
            write_key(path, KEY, name="", passphrase="p", cost=CHEAP)
        assert caught.value.code == "key-file-exists"
    assert encrypted.read_bytes() == before
    assert not (tmp_path / "absent").exists()


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_development_key(tmp_path / "no" / "key", KEY, name="")
    assert caught.value.code == "key-file-unwritable"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none") == "key-file-missing"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 100_000, b"\xff\xfe", b'{"format":"chainnode-key/2"}', b"null", b"0" * 100_000],
)
def test_other_content_is_malformed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    assert code_of(path) == "key-file-malformed"


@pytest.mark.parametrize(("field", "value"), [("memory_kib", 2**40), ("iterations", 2**31), ("salt", "00")])
def test_a_cost_out_of_bounds_is_malformed(encrypted: Path, field: str, value: object) -> None:
    """A key file may come from a stranger: its cost is bounded before it is paid."""
    document = json.loads(encrypted.read_text())
    document["kdf"][field] = value
    encrypted.write_text(json.dumps(with_checksum(document)))
    assert code_of(encrypted, "p") == "key-file-malformed"
