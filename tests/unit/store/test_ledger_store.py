"""The ledger on disk: made once, opened only when whole and ours, written a block at a time."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, Misuse, StoreError
from chainnode.store import layout
from chainnode.store.block_commit import Tip
from chainnode.store.key_value import WriteBatch
from chainnode.store.layout import height_key, seal
from chainnode.store.ledger_store import LedgerStore, initialise, open_ledger
from chainnode.store.leveldb import LevelDBKeyValue
from chainnode.store.memory import MemoryKeyValue
from chainnode.types.genesis import genesis_hash
from tests.unit.store.chain_builder import chain, first_commit, genesis_bytes

GENESIS = genesis_bytes()
IDENTITY = genesis_hash(GENESIS)
BLOCKS = chain(6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed ledger with four blocks above the genesis block."""
    where = tmp_path / "ledger"
    initialise(where, GENESIS, BLOCKS[0])
    ledger = open_ledger(where, IDENTITY)
    for commit in BLOCKS[1:5]:
        ledger.commit(commit)
    ledger.close()
    return where


def code_of(action, *arguments) -> str:
    with pytest.raises(StoreError) as caught:
        action(*arguments)
    return caught.value.code


def edit(path: Path, *operations: tuple[bytes, bytes | None]) -> None:
    store = LevelDBKeyValue.open(path)
    batch = WriteBatch()
    batch.operations.extend(operations)
    store.write(batch, sync=True)
    store.close()


def test_committed_blocks_are_there_when_reopened(path: Path) -> None:
    ledger = open_ledger(path, IDENTITY, 4)
    assert ledger.tip().height == 4
    assert ledger.genesis() == GENESIS
    assert [ledger.block(commit.height) for commit in BLOCKS[:5]] == [commit.stored for commit in BLOCKS[:5]]
    assert ledger.commit(BLOCKS[5]) == ledger.tip()
    assert ledger.tip().block_hash == BLOCKS[5].block_hash
    ledger.close()


def test_commit_out_of_order_writes_nothing(path: Path) -> None:
    ledger = open_ledger(path, IDENTITY)
    for wrong in (BLOCKS[6], BLOCKS[4], BLOCKS[0]):
        with pytest.raises(Misuse):
            ledger.commit(wrong)
    assert ledger.tip().height == 4
    assert ledger.header(6) is None
    ledger.close()


def test_snapshot_keeps_one_moment_when_blocks_follow(path: Path) -> None:
    ledger = open_ledger(path, IDENTITY)
    with ledger.snapshot() as moment:
        ledger.commit(BLOCKS[5])
        assert moment.tip().height == 4
        assert moment.header(5) is None
        assert moment.state(b"k/000004/000000") == b"made at 4"
    assert ledger.state(b"k/000004/000000") is None
    ledger.close()


def test_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    where = tmp_path / "ledger"
    with pytest.raises(Misuse):
        initialise(where, GENESIS, BLOCKS[1])
    with pytest.raises(DecodeError):
        initialise(where, b"no genesis", BLOCKS[0])
    assert not where.exists()
    assert (tmp_path / "ledger.partial").exists(), "as after a crash"
    initialise(where, GENESIS, BLOCKS[0])
    assert [entry.name for entry in tmp_path.iterdir()] == ["ledger"]
    assert where.stat().st_mode & 0o777 == 0o700
    assert code_of(initialise, where, GENESIS, BLOCKS[0]) == "data-exists"
    assert code_of(initialise, tmp_path / "no" / "ledger", GENESIS, BLOCKS[0]) == "disk-error"
    open_ledger(where, IDENTITY).close()


def test_filled_store_is_not_initialised_again() -> None:
    store = MemoryKeyValue()
    LedgerStore.initialise(store, GENESIS, BLOCKS[0])
    assert code_of(LedgerStore.initialise, store, GENESIS, BLOCKS[0]) == "data-exists"


def test_missing_and_empty_databases_are_refused(tmp_path: Path) -> None:
    assert code_of(open_ledger, tmp_path / "ledger", IDENTITY) == "data-missing"
    assert not (tmp_path / "ledger").exists()
    LevelDBKeyValue.create(tmp_path / "empty").close()
    assert code_of(open_ledger, tmp_path / "empty", IDENTITY) == "data-missing"


