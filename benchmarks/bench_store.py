"""Durable writes, and reads.

Question: what does it cost to make a block, a vote and a journal record durable, and to read them back?

Workload: certified blocks of distinct transactions, prepared in memory; each round commits them to a fresh LevelDB on
this disk, synced, as a node does. Journal and sign-state as in one consensus step. Unit: us for a block or a record.
Limit: the same number of bytes appended to one file, with one fdatasync for each block or record.
A lie would be: a disk that only says it is synced (tmpfs: the sheet of the report names the file system), or batches
that are not synced (each round's store is opened again and must have the same tip).
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode.chain.ledger import Ledger
from chainnode.store.block_commit import BlockCommit, Tip, batch_of, tip_of
from chainnode.store.journal import Journal
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.store.memory import MemoryKeyValue
from chainnode.store.sign_state import SignStateFile

BLOCKS: Final = {"full": 20, "smoke": 3}
RECORDS: Final = {"full": 100, "smoke": 5}
RECORD_BYTES: Final = 400
"""A signed vote with its framing; one step writes one to three of them."""


class RecordingStore(LedgerStore):
    """Remembers every commit, so that the same ones can be made again on another engine."""

    def __init__(self, store: MemoryKeyValue) -> None:
        super().__init__(store)
        self.commits: list[BlockCommit] = []

    def commit(self, commit: BlockCommit) -> Tip:
        """As ``LedgerStore.commit``."""
        self.commits.append(commit)
        return super().commit(commit)


def run(size: Size) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-store-") as name:
        folder = Path(name)
        found = []
        for transactions in (0, 100, 1_000) if size == "full" else (20,):
            found += _commits(folder, transactions, BLOCKS[size], size)
        return [*found, *_journal(folder, size), *_reads(folder, size)]


def recorded(transactions: int, blocks: int) -> list[BlockCommit]:
    """So many blocks of so many transactions each, as the ledger hands them to the store."""
    engine = MemoryKeyValue()
    workload.initialised(engine)
    store = RecordingStore(engine)
    ledger = Ledger(store, tree_cache_bytes=32 << 20, proof_heights=64)
    for block in range(blocks):
        numbers = range(block * transactions, (block + 1) * transactions)
        found = [workload.transaction(workload.envelope(number)) for number in numbers]
        ledger.commit(*workload.build_block(ledger, found))
    return store.commits


class _Rounds:
    """A fresh folder for each round; the one before is removed outside of the measured time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "round"
        self._ledger: LedgerStore | None = None

    def fresh(self) -> Path:
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        return self.folder

    def fresh_ledger(self) -> None:
        self._ledger = LedgerStore(workload.initialised(LevelDBKeyValue.create(self.fresh() / "ledger")))

    @property
    def ledger(self) -> LedgerStore:
        assert self._ledger is not None
        return self._ledger

    def close(self) -> None:
        """Close this round's ledger, if it has one; what it said is synced must be there when it is opened again."""
        if self._ledger is None:
            return
        tip = self._ledger.tip()
        self._ledger.close()
        self._ledger = None
        again = LedgerStore(LevelDBKeyValue.open(self.folder / "ledger"))
        try:
            assert again.tip() == tip
        finally:
            again.close()


def _commits(folder: Path, transactions: int, blocks: int, size: Size) -> list[Figure]:
    commits = recorded(transactions, blocks)
    sizes = [_batch_bytes(commits, number) for number in range(blocks)]
    rounds = _Rounds(folder)

    def write() -> bytes:
        for commit in commits:
            rounds.ledger.commit(commit)
        return rounds.ledger.tip().state_root

    raw, note = f"store.raw_append_sync[{transactions} tx]", f"{sum(sizes) // blocks} bytes a block"
    title = f"store.commit_block[{transactions} tx]"
    cases = [
        Case(raw, _appends(rounds, sizes), blocks, before=rounds.fresh, clock="wall", note=note),
        Case(title, write, blocks, raw, before=rounds.fresh_ledger, clock="wall", note=note),
        Case(f"store.encode_block[{transactions} tx]", lambda: _encoded(commits), blocks,
             note="building its write batch, of the above"),
    ]
    try:
        return measure(cases, size)
    finally:
        rounds.close()


def _batch_bytes(commits: list[BlockCommit], number: int) -> int:
    tip = Tip(commits[number].height, commits[number].block_hash, bytes(32), bytes(32), 0)
    return sum(len(key) + len(value or b"") for key, value in batch_of(commits[number], tip).operations)


def _encoded(commits: list[BlockCommit]) -> bytes:
    count, before = 0, None
    for commit in commits:
        tip = tip_of(commit, before) if before else Tip(1, commit.block_hash, bytes(32), bytes(32), 0)
        count += len(batch_of(commit, tip))
        before = tip
    return count.to_bytes(8, "big")


def _appends(rounds: _Rounds, sizes: list[int]) -> Callable[[], bytes]:
    data = [workload.material(f"bytes {number}", 4_096) * (size // 4_096 + 1) for number, size in enumerate(sizes)]

    def work() -> bytes:
        with (rounds.folder / "raw").open("ab", buffering=0) as file:
            for one, size in zip(data, sizes, strict=True):
                file.write(memoryview(one)[:size])
                os.fdatasync(file.fileno())
            return file.tell().to_bytes(8, "big")

    return work


def _journal(folder: Path, size: Size) -> list[Figure]:
    count = RECORDS[size]
    records = [workload.material(f"record {number}", RECORD_BYTES) for number in range(count)]
    rounds = _Rounds(folder)

    def journal() -> bytes:
        log = Journal.create(rounds.folder)
        for record in records:
            log.append([record])
            log.sync()
        log.close()
        again = Journal.open(rounds.folder)
        try:
            return b"".join(again.read())
        finally:
            again.close()

    def sign_state() -> bytes:
        state = SignStateFile.create(rounds.folder / "sign-state")
        for number, record in enumerate(records):
            state.record((0, number + 1, 0, 1), record[:32], record[:64])
        state.close()
        return records[-1][:64]

    raw = "store.raw_append_sync[record]"
    cases = [
        Case(raw, _appends(rounds, [RECORD_BYTES] * count), count, before=rounds.fresh, clock="wall"),
        Case("store.journal_record", journal, count, raw, before=rounds.fresh, clock="wall"),
        Case("store.sign_state", sign_state, count, raw, before=rounds.fresh, clock="wall"),
    ]
    return measure(cases, size)


def _reads(folder: Path, size: Size) -> list[Figure]:
    commits = recorded(100, BLOCKS[size])
    path = folder / "read"
    engine = LevelDBKeyValue.create(path)
    workload.initialised(engine)
    store = LedgerStore(engine)
    for commit in commits:
        store.commit(commit)
    ids = [tx_id for commit in commits for tx_id in commit.tx_ids]
    keys = [key for commit in commits for key in commit.state_changes]

    def located() -> bytes:
        return repr([store.locate(tx_id) for tx_id in ids]).encode()

    def states() -> bytes:
        return b"".join([store.state(key) or b"" for key in keys])

    try:
        return measure([Case("store.locate", located, len(ids)), Case("store.state", states, len(keys))], size)
    finally:
        store.close()
