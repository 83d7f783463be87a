"""Zero tails of LevelDB's log, against its documented format."""

from pathlib import Path

import pytest

from chainnode.errors import StoreCorrupt
from chainnode.store import leveldb_log
from chainnode.store.key_value import WriteBatch
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.store.leveldb_log import cut_zero_tail, masked_crc32c, whole_bytes


@pytest.fixture
def log(tmp_path: Path) -> bytes:
    """A real log: fragments over several 32 KiB blocks, values that end in zeros."""
    path = tmp_path / "db"
    store = LevelDBKeyValue.create(path)
    for number, size in enumerate((10, 40_000, 32_740, 100)):
        batch = WriteBatch()
        batch.put(b"%d" % number, b"x" * size + bytes(20))
        store.write(batch, sync=True)
    store.close()
    return next(path.glob("*.log")).read_bytes()


def test_checksum_is_leveldbs_own() -> None:
    """RFC 3720, B.4: CRC-32C of 32 zero bytes is 0x8a9136aa; LevelDB rotates it and adds 0xa282ead8."""
    crc = 0x8A9136AA
    assert masked_crc32c(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_whole_log_is_kept_when_values_end_in_zeros(log: bytes) -> None:
    assert log.endswith(bytes(20))
    assert whole_bytes(log) == len(log)


@pytest.mark.parametrize("zeros", [1, 7, 8, 32_768, 100_001])
def test_zeros_are_cut_when_they_follow_whole_fragments(log: bytes, zeros: int) -> None:
    assert whole_bytes(log + bytes(zeros)) == len(log)


def test_broken_fragment_is_cut_when_zeros_reach_into_it(log: bytes) -> None:
    torn = log[:-60] + bytes(60)
    kept = whole_bytes(torn)
    assert kept < len(log) - 100
    assert whole_bytes(log[:kept]) == kept


def test_nothing_is_cut_when_the_damage_is_not_zeros(log: bytes) -> None:
    """'Anything else that is wrong stays refused.'"""
    for damaged in (log[:-60] + b"\x01" * 60, log[:5] + b"\xff\xff" + log[7:] + bytes(50)):
        assert whole_bytes(damaged) == len(damaged)


def test_empty_log_and_log_of_zeros_keep_nothing() -> None:
    assert whole_bytes(b"") == 0
    assert whole_bytes(bytes(100)) == 0


def test_only_the_newest_log_is_touched(tmp_path: Path, log: bytes) -> None:
    (tmp_path / "000003.log").write_bytes(log + bytes(9))
    (tmp_path / "000012.log").write_bytes(log + bytes(11))
    assert cut_zero_tail(tmp_path) == 11
    assert (tmp_path / "000003.log").stat().st_size == len(log) + 9
    assert cut_zero_tail(tmp_path) == 0
    assert cut_zero_tail(tmp_path / "nowhere") == 0


def test_oversized_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leveldb_log, "LOG_BYTES_MAX", 10)
    (tmp_path / "000003.log").write_bytes(bytes(11))
    with pytest.raises(StoreCorrupt):
        cut_zero_tail(tmp_path)
