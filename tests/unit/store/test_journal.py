"""The vote journal: durable steps, torn tails cut, damage refused, old heights dropped."""

import os
from pathlib import Path

import pytest

from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.store import journal as module
from chainnode.store.journal import Journal
from chainnode.store.segment import RESET, SegmentFormat


def step(journal: Journal, *records: bytes) -> None:
    journal.append(records)
    journal.sync()


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("journal-*.log"))


def reopened(directory: Path) -> tuple[int, list[bytes]]:
    journal = Journal.open(directory)
    answer = journal.height, journal.read()
    journal.close()
    return answer


def test_records_come_back_in_order_when_reopened(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    assert journal.read() == []
    step(journal, b"one", b"")
    step(journal)
    step(journal, b"three" * 100)
    assert journal.read() == [b"one", b"", b"three" * 100]
    journal.append([b"never synced"])
    journal.close()
    journal.close()
    assert reopened(tmp_path) == (0, [b"one", b"", b"three" * 100])
    assert files(tmp_path)[0].stat().st_mode & 0o777 == 0o600


def test_open_never_creates_and_create_never_overwrites(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Journal.open(tmp_path)
    assert caught.value.code == "journal-missing"
    Journal.create(tmp_path).close()
    with pytest.raises(StoreError) as caught:
        Journal.create(tmp_path)
    assert caught.value.code == "data-exists"


def test_one_sync_costs_one_write_and_one_fdatasync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """'sync() = one fdatasync for a whole step', and a start of a height adds none."""
    journal = Journal.create(tmp_path)
    calls: list[str] = []
    real_write, real_sync = os.write, os.fdatasync

    def write(descriptor: int, data: bytes) -> int:
        calls.append("write")
        return real_write(descriptor, data)

    def fdatasync(descriptor: int) -> None:
        calls.append("fdatasync")
        real_sync(descriptor)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    journal.start_height(1)
    journal.append([b"a", b"b"])
    journal.append([b"c"])
    journal.sync()
    journal.sync()
    assert calls == ["write", "fdatasync"]


def test_earlier_records_are_dropped_when_a_height_starts(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    step(journal, b"height 1")
    journal.append([b"queued for height 1"])
    journal.start_height(1)
    assert journal.height == 0, "the mark is not durable before the next sync"
    step(journal, b"height 2")
    assert journal.height == 1
    journal.close()
    assert reopened(tmp_path) == (1, [b"height 2"])


def test_carried_records_stay_when_a_height_is_compacted(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    step(journal, b"old view", b"vote")
    journal.start_height(0, carry=[b"vote"])
    step(journal, b"new view")
    journal.close()
    assert reopened(tmp_path) == (0, [b"vote", b"new view"])


def test_live_bytes_fall_when_a_long_height_is_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 500)
    journal = Journal.create(tmp_path)
    for view in range(20):
        step(journal, b"proposal of view %d" % view * 20)
    before = journal.live_bytes
    assert before > 5_000
    journal.start_height(journal.height, carry=[b"proposal of view 19" * 20])
    journal.sync()
    assert journal.live_bytes < 600
    assert len(files(tmp_path)) == 1
    journal.close()
    assert reopened(tmp_path) == (0, [b"proposal of view 19" * 20])


def test_whole_steps_stay_when_the_disk_is_full(tiny_disk: Path) -> None:
    """Fault C11: 'ENOSPC during WAL': stop, keep what was acknowledged, go on after a restart with space."""
    (tiny_disk / "ballast").write_bytes(bytes(2 * 1024 * 1024))
    journal = Journal.create(tiny_disk)
    written = 0
    with pytest.raises(StoreError) as caught:
        while True:
            step(journal, b"%06d" % written * 10_000)
            written += 1
    assert caught.value.code == "disk-full"
    (tiny_disk / "ballast").unlink()
    with pytest.raises(StoreError):
        step(journal, b"space again, but what the disk kept is unknown")
    journal.close()
    journal = Journal.open(tiny_disk)
    assert journal.read() == [b"%06d" % number * 10_000 for number in range(written)]
    step(journal, b"goes on")
    journal.close()


def test_height_cannot_fall(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    journal.start_height(5)
    with pytest.raises(Misuse):
        journal.start_height(4)
    journal.sync()
    with pytest.raises(Misuse):
        journal.start_height(4)


def test_files_stay_few_when_heights_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 2_000)
    journal = Journal.create(tmp_path)
    for height in range(1, 60):
        step(journal, b"%d" % height * 50)
        journal.start_height(height)
        assert len(files(tmp_path)) == 1
        assert files(tmp_path)[0].stat().st_size < 2_500
    step(journal, b"last")
    journal.close()
    assert reopened(tmp_path) == (59, [b"last"])
    assert files(tmp_path)[0].name != "journal-00000001.log"


def test_one_height_may_fill_several_files_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 200)
    monkeypatch.setattr(module, "SEGMENTS_MAX", 5)
    journal = Journal.create(tmp_path)
    written: list[bytes] = []
    with pytest.raises(StoreError) as caught:
        for number in range(100):
            step(journal, b"%03d" % number * 40)
            written.append(b"%03d" % number * 40)
    assert caught.value.code == "journal-full"
    assert len(files(tmp_path)) == 5
    assert journal.read() == written
    journal.close()
    journal = Journal.open(tmp_path)
    journal.start_height(1)
    step(journal, b"next")
    assert len(files(tmp_path)) == 1
    journal.close()
    assert reopened(tmp_path) == (1, [b"next"])


def test_step_larger_than_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAYLOAD_BYTES_MAX", 1_000)
    journal = Journal.create(tmp_path)
    with pytest.raises(Misuse):
        journal.append([b"x" * 500, b"y" * 500])


def small(directory: Path) -> list[bytes]:
    """Three steps; returns the records."""
    journal = Journal.create(directory)
    step(journal, b"a1", b"a2")
    step(journal, b"b1")
    step(journal, b"c1", b"c2")
    journal.close()
    return [b"a1", b"a2", b"b1", b"c1", b"c2"]


def test_tail_is_cut_to_whole_steps_when_torn_at_any_byte(tmp_path: Path) -> None:
    """Fault C4: 'truncate at every byte'; C5: the same with zeros behind."""
    records = small(tmp_path)
    path = files(tmp_path)[0]
    data = path.read_bytes()
    seen: set[int] = set()
    for size in range(len(data)):
        for tail in (b"", bytes(5), bytes(len(data) - size)):
            path.write_bytes(data[:size] + tail)
            try:
                height, found = reopened(tmp_path)
            except StoreCorrupt:
                assert size < len(data) // 2, "only the first frame may not be missing"
                continue
            assert height == 0
            assert found == records[: len(found)]
            assert len(found) in (0, 2, 3, 5)
            seen.add(len(found))
            assert reopened(tmp_path) == (0, found), "what was cut stays cut"
    assert seen >= {0, 2, 3}


def test_every_flipped_bit_is_refused_or_cut_and_never_read(tmp_path: Path) -> None:
    """'either torn-tail cut or refusal, never a wrong record'"""
    records = small(tmp_path)
    path = files(tmp_path)[0]
    data = path.read_bytes()
    refused = 0
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert reopened(tmp_path) == (0, records[:3])
        except StoreCorrupt as error:
            refused += 1
            assert error.code == "journal-corrupt"
            assert path.read_bytes() == flipped, "a damaged journal is left as it is"
    assert refused > len(data) * 4


def test_appending_goes_on_when_a_tail_was_cut(tmp_path: Path) -> None:
    small(tmp_path)
    path = files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-1])
    journal = Journal.open(tmp_path)
    step(journal, b"d1")
    journal.close()
    assert reopened(tmp_path) == (0, [b"a1", b"a2", b"b1", b"d1"])


