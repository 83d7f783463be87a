"""The private half of evidence is written whole, for its owner alone, and read strictly."""

import stat
from pathlib import Path

import msgspec
import pytest

from chainnode.errors import ConfigError
from chainnode.sdk.sidecar import FORMAT, Item, Sidecar, read_sidecar, write_sidecar

SIDECAR = Sidecar(
    format=FORMAT,
    chain_id="c",
    submitter="did:cnode:c:" + "a" * 32,
    evidence_id="00" * 16,
    kind="file",
    algorithm="sha256",
    salted=True,
    batch=False,
    items=(Item("ü.txt", 3, "ab" * 32, "cd" * 32),),
)


def test_it_reads_back_and_is_private(tmp_path: Path) -> None:
    path = write_sidecar(tmp_path / "new", SIDECAR)
    assert read_sidecar(path) == SIDECAR
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_later_state_replaces_the_earlier(tmp_path: Path) -> None:
    write_sidecar(tmp_path, SIDECAR)
    later = msgspec.structs.replace(SIDECAR, tx_id="ef" * 32, height=9)
    path = write_sidecar(tmp_path, later)
    assert read_sidecar(path) == later
    assert [found.name for found in tmp_path.iterdir()] == [path.name], "no draft is left behind"


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"\xff", b"null"])
def test_other_content_is_malformed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.evidence.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_sidecar(path)
    assert caught.value.code == "sidecar-malformed"


@pytest.mark.parametrize("change", [{"format": "chainnode-evidence/9"}, {"items": ()}, {"evidence_id": "../../x"}])
def test_a_record_out_of_its_rules_is_malformed(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "x.evidence.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(SIDECAR, **change)))
    with pytest.raises(ConfigError):
        read_sidecar(path)


def test_places_that_cannot_be_written_or_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        write_sidecar(tmp_path / "file", SIDECAR)
    assert caught.value.code == "sidecar-unwritable"
    with pytest.raises(ConfigError) as caught:
        read_sidecar(tmp_path / "none")
    assert caught.value.code == "sidecar-missing"
