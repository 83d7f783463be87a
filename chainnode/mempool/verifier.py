"""Checks of transaction signatures, away from the event loop where that pays.

A record is 128 bytes: public key (32), signature (64), transaction id (32); the
domain tag is put in front by the checker. Records travel in batches, so that one
message between processes carries many; each is answered by one byte.

Measured beside a busy event loop: a thread waits for the interpreter lock after
every call (166 us to 5 ms a check), a process costs the loop under 1 us a check.
On a machine with no core to spare ``inline`` is the cheapest of all.
"""

import asyncio
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError

from chainnode.errors import InvariantBroken
from chainnode.types.transaction import SIGNATURE_DOMAIN

RECORD_BYTES: Final = 128
BATCH_RECORDS_MAX: Final = 4_096
"""One batch to a worker; at 40 us a check it answers within 170 ms."""
_COUNT: Final = struct.Struct(">I")
_ANSWER_SECONDS: Final = 10.0
"""A batch takes 170 ms; a worker that needs so much longer is stopped or stuck, and is replaced."""
_STOP_SECONDS: Final = 2.0


def pack_record(public_key: bytes, signature: bytes, tx_id: bytes) -> bytes:
    """One 128-byte record. The caller has checked the three lengths (32, 64, 32)."""
    return public_key + signature + tx_id


def check_records(records: bytes) -> bytes:
    """One byte a record: 1 valid, 0 invalid.

    ``records`` is a concatenation of 128-byte records.
    """
    verdicts = bytearray(len(records) // RECORD_BYTES)
    for index in range(len(verdicts)):
        start = index * RECORD_BYTES
        signed = records[start + 32 : start + 96] + SIGNATURE_DOMAIN + records[start + 96 : start + 128]
        try:
            crypto_sign_open(signed, records[start : start + 32])
        except CryptoError:
            continue
        verdicts[index] = 1
    return bytes(verdicts)


class Verifier(Protocol):
    """Checks batches of signature records."""

    async def start(self) -> None:
        """Make ready to check."""

    async def check(self, records: Sequence[bytes]) -> bytes:
        """One byte a record, in order: 1 valid, 0 invalid."""

    async def close(self) -> None:
        """Release workers. Checks under way fail."""


class InlineVerifier:
    """Checks on the event loop, yielding between slices so that votes still flow."""

    SLICE_RECORDS: Final = 32
    """About 1.3 ms of checking before the loop gets its turn."""

    def __init__(self) -> None:
        """Nothing is set."""
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to start."""

    async def check(self, records: Sequence[bytes]) -> bytes:
        """One byte a record, in order."""
        verdicts = bytearray()
        for start in range(0, len(records), self.SLICE_RECORDS):
            # One slice a turn of the loop, however many callers there are.
            async with self._turn:
                found = records[start : start + self.SLICE_RECORDS]
                verdicts += check_records(b"".join(found))
                if len(found) == self.SLICE_RECORDS:
                    await asyncio.sleep(0)
        return bytes(verdicts)

    async def close(self) -> None:
        """Nothing to release."""


class _Worker:
    """One checking process and the pipe to it; used by one batch at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._owed = 0
        """Verdicts the process still owes: this batch's, and those of batches whose caller was cancelled."""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            # -P: what lies in the folder that a node was started in is not imported.
            sys.executable, "-P", "-m", "chainnode.mempool.verifier_worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        self._owed = 0

    @property
    def busy(self) -> bool:
        return self._turn.locked()

    async def check(self, records: bytes) -> bytes:
        async with self._turn:
            verdicts = await self._ask(records)
        if verdicts is not None:
            return verdicts
        # It died with the batch in its hands, or there is none; the answer is still owed.
        starts = range(0, len(records), RECORD_BYTES)
        return await InlineVerifier().check([records[start : start + RECORD_BYTES] for start in starts])

    async def _ask(self, records: bytes) -> bytes | None:
        """What the process answers; None where it does not."""
        if self._process is None or self._process.returncode is not None:
            # A worker holds no state: one that was killed (out of memory) is replaced.
            try:
                await self.start()
            except OSError:
                # What killed the last one, no memory, keeps the next from starting: that is no reason to stop the node.
                return None
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise InvariantBroken("a started worker has pipes")
        count = len(records) // RECORD_BYTES
        try:
            process.stdin.write(_COUNT.pack(count) + records)
            self._owed += count
            async with asyncio.timeout(_ANSWER_SECONDS):
                await process.stdin.drain()
                # A caller cancelled between writing and reading leaves its verdicts in the pipe; they must not
                # be taken for those of the next batch.
                verdicts = await process.stdout.readexactly(self._owed)
            self._owed = 0
            return verdicts[-count:]
        except TimeoutError:
            process.kill()
            await process.wait()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        return None

    async def close(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


class ProcessVerifier:
    """Checks in worker processes; batches go to a free worker or wait for one."""

    def __init__(self, workers: int) -> None:
        """Use ``workers`` processes (1 or more)."""
        self._workers = [_Worker() for _ in range(workers)]
        self._next = 0

    async def start(self) -> None:
        """Start every worker."""
        for worker in self._workers:
            await worker.start()

    async def check(self, records: Sequence[bytes]) -> bytes:
        """One byte a record, in order."""
        verdicts = bytearray()
        for start in range(0, len(records), BATCH_RECORDS_MAX):
            verdicts += await self._pick().check(b"".join(records[start : start + BATCH_RECORDS_MAX]))
        return bytes(verdicts)

    def _pick(self) -> _Worker:
        for worker in self._workers:
            if not worker.busy:
                return worker
        self._next = (self._next + 1) % len(self._workers)
        return self._workers[self._next]

    async def close(self) -> None:
        """End every worker: first by closing its input, then by signal."""
        for worker in self._workers:
            await worker.close()
