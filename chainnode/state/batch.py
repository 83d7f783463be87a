"""One batched update of the state tree: sorted changes in, new pages and stale ones out."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from chainnode.proofs.sparse import EMPTY, INNER_PREFIX, LEAF_PREFIX
from chainnode.state.page import (
    BLANK,
    CHILD_UNITS,
    CLIMB,
    HASH_BYTES,
    LEAF_BYTES,
    LIST_BYTES_MAX,
    NOTHING,
    PAYLOADS,
    SLOTS,
    UNIT_BYTES,
    UNITS,
    VERSION_BYTES,
    Page,
    Subtree,
    digit,
    list_hash,
    page_key,
    rehash,
    with_units,
)

Change = tuple[bytes, bytes]
"""Key hash, and key hash with value hash (64 bytes) to write or nothing to remove."""


def hashed_changes(changes: list[tuple[bytes, bytes | None]]) -> list[Change]:
    """Changes by raw key, as leaves in the tree's order."""
    hashed: list[Change] = []
    for key, value in changes:
        key_hash = sha256(key).digest()
        hashed.append((key_hash, b"" if value is None else key_hash + sha256(value).digest()))
    hashed.sort()
    return hashed


def _merged(leaves: bytes, key_hash: bytes, leaf: bytes) -> bytes:
    """A leaf list after one change."""
    for at in range(0, len(leaves), LEAF_BYTES):
        own = leaves[at : at + HASH_BYTES]
        if own == key_hash:
            return leaves[:at] + leaf + leaves[at + LEAF_BYTES :]
        if own > key_hash:
            return leaves[:at] + leaf + leaves[at:]
    return leaves + leaf


class Batch:
    """Applies changes, sorted by key hash, once; collects what must be written and what became stale."""

    __slots__ = ("_changes", "_read", "_version", "pages", "stale")

    def __init__(self, read: Callable[[bytes], Page], version: int, changes: list[Change]) -> None:
        self._read = read
        self._version: Final = version.to_bytes(VERSION_BYTES, "big")
        self._changes = changes
        self.pages: dict[bytes, Page] = {}
        """New pages by node key."""
        self.stale: list[bytes] = []

    def apply(self, base: Subtree) -> Subtree:
        """The whole tree after the changes."""
        return self._subtree(base, 0, 0, len(self._changes))

    def _subtree(self, base: Subtree, depth: int, first: int, stop: int) -> Subtree:
        """``base`` after changes ``first .. stop - 1``; ``base`` itself where they change nothing."""
        if len(base[1]) != VERSION_BYTES:
            return self._list(base, depth, first, stop)
        if stop - first == 1 and self._changes[first][1]:
            return self._write_one(base, depth, first)
        return self._page(base, depth, first, stop)

    def _write_one(self, base: Subtree, depth: int, first: int) -> Subtree:
        """A single write: the common case far below the root, without the bookkeeping of the general one.

        A write never empties a slot nor folds a page, so hashes climb along one line.
        """
        key_hash = self._changes[first][0]
        trail: list[tuple[bytes, Page, int]] = []
        found = base
        while len(found[1]) == VERSION_BYTES:
            number = digit(key_hash, depth)
            stored_under = page_key(found[1], depth, key_hash)
            old = self._read(stored_under)
            trail.append((stored_under, old, number))
            found = (old[SLOTS + number], old[PAYLOADS + number])
            depth += 1
        before = found
        found = self._list(found, depth, first, first + 1)
        if found is before:
            return base
        running, payload = found
        for stored_under, old, number in reversed(trail):
            page = list(old)
            if len(page[PAYLOADS + number]) != len(payload):
                units = page[UNITS]
                page[UNITS] = units[:number] + bytes((len(payload) // UNIT_BYTES,)) + units[number + 1 :]
            page[PAYLOADS + number] = payload
            lone = len(payload) == LEAF_BYTES
            for own, other, is_right in CLIMB[number]:
                page[own] = running
                sibling = page[other]
                if lone and sibling == EMPTY:
                    continue
                lone = False
                pair = sibling + running if is_right else running + sibling
                running = sha256(INNER_PREFIX + pair).digest()
            self.stale.append(stored_under)
            payload = self._version
            self.pages[b"p" + payload + stored_under[1 + VERSION_BYTES :]] = tuple(page)
        return running, payload

    def _list(self, base: Subtree, depth: int, first: int, stop: int) -> Subtree:
        """Merge changes into a leaf list, which may grow into a page."""
        old = base[1]
        if stop - first == 1:
            key_hash, leaf = self._changes[first]
            if leaf and (not old or (len(old) == LEAF_BYTES and old.startswith(key_hash))):
                return base if leaf == old else (sha256(LEAF_PREFIX + leaf).digest(), leaf)
            merged = _merged(old, key_hash, leaf)
        else:
            leaves = {old[at : at + HASH_BYTES]: old[at : at + LEAF_BYTES] for at in range(0, len(old), LEAF_BYTES)}
            leaves.update(self._changes[first:stop])
            merged = b"".join(sorted(leaves.values()))
        return base if merged == old else self._grow(merged, depth)

    def _grow(self, leaves: bytes, depth: int) -> Subtree:
        """The subtree over ``leaves``, from nothing."""
        if len(leaves) <= LIST_BYTES_MAX:
            return list_hash(leaves, 4 * depth), leaves
        page = list(BLANK)
        dirty: list[int] = []
        first = 0
        while first < len(leaves):
            number = digit(leaves[first : first + HASH_BYTES], depth)
            stop = first
            while stop < len(leaves) and digit(leaves[stop : stop + HASH_BYTES], depth) == number:
                stop += LEAF_BYTES
            page[SLOTS + number], page[PAYLOADS + number] = self._grow(leaves[first:stop], depth + 1)
            dirty.append(SLOTS + number)
            first = stop
        with_units(page)
        return self._keep(page, dirty, depth, leaves)

    def _page(self, base: Subtree, depth: int, first: int, stop: int) -> Subtree:
        """Change some slots of a page."""
        changes = self._changes
        stored_under = page_key(base[1], depth, changes[first][0])
        old = self._read(stored_under)
        page = list(old)
        dirty: list[int] = []
        at, shift = depth >> 1, 0 if depth & 1 else 4
        numbers = [change[0][at] >> shift & 0x0F for change in changes[first:stop]]
        begin, count = 0, stop - first
        while begin < count:
            number = numbers[begin]
            end = begin + 1
            while end < count and numbers[end] == number:
                end += 1
            before = (old[SLOTS + number], old[PAYLOADS + number])
            found = self._subtree(before, depth + 1, first + begin, first + end)
            if found is not before:
                page[SLOTS + number], page[PAYLOADS + number] = found
                dirty.append(SLOTS + number)
            begin = end
        if not dirty:
            return base
        self.stale.append(stored_under)
        with_units(page)
        if UNIT_BYTES * sum(page[UNITS]) <= LIST_BYTES_MAX and CHILD_UNITS not in page[UNITS]:
            leaves = b"".join(page[PAYLOADS:])
            return (list_hash(leaves, 4 * depth), leaves) if leaves else NOTHING
        return self._keep(page, dirty, depth, changes[stop - 1][0])

    def _keep(self, page: list[bytes], dirty: list[int], depth: int, key_hash: bytes) -> Subtree:
        root = rehash(page, dirty)
        self.pages[page_key(self._version, depth, key_hash)] = tuple(page)
        return root, self._version
