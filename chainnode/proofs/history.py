"""The append-only tree over all block hashes, kept by its right edge.

``HistoryFrontier`` holds one hash for each complete subtree of the right edge (at most
64), enough to append and to know the root. Each append also names the subtrees it
completed; a store that keeps those (two for each leaf on average, never rewritten)
can prove any leaf against any later root by ``history_path``.

A node ``(level, index)`` is the root over leaves ``index * 2**level ... (index + 1) * 2**level - 1``.
The tree is RFC 6962's, so ``merkle.root_from_path`` checks these paths.

Source: RFC 6962, section 2.1; compact ranges as in transparency-dev/merkle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chainnode.errors import DecodeError, Misuse
from chainnode.proofs.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

SIZE_BYTES: Final = 8
Node = tuple[int, int, bytes]
"""``(level, index, hash)`` of a complete subtree."""


@dataclass(frozen=True, slots=True)
class HistoryFrontier:
    """The right edge of a history tree; a value, so a discarded block leaves no trace in it."""

    size: int = 0
    """Leaves so far."""
    peaks: tuple[bytes, ...] = ()
    """Roots of the complete subtrees from the left (largest) to the right, one for each set bit of ``size``."""

    def append(self, leaf: bytes) -> tuple["HistoryFrontier", list[Node]]:
        """The frontier after one more leaf hash (32 bytes), and the nodes this completed, leaf first."""
        peaks = list(self.peaks)
        level, index, running = 0, self.size, leaf
        nodes: list[Node] = [(0, index, leaf)]
        while index & 1:
            running = node_hash(peaks.pop(), running)
            level += 1
            index >>= 1
            nodes.append((level, index, running))
        peaks.append(running)
        return HistoryFrontier(self.size + 1, tuple(peaks)), nodes

    def root(self) -> bytes:
        """RFC 6962 root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        running = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            running = node_hash(peak, running)
        return running

    def encode(self) -> bytes:
        """``size (8 bytes, big-endian) || peaks``; fixed form, one for each value."""
        return self.size.to_bytes(SIZE_BYTES, "big") + b"".join(self.peaks)


def decode_frontier(data: bytes) -> HistoryFrontier:
    """Read what ``HistoryFrontier.encode`` wrote.

    Raises:
        DecodeError: ``malformed``: the number of peaks does not fit the size.
    """
    size = int.from_bytes(data[:SIZE_BYTES], "big")
    if len(data) != SIZE_BYTES + size.bit_count() * HASH_BYTES:
        raise DecodeError("malformed", "not a history frontier", found=len(data))
    peaks = tuple(data[at : at + HASH_BYTES] for at in range(SIZE_BYTES, len(data), HASH_BYTES))
    return HistoryFrontier(size, peaks)


def _range_root(start: int, stop: int, node: Callable[[int, int], bytes]) -> bytes:
    """Root over leaves ``start .. stop - 1`` where ``start`` is a multiple of a power of two not below the length."""
    running = b""
    while start < stop:
        # Build from the right: the smallest complete subtree is the last one.
        length = stop - start
        level = (length & -length).bit_length() - 1
        stop -= 1 << level
        peak = node(level, stop >> level)
        running = node_hash(peak, running) if running else peak
    return running


def history_path(index: int, size: int, node: Callable[[int, int], bytes]) -> list[bytes]:
    """The siblings, bottom up, of leaf ``index`` in the tree of the first ``size`` leaves.

    ``node`` answers with the stored hash of a complete subtree; it is asked for
    O(log(size)**2) nodes, all of them complete within ``size`` leaves.

    Raises:
        Misuse: ``leaf-index``: there is no such leaf.
    """
    if not 0 <= index < size:
        raise Misuse("leaf-index", "no leaf at this index", index=index, size=size)
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        split = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < split:
            path.append(_range_root(split, stop, node))
            stop = split
        else:
            path.append(_range_root(start, split, node))
            start = split
    path.reverse()
    return path