def several(directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 100)
    journal = Journal.create(directory)
    for number in range(6):
        step(journal, b"%d" % number * 60)
    journal.close()
    assert len(files(directory)) >= 4
    return files(directory)


def test_any_damage_is_refused_when_it_is_not_in_the_last_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = several(tmp_path, monkeypatch)
    for path in paths[:-1]:
        data = path.read_bytes()
        for broken in (data[:-1], b"", data[:30], data + b"\x00", bytes(len(data))):
            path.write_bytes(broken)
            with pytest.raises(StoreCorrupt):
                Journal.open(tmp_path)
        path.unlink()
        with pytest.raises(StoreCorrupt):
            Journal.open(tmp_path)
        path.write_bytes(data)
    assert len(reopened(tmp_path)[1]) == 6


@pytest.mark.parametrize("kept", [0, 10, 24, 30])
def test_half_made_file_is_dropped_when_the_crash_was_between_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """A new file holds nothing until its first frame is durable; the older files are deleted only after that."""
    paths = several(tmp_path, monkeypatch)
    before = reopened(tmp_path)
    whole = paths[-1].read_bytes()
    sequence = int(paths[-1].stem.split("-")[1]) + 1
    torn = tmp_path / f"journal-{sequence:08d}.log"
    torn.write_bytes(SegmentFormat(sequence, b"12345678").header[:kept] + whole[24:30][: max(0, kept - 24)])
    assert reopened(tmp_path) == before
    assert not torn.exists()


def test_dead_files_are_removed_when_a_crash_kept_them(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    step(journal, b"old")
    old = files(tmp_path)[0]
    content = old.read_bytes()
    journal._begin_segment(RESET, module._Payload(9, (b"new",)))
    journal.close()
    old.write_bytes(content[:-3])
    assert reopened(tmp_path) == (9, [b"new"])
    assert not old.exists()


@pytest.mark.parametrize("call", ["fdatasync", "write"])
def test_journal_refuses_for_good_when_the_disk_failed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Fault C13: 'never retry fsync': a second one may report success for lost pages."""
    journal = Journal.create(tmp_path)
    step(journal, b"safe")

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(StoreError) as caught:
            step(journal, b"lost")
        assert caught.value.code == "disk-full"
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            step(journal, b"more")
        assert caught.value.code == "disk-full"
    journal.close()
    assert reopened(tmp_path)[1][:1] == [b"safe"]
    with pytest.raises(StoreError):
        journal.sync()
