"""Passing transactions on to the validators, in batches.

What a client gave to this node goes once to every validator; what arrived from a
peer is not passed on (validators are fully meshed). Local transactions are sent
again to a peer that (re)connects and, rarely, when they wait too long: a frame may
have been lost with a link.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.types.transaction import Transaction

BATCH_BYTES_MAX: Final = 512 * limits.KIB
"""One gossip frame: large enough to amortise it, small enough not to delay votes behind it."""
BATCH_TRANSACTIONS_MAX: Final = 1_000

Batch = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=limits.ENVELOPE_BYTES_MAX)], ...],
    msgspec.Meta(max_length=BATCH_TRANSACTIONS_MAX),
]
decode_batch: Final = Decoder[tuple[bytes, ...]](Batch, BATCH_BYTES_MAX + limits.ENVELOPE_BYTES_MAX + 8 * limits.KIB)


def batches(transactions: Iterable[Transaction]) -> Iterator[bytes]:
    """Encoded batches of the transactions' envelopes, each within the bounds of one frame."""
    held: list[bytes] = []
    total = 0
    for transaction in transactions:
        envelope = transaction.envelope
        if held and (total + len(envelope) > BATCH_BYTES_MAX or len(held) >= BATCH_TRANSACTIONS_MAX):
            yield encode(held)
            held, total = [], 0
        held.append(envelope)
        total += len(envelope)
    if held:
        yield encode(held)


class Outbox:
    """Local transactions: first sent in batches, kept until committed or expired."""

    RESEND_MAX: Final = 1_000
    """Transactions sent again in one round."""

    def __init__(self, schedule: Callable[[Callable[[], None]], None], send: Callable[[bytes], None]) -> None:
        """``schedule`` runs a flush soon (once a few ms of arrivals are together); ``send`` broadcasts one batch."""
        self._schedule = schedule
        self._send = send
        self._waiting: list[Transaction] = []
        self._unsettled: dict[bytes, Transaction] = {}

    def add(self, transactions: list[Transaction]) -> None:
        """Send these soon."""
        if not self._waiting:
            self._schedule(self.flush)
        self._waiting += transactions
        for transaction in transactions:
            self._unsettled[transaction.tx_id] = transaction

    def flush(self) -> None:
        """Send what waits."""
        waiting, self._waiting = self._waiting, []
        for batch in batches(waiting):
            self._send(batch)

    def settle(self, tx_ids: Iterable[bytes]) -> None:
        """Forget committed or expired transactions."""
        for tx_id in tx_ids:
            self._unsettled.pop(tx_id, None)

    def unsettled(self) -> Iterator[bytes]:
        """Batches of the oldest local transactions that are still pending."""
        oldest: list[Transaction] = []
        for transaction in self._unsettled.values():
            if len(oldest) >= self.RESEND_MAX:
                break
            oldest.append(transaction)
        return batches(oldest)
