"""The authenticated state: a root for every version, proofs at every version still kept.

The tree maps hashed keys to hashed values (``proofs.sparse`` gives the rule of the root)
and never holds keys or values themselves. It is read through a ``NodeReader`` and
written by nobody here: ``update`` answers with the entries to store
and with the entries nobody above this version needs. ``state.deferred`` stores versions in groups.

Versions are block heights. A page is stored under the version that wrote it and
never changed, so every kept version stays readable; a version's root record is
stored under its own height even where nothing changed. To drop versions below
``v``: delete the ``stale`` entries of the updates to versions ``<= v``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from chainnode.errors import Misuse, NotFound, StoreCorrupt
from chainnode.limits import MIB
from chainnode.proofs.sparse import StateProof
from chainnode.state import walk
from chainnode.state.batch import Batch, Change, hashed_changes
from chainnode.state.page import (
    HASH_BYTES,
    LEAF_BYTES,
    LIST_BYTES_MAX,
    NOTHING,
    VERSION_BYTES,
    Page,
    Subtree,
    decode_page,
    encode_page,
)

PAGE_MEMORY_BYTES: Final = 3_072
"""Taken for each page in memory: 4 KiB of objects where it was read, 1 KiB where it shares most with another one."""
CACHE_BYTES_DEFAULT: Final = 32 * MIB
"""Holds the pages of the first four digits (4,369) and some 6,500 of those below."""


class NodeReader(Protocol):
    """Stored tree entries, as earlier updates wrote them."""

    def get(self, node_key: bytes) -> bytes | None:
        """The entry, or None if it was never written or has been pruned."""


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """What one block does to the tree."""

    version: int
    top: Subtree
    """The whole tree after it."""
    pages: dict[bytes, Page]
    """New pages by node key."""
    stale: list[bytes]
    """Node keys no version from this one on reads."""
    changes: list[Change] = field(repr=False)
    """What was changed, hashed; enough to repeat the update."""

    @property
    def root(self) -> bytes:
        """State root after it; 32 zero bytes for an empty tree."""
        return self.top[0]

    @property
    def writes(self) -> dict[bytes, bytes]:
        """Entries to store, by node key."""
        return stored_entries(self.version, self.top, self.pages)


def stored_entries(version: int, top: Subtree, pages: Mapping[bytes, Page]) -> dict[bytes, bytes]:
    """``pages`` and the root record of ``version``, as they are stored."""
    entries = {node_key: encode_page(page) for node_key, page in pages.items()}
    entries[root_key(version)] = top[0] + top[1]
    return entries


def root_key(version: int) -> bytes:
    """Where the root record of ``version`` is stored."""
    return b"r" + version.to_bytes(VERSION_BYTES, "big")


def root_version(node_key: bytes) -> int:
    """The inverse of ``root_key``."""
    return int.from_bytes(node_key[1:], "big")


class StateTree:
    """Versions of the state over stored pages.

    The cache holds the pages that the last adopted updates wrote, within a bound of bytes; the
    oldest leave first. Pages near the root are rewritten by nearly every block, so they stay.
    """

    __slots__ = ("_cache", "_cache_pages_max", "_nodes")

    def __init__(self, nodes: NodeReader, cache_bytes_max: int = CACHE_BYTES_DEFAULT) -> None:
        self._nodes = nodes
        self._cache: dict[bytes, Page] = {}
        self._cache_pages_max = cache_bytes_max // PAGE_MEMORY_BYTES

    def update(self, base: int | None, version: int, changes: Mapping[bytes, bytes | None]) -> TreeUpdate:
        """The tree of ``version``: that of version ``base`` (None: the empty tree) with ``changes``.

        A value of None removes its key. Call it for every block, also without changes, so
        that each height has its root record. Nothing is remembered: a block that is
        discarded afterwards leaves no trace; call ``adopt`` once the update is stored.

        Raises:
            NotFound: ``state-version``: ``base`` was never stored or is pruned.
            Misuse: ``state-version``: ``version`` is not above ``base``.
            StoreCorrupt: ``state-page``: a stored entry is missing or damaged.
        """
        return self.update_hashed(base, version, hashed_changes(list(changes.items())))

    def update_hashed(self, base: int | None, version: int, changes: list[Change]) -> TreeUpdate:
        """As ``update``, by changes of an earlier update.

        Raises:
            NotFound, Misuse, StoreCorrupt: as ``update``.
        """
        if version < 0 or (base is not None and version <= base):
            raise Misuse("state-version", "a version follows its base", base=base, version=version)
        before = NOTHING if base is None else self._root(base)
        batch = Batch(self._page, version, changes)
        after = batch.apply(before) if changes else before
        stale = batch.stale
        if base is not None:
            stale.append(root_key(base))
        return TreeUpdate(version, after, batch.pages, stale, changes)

    def adopt(self, update: TreeUpdate) -> None:
        """Take the pages of a stored update into the cache, so that the next one need not read them."""
        self._cached(update.pages, update.stale)

    def _cached(self, pages: Mapping[bytes, Page], stale: Iterable[bytes]) -> None:
        cache = self._cache
        for node_key in stale:
            cache.pop(node_key, None)
        cache.update(pages)
        for node_key in list(islice(cache, max(0, len(cache) - self._cache_pages_max))):
            del cache[node_key]

    def root(self, version: int) -> bytes:
        """State root of a kept version.

        Raises:
            NotFound: ``state-version``.
        """
        return self._root(version)[0]

    def prove(self, version: int, key: bytes) -> StateProof:
        """Proof for ``key`` at ``version``: of presence if the tree holds it, else of absence.

        Raises:
            NotFound: ``state-version``.
            StoreCorrupt: ``state-page``: a page is missing or damaged (no false proof leaves here).
        """
        return walk.prove(self._root(version), self._page, key)

    def neighbours(self, version: int, key: bytes) -> tuple[bytes | None, bytes | None]:
        """Hashes of the keys next below and next above ``SHA-256(key)``, for ICS-23's form of absence.

        Raises:
            NotFound: ``state-version``.
            StoreCorrupt: ``state-page``.
        """
        return walk.neighbours(self._root(version), self._page, key)

    def _root(self, version: int) -> Subtree:
        record = self._nodes.get(root_key(version))
        if record is None:
            raise NotFound("state-version", f"the state of height {version} is not kept", version=version)
        payload = record[HASH_BYTES:]
        if len(payload) != VERSION_BYTES and (len(payload) % LEAF_BYTES or len(payload) > LIST_BYTES_MAX):
            raise StoreCorrupt("state-page", "the root record of the state tree is damaged", version=version)
        return record[:HASH_BYTES], payload

    def _page(self, node_key: bytes) -> Page:
        # What is read from the store is not kept: an update replaces it by a page of its own, which adopt keeps.
        page = self._cache.get(node_key)
        if page is not None:
            return page
        stored = self._nodes.get(node_key)
        if stored is None:
            raise StoreCorrupt("state-page", "a page of the state tree is missing", key=node_key.hex())
        return decode_page(stored, node_key)
