"""What lies below a snapshot (SPEC R9): fetched downward, believed only where headers name it, whole at the end."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chainnode.chain.candidate import open_stored
from chainnode.chain.ledger import Ledger
from chainnode.chain.queries import LedgerQueries
from chainnode.codec.canonical import encode
from chainnode.errors import Misuse, NotFound, StoreCorrupt
from chainnode.proofs.verifier import verify_bundle
from chainnode.store import layout
from chainnode.store.block_commit import OldBlock
from chainnode.store.key_value import WriteBatch
from chainnode.store.layout import height_key
from chainnode.store.ledger_store import open_ledger
from chainnode.sync import back_fill as module
from chainnode.sync import server as server_module
from chainnode.sync import snapshot_fetch as fetch_module
from chainnode.sync import spread as spread_module
from chainnode.sync.back_fill import BackFill
from chainnode.sync.snapshot_fetch import SnapshotFetch
from chainnode.sync.snapshot_parts import SnapshotParts
from chainnode.sync.wire import (
    GET_BLOCKS,
    GET_HEADERS,
    GET_RECEIPTS,
    decode_blocks,
    decode_headers,
    decode_receipts,
    decode_receipts_wanted,
)
from chainnode.types.block import decode_header, decode_stored_block
from consensus.certificates import decode_certificate, encode_certificate
from tests.support.joining import SnapshotSource, build, ledger_at
from tests.support.local_chain import GENESIS_HASH
from tests.unit.sync.sources import Answer, Sources, silent

HEIGHT = 40
TOP = HEIGHT + 3


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread_module, "ROUND_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.001)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(module, "ROUND_BLOCKS", 18)
    monkeypatch.setattr(module, "BYTES_PER_S_MAX", 1 << 40)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SnapshotSource:
    return SnapshotSource(tmp_path_factory.mktemp("snapshots"), at=HEIGHT)


class _Joined:
    """A ledger that began with the snapshot and has the blocks above it; those below come from ``peers``."""

    def __init__(self, ledger: Ledger, source: SnapshotSource, **peers: Answer) -> None:
        self.ledger = ledger
        self.sources = Sources(**peers)
        self.busy = False
        self.fill = BackFill(ledger, self.sources, lambda: self.busy)
        self.theirs = source.chain.queries

    @classmethod
    async def make(cls, source: SnapshotSource, folder: Path, **peers: Answer) -> "_Joined":
        parts = SnapshotParts(folder / "joining")
        offer = await SnapshotFetch(Sources(peer=source.answer), parts, GENESIS_HASH).run()
        assert offer is not None
        joined = cls(build(offer, parts, folder / "ledger"), source, **peers)
        source_blocks = source.chain.queries
        for height in range(HEIGHT + 1, TOP + 1):
            stored = source_blocks.block(height)
            joined.ledger.commit(open_stored(stored), stored.certificate)
        return joined

    async def run(self) -> None:
        async with asyncio.timeout(20):
            await self.fill.run()

    @property
    def queries(self) -> LedgerQueries:
        return LedgerQueries(self.ledger)

    def check_whole(self) -> None:
        """Everything is answered as by the node that executed it."""
        ours, theirs = self.queries, self.theirs
        assert ours.history_from() == 1
        for height in range(TOP + 1):
            assert ours.block(height) == theirs.block(height)
            assert ours.receipts(height) == theirs.receipts(height)
            assert ours.block_receipt(height) == theirs.block_receipt(height)
        args = ("evidence.recorded", "", None, None, 1_000)
        assert ours.events(*args) == theirs.events(*args)
        assert self.ledger.store.events(None, 1_000) == theirs._store.events(None, 1_000)
        tx_id = ours.receipts(2)[0].tx_id
        assert ours.transaction(tx_id) == theirs.transaction(tx_id)
        assert verify_bundle(ours.prove_transaction(tx_id), genesis_hash=GENESIS_HASH).tx_id == tx_id


async def test_everything_below_a_snapshot_comes_from_all_peers(source: SnapshotSource, tmp_path: Path) -> None:
    """Blocks, certificates, receipts, indexes and proofs, as on a node that was there from the genesis on."""
    joined = await _Joined.make(source, tmp_path, a=source.answer, b=source.answer)
    assert joined.queries.history_from() == HEIGHT + 1
    await joined.run()
    joined.check_whole()
    assert {name for name, kind, _ in joined.sources.asked if kind == GET_BLOCKS} == {b"a", b"b"}
    assert not joined.sources.reported
    await joined.run()
    joined.ledger.store.close()


async def test_round_that_was_interrupted_is_fetched_again(source: SnapshotSource, tmp_path: Path) -> None:
    """Resumable: a restart goes on below what is whole; what is below the floor says that it is pruned."""
    joined = await _Joined.make(source, tmp_path, a=source.answer)
    assert await joined.fill.fill(HEIGHT - 9)
    with pytest.raises(NotFound) as pruned:
        joined.queries.block(HEIGHT - 10)
    assert (pruned.value.code, pruned.value.details["first"]) == ("height-pruned", HEIGHT - 9)
    assert joined.queries.receipts(HEIGHT - 9) == joined.theirs.receipts(HEIGHT - 9)
    task = asyncio.create_task(joined.run())
    while not joined.sources.asked or joined.sources.asked[-1][1] != GET_RECEIPTS:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    joined.ledger.store.close()
    again = _Joined(ledger_at(open_ledger(tmp_path / "ledger", GENESIS_HASH)), source, a=source.answer)
    assert 1 < again.queries.history_from() <= HEIGHT - 9
    await again.run()
    again.check_whole()
    again.ledger.store.close()


async def test_receipts_longer_than_an_answer_come_in_parts(
    source: SnapshotSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a block did may be longer than the block; one such block must not end the filling for ever."""
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", 100)
    joined = await _Joined.make(source, tmp_path, a=source.answer, b=source.answer)
    await joined.run()
    joined.check_whole()
    assert not joined.sources.reported
    joined.ledger.store.close()


