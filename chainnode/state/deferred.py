"""A state tree that stores its versions in groups.

Blocks that follow each other change the same pages, above all those near the root. So new pages stay in memory for a
while, and only what the last version of a group still uses is ever stored. With every other block only its *changes*
are stored (64 bytes a key): after a start, the versions since the last stored one are made from them again.

Which versions are stored follows from the blocks alone, never from when a node was started.

A version that is kept can be read whether or not it was stored: those since the last stored version but one from
memory, an older one by making it again from the stored version below it (at most a group's changes, some 50 ms).
"""

from dataclasses import dataclass
from typing import Final, Protocol

from chainnode.errors import NotFound, StoreCorrupt
from chainnode.proofs.sparse import EMPTY
from chainnode.state.batch import Batch, Change
from chainnode.state.page import HASH_BYTES, LEAF_BYTES, Page, Subtree
from chainnode.state.tree import NodeReader, StateTree, TreeUpdate, root_key, stored_entries

GROUP_PAGES_MAX: Final = 4_096
"""Pages of one group, those replaced within it included: about 10 MiB, and 2,000 keys of 100,000 in blocks of 100."""


GROUP_HEIGHTS_MAX: Final = 4_096
"""Versions of one group, where blocks change little and proofs are kept for long: all are made again at a start."""


class VersionReader(NodeReader, Protocol):
    """Stored tree entries and changes."""

    def version_at(self, version: int) -> int | None:
        """The highest stored version that is not above ``version``."""

    def changes(self, version: int) -> bytes | None:
        """The changes of a version that was not stored itself."""


