"""Verified transactions that wait for a block.

Order of arrival is order of selection. Bounded in count and bytes: a full pool
refuses new transactions with a retryable code, it never drops what it accepted;
an accepted transaction leaves only by being committed or by expiring.

Nobody fills it alone: a sender holds at most a share, so that others still find room. Senders
that do not exist yet cost nothing to make, so all of them together have one share, a smaller one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chainnode import limits
from chainnode.errors import Rejected
from chainnode.types.transaction import Transaction

STRANGERS: Final = ""
"""In whose name all senders that do not exist yet are counted; no sender has this one."""
STRANGERS_DIVISOR: Final = 4
"""Of a sender's share; an institution joins once."""


@dataclass(slots=True)
class _Holding:
    """What one sender has waiting."""

    count: int = 0
    size_bytes: int = 0


_NOTHING: Final = _Holding()


class Pool:
    """Pending transactions by id, in order of arrival."""

    def __init__(
        self,
        transactions_max: int = limits.POOL_TRANSACTIONS_MAX,
        bytes_max: int = limits.POOL_BYTES_MAX,
        *,
        sender_percent: int = 100,
    ) -> None:
        """Hold at most ``transactions_max`` transactions of ``bytes_max`` envelope bytes together.

        Of both, one sender has at most ``sender_percent``; a transaction that is larger than its share still fits
        when nothing else of its sender waits.
        """
        self._transactions_max = transactions_max
        self._bytes_max = bytes_max
        self._sender_percent = sender_percent
        self._holdings: dict[str, _Holding] = {}
        """By sender; of those only that have something here."""
        self._strange: set[bytes] = set()
        """Ids of what is counted as a stranger's."""
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

    def newest(self) -> bytes | None:
        """Id of the transaction that came last, of those that are pending."""
        return next(reversed(self._pending), None)

    def held_by(self, sender: str) -> int:
        """How many pending transactions are counted as ``sender``'s."""
        return self._holdings.get(sender, _NOTHING).count

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

    def check_share(self, holder: str, envelope_bytes: int, reserved: int = 0) -> None:
        """Whether ``holder`` (a sender, or ``STRANGERS``) may have one more, beside ``reserved`` being verified.

        Raises:
            Rejected: ``pool-sender-full``.
        """
        held = self._holdings.get(holder, _NOTHING)
        if not held.count and not reserved:
            return
        percent = self._sender_percent / (STRANGERS_DIVISOR if holder == STRANGERS else 1)
        if (
            held.count + reserved >= self._transactions_max * percent / 100
            or held.size_bytes + envelope_bytes > self._bytes_max * percent / 100
        ):
            raise Rejected(
                "pool-sender-full", "too many transactions of this sender are waiting; submit again later",
                pending=held.count, pending_bytes=held.size_bytes,
            )

    def add(self, transaction: Transaction, holder: str | None = None) -> bool:
        """Hold a verified transaction; False when its id is already here.

        ``holder`` is ``STRANGERS`` where the sender does not exist yet.

        Raises:
            Rejected: ``pool-full``, ``pool-sender-full``.
        """
        if transaction.tx_id in self._pending:
            return False
        size_bytes = len(transaction.envelope)
        name = transaction.payload.sender if holder is None else holder
        self.check_room(size_bytes)
        self.check_share(name, size_bytes)
        holding = self._holdings.setdefault(name, _Holding())
        holding.count += 1
        holding.size_bytes += size_bytes
        if name == STRANGERS:
            self._strange.add(transaction.tx_id)
        self._pending[transaction.tx_id] = transaction
        self._by_leaf[transaction.leaf_hash] = transaction
        self._expiring.setdefault(transaction.payload.valid_until, {})[transaction.tx_id] = None
        self._bytes += len(transaction.envelope)
        return True

    def select(self, height: int, count_max: int, bytes_max: int, work_max: int) -> list[Transaction]:
        """The oldest transactions that may stand in block ``height``, within all bounds."""
        chosen: list[Transaction] = []
        total = work = 0
        for transaction in self._pending.values():
            if len(chosen) >= count_max:
                break
            if transaction.payload.valid_until < height:
                continue
            total += len(transaction.envelope)
            work += transaction.work
            if total > bytes_max or work > work_max:
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
                self._forget_holding(transaction)

    def _forget_holding(self, transaction: Transaction) -> None:
        strange = transaction.tx_id in self._strange
        self._strange.discard(transaction.tx_id)
        name = STRANGERS if strange else transaction.payload.sender
        holding = self._holdings[name]
        holding.count -= 1
        holding.size_bytes -= len(transaction.envelope)
        if not holding.count:
            del self._holdings[name]

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
