"""A ledger that begins with a snapshot takes its place whole or not at all, wherever it is interrupted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.chain.genesis import genesis_commit
from chainnode.errors import StoreCorrupt
from chainnode.proofs.history import HistoryFrontier
from chainnode.store.ledger_store import initialise, open_ledger
from chainnode.store.snapshot import Manifest, open_chunk, open_manifest
from chainnode.store.snapshot_export import MANIFEST_NAME, chunk_name
from chainnode.store.snapshot_import import (
    BUILDING,
    READY,
    REPLACED,
    ImportedContent,
    RecentBlock,
    build_replacement,
    peaks,
    settle_replacement,
)
from chainnode.types.block import decode_header
from tests.support.joining import export, ledger_at
from tests.support.local_chain import GENESIS, GENESIS_HASH, LocalChain

HEIGHT = 22


class _Prepared:
    """A snapshot on disk and the chain it is of."""

    def __init__(self, folder: Path) -> None:
        self.chain = LocalChain()
        self.chain.grow(HEIGHT)
        self.path = export(self.chain, folder)
        self.chain.grow(1)
        self.manifest: Manifest = open_manifest((self.path / MANIFEST_NAME).read_bytes())

    def content(self) -> ImportedContent:
        store = self.chain.ledger.store
        chunks = (
            open_chunk(chunk, (self.path / chunk_name(index)).read_bytes())
            for index, chunk in enumerate(self.manifest.chunks)
        )
        blocks = (
            RecentBlock(height, self.chain.queries.block(height), store.transaction_ids(height))
            for height in range(1, HEIGHT + 1)
        )
        results = decode_header(self.chain.queries.header(HEIGHT + 1)).prev_results_root
        return ImportedContent(chunks, blocks, results)

    def steps(self, path: Path, content: ImportedContent | None = None) -> Iterator[None]:
        return build_replacement(path, GENESIS, genesis_commit(GENESIS), self.manifest, content or self.content())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> _Prepared:
    return _Prepared(tmp_path_factory.mktemp("snapshots"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    initialise(tmp_path / "ledger", GENESIS, genesis_commit(GENESIS))
    return tmp_path / "ledger"


def _height(path: Path) -> int:
    store = open_ledger(path, GENESIS_HASH)
    try:
        return store.tip().height
    finally:
        store.close()


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_interrupted_building_leaves_the_present_ledger(prepared: _Prepared, path: Path, steps: int) -> None:
    """The ledger is built beside the present one; the next attempt begins anew."""
    building = prepared.steps(path)
    for _ in range(steps):
        next(building)
    del building
    assert not settle_replacement(path)
    assert _height(path) == 0
    list(prepared.steps(path))
    assert settle_replacement(path)
    assert _height(path) == HEIGHT
    assert not settle_replacement(path)


def test_replacement_is_finished_from_every_moment_a_crash_may_leave(prepared: _Prepared, path: Path) -> None:
    """Two renames, each of which may be the last thing that happens."""
    list(prepared.steps(path))
    ready, replaced = path.with_name(path.name + READY), path.with_name(path.name + REPLACED)
    assert ready.exists()
    assert not path.with_name(path.name + BUILDING).exists()
    # The first rename happened, the second did not.
    path.rename(replaced)
    assert settle_replacement(path)
    assert _height(path) == HEIGHT
    assert not replaced.exists()
    # Both happened, the old one was not removed yet.
    shutil.copytree(path, replaced)
    assert not settle_replacement(path)
    assert not replaced.exists()
    assert _height(path) == HEIGHT


def test_parts_that_do_not_make_the_state_are_never_a_ledger(prepared: _Prepared, path: Path) -> None:
    """Every part was verified; if they do not fit all the same, nothing takes the ledger's place."""
    whole = prepared.content()
    chunks = [pairs for pairs in whole.chunks if pairs]
    blocks = list(whole.blocks)
    for content in (
        ImportedContent(chunks[:-1], blocks, whole.results_root),
        ImportedContent(chunks, blocks[:-1], whole.results_root),
        ImportedContent(chunks, [], whole.results_root),
    ):
        with pytest.raises(StoreCorrupt) as refused:
            list(prepared.steps(path, content))
        assert refused.value.code == "data-corrupt"
        assert not settle_replacement(path)
    assert _height(path) == 0


def test_ledger_from_a_snapshot_knows_where_it_begins(prepared: _Prepared, path: Path) -> None:
    """``base``: below it no receipts and no index; the boundaries of past epochs are headers without bodies."""
    content = prepared.content()
    boundary = prepared.chain.queries.block(1)
    kept = [block for block in content.blocks if block.height > 2]
    boundaries = [(boundary.header, boundary.certificate)]
    list(prepared.steps(path, ImportedContent(content.chunks, kept, content.results_root, boundaries)))
    settle_replacement(path)
    store = open_ledger(path, GENESIS_HASH)
    assert store.base() == HEIGHT
    assert store.header(1) == boundary.header
    assert store.certificate(1) == boundary.certificate
    assert store.block(1) is None
    assert store.header(2) is None
    assert store.block(3) == prepared.chain.queries.block(3)
    assert store.receipts(HEIGHT) == []
    ledger = ledger_at(store)
    assert ledger.tip == ledger_at_height(prepared)
    store.close()


def ledger_at_height(prepared: _Prepared) -> object:
    """The tip as the source had it at the snapshot's height."""
    chain = LocalChain()
    chain.grow(HEIGHT)
    assert chain.ledger.tip.block_hash == prepared.manifest.block_hash
    return chain.ledger.tip


@given(size=st.integers(1, 300))
def test_peaks_are_the_nodes_that_the_history_tree_stored(size: int) -> None:
    """A node that begins with a snapshot can append to the history and prove what follows."""
    frontier, nodes = HistoryFrontier(), {}
    for index in range(size):
        frontier, made = frontier.append(index.to_bytes(32, "big"))
        nodes.update({(level, at): node for level, at, node in made})
    found = peaks(frontier)
    assert [node for _, _, node in found] == list(frontier.peaks)
    assert all(nodes[level, at] == node for level, at, node in found)
