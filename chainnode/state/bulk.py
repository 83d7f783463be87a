"""The state tree by parts: the root over a part, the root over all parts, a version made from parts.

A *part* is every leaf whose hashed key begins with the same bits. Its root depends on
its leaves alone, so a part can be checked by itself once the roots of all parts are
known to lead to the state root.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from chainnode.errors import StoreCorrupt
from chainnode.proofs.sparse import DEPTH_MAX, EMPTY, INNER_PREFIX, LEAF_PREFIX
from chainnode.state.batch import Batch, hashed_changes
from chainnode.state.page import NOTHING, Page, Subtree, decode_page, encode_page
from chainnode.state.tree import root_key


def leaf_of(key: bytes, value: bytes) -> bytes:
    """Key hash and value hash (64 bytes) of a state pair."""
    return sha256(key).digest() + sha256(value).digest()


def part_root(leaves: Sequence[bytes], bits: int) -> bytes:
    """Root over ``leaves`` (64 bytes each, ascending, distinct), whose first ``bits`` bits are equal."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return sha256(LEAF_PREFIX + leaves[0]).digest()
    shift = DEPTH_MAX - bits - 1
    prefix = int.from_bytes(leaves[0][:32], "big") >> (shift + 1)
    boundary = ((prefix << 1 | 1) << shift).to_bytes(32, "big")
    split = bisect_left(leaves, boundary)
    left, right = part_root(leaves[:split], bits + 1), part_root(leaves[split:], bits + 1)
    return sha256(INNER_PREFIX + left + right).digest()


def joined(left: tuple[bytes, int], right: tuple[bytes, int]) -> tuple[bytes, int]:
    """Root and number of leaves of the subtree over two neighbours given the same way.

    A subtree with one leaf is that leaf, whatever its depth.
    """
    leaves = left[1] + right[1]
    if leaves == 0:
        return EMPTY, 0
    if leaves == 1:
        return (left if left[1] else right)[0], 1
    return sha256(INNER_PREFIX + left[0] + right[0]).digest(), leaves


class TreeBuilder:
    """Makes the stored tree of one version from the pairs of the state, part after part.

    What it writes is what one update with all pairs at once would write; only the pages on
    the way from the root to the last part are written more than once.
    """

    def __init__(self, version: int, read: Callable[[bytes], bytes | None]) -> None:
        """``read`` finds pages that earlier calls returned."""
        self._version: Final = version
        self._read = read
        self._tree: Subtree = NOTHING

    def add(self, pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
        """The entries to store after adding ``pairs``, by node key; store them before the next call."""
        batch = Batch(self._page, self._version, hashed_changes([(key, value) for key, value in pairs]))
        if pairs:
            self._tree = batch.apply(self._tree)
        return {node_key: encode_page(page) for node_key, page in batch.pages.items()}

    @property
    def root(self) -> bytes:
        """State root over what was added."""
        return self._tree[0]

    def root_record(self) -> tuple[bytes, bytes]:
        """The entry that makes the version readable; store it last."""
        return root_key(self._version), self._tree[0] + self._tree[1]

    def _page(self, node_key: bytes) -> Page:
        page = self._read(node_key)
        if page is None:
            raise StoreCorrupt("state-page", "a page of the state tree is missing", key=node_key.hex())
        return decode_page(page, node_key)
