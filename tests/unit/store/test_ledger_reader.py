"""Typed reads over a chain of three blocks and a longer one."""

from dataclasses import replace

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import Misuse, StoreCorrupt
from chainnode.store import layout
from chainnode.store.key_value import WriteBatch
from chainnode.store.layout import chunk_key, event_place, height_key, index_fact, index_key, seal
from chainnode.store.ledger_reader import EventPosition, LedgerReader
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.receipt import BlockReceipt, Event, decode_receipt
from tests.unit.store.chain_builder import chain, genesis_bytes, tx_id

BLOCKS = chain(3, transactions=70)


@pytest.fixture
def store() -> MemoryKeyValue:
    memory = MemoryKeyValue()
    ledger = LedgerStore.initialise(memory, genesis_bytes(), BLOCKS[0])
    for commit in BLOCKS[1:]:
        ledger.commit(commit)
    return memory


@pytest.fixture
def reader(store: MemoryKeyValue) -> LedgerReader:
    return LedgerReader(store)


def test_blocks_come_back_by_height_and_hash(reader: LedgerReader) -> None:
    for commit in BLOCKS:
        assert reader.block(commit.height) == commit.stored
        assert reader.header(commit.height) == commit.stored.header
        assert reader.certificate(commit.height) == commit.stored.certificate
        assert reader.height_of(commit.block_hash) == commit.height
    assert reader.block(4) is None
    assert reader.header(4) is None
    assert reader.certificate(4) is None
    assert reader.height_of(bytes(32)) is None
    assert reader.genesis() == genesis_bytes()
    assert reader.tip().block_hash == BLOCKS[3].block_hash


def test_transactions_and_receipts_are_found(reader: LedgerReader) -> None:
    assert reader.locate(tx_id(2, 69)) == (2, 69)
    assert reader.locate(bytes(32)) is None
    assert reader.transaction_ids(2) == list(BLOCKS[2].tx_ids)
    assert reader.transaction_ids(0) == []
    assert reader.receipts(2) == list(BLOCKS[2].receipts)
    assert reader.receipts(0) == reader.receipts(9) == []
    for index in (0, 15, 16, 69):
        assert reader.receipt(2, index) == BLOCKS[2].receipts[index]
    for index in (70, 79, 80):
        assert reader.receipt(2, index) is None
    assert decode_receipt(BLOCKS[2].receipts[64]).index == 64


def test_recent_ids_begin_at_the_height_asked(reader: LedgerReader) -> None:
    """'The set of recent ids is rebuilt from stored blocks on start.'"""
    assert list(reader.recent_transaction_ids(2)) == [(2, list(BLOCKS[2].tx_ids)), (3, list(BLOCKS[3].tx_ids))]
    assert [height for height, _ in reader.recent_transaction_ids(0)] == [1, 2, 3]


def test_state_is_of_the_tip_and_pages_without_gap_or_repeat(reader: LedgerReader) -> None:
    assert reader.state(b"k/000001/000001") == b"made at 1"
    assert reader.state(b"k/000001/000000") is None, "block 2 deleted it"
    assert reader.state(b"") is None
    pages: list[tuple[bytes, bytes]] = []
    after = None
    while page := reader.state_range(b"k/00000", after, limit=50):
        pages += page
        after = page[-1][0]
    assert len(pages) == 3 * 70 - 2
    assert pages == sorted(pages)
    assert len(set(pages)) == len(pages)
    assert reader.state_range(b"k/000002/", after=b"a", limit=1)[0][0] == b"k/000002/000001"
    assert reader.state_range(b"k/000002/", after=b"z") == []
    for limit in (0, 10_001):
        with pytest.raises(Misuse):
            reader.state_range(b"", limit=limit)


def test_trees_come_back(reader: LedgerReader) -> None:
    assert reader.tree_node(b"node 3") == b"page 3"
    assert reader.tree_node(b"node 9") is None
    assert reader.history_node(0, 2) == BLOCKS[2].block_hash
    assert reader.history_node(1, 0) is None
    assert reader.frontier() == b"frontier 3"


def test_index_answers_in_ledger_order_with_a_cursor(reader: LedgerReader) -> None:
    assert reader.index_scan("thing.made", "index", 5) == [EventPosition(height, 5, 0) for height in (1, 2, 3)]
    assert reader.index_scan("thing.made", "index", "5") == []
    assert reader.index_scan("thing.lost") == []
    found: list[EventPosition] = []
    while page := reader.index_scan("thing.made", after=found[-1] if found else None, limit=64):
        found += page
    assert found == [EventPosition(height, index, 0) for height in (1, 2, 3) for index in range(70)]
    with pytest.raises(Misuse):
        reader.index_scan("thing.made", limit=0)


def test_index_record_with_half_a_place_is_corruption(store: MemoryKeyValue, reader: LedgerReader) -> None:
    batch = WriteBatch()
    batch.put(index_key(index_fact("thing.made", "index", 5), 2), bytes(9))
    store.write(batch, sync=True)
    with pytest.raises(StoreCorrupt):
        reader.index_scan("thing.made", "index", 5)


