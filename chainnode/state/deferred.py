"""A state tree that stores its versions in groups.

Blocks that follow each other change the same pages, above all those near the root. So new pages stay in memory for a
while, and only what the last version of a group still uses is ever stored: not at once, which would hold up that block
on every node, but in pieces with the blocks of the next group. The version counts as stored with the last piece, which
brings its root record. Every block stores its own *changes* (64 bytes a key): after a start, the versions since the
last stored one are made from them again.

Which versions are stored, and with which blocks, follows from the blocks alone, never from when a node was started.

A version that is kept can be read whether or not it was stored: those of the last two groups from memory, an older one
by making it again from the stored version below it (at most a group's changes).
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final, Protocol

from chainnode.errors import NotFound, StoreCorrupt
from chainnode.proofs.sparse import EMPTY
from chainnode.state.batch import Batch, Change
from chainnode.state.page import HASH_BYTES, LEAF_BYTES, Page, Subtree, encode_page
from chainnode.state.tree import NodeReader, StateTree, TreeUpdate, root_key, stored_entries

GROUP_PAGES_MAX: Final = 16_384
"""Pages of one group, those replaced within it included: 24 to 38 MiB, and 10,000 keys of 100,000 in blocks of 250.

With 100,000 keys 1.9 KB of pages are stored for each key with groups of 4,096, 0.9 with 16,384 and 0.45 with 32,768,
which would take twice the memory and the time of a start.
"""
GROUP_HEIGHTS_MAX: Final = 4_096
"""Versions of one group, where blocks change little and proofs are kept for long: all are made again at a start."""
HASTE: Final = 2
"""A group is stored within this part of the next one: a half. The sooner, the less is made again at a start."""

_HEAD: Final = Struct(">?I")
"""Before a block's changes: whether it ends a group, and how many pages of the last that ended are stored with it."""


class VersionReader(NodeReader, Protocol):
    """Stored tree entries and changes."""

    def version_at(self, version: int) -> int | None:
        """The highest stored version that is not above ``version``."""

    def changes(self, version: int) -> bytes | None:
        """``ToStore.changes`` of a version."""


