"""Snapshots made beside a node's work: at their heights, one at a time, the newest few on offer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chainnode.errors import StoreError
from chainnode.node.snapshot_keeper import SnapshotKeeper
from chainnode.store.snapshot import open_manifest
from chainnode.store.snapshot_export import SnapshotExport, snapshot_path
from chainnode.sync.snapshot_offer import OFFER_NAME, open_offer
from tests.support.cluster import until
from tests.support.local_chain import CHAIN_ID, GENESIS_HASH, LocalChain


@asynccontextmanager
async def _running(chain: LocalChain, folder: Path, *, every: int, kept: int = 2) -> AsyncIterator[SnapshotKeeper]:
    keeper = SnapshotKeeper(chain.ledger.store, CHAIN_ID, folder, every=every, kept=kept)
    task = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _grow(chain: LocalChain, keeper: SnapshotKeeper, blocks: int) -> None:
    for _ in range(blocks):
        chain.grow(1)
        keeper.note_block(chain.ledger.tip.height)


async def test_snapshot_is_made_at_each_multiple_and_old_ones_go(tmp_path: Path) -> None:
    """The newest ``kept`` are on offer, below the tip that certifies them."""
    chain = LocalChain()
    async with _running(chain, tmp_path, every=2) as keeper:
        for height in (2, 4, 6):
            await _grow(chain, keeper, 2)
            await until(lambda height=height: height in keeper.shelf.heights())  # type: ignore[misc]
        assert keeper.shelf.heights() == [4, 6]
        # Nobody can prove a state before the next block certifies it.
        assert (keeper.shelf.newest(below=6) or (0, b""))[0] == 4
        newest = keeper.shelf.newest(below=7)
        assert newest is not None
        assert newest[0] == open_manifest(newest[1]).height == 6


async def test_height_that_comes_while_an_export_is_under_way_is_passed_over(tmp_path: Path) -> None:
    """One export at a time, of the state at its own height."""
    chain = LocalChain()
    async with _running(chain, tmp_path, every=1) as keeper:
        await _grow(chain, keeper, 3)
        await until(lambda: keeper.shelf.heights() == [1])
        await _grow(chain, keeper, 1)
        await until(lambda: keeper.shelf.heights() == [1, 4])


async def test_no_snapshots_unless_asked_for(tmp_path: Path) -> None:
    """``every`` 0: never."""
    chain = LocalChain()
    async with _running(chain, tmp_path / "none", every=0) as keeper:
        await _grow(chain, keeper, 3)
        await asyncio.sleep(0.01)
    assert not (tmp_path / "none").exists()


async def test_disk_that_refuses_costs_the_snapshot_and_not_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted and logged; the next height tries again."""

    def refuse(self: SnapshotExport) -> None:
        raise StoreError("disk-full", "no space left")

    chain = LocalChain()
    async with _running(chain, tmp_path, every=1) as keeper:
        with monkeypatch.context() as patch:
            patch.setattr(SnapshotExport, "steps", refuse)
            await _grow(chain, keeper, 1)
            await until(lambda: keeper.failed == 1)
        await until(lambda: keeper._due is None)
        await _grow(chain, keeper, 1)
        await until(lambda: keeper.shelf.heights() == [2])


async def test_snapshots_of_an_earlier_run_are_on_offer(tmp_path: Path) -> None:
    """A restart keeps what is there."""
    chain = LocalChain()
    async with _running(chain, tmp_path, every=1) as keeper:
        await _grow(chain, keeper, 1)
        await until(lambda: keeper.shelf.heights() == [1])
    again = SnapshotKeeper(chain.ledger.store, CHAIN_ID, tmp_path, every=1, kept=2)
    assert again.shelf.heights() == [1]


async def test_proof_lies_beside_a_snapshot_once_the_next_block_certifies_it(tmp_path: Path) -> None:
    """For readers offline: from the genesis hash to the state root."""
    chain = LocalChain()
    async with _running(chain, tmp_path, every=2) as keeper:
        await _grow(chain, keeper, 2)
        await until(lambda: keeper.shelf.heights() == [2])
        proof = snapshot_path(tmp_path, 2) / OFFER_NAME
        assert not proof.exists()
        await _grow(chain, keeper, 1)
        assert open_offer(proof.read_bytes(), GENESIS_HASH).manifest.height == 2
