"""``chainnode snapshot``: what a directory holds, and whether it is the certified state."""

import json
from pathlib import Path

import pytest

from chainnode.cli.failure import Exit
from chainnode.cli.main import main
from chainnode.store.snapshot_export import MANIFEST_NAME, chunk_name
from chainnode.sync.snapshot_offer import OFFER_NAME
from chainnode.sync.wire import GET_SNAPSHOT
from tests.support.joining import SnapshotSource
from tests.support.local_chain import CHAIN_ID, GENESIS_HASH


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = SnapshotSource(tmp_path, at=4, more=2)
    (source.path / OFFER_NAME).write_bytes(source.answer(GET_SNAPSHOT, b"\x91\xc0"))
    return source.path


def _failure(capsys: pytest.CaptureFixture[str]) -> str:
    return str(json.loads(capsys.readouterr().err)["error"]["code"])


def test_snapshot_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the manifest says."""
    assert main(["snapshot", "show", str(folder), "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["chain_id"], found["height"], found["certified"]) == (CHAIN_ID, 4, True)
    assert found["chunks"] == len(list(folder.glob("chunk-*")))
    assert found["bytes"] == sum(path.stat().st_size for path in folder.glob("chunk-*"))


def test_certified_snapshot_is_verified_with_the_genesis_hash_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 0 only when the whole state is there and is the certified one."""
    assert main(["snapshot", "verify", str(folder), "--genesis", GENESIS_HASH.hex(), "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["valid"] is True


def test_changed_chunk_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each chunk is checked; the code says what is wrong."""
    path = folder / chunk_name(1)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    assert main(["snapshot", "verify", str(folder), "--genesis", GENESIS_HASH.hex(), "--json"]) == Exit.FAILED
    assert _failure(capsys) in {"chunk-root", "malformed", "not-canonical"}


def test_snapshot_of_another_chain_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The genesis hash decides."""
    assert main(["snapshot", "verify", str(folder), "--genesis", "00" * 32, "--json"]) == Exit.FAILED
    assert _failure(capsys) == "genesis-hash"


@pytest.mark.parametrize("gone", [MANIFEST_NAME, OFFER_NAME, chunk_name(0)])
def test_incomplete_snapshot_is_said_to_be_so(folder: Path, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not there is another answer than not true."""
    (folder / gone).unlink()
    assert main(["snapshot", "verify", str(folder), "--genesis", GENESIS_HASH.hex(), "--json"]) == Exit.NOT_FOUND
    assert _failure(capsys) == "snapshot-incomplete"
