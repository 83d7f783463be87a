"""The snapshots a node has to offer, as they lie in its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chainnode.store.snapshot import manifest_hash
from chainnode.store.snapshot_export import MANIFEST_NAME, chunk_name, read_part, snapshot_path, stored_heights


@dataclass(frozen=True, slots=True)
class _Held:
    height: int
    path: Path


class SnapshotShelf:
    """Whole snapshots by the hash of their manifest; re-read when one was added or removed."""

    def __init__(self, folder: Path) -> None:
        """Offer what is in ``folder``, which need not exist yet."""
        self.folder: Final = folder
        self._held: dict[bytes, _Held] = {}
        self.refresh()

    def refresh(self) -> None:
        """See what is there now."""
        held: dict[bytes, _Held] = {}
        for height in stored_heights(self.folder):
            path = snapshot_path(self.folder, height)
            manifest = read_part(path, MANIFEST_NAME)
            if manifest is not None:
                held[manifest_hash(manifest)] = _Held(height, path)
        self._held = held

    def heights(self) -> list[int]:
        """Heights on offer, oldest first."""
        return sorted(held.height for held in self._held.values())

    def newest(self, below: int) -> tuple[int, bytes] | None:
        """Height and manifest of the newest snapshot under ``below``."""
        found = max((held for held in self._held.values() if held.height < below), key=lambda h: h.height, default=None)
        manifest = None if found is None else read_part(found.path, MANIFEST_NAME)
        return None if found is None or manifest is None else (found.height, manifest)

    def chunk(self, hash_: bytes, index: int) -> bytes | None:
        """A chunk of the snapshot whose manifest has this hash."""
        held = self._held.get(hash_)
        return None if held is None else read_part(held.path, chunk_name(index))