def test_events_come_in_ledger_order_and_the_cursor_moves_to_the_end(reader: LedgerReader) -> None:
    seen, cursor = [], None
    while True:
        page, following = reader.events(cursor, limit=33)
        if following == cursor:
            break
        seen += page
        cursor = following
    assert [logged.position for logged in seen] == [EventPosition(h, i, 0) for h in (1, 2, 3) for i in range(70)]
    assert seen[70].tx_id == tx_id(2, 0)
    assert seen[70].event.attributes == {"height": 2, "index": 0}
    assert reader.events(cursor)[0] == []


def test_events_of_the_block_itself_come_before_those_of_its_transactions() -> None:
    """Chunk 0 holds the block's own receipt; its events have no transaction."""
    blocks = chain(2, 2)
    opened = encode(BlockReceipt(2, (Event("thing.begun", {"n": 1}), Event("thing.begun", {"n": 2}))))
    begun = b"".join(event_place(layout.BLOCK_INDEX, n) for n in (0, 1))
    entries = {**blocks[2].index_entries, index_fact("thing.begun", "", None): begun}
    blocks[2] = replace(blocks[2], block_receipt=opened, index_entries=entries)
    store = LedgerStore.initialise(MemoryKeyValue(), genesis_bytes(), blocks[0])
    for commit in blocks[1:]:
        store.commit(commit)
    assert (store.block_receipt(1), store.block_receipt(2)) == (None, opened)
    assert store.receipts(2) == list(blocks[2].receipts)
    assert store.receipt(2, 1) == blocks[2].receipts[1]
    assert store.index_scan("thing.begun") == [EventPosition(2, -1, 0), EventPosition(2, -1, 1)]
    assert store.index_scan("thing.begun", after=EventPosition(2, -1, 0)) == [EventPosition(2, -1, 1)]
    seen, cursor = store.events(limit=3)
    rest, cursor = store.events(cursor, limit=3)
    places = [(logged.position.height, logged.position.index, logged.tx_id != b"") for logged in (*seen, *rest)]
    assert places == [(1, 0, True), (1, 1, True), (2, -1, False), (2, -1, False), (2, 0, True), (2, 1, True)]
    assert store.events(cursor)[0] == []


def test_event_page_is_bounded_by_work_when_receipts_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """'a page may be empty while more follows'"""
    memory = MemoryKeyValue()
    silent = decode_receipt(BLOCKS[1].receipts[0])
    batch = WriteBatch()
    for height in range(1, 40):
        records = tuple(
            encode(type(silent)(tx_id(height, index), height, index, "failed", 0, "", ())) for index in range(64)
        )
        key = chunk_key(layout.RECEIPTS, height, 1)
        batch.put(key, seal(key, encode(records)))
    memory.write(batch, sync=True)
    reader = LedgerReader(memory)
    calls, cursor = 0, None
    while True:
        page, following = reader.events(cursor)
        assert page == []
        if following == cursor:
            break
        assert cursor is None or following > cursor
        cursor, calls = following, calls + 1
    assert 2 < calls < 5


def change(store: MemoryKeyValue, key: bytes, value: bytes | None) -> None:
    batch = WriteBatch()
    batch.operations.append((key, None if value is None else seal(key, value)))
    store.write(batch, sync=True)


def test_missing_part_of_a_block_is_corruption_not_absence(store: MemoryKeyValue, reader: LedgerReader) -> None:
    for prefix in (layout.BODY, layout.CERTIFICATE):
        key = height_key(prefix, 2)
        kept = store.get(key)
        assert kept is not None
        change(store, key, None)
        with pytest.raises(StoreCorrupt):
            reader.block(2)
        change(store, key, kept[:-4])
    assert reader.block(2) == BLOCKS[2].stored


def test_header_that_is_not_the_decided_one_is_refused(store: MemoryKeyValue, reader: LedgerReader) -> None:
    change(store, height_key(layout.HEADER, 2), BLOCKS[3].stored.header)
    with pytest.raises(StoreCorrupt):
        reader.header(2)
    with pytest.raises(StoreCorrupt):
        reader.block(2)


def test_undecodable_record_is_corruption(store: MemoryKeyValue, reader: LedgerReader) -> None:
    change(store, chunk_key(layout.RECEIPTS, 2, 1), b"\xc1")
    for read in (lambda: reader.receipt(2, 0), lambda: reader.receipts(2), reader.events):
        with pytest.raises(StoreCorrupt):
            read()
    change(store, layout.TIP_KEY, b"\x90")
    with pytest.raises(StoreCorrupt):
        reader.tip()


def test_seals_are_found_by_height_and_in_order(store: MemoryKeyValue) -> None:
    """Written beside the blocks, later than they are; a height may have none."""
    ledger = LedgerStore(store)
    assert ledger.newest_seal() is None
    assert ledger.seals(0, 10) == []
    for height in (3, 1, 2):
        ledger.keep_seal(height, b"seal %d" % height)
    reader = LedgerReader(store)
    assert reader.seal(2) == b"seal 2"
    assert reader.seal(4) is None
    assert reader.seals(2, 10) == [b"seal 2", b"seal 3"]
    assert reader.seals(0, 1) == [b"seal 1"]
    assert reader.newest_seal() == b"seal 3"
    with pytest.raises(Misuse):
        reader.seals(0, 0)