def test_other_chain_is_refused_and_the_store_released(path: Path) -> None:
    other = genesis_hash(genesis_bytes("test-other"))
    assert code_of(open_ledger, path, other) == "data-of-other-chain"
    open_ledger(path, IDENTITY).close()


@pytest.mark.parametrize("marker", [b"chainnode-ledger/2", b"chainnode-ledger/4", b"", None])
def test_unknown_format_is_refused(path: Path, marker: bytes | None) -> None:
    """Fault C24: 'refuses with version error, data untouched'."""
    edit(path, (layout.FORMAT_KEY, None if marker is None else seal(layout.FORMAT_KEY, marker)))
    assert code_of(open_ledger, path, IDENTITY) == "format-unknown"


def test_ledger_that_went_back_is_refused(path: Path) -> None:
    """Fault C7: a truncated LevelDB log opens silently; the journal's height shows it."""
    logs = sorted(path.glob("*.log"))
    logs[-1].write_bytes(logs[-1].read_bytes()[:-10])
    assert code_of(open_ledger, path, IDENTITY, 4) == "data-rolled-back"
    ledger = open_ledger(path, IDENTITY, 3)
    assert ledger.tip().height == 3
    ledger.commit(BLOCKS[4])
    ledger.close()


@pytest.mark.parametrize("zeros", [0, 5_000])
def test_every_shorter_log_is_an_older_whole_ledger(path: Path, tmp_path: Path, zeros: int) -> None:
    """Fault C3: block, state and tip are one batch: no cut of the log, with zeros behind or not, can separate them."""
    size = max(path.glob("*.log")).stat().st_size
    heights = set()
    for number, length in enumerate(range(0, size, size // 40)):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(path, copy)
        log = max(copy.glob("*.log"))
        log.write_bytes(log.read_bytes()[:length] + bytes(zeros))
        ledger = open_ledger(copy, IDENTITY)
        tip = ledger.tip()
        heights.add(tip.height)
        last = BLOCKS[tip.height]
        assert ledger.block(tip.height) == last.stored
        assert ledger.receipts(tip.height) == list(last.receipts)
        assert all(ledger.state(key) == value for key, value in last.state_changes.items())
        assert ledger.header(tip.height + 1) is None
        ledger.close()
    assert heights >= {0, 1, 2, 3}


def test_lost_current_file_is_refused(path: Path) -> None:
    (path / "CURRENT").unlink()
    assert code_of(open_ledger, path, IDENTITY) == "data-corrupt"


@pytest.mark.parametrize(
    "operations",
    [
        [(height_key(layout.HEADER, 2), None)],
        [(height_key(layout.HEADER, 4), None)],
        [(layout.BLOCK_HASH + BLOCKS[3].block_hash, None)],
        [(layout.TIP_KEY, None)],
        [(height_key(layout.HEADER, 3), b"four bytes of nothing")],
        [(layout.TIP_KEY, seal(layout.TIP_KEY, encode(Tip(4, bytes(32), bytes(32), bytes(32), 0))))],
        [
            (height_key(layout.HEADER, 5), seal(height_key(layout.HEADER, 5), BLOCKS[5].stored.header)),
            (layout.BLOCK_HASH + BLOCKS[5].block_hash, seal(layout.BLOCK_HASH + BLOCKS[5].block_hash, bytes(7) + b"5")),
        ],
    ],
    ids=["hole", "no last block", "hash index", "no tip", "broken header", "other tip", "block above the tip"],
)
def test_last_blocks_that_do_not_hang_together_are_refused(path: Path, operations) -> None:
    """'a hole in the log can lose older keys and keep newer ones'"""
    edit(path, *operations)
    assert code_of(open_ledger, path, IDENTITY) == "data-corrupt"


def test_chains_spliced_together_are_refused() -> None:
    store = MemoryKeyValue()
    ledger = LedgerStore.initialise(store, GENESIS, BLOCKS[0])
    for commit in BLOCKS[1:4]:
        ledger.commit(commit)
    fork = chain(3, transactions=1)[2]
    key, index = height_key(layout.HEADER, 2), layout.BLOCK_HASH + fork.block_hash
    batch = WriteBatch()
    batch.put(key, seal(key, fork.stored.header))
    batch.put(index, seal(index, (2).to_bytes(8, "big")))
    store.write(batch, sync=True)
    assert code_of(LedgerStore, store) == "data-corrupt"


def test_damage_below_the_checked_blocks_is_found_on_request() -> None:
    store = MemoryKeyValue()
    blocks = chain(30, transactions=0)
    ledger = LedgerStore.initialise(store, GENESIS, blocks[0])
    for commit in blocks[1:]:
        ledger.commit(commit)
    ledger.check_links(0, 30)
    batch = WriteBatch()
    batch.delete(height_key(layout.HEADER, 5))
    store.write(batch, sync=True)
    reopened = LedgerStore(store)
    reopened.check_links(6, 30)
    assert code_of(reopened.check_links, 0, 30) == "data-corrupt"


def test_stale_tree_nodes_go_and_needed_ones_stay_when_pruned() -> None:
    store = MemoryKeyValue()
    blocks = chain(30, transactions=0)
    ledger = LedgerStore.initialise(store, GENESIS, blocks[0])
    for commit in blocks[1:]:
        ledger.commit(commit)
    with pytest.raises(Misuse):
        ledger.prune_tree(31)
    calls = 1
    while ledger.prune_tree(20):
        calls += 1
    assert calls == 20, "19 stale records, one a call"
    # block h replaces "node h-1": versions from 20 on need node 20 and later
    assert [height for height in range(1, 31) if ledger.tree_node(b"node %d" % height)] == list(range(20, 31))
    assert not ledger.prune_tree(20)
    assert LedgerStore(store).tip().height == 30


def test_changes_of_the_tree_go_with_the_versions_that_are_made_from_them() -> None:
    """With block 6 the nodes of version 4 are whole: once 4 is the lowest kept, nobody needs the changes up to it."""
    ledger = LedgerStore.initialise(MemoryKeyValue(), GENESIS, first_commit(GENESIS))
    for commit in chain(9)[1:]:
        put_off = replace(
            commit, tree_writes={}, tree_stale=(), tree_changes=b"changes of %d" % commit.height, tree_version=None
        )
        whole = replace(put_off, tree_writes={b"node 4": b"page"}, tree_stale=[b"node 0"], tree_version=4)
        ledger.commit(whole if commit.height == 6 else put_off)
    assert [ledger.tree_changes(height) for height in (4, 9)] == [b"changes of 4", b"changes of 9"]
    assert ledger.tree_node_before(b"node 0", b"node 8") == b"node 4"
    assert ledger.tree_node_before(b"node 5", b"node 8") is None
    assert not ledger.prune_tree(3)
    assert ledger.tree_changes(1) is not None
    while ledger.prune_tree(4):
        pass
    assert [height for height in range(1, 10) if ledger.tree_changes(height)] == [5, 6, 7, 8, 9]


def test_every_flipped_bit_of_the_tip_record_is_refused() -> None:
    """Target M6: every single-bit flip in a persisted record is detected."""
    store = MemoryKeyValue()
    LedgerStore.initialise(store, GENESIS, first_commit(GENESIS))
    whole = store.get(layout.TIP_KEY)
    assert whole is not None
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        batch = WriteBatch()
        batch.put(layout.TIP_KEY, bytes(flipped))
        store.write(batch, sync=True)
        assert code_of(LedgerStore, store) == "data-corrupt"


def test_deleted_file_of_the_database_never_shows_an_older_chain_as_whole(path: Path, tmp_path: Path) -> None:
    """Fault C9: 'refuses or resyncs; never silently re-inits', with the journal's height 4 as witness."""
    for number, name in enumerate(sorted(file.name for file in path.iterdir())):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(path, copy)
        (copy / name).unlink()
        if name in ("LOCK", "LOG", "LOG.old"):
            open_ledger(copy, IDENTITY, 4).close()
        else:
            assert code_of(open_ledger, copy, IDENTITY, 4) in ("data-corrupt", "data-rolled-back", "data-missing"), name
