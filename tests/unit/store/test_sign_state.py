"""The sign-state file: only forward, whatever the disk did."""

import os
from pathlib import Path

import pytest

from chainnode.errors import Misuse, StoreCorrupt, StoreError
from chainnode.store.sign_state import NOTHING_SIGNED, PAGE_BYTES, SLOT_BYTES, Position, Signed, SignStateFile


def signed(height: int, step: int = 1, mark: int = 1) -> Signed:
    return Signed((0, height, 0, step), bytes([mark]) * 32, bytes([mark + 1]) * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sign-state"


def recorded(path: Path, *entries: Signed) -> None:
    file = SignStateFile.create(path)
    for entry in entries:
        file.record(*entry)
    file.close()


def code_of(action, *arguments) -> str:
    with pytest.raises(StoreError) as caught:
        action(*arguments)
    return caught.value.code


def test_last_signature_comes_back_when_reopened(path: Path) -> None:
    recorded(path)
    file = SignStateFile.open(path)
    assert file.last == NOTHING_SIGNED
    assert not file.doubtful
    for height in range(1, 6):
        assert file.record(*signed(height)) == signed(height).signature
        again = SignStateFile.open(path)
        assert again.last == signed(height)
        assert not again.doubtful
        again.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_stored_signature_is_returned_when_the_same_is_asked_again(path: Path) -> None:
    """'asked again for the same payload it returns the stored signature, for another it refuses'"""
    recorded(path, signed(4))
    file = SignStateFile.open(path)
    assert file.record(signed(4).position, signed(4).digest, b"\x77" * 64) == signed(4).signature
    assert file.check(signed(4).position, signed(4).digest) == signed(4).signature
    assert file.check(*signed(5)[:2]) is None


@pytest.mark.parametrize("position", [(0, 4, 2, 1), (0, 4, 1, 9), (0, 3, 9, 9), (0, 4, 2, 0), (0, 0, 0, 0)])
def test_equal_or_lower_position_is_refused_for_another_payload(path: Path, position: Position) -> None:
    recorded(path, Signed((0, 4, 2, 1), b"\x01" * 32, b"\x02" * 64))
    file = SignStateFile.open(path)
    assert code_of(file.record, position, b"\x05" * 32, bytes(64)) == "sign-state-regression"
    assert code_of(file.check, position, b"\x05" * 32) == "sign-state-regression"
    assert file.last.position == (0, 4, 2, 1)
    file.record((1, 0, 0, 0), b"\x05" * 32, bytes(64))


def test_record_costs_one_write_and_one_fdatasync(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SignStateFile.create(path)
    calls: list[str] = []
    real_write, real_sync = os.pwrite, os.fdatasync

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        calls.append("pwrite")
        return real_write(descriptor, data, offset)

    def fdatasync(descriptor: int) -> None:
        calls.append("fdatasync")
        real_sync(descriptor)

    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    file.record(*signed(1))
    file.record(*signed(1))
    assert calls == ["pwrite", "fdatasync"]


def test_missing_file_is_refused_and_not_made(path: Path) -> None:
    """Fault C10: 'refuse to sign; explicit operator command'."""
    assert code_of(SignStateFile.open, path) == "sign-state-missing"
    assert not path.exists()
    recorded(path)
    assert code_of(SignStateFile.create, path) == "data-exists"


@pytest.mark.parametrize("content", [b"", bytes(2 * PAGE_BYTES), b"\xff" * 2 * PAGE_BYTES, b"CNS1"])
def test_file_without_a_whole_slot_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt) as caught:
        SignStateFile.open(path)
    assert caught.value.code == "sign-state-missing"


@pytest.mark.parametrize("slot", [0, 1])
def test_every_flipped_bit_of_a_slot_makes_the_file_doubtful(path: Path, slot: int) -> None:
    recorded(path, signed(1), signed(2))
    data = path.read_bytes()
    # created as sequences 0 and 1, so height 1 is sequence 2 in slot 0 and height 2 is sequence 3 in slot 1
    survivor = signed(2) if slot == 0 else signed(1)
    for bit in range(0, SLOT_BYTES * 8, 7):
        flipped = bytearray(data)
        flipped[slot * PAGE_BYTES + bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        file = SignStateFile.open(path)
        assert file.doubtful
        assert file.last == survivor
        assert code_of(file.record, *signed(9)) == "sign-state-doubtful"
        file.close()


def damaged(path: Path) -> SignStateFile:
    """Heights 1 and 2 were signed; the slot of height 2 is lost."""
    recorded(path, signed(1), signed(2))
    data = bytearray(path.read_bytes())
    data[PAGE_BYTES : PAGE_BYTES + SLOT_BYTES] = bytes(SLOT_BYTES)
    path.write_bytes(data)
    return SignStateFile.open(path)


def test_passed_height_is_never_signed_at_again(path: Path) -> None:
    """What a lost slot held may have been a signature at a height that is over."""
    file = damaged(path)
    file.confirm(None)
    file.pass_height(7)
    assert file.last.position[1] == 7
    assert code_of(file.record, *signed(7)) == "sign-state-regression"
    file.pass_height(6)
    file.close()
    file = SignStateFile.open(path)
    assert not file.doubtful
    assert file.last.position[1] == 7
    file.record(*signed(8))
    assert file.last == signed(8)
    file.close()


@pytest.mark.parametrize("newest", [None, signed(1)])
def test_doubt_ends_when_the_journal_holds_nothing_newer(path: Path, newest: Signed | None) -> None:
    file = damaged(path)
    file.confirm(newest)
    assert not file.doubtful
    assert file.last == signed(1)
    file.close()
    file = SignStateFile.open(path)
    assert not file.doubtful
    file.record(*signed(2, mark=7))


def test_lost_signature_is_taken_over_when_the_journal_holds_it(path: Path) -> None:
    file = damaged(path)
    file.confirm(signed(2))
    assert file.last == signed(2)
    assert code_of(file.record, (0, 2, 0, 1), b"\x09" * 32, bytes(64)) == "sign-state-regression"
    file.close()
    assert SignStateFile.open(path).last == signed(2)


def test_journal_ahead_is_taken_over_when_nothing_is_damaged(path: Path) -> None:
    recorded(path, signed(1))
    file = SignStateFile.open(path)
    file.confirm(signed(3))
    assert file.last == signed(3)
    file.confirm(signed(2))
    assert file.last == signed(3)


def test_confirm_refuses_when_the_journal_contradicts(path: Path) -> None:
    recorded(path, signed(1))
    file = SignStateFile.open(path)
    assert code_of(file.confirm, signed(1, mark=8)) == "sign-state-regression"


def test_file_of_two_ages_is_doubtful(path: Path) -> None:
    """Slots that are not neighbours in sequence: one of them came from elsewhere."""
    recorded(path, signed(1), signed(2))
    old = path.read_bytes()
    file = SignStateFile.open(path)
    file.record(*signed(3))
    file.record(*signed(4))
    file.close()
    path.write_bytes(path.read_bytes()[:PAGE_BYTES] + old[PAGE_BYTES:])
    file = SignStateFile.open(path)
    assert file.last == signed(3)
    file.close()
    path.write_bytes(old[PAGE_BYTES:] + old[:PAGE_BYTES])
    with pytest.raises(StoreCorrupt):
        SignStateFile.open(path)


def test_file_refuses_for_good_when_the_disk_failed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SignStateFile.create(path)

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        assert code_of(file.record, *signed(1)) == "disk-error"
    assert code_of(file.record, *signed(2)) == "disk-error"
    file.close()
    file.close()
    assert not SignStateFile.open(path).doubtful


@pytest.mark.parametrize(
    "wrong",
    [
        Signed((0, 1, 0, 1), bytes(31), bytes(64)),
        Signed((0, 1, 0, 1), bytes(32), bytes(63)),
        Signed((0, 1, 0, 2**63), bytes(32), bytes(64)),
        Signed((1, 1, -1, 0), bytes(32), bytes(64)),
    ],
)
def test_values_that_do_not_fit_are_refused(path: Path, wrong: Signed) -> None:
    file = SignStateFile.create(path)
    with pytest.raises(Misuse):
        file.record(*wrong)
    assert file.last == NOTHING_SIGNED
