"""A snapshot from peers (SPEC R9): every part proves itself, liars are found at the part they lie about."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chainnode.chain.candidate import open_stored
from chainnode.chain.queries import LedgerQueries
from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected, RequestFailed
from chainnode.store.snapshot_export import chunk_name
from chainnode.sync import spread as spread_module
from chainnode.sync.certified_range import TrustedBlock
from chainnode.sync.snapshot_content import SnapshotContent
from chainnode.sync.snapshot_fetch import SnapshotFetch
from chainnode.sync.snapshot_offer import OFFER_NAME, Offer, OpenedOffer, decode_offer
from chainnode.sync.snapshot_parts import SnapshotParts, block_name
from chainnode.sync.wire import (
    GET_BLOCKS,
    GET_CHUNK,
    GET_HEADERS,
    GET_SNAPSHOT,
    decode_blocks,
    decode_blocks_wanted,
    decode_headers,
)
from chainnode.types.block import block_hash, decode_stored_block
from tests.support.joining import SnapshotSource, build
from tests.support.local_chain import GENESIS_HASH
from tests.unit.sync.sources import Answer, LateAnswer, Sources, silent

HEIGHT = 8


@pytest.fixture(autouse=True)
def _quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread_module, "ROUND_PAUSE_SECONDS", 0.001)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SnapshotSource:
    return SnapshotSource(tmp_path_factory.mktemp("snapshots"), at=HEIGHT)


class _Joiner:
    """A node that joins; ``run`` is one life of its process."""

    def __init__(self, folder: Path, *, trusted: TrustedBlock | None = None, **peers: Answer | LateAnswer) -> None:
        self.sources = Sources(**peers)
        self.parts = SnapshotParts(folder / "joining")
        self.path = folder / "ledger"
        self._trusted = trusted

    async def run(self) -> OpenedOffer | None:
        async with asyncio.timeout(10):
            return await SnapshotFetch(self.sources, self.parts, GENESIS_HASH, self._trusted).run()

    async def join(self) -> LedgerQueries:
        offer = await self.run()
        assert offer is not None
        self.ledger = build(offer, self.parts, self.path)
        return LedgerQueries(self.ledger)

    def asked(self, kind: int) -> int:
        return sum(found == kind for _, found, _ in self.sources.asked)


async def test_joined_node_stands_where_the_snapshot_was_taken_and_goes_on(
    source: SnapshotSource, tmp_path: Path
) -> None:
    """Same tip, same state, same tree; the blocks that follow apply to it and give the same roots."""
    joiner = _Joiner(tmp_path, a=source.answer, b=source.answer)
    await joiner.join()
    ledger, theirs = joiner.ledger, source.chain.ledger
    assert ledger.tip.height == HEIGHT
    assert ledger.tip.block_hash == block_hash(source.chain.queries.header(HEIGHT))
    for height in range(HEIGHT + 1, theirs.tip.height + 1):
        stored = source.chain.queries.block(height)
        ledger.commit(open_stored(stored), stored.certificate)
    assert ledger.tip == theirs.tip
    assert dict(ledger.store.all_state()) == dict(theirs.store.all_state())
    assert ledger.tree.root(theirs.tip.height) == theirs.tree.root(theirs.tip.height)
    assert ledger.store.frontier() == theirs.store.frontier()
    assert not joiner.sources.reported
    assert {name for name, _, _ in joiner.sources.asked} == {b"a", b"b"}
    ledger.store.close()


async def test_joined_node_remembers_the_transactions_of_the_replay_window(
    source: SnapshotSource, tmp_path: Path
) -> None:
    """A node that voted for a replay because it joined late would break the rule of the chain."""
    joiner = _Joiner(tmp_path, peer=source.answer)
    await joiner.join()
    for height in range(1, HEIGHT + 1):
        for transaction in open_stored(source.chain.queries.block(height)).transactions:
            assert joiner.ledger.height_of(transaction.tx_id) == height
    joiner.ledger.store.close()


async def test_heights_before_the_snapshot_answer_that_they_are_pruned(source: SnapshotSource, tmp_path: Path) -> None:
    """``height-pruned``, never block-not-found: such a block exists, another node has it."""
    joiner = _Joiner(tmp_path, peer=source.answer)
    queries = await joiner.join()
    for height in (1, HEIGHT):
        for read in (queries.block, queries.header, queries.receipts, queries.certificate):
            with pytest.raises(NotFound) as pruned:
                read(height)
            assert pruned.value.code == "height-pruned"
    assert queries.block(0).header == source.chain.queries.header(0)
    with pytest.raises(NotFound) as above:
        queries.block(HEIGHT + 1)
    assert above.value.code == "block-not-found"
    tx_id = open_stored(source.chain.queries.block(2)).transactions[0].tx_id
    with pytest.raises(NotFound) as gone:
        queries.transaction(tx_id)
    assert f"from height {HEIGHT + 1} on" in gone.value.message
    joiner.ledger.store.close()


async def test_joined_node_serves_the_next_one_that_joins_by_blocks(source: SnapshotSource, tmp_path: Path) -> None:
    """Blocks of the replay window are whole: header, body and a certificate that verifies."""
    joiner = _Joiner(tmp_path, peer=source.answer)
    await joiner.join()
    assert [joiner.ledger.store.block(h) for h in range(1, HEIGHT + 1)] == [
        source.chain.queries.block(h) for h in range(1, HEIGHT + 1)
    ]
    joiner.ledger.store.close()


def _offer(source: SnapshotSource, change: Callable[[Offer], Offer]) -> Answer:
    def answer(kind: int, payload: bytes) -> bytes:
        found = source.answer(kind, payload)
        return encode(change(decode_offer(found))) if kind == GET_SNAPSHOT else found

    return answer


def _manifest(offer: Offer, **changes: object) -> Offer:
    manifest = msgspec.msgpack.decode(offer.manifest)
    fields = ("version", "chain_id", "height", "block_hash", "state_root", "frontier", "chunks")
    for name, value in changes.items():
        at = fields.index(name)
        manifest[at] = value(manifest[at]) if callable(value) else value
    return msgspec.structs.replace(offer, manifest=encode(manifest))


def _first_chunk(field: int, value: object) -> Callable[[list[list[object]]], list[list[object]]]:
    return lambda chunks: [[*chunks[0][:field], value, *chunks[0][field + 1 :]], *chunks[1:]]


MANIFEST_LIES: dict[str, tuple[str, Callable[[Offer], Offer]]] = {
    "version": ("version", lambda o: _manifest(o, version=2)),
    "other-height": ("snapshot-frontier", lambda o: _manifest(o, height=HEIGHT - 1)),
    "other-block": ("snapshot-block", lambda o: _manifest(o, block_hash=bytes(32))),
    "other-chain": ("snapshot-block", lambda o: _manifest(o, chain_id="elsewhere")),
    "other-root": ("snapshot-root", lambda o: _manifest(o, state_root=bytes(32))),
    "chunk-root": ("snapshot-root", lambda o: _manifest(o, chunks=_first_chunk(4, b"\x01" * 32))),
    "chunk-empty": ("snapshot-cover", lambda o: _manifest(o, chunks=_first_chunk(2, 0))),
    "chunk-left-out": ("snapshot-cover", lambda o: _manifest(o, chunks=lambda chunks: chunks[1:])),
    "chunk-twice": ("snapshot-cover", lambda o: _manifest(o, chunks=lambda chunks: [*chunks, chunks[-1]])),
    "frontier": ("snapshot-history", lambda o: _manifest(o, frontier=lambda f: f[:8] + bytes(len(f) - 8))),
    "header": ("snapshot-height", lambda o: msgspec.structs.replace(o, header=o.header_after)),
    "certificate": (
        "certificate-malformed",
        lambda o: msgspec.structs.replace(o, authority=msgspec.structs.replace(o.authority, certificate=b"")),
    ),
    "garbage": ("malformed", lambda o: msgspec.structs.replace(o, manifest=b"\xff")),
}


@pytest.mark.parametrize("lie", MANIFEST_LIES)
async def test_false_manifest_is_found_before_anything_is_fetched(
    source: SnapshotSource, tmp_path: Path, lie: str
) -> None:
    """It must cover the key space and lead to the root that a certified header states."""
    code, change = MANIFEST_LIES[lie]
    joiner = _Joiner(tmp_path, liar=_offer(source, change))
    assert await joiner.run() is None
    assert joiner.sources.reported == [(b"liar", code)]
    assert joiner.asked(GET_CHUNK) == 0
    both = _Joiner(tmp_path / "both", liar=_offer(source, change), honest=source.answer)
    assert await both.run() is not None


async def test_forged_state_under_a_true_header_is_refused(source: SnapshotSource, tmp_path: Path) -> None:
    """A whole other snapshot, consistent in itself, is not the certified state."""
    other = SnapshotSource(tmp_path / "other", at=HEIGHT, transactions=2)

    def mixed(offer: Offer) -> Offer:
        theirs = decode_offer(other.answer(GET_SNAPSHOT, encode([None])))
        return msgspec.structs.replace(offer, manifest=theirs.manifest)

    joiner = _Joiner(tmp_path, liar=_offer(source, mixed))
    assert await joiner.run() is None
    assert joiner.sources.reported[0][1] == "snapshot-block"


def _with_body_of_second(data: bytes) -> bytes:
    blocks = [decode_stored_block(block) for block in decode_blocks(data)]
    blocks[0] = msgspec.structs.replace(blocks[0], body=blocks[1].body)
    return encode([encode(block) for block in blocks])


def _without_certificate(data: bytes) -> bytes:
    blocks = [decode_stored_block(block) for block in decode_blocks(data)]
    blocks[0] = msgspec.structs.replace(blocks[0], certificate=b"")
    return encode([encode(block) for block in blocks])


PART_LIES: dict[str, tuple[int, str, Callable[[bytes], bytes]]] = {
    "chunk-bit": (GET_CHUNK, "", lambda data: data[:-1] + bytes((data[-1] ^ 1,))),
    "chunk-cut": (GET_CHUNK, "malformed", lambda data: data[:-1]),
    "chunk-empty-list": (GET_CHUNK, "chunk-root", lambda data: encode([])),
    "chunk-junk": (GET_CHUNK, "malformed", lambda data: b"\xff" * 100),
    "blocks-cut": (GET_BLOCKS, "malformed", lambda data: data[:-1]),
    "blocks-other": (
        GET_BLOCKS, "sync-header", lambda data: encode(list(reversed(decode_blocks(data)))),
    ),
    "blocks-surplus": (GET_BLOCKS, "sync-surplus", lambda data: encode([decode_blocks(data)[0]] * 20)),
    "blocks-body": (GET_BLOCKS, "tx-root", _with_body_of_second),
    "blocks-certificate": (GET_BLOCKS, "certificate-malformed", _without_certificate),
    "headers-other": (GET_HEADERS, "sync-header", lambda data: encode(list(reversed(decode_headers(data))))),
    "headers-surplus": (GET_HEADERS, "sync-surplus", lambda data: encode([*decode_headers(data), b"x"])),
    "headers-junk": (GET_HEADERS, "malformed", lambda data: b"\xff"),
}


@pytest.mark.parametrize("lie", PART_LIES)
async def test_false_part_is_found_at_that_part_and_its_peer_is_named(
    source: SnapshotSource, tmp_path: Path, lie: str
) -> None:
    """Whoever lies is found with the first false part; the rest comes from the honest."""
    kind, code, change = PART_LIES[lie]

    def liar(asked: int, payload: bytes) -> bytes:
        found = source.answer(asked, payload)
        return change(found) if asked == kind else found

    alone = _Joiner(tmp_path / "alone", liar=liar)
    assert await alone.run() is None
    assert {name for name, _ in alone.sources.reported} == {b"liar"}
    assert not code or alone.sources.reported[0][1] == code
    both = _Joiner(tmp_path / "both", liar=liar, honest=source.answer)
    queries = await both.join()
    assert queries.tip().height == HEIGHT
    assert {name for name, _ in both.sources.reported} == {b"liar"}
    both.ledger.store.close()


async def test_every_bit_of_a_chunk_counts(source: SnapshotSource, tmp_path: Path) -> None:
    """A chunk is proved whole: no bit of it can be changed unseen."""
    joiner = _Joiner(tmp_path, peer=source.answer)
    offer = await joiner.run()
    assert offer is not None
    data = (source.path / chunk_name(0)).read_bytes()
    for at in range(0, len(data), 7):
        for bit in (1, 128):
            joiner.parts.keep(chunk_name(0), data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :])
            with pytest.raises(Rejected) as damaged:
                list(SnapshotContent(offer, joiner.parts).chunks())
            assert damaged.value.code == "part-damaged"


async def test_stalling_peer_is_named_and_the_others_do_the_work(source: SnapshotSource, tmp_path: Path) -> None:
    """Stalling breaks no rule: no report."""
    joiner = _Joiner(tmp_path, stalls=silent, works=source.answer)
    assert await joiner.run() is not None
    assert (b"stalls", "sync-stalled") in joiner.sources.slow
    assert not joiner.sources.reported


async def test_no_peer_with_a_snapshot_ends_the_attempt(tmp_path: Path) -> None:
    """The node then replays every block."""
    nobody: dict[str, Answer] = {}
    for peers in (nobody, {"silent": silent}, {"empty": lambda kind, payload: b""}):
        joiner = _Joiner(tmp_path, **peers)
        assert await joiner.run() is None
        assert not joiner.sources.reported


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5, 8, 12, 20])
async def test_interrupted_fetch_goes_on_where_it_was(source: SnapshotSource, tmp_path: Path, stop_after: int) -> None:
    """Whatever was verified stays on disk and is not asked for again."""
    left = stop_after

    def mortal(kind: int, payload: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise asyncio.CancelledError
        return source.answer(kind, payload)

    first = _Joiner(tmp_path, peer=mortal)
    with pytest.raises((asyncio.CancelledError, TimeoutError)):
        if await first.run() is None:
            raise asyncio.CancelledError
    kept = {path.name for path in (tmp_path / "joining").iterdir()} if (tmp_path / "joining").exists() else set()
    second = _Joiner(tmp_path, peer=source.answer)
    queries = await second.join()
    assert queries.tip().height == HEIGHT
    assert second.asked(GET_SNAPSHOT) == (OFFER_NAME not in kept)
    chunks = sum(name.startswith("chunk") for name in kept)
    assert second.asked(GET_CHUNK) == len(list(source.path.glob("chunk-*"))) - chunks
    second.ledger.store.close()


async def test_part_torn_on_disk_is_found_when_the_ledger_is_built_and_fetched_again(
    source: SnapshotSource, tmp_path: Path
) -> None:
    """Files are written without waiting for the disk; nothing reaches a ledger unverified."""
    for name in (chunk_name(1), block_name(3), block_name(HEIGHT)):
        folder = tmp_path / name
        joiner = _Joiner(folder, peer=source.answer)
        offer = await joiner.run()
        assert offer is not None
        joiner.parts.keep(name, b"")
        with pytest.raises(Rejected) as damaged:
            build(offer, joiner.parts, joiner.path)
        assert damaged.value.code == "part-damaged"
        queries = await joiner.join()
        assert queries.tip().height == HEIGHT
        joiner.ledger.store.close()


async def test_snapshot_that_peers_let_go_is_given_up_for_a_newer_one(source: SnapshotSource, tmp_path: Path) -> None:
    """Chunks of two snapshots are never mixed: they are asked for under the manifest's hash."""
    newer = SnapshotSource(tmp_path / "newer", at=HEIGHT + 2)
    left = 3

    def forgetful(kind: int, payload: bytes) -> bytes:
        nonlocal left
        left -= 1
        return (source if left >= 0 else newer).answer(kind, payload)

    joiner = _Joiner(tmp_path, peer=forgetful)
    offer = await joiner.run()
    assert offer is not None
    assert offer.manifest.height == HEIGHT + 2
    assert not joiner.sources.reported


