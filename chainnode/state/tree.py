"""The authenticated state: a root for every version, proofs at every version still kept.

The tree maps hashed keys to hashed values (``proofs.sparse`` gives the rule of the root)
and never holds keys or values themselves. It is read through a ``NodeReader`` and
written by nobody here: ``update`` answers with the entries to store, in one batch with
the block, and with the entries nobody above this version needs.

Versions are block heights. A page is stored under the version that wrote it and
never changed, so every kept version stays readable; a version's root record is
stored under its own height even where nothing changed. To drop versions below
``v``: delete the ``stale`` entries of the updates to versions ``<= v``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from chainnode.errors import Misuse, NotFound, StoreCorrupt
from chainnode.limits import MIB
from chainnode.proofs.sparse import StateProof
from chainnode.state import walk
from chainnode.state.batch import Batch, hashed_changes
from chainnode.state.page import (
    HASH_BYTES,
    LEAF_BYTES,
    LIST_BYTES_MAX,
    NOTHING,
    VERSION_BYTES,
    Subtree,
    checked,
)

CACHE_BYTES_DEFAULT: Final = 32 * MIB
"""Holds the pages of the first four digits (4,369 of about 1.1 KiB) and some 15,000 of those below."""


class NodeReader(Protocol):
    """Stored tree entries, as earlier updates wrote them."""

    def get(self, node_key: bytes) -> bytes | None:
        """The entry, or None if it was never written or has been pruned."""


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """What one block does to the tree."""

    version: int
    root: bytes
    """State root after it; 32 zero bytes for an empty tree."""
    writes: dict[bytes, bytes]
    """Entries to store, by node key."""
    stale: list[bytes]
    """Node keys no version from this one on reads."""


def root_key(version: int) -> bytes:
    """Where the root record of ``version`` is stored."""
    return b"r" + version.to_bytes(VERSION_BYTES, "big")


class StateTree:
    """Versions of the state over stored pages.

    The cache holds the pages that the last adopted updates wrote, within a bound of bytes; the
    oldest leave first. Pages near the root are rewritten by nearly every block, so they stay.
    """

    __slots__ = ("_cache", "_cache_bytes", "_cache_bytes_max", "_nodes")

    def __init__(self, nodes: NodeReader, cache_bytes_max: int = CACHE_BYTES_DEFAULT) -> None:
        self._nodes = nodes
        self._cache: dict[bytes, bytes] = {}
        self._cache_bytes = 0
        self._cache_bytes_max = cache_bytes_max

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
        if version < 0 or (base is not None and version <= base):
            raise Misuse("state-version", "a version follows its base", base=base, version=version)
        before = NOTHING if base is None else self._root(base)
        after = before
        batch = Batch(self._page, version, hashed_changes(list(changes.items())))
        if changes:
            after = batch.apply(before)
        writes, stale = batch.writes, batch.stale
        writes[root_key(version)] = after[0] + after[1]
        if base is not None:
            stale.append(root_key(base))
        return TreeUpdate(version, after[0], writes, stale)

    def adopt(self, update: TreeUpdate) -> None:
        """Take the pages of a stored update into the cache, so that the next one need not read them."""
        cache = self._cache
        cached_bytes = self._cache_bytes
        for node_key in update.stale:
            page = cache.pop(node_key, None)
            if page is not None:
                cached_bytes -= len(page)
        for node_key, page in update.writes.items():
            if node_key.startswith(b"p") and node_key not in cache:
                cache[node_key] = page
                cached_bytes += len(page)
        while cached_bytes > self._cache_bytes_max:
            cached_bytes -= len(cache.pop(next(iter(cache))))
        self._cache_bytes = cached_bytes

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

    def _page(self, node_key: bytes) -> bytes:
        # What is read from the store is not kept: an update replaces it by a page of its own, which adopt keeps.
        page = self._cache.get(node_key)
        if page is not None:
            return page
        stored = self._nodes.get(node_key)
        if stored is None:
            raise StoreCorrupt("state-page", "a page of the state tree is missing", key=node_key.hex())
        return checked(stored, node_key)
