"""Signatures: inline and in processes the same verdicts, whatever happens to a worker."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from chainnode.mempool import verifier as verifier_module
from chainnode.mempool.verifier import InlineVerifier, ProcessVerifier, check_records, pack_record
from chainnode.types.transaction import SIGNATURE_DOMAIN
from tests.support.local_chain import key_of


def _record(number: int, *, valid: bool = True) -> bytes:
    key = key_of(f"signer-{number % 3}")
    tx_id = number.to_bytes(32, "big")
    signature = key.sign(SIGNATURE_DOMAIN + tx_id)
    if not valid:
        signature = bytes([signature[0] ^ 1]) + signature[1:]
    return pack_record(key.public_key, signature, tx_id)


VALID = [_record(number) for number in range(40)]
INVALID = [_record(number, valid=False) for number in range(40)]


@pytest.fixture
async def processes() -> AsyncIterator[ProcessVerifier]:
    made = ProcessVerifier(1)
    await made.start()
    yield made
    await made.close()


def _pid(processes: ProcessVerifier) -> int:
    process = processes._workers[0]._process
    assert process is not None
    return process.pid


def test_verdict_stands_at_the_place_of_its_record() -> None:
    """One byte a record, in order: 1 valid, 0 invalid."""
    records = [VALID[0], INVALID[1], VALID[2], INVALID[3]]
    assert check_records(b"".join(records)) == b"\x01\x00\x01\x00"
    assert check_records(b"") == b""


@pytest.mark.parametrize("extra", [1, 64, 127])
def test_incomplete_record_gets_no_verdict(extra: int) -> None:
    """Lengths are the caller's promise; a cut record is not judged as if it were whole."""
    assert check_records(VALID[0] + VALID[1][:extra]) == b"\x01"


def test_degenerate_keys_and_signatures_are_invalid_not_errors() -> None:
    """Frozen verdicts: small-order keys, small-order R, non-canonical S, all zeros."""
    order = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little")
    good = VALID[0]
    for bad in (
        bytes(128),
        b"\x01" + bytes(31) + good[32:],
        good[:32] + bytes(64) + good[96:],
        good[:64] + order + good[96:],
        b"\xff" * 128,
    ):
        assert check_records(bad) == b"\x00"


async def test_inline_checks_more_than_a_slice_and_lets_others_run() -> None:
    """On the event loop, yielding between slices so that votes still flow."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    records = (VALID + INVALID) * 2
    assert await InlineVerifier().check(records) == (b"\x01" * 40 + b"\x00" * 40) * 2
    task.cancel()
    assert turns >= len(records) // InlineVerifier.SLICE_RECORDS
    assert await InlineVerifier().check([]) == b""


async def test_inline_and_processes_agree(processes: ProcessVerifier) -> None:
    """The same records, the same verdicts, in batches or not."""
    records = [record for pair in zip(VALID, INVALID, strict=True) for record in pair]
    assert await processes.check(records) == await InlineVerifier().check(records)
    assert await processes.check([]) == b""


async def test_checks_larger_than_a_batch_are_split(
    processes: ProcessVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker takes at most BATCH_RECORDS_MAX at a time; order is kept across batches."""
    monkeypatch.setattr(verifier_module, "BATCH_RECORDS_MAX", 7)
    records = [*VALID[:10], *INVALID[:10], *VALID[10:13]]
    assert await processes.check(records) == b"\x01" * 10 + b"\x00" * 10 + b"\x01" * 3


async def test_concurrent_checks_do_not_mix(processes: ProcessVerifier) -> None:
    """One batch at a time in each worker: every caller gets its own verdicts."""
    batches = [VALID[:5], INVALID[:7], [*VALID[:2], *INVALID[:2]], INVALID[:1], VALID[5:6]]
    found = await asyncio.gather(*(processes.check(batch) for batch in batches))
    assert found == [check_records(b"".join(batch)) for batch in batches]


async def test_verdicts_of_a_cancelled_caller_are_not_given_to_the_next(processes: ProcessVerifier) -> None:
    """The height ended, a client hung up: what they asked must never answer somebody else's question."""
    for _ in range(3):
        abandoned = asyncio.create_task(processes.check(VALID))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        assert await processes.check(INVALID[:9]) == bytes(9)
        assert await processes.check(VALID[:3]) == b"\x01\x01\x01"


async def test_killed_worker_is_replaced_and_the_answer_still_right(processes: ProcessVerifier) -> None:
    """A worker holds no state: one that was killed (out of memory) is replaced."""
    pid = _pid(processes)
    os.kill(pid, signal.SIGKILL)
    records = [VALID[0], INVALID[0]]
    assert await processes.check(records) == b"\x01\x00"
    await asyncio.sleep(0.05)
    assert await processes.check(records) == b"\x01\x00"
    assert _pid(processes) != pid


async def test_worker_killed_with_a_batch_in_its_hands_still_gets_answered(processes: ProcessVerifier) -> None:
    """It died with the batch in its hands; the answer is still owed."""
    os.kill(_pid(processes), signal.SIGSTOP)
    asked = asyncio.create_task(processes.check([*INVALID, *VALID]))
    await asyncio.sleep(0.02)
    assert not asked.done()
    os.kill(_pid(processes), signal.SIGKILL)
    assert await asked == bytes(40) + b"\x01" * 40


async def test_worker_that_cannot_be_replaced_leaves_its_checks_to_the_node(
    processes: ProcessVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What killed the last one, no memory, keeps the next from starting; the node goes on, and tries again."""
    process = processes._workers[0]._process
    assert process is not None
    process.kill()
    await process.wait()
    records = [VALID[0], INVALID[0]]
    with monkeypatch.context() as without:
        without.setattr("sys.executable", "/nowhere/python")
        assert await processes.check(records) == b"\x01\x00"
    assert await processes.check(records) == b"\x01\x00"
    assert _pid(processes) != process.pid


async def test_worker_that_hangs_is_replaced_and_the_answer_still_right(
    processes: ProcessVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped worker must not stop admission for ever."""
    monkeypatch.setattr(verifier_module, "_ANSWER_SECONDS", 0.05)
    pid = _pid(processes)
    os.kill(pid, signal.SIGSTOP)
    assert await processes.check([VALID[0], INVALID[0]]) == b"\x01\x00"
    monkeypatch.setattr(verifier_module, "_ANSWER_SECONDS", 10.0)
    assert await processes.check(INVALID[:3]) == bytes(3)
    assert _pid(processes) != pid


async def test_close_ends_every_worker() -> None:
    """Workers cannot outlive their node."""
    verifier = ProcessVerifier(2)
    await verifier.start()
    processes = [worker._process for worker in verifier._workers]
    await verifier.close()
    assert all(process is not None and process.returncode == 0 for process in processes)
    await verifier.close()
