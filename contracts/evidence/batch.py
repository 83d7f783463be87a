"""Many digests under one root: building the operation, and each item's path.

The tree is that of RFC 6962: leaf ``SHA-256(0x00 || digest)``, node ``SHA-256(0x01 || left || right)``.
"""

from collections.abc import Sequence
from typing import Any

from chainnode.errors import Misuse
from chainnode.proofs import merkle
from contracts.evidence.digest import DIGEST_BYTES, Algorithm
from contracts.evidence.operations import RecordEvidenceBatch
from contracts.evidence.record import BATCH_ITEMS_MAX, Kind


class Batch:
    """Digests of one algorithm in a fixed order (1 to 2^20)."""

    __slots__ = ("algorithm", "digests", "leaf_hashes", "root")

    def __init__(self, digests: Sequence[bytes], algorithm: Algorithm = "sha256") -> None:
        """Build the tree.

        Raises:
            Misuse: ``batch-size`` or ``digest-length``.
        """
        if not 1 <= len(digests) <= BATCH_ITEMS_MAX:
            raise Misuse("batch-size", f"a batch has 1 to {BATCH_ITEMS_MAX} items", found=len(digests))
        wanted = DIGEST_BYTES[algorithm]
        for index, digest in enumerate(digests):
            if len(digest) != wanted:
                raise Misuse("digest-length", f"item {index} is no {algorithm} digest", found=len(digest))
        self.algorithm: Algorithm = algorithm
        self.digests = tuple(digests)
        self.leaf_hashes = [merkle.leaf_hash(digest) for digest in digests]
        self.root = merkle.root(self.leaf_hashes)

    def path(self, index: int) -> list[bytes]:
        """Siblings from item ``index`` up to the root, as proof bundles carry them.

        Raises:
            Misuse: ``leaf-index``.
        """
        return merkle.inclusion_path(self.leaf_hashes, index)

    def operation(self, evidence_id: bytes, kind: Kind, **details: Any) -> RecordEvidenceBatch:
        """The operation that puts this batch on the ledger; ``details`` are its optional fields."""
        return RecordEvidenceBatch(evidence_id, kind, self.algorithm, self.root, len(self.digests), **details)