async def test_trusted_block_must_be_part_of_the_chain(source: SnapshotSource, tmp_path: Path) -> None:
    """The offer shows it by a path to the certified history root."""
    held = block_hash(source.chain.queries.header(3))
    good = _Joiner(tmp_path / "good", trusted=TrustedBlock(3, held), peer=source.answer)
    assert await good.run() is not None
    bad = _Joiner(tmp_path / "bad", trusted=TrustedBlock(3, bytes(32)), peer=source.answer)
    assert await bad.run() is None
    assert bad.sources.reported == [(b"peer", "sync-untrusted")]
    late = _Joiner(tmp_path / "late", trusted=TrustedBlock(HEIGHT + 2, held), peer=source.answer)
    assert await late.run() is None
    assert not late.sources.reported


async def test_peer_that_refuses_is_passed_over(source: SnapshotSource, tmp_path: Path) -> None:
    """A node that has served enough says so; nobody is blamed."""

    def busy(kind: int, payload: bytes) -> bytes:
        raise RequestFailed("peer-error", "the peer refused the request", answer="busy")

    joiner = _Joiner(tmp_path, busy=busy, works=source.answer)
    assert await joiner.run() is not None
    assert not joiner.sources.reported


async def test_blocks_served_in_pieces_are_joined(source: SnapshotSource, tmp_path: Path) -> None:
    """Answers are prefixes: as many as fit, at least one."""

    def stingy(kind: int, payload: bytes) -> bytes:
        found = source.answer(kind, payload)
        return encode([decode_blocks(found)[0]]) if kind == GET_BLOCKS else found

    joiner = _Joiner(tmp_path, peer=stingy)
    assert await joiner.run() is not None
    asked = [decode_blocks_wanted(payload).first for _, kind, payload in joiner.sources.asked if kind == GET_BLOCKS]
    assert sorted(asked) == list(range(1, HEIGHT + 1))
