"""Makes a snapshot at every so many heights, beside the node's work, and keeps the newest few on offer."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import structlog

from chainnode.errors import StoreError
from chainnode.store.durable_file import create_file
from chainnode.store.ledger_store import LedgerStore
from chainnode.store.snapshot_export import (
    MANIFEST_NAME,
    SnapshotExport,
    read_part,
    remove_snapshots,
    snapshot_path,
)
from chainnode.sync.snapshot_offer import OFFER_NAME, make_offer
from chainnode.sync.snapshot_shelf import SnapshotShelf

log = structlog.get_logger(__name__)


class SnapshotKeeper:
    """One export at a time; a height that comes while one is under way is passed over."""

    def __init__(self, store: LedgerStore, chain_id: str, folder: Path, *, every: int, kept: int) -> None:
        """Export to ``folder`` at multiples of ``every`` (0: never), keep the newest ``kept``."""
        self._store = store
        self._chain_id = chain_id
        self._every = every
        self._kept = kept
        self._wake = asyncio.Event()
        self._due: tuple[ExitStack, SnapshotExport] | None = None
        self.shelf: Final = SnapshotShelf(folder)
        """What is on offer."""
        self._certified = False
        self.failed = 0
        """Exports that the disk refused."""

    def note_block(self, height: int) -> None:
        """The block at ``height`` became durable just now: freeze the state if a snapshot is due."""
        self._certify()
        if not self._every or height % self._every or self._due is not None:
            return
        stack = ExitStack()
        reader = stack.enter_context(self._store.snapshot())
        self._due = (stack, SnapshotExport(reader, self._chain_id, self.shelf.folder))
        self._wake.set()

    async def run(self) -> None:
        """Export what is due until cancelled; a disk that refuses costs the snapshot, not the node."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._due is not None:
                    await self._export(*self._due)
        finally:
            self._release()

    async def _export(self, stack: ExitStack, export: SnapshotExport) -> None:
        try:
            with stack:
                for _ in export.steps():
                    await asyncio.sleep(0)
            remove_snapshots(self.shelf.folder, self._kept)
        except StoreError as error:
            self.failed += 1
            log.error("no snapshot", path=str(export.path), code=error.code, reason=error.message)
        else:
            log.info("snapshot made", path=str(export.path))
        finally:
            self._due = None
            self.shelf.refresh()
            self._certified = False
            self._certify()

    def _certify(self) -> None:
        """Put the proof of its state beside each snapshot, once the next block certifies it: for readers offline."""
        if self._certified:
            return
        self._certified = True
        for height in self.shelf.heights():
            path = snapshot_path(self.shelf.folder, height)
            manifest = read_part(path, MANIFEST_NAME)
            if manifest is None or (path / OFFER_NAME).exists():
                continue
            offer = make_offer(self._store, manifest, height, None)
            if not offer:
                self._certified = False
                continue
            try:
                create_file(path / OFFER_NAME, offer)
            except StoreError as error:
                log.error("no proof beside a snapshot", path=str(path), code=error.code, reason=error.message)

    def _release(self) -> None:
        if self._due is not None:
            self._due[0].close()
            self._due = None