@dataclass(frozen=True, slots=True)
class ToStore:
    """What a block writes of the tree."""

    changes: bytes
    """Five bytes (``_HEAD``), then 64 a key: hashes of key and value, zeros for the value of a removed one."""
    writes: dict[bytes, bytes]
    """Some entries of the last version that ended a group."""
    version: int | None
    """That version, where these were the last of it: from now on it is stored."""
    stale: list[bytes]
    """Stored entries that nobody reads from ``version`` on."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """Some versions in memory; pages that are not here are stored."""

    tops: dict[int, Subtree]
    pages: dict[bytes, Page]


@dataclass(slots=True)
class _Ended:
    """The last version of a group, on its way to the store."""

    version: int
    keys: list[bytes]
    """Of the pages it uses that are not stored yet, oldest first."""
    stale: list[bytes]
    pages: int
    """How many there were in the beginning."""


class DeferredTree(StateTree):
    """The tree of a ledger: as ``StateTree``, but what an update writes is asked of ``to_store``."""

    __slots__ = (
        "_again", "_base", "_before", "_ended", "_going", "_group", "_heights_max", "_kept_from", "_reader",
        "_replaced", "_stale",
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
        self._stale: dict[bytes, None] = {}
        """Entries stored before the group that it does not use, or on their way to the store."""
        self._before = _Versions({}, {})
        """The group before this one, but for the pages that were stored of it and are used still."""
        self._ended: _Ended | None = None
        """What is not stored of it."""
        self._going: list[Page] = []
        """Of the group before that one: to be let go in pieces, too, as freeing them all takes 15 ms."""
        self._again = _Versions({}, {})
        """The last version that was made again to be read."""
        self._kept_from = 0
        stored = reader.version_at(tip)
        if stored is None:
            raise StoreCorrupt("state-page", "no version of the state tree is stored")
        self._base = stored
        """The version that the group began from."""
        for version in range(stored + 1, tip + 1):
            self._repeat(version)

    def to_store(self, update: TreeUpdate) -> ToStore:
        """What the block of ``update`` writes; nothing is remembered before ``adopt``."""
        ends, ended = self._ends_group(update), self._ended
        if ended is None:
            return ToStore(_join_changes(update.changes, 0, ends=ends), {}, None, [])
        count = self._piece(ended, update, ends=ends)
        pages = self._before.pages
        piece = {key: pages[key] for key in ended.keys[:count]}
        changes = _join_changes(update.changes, count, ends=ends)
        if count < len(ended.keys):
            return ToStore(changes, {key: encode_page(page) for key, page in piece.items()}, None, [])
        writes = stored_entries(ended.version, self._before.tops[ended.version], piece)
        return ToStore(changes, writes, ended.version, ended.stale)

    def adopt(self, update: TreeUpdate) -> None:
        """Go on from a version whose block is durable."""
        ends, ended = self._ends_group(update), self._ended
        if ended is not None:
            self._stored_of(ended, self._piece(ended, update, ends=ends))
        self._take(update, ends=ends)

    def _ends_group(self, update: TreeUpdate) -> bool:
        full = len(self._group.pages) + len(update.pages) >= GROUP_PAGES_MAX
        return full or update.version - self._base >= self._heights_max

    def _piece(self, ended: _Ended, update: TreeUpdate, *, ends: bool) -> int:
        """How many pages of the group that ended are stored with the block of ``update``."""
        return len(ended.keys) if ends else min(len(ended.keys), self._part(ended.pages, update))

    def _part(self, whole: int, update: TreeUpdate) -> int:
        """How much of something is done with one block, so that all of it is done well before the group ends."""
        by_pages = -(-HASTE * whole * len(update.pages) // GROUP_PAGES_MAX)
        by_heights = -(-HASTE * whole // self._heights_max)
        return max(1, by_pages, by_heights)

    def _stored_of(self, ended: _Ended, count: int) -> None:
        pages, stale = self._before.pages, self._stale
        used = [key for key in ended.keys[:count] if key not in stale]
        self._cached({key: pages.pop(key) for key in used}, ())
        del ended.keys[:count]
        if not ended.keys:
            self._ended = None

    def _take(self, update: TreeUpdate, *, ends: bool) -> None:
        """Make ``update`` the last version of the group, and end it there if so."""
        group = self._group
        # Of root records only those that end a group are stored, of pages those that no other of it replaced.
        base = root_key(self._base)
        self._stale.update(
            dict.fromkeys(key for key in update.stale if key not in group.pages and (key[:1] == b"p" or key == base))
        )
        self._replaced.update(update.stale)
        self._cached({}, update.stale)
        group.pages.update(update.pages)
        group.tops[update.version] = update.top
        del self._going[-self._part(GROUP_PAGES_MAX, update) :]
        if ends:
            keys = [key for key in group.pages if key not in self._replaced]
            self._ended = _Ended(update.version, keys, list(self._stale), len(keys))
            self._going = list(self._before.pages.values())
            self._before, self._group = group, _Versions({}, {})
            self._stale, self._replaced, self._base = {}, set(), update.version

    def _repeat(self, version: int) -> None:
        """Adopt a version that is in the store by its changes, as it was adopted then: bounds may have been others."""
        record, ended = self._reader.changes(version), self._ended
        if record is None:
            raise StoreCorrupt("state-page", "the changes of a state are missing", version=version)
        ends, count, changes = _read_changes(record)
        update = self.update_hashed(version - 1, version, changes)
        if ended is not None:
            if ends or count >= len(ended.keys):
                raise StoreCorrupt("state-page", "a state that was stored is not there", version=ended.version)
            self._stored_of(ended, count)
        self._take(update, ends=ends)

    def keep_from(self, version: int) -> None:
        """Versions below this one are gone."""
        self._kept_from = version

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
            record = self._reader.changes(height)
            if record is None:
                below = None
                break
            merged.update(_read_changes(record)[2])
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


def _join_changes(changes: list[Change], count: int, *, ends: bool) -> bytes:
    return _HEAD.pack(ends, count) + b"".join([leaf or key_hash + EMPTY for key_hash, leaf in changes])


def _read_changes(record: bytes) -> tuple[bool, int, list[Change]]:
    """The inverse of ``_join_changes``.

    Raises:
        StoreCorrupt: ``state-page``: a part of a change.
    """
    if len(record) % LEAF_BYTES != _HEAD.size:
        raise StoreCorrupt("state-page", "the changes of a state are damaged", found=len(record))
    ends, count = _HEAD.unpack_from(record)
    leaves = [record[at : at + LEAF_BYTES] for at in range(_HEAD.size, len(record), LEAF_BYTES)]
    return ends, count, [(leaf[:HASH_BYTES], b"" if leaf.endswith(EMPTY) else leaf) for leaf in leaves]