async def test_peer_that_gives_receipts_without_end_is_named(
    source: SnapshotSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not believed yet is held: so many answers for one block at a time, and no more."""
    monkeypatch.setattr(server_module, "ANSWER_BYTES_MAX", 100)
    monkeypatch.setattr(module, "RECEIPT_ANSWERS_MAX", 2)
    joined = await _Joined.make(source, tmp_path, a=source.answer)
    assert not await joined.fill.fill(HEIGHT)
    asked = [payload for _, kind, payload in joined.sources.asked if kind == GET_RECEIPTS]
    assert [decode_receipts_wanted(payload).skipped for payload in asked[:3]] == [0, 1, 2]
    assert decode_receipts_wanted(asked[3]).skipped == 0
    assert joined.sources.reported[0] == (b"a", "sync-receipts")
    joined.ledger.store.close()


async def test_half_a_round_shows_none_of_its_events(
    source: SnapshotSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list with holes would look whole, and a cursor would step over what comes later."""
    monkeypatch.setattr(fetch_module, "BLOCKS_PER_PIECE", 5)
    joined = await _Joined.make(source, tmp_path, a=source.answer)
    args = ("evidence.recorded", "", None, None, 1_000)
    before, log = joined.queries.events(*args), joined.ledger.store.events(None, 1_000)
    asked = 0

    def stops(kind: int, payload: bytes) -> bytes:
        nonlocal asked
        asked += kind == GET_RECEIPTS
        return silent(kind, payload) if asked > 1 else source.answer(kind, payload)

    joined.sources.peers = {b"stops": stops}
    assert not await joined.fill.fill(HEIGHT - 9)
    kept = [height for height in range(HEIGHT - 9, HEIGHT + 1) if joined.ledger.store.receipts(height)]
    assert 0 < len(kept) < 10
    assert joined.queries.events(*args) == before
    assert joined.ledger.store.events(None, 1_000) == log
    tx_id = joined.theirs.receipts(max(kept))[0].tx_id
    for read in (joined.queries.transaction, joined.queries.receipt, joined.queries.prove_transaction):
        with pytest.raises(NotFound) as pruned:
            read(tx_id)
        assert pruned.value.code == "height-pruned"
    joined.ledger.store.close()


def _other_receipts(answer: bytes) -> bytes:
    first, *rest = decode_receipts(answer)
    return encode([(first[0], *reversed(first[1:])), *rest])


def _without_receipt(answer: bytes) -> bytes:
    return encode([outcomes[:-1] for outcomes in decode_receipts(answer)])


def _other_body(answer: bytes) -> bytes:
    blocks = [decode_stored_block(data) for data in decode_blocks(answer)]
    return encode([encode(msgspec.structs.replace(block, body=blocks[0].body)) for block in blocks])


def _other_header(answer: bytes) -> bytes:
    blocks = [decode_stored_block(data) for data in decode_blocks(answer)]
    header = encode(msgspec.structs.replace(decode_header(blocks[0].header), time_ms=1))
    return encode([encode(msgspec.structs.replace(blocks[0], header=header))])


def _false_certificate(answer: bytes) -> bytes:
    blocks = [decode_stored_block(data) for data in decode_blocks(answer)]
    found = decode_certificate(blocks[0].certificate)
    bad = msgspec.structs.replace(found, signatures=(bytes(64), *found.signatures[1:]))
    return encode([encode(msgspec.structs.replace(blocks[0], certificate=encode_certificate(bad)))])


def _surplus(answer: bytes) -> bytes:
    return encode([*decode_blocks(answer), *decode_blocks(answer)])


def _other_chain(answer: bytes) -> bytes:
    first, *rest = decode_headers(answer)
    return encode([encode(msgspec.structs.replace(decode_header(first), time_ms=1)), *rest])


LIES: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "sync-receipts": (GET_RECEIPTS, _other_receipts),
    "sync-receipts ": (GET_RECEIPTS, _without_receipt),
    "tx-root": (GET_BLOCKS, _other_body),
    "sync-header": (GET_BLOCKS, _other_header),
    "certificate-signature": (GET_BLOCKS, _false_certificate),
    "sync-surplus": (GET_BLOCKS, _surplus),
    "sync-header ": (GET_HEADERS, _other_chain),
}


