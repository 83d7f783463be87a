"""Verified transactions that wait for a block.

Order of arrival is order of selection. Bounded in count and bytes: a full pool
refuses new transactions with a retryable code, it never drops what it accepted;
an accepted transaction leaves only by being committed or by expiring.
"""

from collections.abc import Iterable, Iterator, Sequence

from chainnode import limits
from chainnode.errors import Rejected
from chainnode.types.transaction import Transaction


class Pool:
    """Pending transactions by id, in order of arrival."""

    def __init__(
        self, transactions_max: int = limits.POOL_TRANSACTIONS_MAX, bytes_max: int = limits.POOL_BYTES_MAX
    ) -> None:
        """Hold at most ``transactions_max`` transactions of ``bytes_max`` envelope bytes together."""
        self._transactions_max = transactions_max
        self._bytes_max = bytes_max
        self._pending: dict[bytes, Transaction] = {}
        self._by_leaf: dict[bytes, Transaction] = {}
        self._expiring: dict[int, dict[bytes, None]] = {}
        """Ids by last height; holds what is pending and nothing else."""
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, tx_id: bytes) -> bool:
        return tx_id in self._pending

    @property
    def bytes_held(self) -> int:
        """Envelope bytes of all pending transactions."""
        return self._bytes

    def get(self, tx_id: bytes) -> Transaction | None:
        """The pending transaction with this id."""
        return self._pending.get(tx_id)

    def by_leaf(self, leaf_hash: bytes) -> Transaction | None:
        """The pending transaction whose exact envelope has this RFC 6962 leaf hash."""
        return self._by_leaf.get(leaf_hash)

    def check_room(self, envelope_bytes: int, reserved: int = 0) -> None:
        """Whether one more envelope fits, beside ``reserved`` transactions being verified.

        Raises:
            Rejected: ``pool-full``.
        """
        if (
            len(self._pending) + reserved >= self._transactions_max
            or self._bytes + envelope_bytes > self._bytes_max
        ):
            raise Rejected(
                "pool-full", "too many transactions are waiting; submit again later",
                pending=len(self._pending), pending_bytes=self._bytes,
            )

    def add(self, transaction: Transaction) -> bool:
        """Hold a verified transaction; False when its id is already here.

        Raises:
            Rejected: ``pool-full``.
        """
        if transaction.tx_id in self._pending:
            return False
        self.check_room(len(transaction.envelope))
        self._pending[transaction.tx_id] = transaction
        self._by_leaf[transaction.leaf_hash] = transaction
        self._expiring.setdefault(transaction.payload.valid_until, {})[transaction.tx_id] = None
        self._bytes += len(transaction.envelope)
        return True

    def select(self, height: int, count_max: int, bytes_max: int) -> list[Transaction]:
        """The oldest transactions that may stand in block ``height``, within both bounds."""
        chosen: list[Transaction] = []
        total = 0
        for transaction in self._pending.values():
            if len(chosen) >= count_max:
                break
            if transaction.payload.valid_until < height:
                continue
            total += len(transaction.envelope)
            if total > bytes_max:
                break
            chosen.append(transaction)
        return chosen

    def remove(self, tx_ids: Iterable[bytes]) -> None:
        """Forget committed transactions; unknown ids are ignored."""
        for tx_id in tx_ids:
            transaction = self._pending.pop(tx_id, None)
            if transaction is not None:
                self._by_leaf.pop(transaction.leaf_hash, None)
                self._bytes -= len(transaction.envelope)
                self._forget_expiry(tx_id, transaction.payload.valid_until)

    def _forget_expiry(self, tx_id: bytes, valid_until: int) -> None:
        # Not left for ``expire``: a committed transaction may name a height far ahead, and the pool's bound
        # must bound its bookkeeping too.
        same_height = self._expiring.get(valid_until)
        if same_height is not None:
            same_height.pop(tx_id, None)
            if not same_height:
                del self._expiring[valid_until]

    def expire(self, tip_height: int) -> Sequence[bytes]:
        """Drop what can no longer enter a block after ``tip_height``; returns the dropped ids."""
        dropped: list[bytes] = []
        for height in [height for height in self._expiring if height <= tip_height]:
            dropped += self._expiring.pop(height)
        self.remove(dropped)
        return dropped

    def transactions(self) -> Iterator[Transaction]:
        """All pending transactions, oldest first."""
        return iter(self._pending.values())
