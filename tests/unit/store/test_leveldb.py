"""LevelDB's traps (chainnode/store/README.md, 'LevelDB facts'), each shown closed on real files."""

import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import plyvel
import pytest

from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.store import leveldb
from chainnode.store.key_value import WriteBatch
from chainnode.store.leveldb import LevelDBKeyValue, LevelDBOptions
from tests.support.shared import ROOT

SMALL = LevelDBOptions(write_buffer_bytes=64 * 1024, compression=False)


def fill(store: LevelDBKeyValue, count: int, start: int = 0, size: int = 100) -> None:
    for number in range(start, start + count):
        batch = WriteBatch()
        batch.put(b"%06d" % number, random.Random(number).randbytes(size))
        store.write(batch, sync=number == start + count - 1)


def newest(path: Path, pattern: str) -> Path:
    return max(path.glob(pattern), key=lambda file: file.name)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A closed database: some keys in tables, some only in its log."""
    path = tmp_path / "db"
    store = LevelDBKeyValue.create(path, SMALL)
    fill(store, 1_000)
    store.close()
    store = LevelDBKeyValue.open(path, SMALL)
    fill(store, 200, start=1_000)
    store.close()
    assert list(path.glob("*.ldb"))
    return path


def test_nothing_of_a_batch_is_written_when_one_operation_is_wrong(tmp_path: Path) -> None:
    """Alone, plyvel 'writes its half after an exception unless transaction=True'."""
    store = LevelDBKeyValue.create(tmp_path / "db")
    batch = WriteBatch()
    batch.put(b"a", b"1")
    batch.operations.append((b"b", 7))  # type: ignore[arg-type]  # a bug above us
    with pytest.raises(TypeError):
        store.write(batch, sync=True)
    assert store.get(b"a") is None
    fill(store, 1)
    assert store.get(b"000000") is not None
    store.close()


def test_close_waits_for_a_call_inside_and_names_one_that_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'closing under a reader in another thread crashes the process'"""
    store = LevelDBKeyValue.create(tmp_path / "db")
    with store._readers:
        monkeypatch.setattr(leveldb, "CLOSE_WAIT_S", 0.01)
        with pytest.raises(Misuse) as caught:
            store.close()
        assert caught.value.code == "store-in-use"
        monkeypatch.setattr(leveldb, "CLOSE_WAIT_S", 5.0)
        closing = threading.Thread(target=store.close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    closing.join(5)
    assert not closing.is_alive()
    LevelDBKeyValue.open(tmp_path / "db").close()


def test_create_makes_a_private_directory_and_refuses_a_second_time(tmp_path: Path) -> None:
    path = tmp_path / "db"
    LevelDBKeyValue.create(path).close()
    assert path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(StoreError) as caught:
        LevelDBKeyValue.create(path)
    assert caught.value.code == "data-exists"


def test_create_reports_the_disk_when_the_parent_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        LevelDBKeyValue.create(tmp_path / "no" / "db")
    assert caught.value.code == "disk-error"


@pytest.mark.parametrize("make", [False, True])
def test_open_creates_nothing_when_there_is_no_database(tmp_path: Path, make: bool) -> None:
    path = tmp_path / "db"
    if make:
        path.mkdir()
    with pytest.raises(StoreError) as caught:
        LevelDBKeyValue.open(path)
    assert caught.value.code == "data-missing"
    assert not path.exists() or not list(path.iterdir())


def test_open_refuses_when_current_is_gone(closed: Path) -> None:
    """'a missing CURRENT with create_if_missing=True is an empty database without an error'"""
    (closed / "CURRENT").unlink()
    for _ in range(2):
        with pytest.raises(StoreCorrupt) as caught:
            LevelDBKeyValue.open(closed)
        assert caught.value.code == "data-corrupt"


@pytest.mark.parametrize("pattern", ["MANIFEST-*", "*.ldb"])
def test_open_or_read_refuses_when_a_file_is_gone(closed: Path, pattern: str) -> None:
    newest(closed, pattern).unlink()
    with pytest.raises(StoreCorrupt) as caught:
        list(LevelDBKeyValue.open(closed).iterate())
    assert caught.value.code == "data-corrupt"


def test_open_is_refused_when_another_process_holds_the_database(tmp_path: Path) -> None:
    path = tmp_path / "db"
    store = LevelDBKeyValue.create(path)
    with pytest.raises(StoreError) as caught:
        LevelDBKeyValue.open(path)
    assert caught.value.code == "data-in-use"
    code = (
        "import sys, pathlib\nfrom chainnode.errors import StoreError\n"
        "from chainnode.store.leveldb import LevelDBKeyValue\n"
        "try: LevelDBKeyValue.open(pathlib.Path(sys.argv[1]))\nexcept StoreError as error: sys.exit(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "data-in-use"
    fill(store, 1)
    store.close()


def test_value_is_right_or_refused_when_any_bit_of_a_table_flips(closed: Path, tmp_path: Path) -> None:
    """'one bit flip in .ldb: wrong values silently unless verify_checksums': all reads verify."""
    rng = random.Random(1)
    refused = 0
    for attempt in range(20):
        path = tmp_path / f"copy{attempt}"
        shutil.copytree(closed, path)
        table = newest(path, "*.ldb")
        damaged = bytearray(table.read_bytes())
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        table.write_bytes(damaged)
        try:
            store = LevelDBKeyValue.open(path, SMALL)
        except StoreCorrupt:
            refused += 1
            continue
        for number in range(1_200):
            try:
                assert store.get(b"%06d" % number) == random.Random(number).randbytes(100)
            except StoreCorrupt:
                refused += 1
                break
        store.close()
    assert refused >= 10


def test_open_refuses_when_a_bit_flips_inside_the_log(closed: Path) -> None:
    """'bit flip in the middle of the log: a hole in history, newest key still present' without paranoid_checks."""
    log = newest(closed, "*.log")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 0x10
    log.write_bytes(data)
    with pytest.raises(StoreCorrupt) as caught:
        LevelDBKeyValue.open(closed)
    assert caught.value.code == "data-corrupt"


@pytest.mark.parametrize("zeros", [1, 6, 7, 4096, 70_000])
def test_open_loses_nothing_when_zeros_follow_the_log(closed: Path, zeros: int) -> None:
    """'zeroed tail: paranoid refuses; it is a normal crash artefact': zeros are cut, every synced key stays."""
    log = newest(closed, "*.log")
    log.write_bytes(log.read_bytes() + bytes(zeros))
    store = LevelDBKeyValue.open(closed, SMALL)
    assert sum(1 for _ in store.iterate()) == 1_200
    store.close()


@pytest.mark.parametrize("lost", [1, 50, 100, 130, 5_000])
def test_open_drops_only_the_tail_when_the_log_ends_in_zeros(closed: Path, lost: int) -> None:
    log = newest(closed, "*.log")
    data = log.read_bytes()
    log.write_bytes(data[:-lost] + bytes(lost + 100))
    store = LevelDBKeyValue.open(closed, SMALL)
    keys = [int(key) for key, _ in store.iterate()]
    assert keys == list(range(len(keys)))
    assert 1_200 - lost // 100 - 2 <= len(keys) < 1_200
    store.close()


def test_bare_plyvel_shows_the_traps_that_are_closed_here(closed: Path) -> None:
    """If a new plyvel or LevelDB behaves otherwise, the rules above deserve another look."""
    log = newest(closed, "*.log")
    log.write_bytes(log.read_bytes()[:-40])
    database = plyvel.DB(str(closed), paranoid_checks=True)
    assert database.get(b"001199") is None
    try:
        with database.write_batch() as batch:
            batch.put(b"half", b"1")
            raise KeyError
    except KeyError:
        assert database.get(b"half") == b"1"
    database.close()
    (closed / "CURRENT").unlink()
    database = plyvel.DB(str(closed), create_if_missing=True)
    assert database.get(b"000000") is None
    database.close()


def test_writes_stay_refused_until_reopened_when_the_disk_was_full(tiny_disk: Path) -> None:
    """'After a full disk LevelDB refuses writes until reopened'; acknowledged writes stay, reads go on."""
    store = LevelDBKeyValue.create(tiny_disk / "db", SMALL)
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(1024 * 1024))
    written = 0
    with pytest.raises(StoreError) as caught:
        while True:
            fill(store, 1, start=written, size=4_000)
            written += 1
    assert caught.value.code == "disk-full"
    assert written > 100
    ballast.unlink()
    with pytest.raises(StoreError) as caught:
        fill(store, 1, start=written)
    assert caught.value.code == "disk-full"
    assert caught.value.message.startswith("refused after"), "LevelDB alone forgets some failed writes"
    assert store.get(b"000000") == random.Random(0).randbytes(4_000)
    store.close()
    store = LevelDBKeyValue.open(tiny_disk / "db", SMALL)
    for number in range(written):
        assert store.get(b"%06d" % number) == random.Random(number).randbytes(4_000)
    fill(store, 1, start=written + 1)
    store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's priority is its own on Linux alone")
@pytest.mark.processes
def test_compaction_stands_back_behind_the_threads_of_the_node(tmp_path: Path) -> None:
    """LevelDB's thread inherits its priority from whoever opens first; ours keeps its own, also in a second opening."""
    program = (
        "import os, pathlib, sys\n"
        "from chainnode.store.leveldb import LevelDBKeyValue\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "LevelDBKeyValue.create(path).close()\n"
        "store = LevelDBKeyValue.open(path)\n"
        "own = os.getpid()\n"
        "others = [int(one) for one in os.listdir('/proc/self/task') if int(one) != own]\n"
        "print(os.getpriority(os.PRIO_PROCESS, own), [os.getpriority(os.PRIO_PROCESS, one) for one in others])\n"
    )
    command = [sys.executable, "-c", program, os.fspath(tmp_path / "db")]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert shown == f"{own} [{min(19, own + leveldb.COMPACTION_NICENESS)}]\n"


def test_nodes_that_write_the_same_have_memtables_of_their_own_size(tmp_path: Path) -> None:
    """Equal sizes fill at the same block everywhere, and then all validators flush and merge together."""
    options = LevelDBOptions(write_buffer_bytes=1_000_000)
    sizes = [leveldb._write_buffer_bytes(tmp_path / f"validator-{number}", options) for number in range(8)]
    assert len(set(sizes)) == 8
    assert all(750_000 < size <= 1_000_000 for size in sizes)
    assert sizes[0] == leveldb._write_buffer_bytes(tmp_path / "validator-0", options)