@pytest.mark.parametrize("code", LIES)
async def test_peer_that_lies_is_named_and_another_one_asked(
    source: SnapshotSource, tmp_path: Path, code: str
) -> None:
    """Nobody is believed; no lie reaches the ledger, and the honest peer completes it."""
    lie, bend = LIES[code]

    def liar(kind: int, payload: bytes) -> bytes:
        answer = source.answer(kind, payload)
        return bend(answer) if kind == lie else answer

    joined = await _Joined.make(source, tmp_path, liar=liar, honest=source.answer)
    await joined.run()
    joined.check_whole()
    assert set(joined.sources.reported) == {(b"liar", code.strip())}
    joined.ledger.store.close()


async def test_it_waits_while_the_node_is_busy_or_nobody_has_the_blocks(
    source: SnapshotSource, tmp_path: Path
) -> None:
    """Lowest priority: nothing is asked during a catch-up; peers without history are asked again later."""
    joined = await _Joined.make(source, tmp_path, mute=silent)
    joined.busy = True
    task = asyncio.create_task(joined.run())
    await asyncio.sleep(0.02)
    assert not joined.sources.asked
    joined.busy = False
    await asyncio.sleep(0.05)
    assert joined.sources.asked
    assert joined.queries.history_from() == HEIGHT + 1
    joined.sources.peers[b"late"] = source.answer
    await task
    joined.check_whole()
    joined.ledger.store.close()


async def test_floor_only_goes_down_over_blocks_that_are_there(source: SnapshotSource, tmp_path: Path) -> None:
    """A floor above a hole would answer for blocks that are missing."""
    joined = await _Joined.make(source, tmp_path, a=source.answer)
    store = joined.ledger.store
    for height in (0, HEIGHT + 1, HEIGHT + 2):
        with pytest.raises(Misuse):
            store.lower_floor(height)
    assert await joined.fill.fill(HEIGHT - 3)
    batch = WriteBatch()
    batch.delete(height_key(layout.HEADER, HEIGHT - 20))
    store._store.write(batch, sync=True)
    with pytest.raises(StoreCorrupt):
        store.lower_floor(HEIGHT - 25)
    assert store.floor() == HEIGHT - 3
    with pytest.raises(Misuse):
        store.keep_old([OldBlock(HEIGHT, bytes(32), joined.theirs.block(HEIGHT), (), (), {}, b"")])
    store.close()