@dataclass(frozen=True, slots=True)
class ToStore:
    """What a block writes of the tree."""

    changes: bytes
    """64 bytes a key: hashes of key and value, zeros for the value of a removed one. Where ``writes`` is empty."""
    writes: dict[bytes, bytes]
    """The entries of a group that this version ends."""
    stale: list[bytes]
    """Stored entries that no version from this one on reads."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """Some versions in memory; pages that are not here are stored."""

    tops: dict[int, Subtree]
    pages: dict[bytes, Page]


class DeferredTree(StateTree):
    """The tree of a ledger: as ``StateTree``, but what an update writes is asked of ``to_store``."""

    __slots__ = (
        "_again", "_before", "_group", "_heights_max", "_kept_from", "_reader", "_replaced", "_stale", "_stored",
    )

    def __init__(self, reader: VersionReader, cache_bytes_max: int, *, tip: int, heights_max: int) -> None:
        """Take over what ``reader`` holds, versions up to ``tip``; a group has at most ``heights_max`` versions.

        Raises:
            StoreCorrupt: ``state-page``: changes since the last stored version are missing or damaged.
        """
        super().__init__(reader, cache_bytes_max)
        self._reader: Final = reader
        self._heights_max: Final = min(heights_max, GROUP_HEIGHTS_MAX)
        self._group = _Versions({}, {})
        self._replaced: set[bytes] = set()
        """Pages of the group that its last version does not use."""
        self._stale: list[bytes] = []
        """Stored entries that it does not use."""
        self._before = _Versions({}, {})
        """The group before this one, but for the pages that were stored of it."""
        self._again = _Versions({}, {})
        """The last version that was made again to be read."""
        self._kept_from = 0
        stored = reader.version_at(tip)
        if stored is None:
            raise StoreCorrupt("state-page", "no version of the state tree is stored")
        self._stored = stored
        for version in range(stored + 1, tip + 1):
            changes = reader.changes(version)
            if changes is None:
                raise StoreCorrupt("state-page", "the changes of a state are missing", version=version)
            # Not adopted: where bounds were wider when they were made, they are too many for a group, yet not stored.
            self._extend_group(self.update_hashed(version - 1, version, _read_changes(changes)))

    def to_store(self, update: TreeUpdate) -> ToStore:
        """What the block of ``update`` writes; nothing is remembered before ``adopt``."""
        if not self._ends_group(update):
            return ToStore(_join_changes(update.changes), {}, [])
        entries = stored_entries(update.version, update.top, self._live(update))
        return ToStore(b"", entries, self._stale + self._stored_before(update))

    def adopt(self, update: TreeUpdate) -> None:
        """Go on from a version whose block is durable."""
        if self._ends_group(update):
            group = self._group
            live = self._live(update)
            self._cached(live, update.stale)
            self._before = _Versions(group.tops, {key: page for key, page in group.pages.items() if key not in live})
            self._group = _Versions({}, {})
            self._stale, self._replaced, self._stored = [], set(), update.version
        else:
            self._extend_group(update)

    def keep_from(self, version: int) -> None:
        """Versions below this one are gone."""
        self._kept_from = version

    def _extend_group(self, update: TreeUpdate) -> None:
        self._stale += self._stored_before(update)
        self._replaced.update(update.stale)
        self._cached({}, update.stale)
        self._group.pages.update(update.pages)
        self._group.tops[update.version] = update.top

    def _ends_group(self, update: TreeUpdate) -> bool:
        full = len(self._group.pages) + len(update.pages) >= GROUP_PAGES_MAX
        return full or update.version - self._stored >= self._heights_max

    def _live(self, update: TreeUpdate) -> dict[bytes, Page]:
        gone = self._replaced.union(update.stale)
        live = {key: page for key, page in self._group.pages.items() if key not in gone}
        live.update(update.pages)
        return live

    def _stored_before(self, update: TreeUpdate) -> list[bytes]:
        """What is stale of the entries stored before this group."""
        # Of root records only that of the last stored version is stored, of pages those that are not of this group.
        ours, last = self._group.pages, root_key(self._stored)
        return [key for key in update.stale if key not in ours and (key[:1] == b"p" or key == last)]

    def _root(self, version: int) -> Subtree:
        if version < self._kept_from:
            raise NotFound("state-version", f"the state of height {version} is not kept", version=version)
        for held in (self._group, self._before, self._again):
            top = held.tops.get(version)
            if top is not None:
                return top
        return super()._root(version) if self._reader.version_at(version) == version else self._made_again(version)

    def _made_again(self, version: int) -> Subtree:
        """The top of a version that is in the store by its changes only."""
        below = self._reader.version_at(version)
        merged: dict[bytes, bytes] = {}
        for height in range(version + 1 if below is None else below + 1, version + 1):
            changes = self._reader.changes(height)
            if changes is None:
                below = None
                break
            merged.update(_read_changes(changes))
        if below is None:
            raise NotFound("state-version", f"the state of height {version} is not kept", version=version)
        batch = Batch(self._page, version, sorted(merged.items()))
        base = super()._root(below)
        top = batch.apply(base) if merged else base
        self._again = _Versions({version: top}, batch.pages)
        return top

    def _page(self, node_key: bytes) -> Page:
        page = self._group.pages.get(node_key)
        if page is None:
            page = self._cache.get(node_key) or self._before.pages.get(node_key) or self._again.pages.get(node_key)
        return super()._page(node_key) if page is None else page


def _join_changes(changes: list[Change]) -> bytes:
    return b"".join([leaf or key_hash + EMPTY for key_hash, leaf in changes])


def _read_changes(data: bytes) -> list[Change]:
    """The inverse of ``_join_changes``.

    Raises:
        StoreCorrupt: ``state-page``: a part of a change.
    """
    if len(data) % LEAF_BYTES:
        raise StoreCorrupt("state-page", "the changes of a state are damaged", found=len(data))
    leaves = [data[at : at + LEAF_BYTES] for at in range(0, len(data), LEAF_BYTES)]
    return [(leaf[:HASH_BYTES], b"" if leaf.endswith(EMPTY) else leaf) for leaf in leaves]
