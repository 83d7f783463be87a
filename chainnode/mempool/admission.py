"""The door of the node: what may become part of a block.

Checks run cheapest first; a signature (40 us) is checked only for bytes that
passed everything else. Each transaction is decoded once and verified once on each
node; the decoded object is what executes later.

A check against the committed state (does the key belong to the sender?) is early
advice for the client: the same check decides again, for all nodes alike, when the
block executes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

import msgspec

from chainnode.chain.replay import check_expiry
from chainnode.crypto.ed25519 import PUBLIC_KEY_BYTES, SCHEME_ED25519, SIGNATURE_BYTES
from chainnode.errors import ChainError, Detail, Rejected
from chainnode.limits import KIB
from chainnode.mempool.pool import STRANGERS, Pool
from chainnode.mempool.verifier import Verifier, pack_record
from chainnode.state.view import State
from chainnode.types.transaction import Transaction, decode_transaction
from contracts.kernel.authentication import authenticate
from contracts.kernel.registry import decode_operations

Outcome = Literal["accepted", "duplicate", "committed", "rejected"]
RETRYABLE: Final = frozenset({"pool-full", "pool-sender-full", "overloaded"})
VERIFYING_MAX: Final = 20_000
"""Transactions between decoding and verdict; at 40 us a check under a second of work."""
SLICE_BYTES: Final = 64 * KIB
"""Of envelopes read in one turn of the event loop: a few milliseconds. One request may bring 8 MiB."""
ENVELOPE_COST_BYTES: Final = KIB
"""What reading an envelope costs beside its bytes."""


class Admission(msgspec.Struct, frozen=True):
    """What became of one submitted envelope at this node."""

    tx_id: bytes
    """32 bytes; empty when the bytes could not be read."""
    outcome: Outcome
    code: str = "ok"
    message: str = ""
    details: dict[str, Detail] = {}
    retryable: bool = False
    height: int | None = None
    """Where it stands, when ``committed``."""


class ChainView(Protocol):
    """What admission needs to know of the chain."""

    @property
    def chain_id(self) -> str:
        """The chain's name."""
        ...

    @property
    def tip_height(self) -> int:
        """Height of the last block that is durable here."""

    @property
    def validity_window(self) -> int:
        """On-chain parameter: how many blocks ahead an expiry may lie."""

    def height_of(self, tx_id: bytes) -> int | None:
        """The height that holds ``tx_id``, when within the window."""

    def committed_state(self) -> State:
        """The state after the tip; to be read, writes to it go nowhere."""


def signature_records(transaction: Transaction) -> list[bytes]:
    """The verifier records of one transaction.

    Raises:
        Rejected: ``signature-scheme`` or ``signature-form``.
    """
    records = []
    for signature in transaction.signatures:
        if signature.scheme != SCHEME_ED25519:
            raise Rejected("signature-scheme", f"signature scheme {signature.scheme} is not active on this chain")
        if len(signature.public_key) != PUBLIC_KEY_BYTES or len(signature.signature) != SIGNATURE_BYTES:
            raise Rejected("signature-form", "an Ed25519 key has 32 bytes and a signature 64")
        records.append(pack_record(signature.public_key, signature.signature, transaction.tx_id))
    return records


class Admitter:
    """Turns submitted bytes into pending transactions or coded refusals."""

    def __init__(
        self, chain: ChainView, pool: Pool, verifier: Verifier, on_admitted: Callable[[list[Transaction], bool], None]
    ) -> None:
        """``on_admitted(transactions, local)`` is called once for each batch that brought something new."""
        self._chain = chain
        self._pool = pool
        self._verifier = verifier
        self._on_admitted = on_admitted
        self._verifying: dict[bytes, tuple[_Batch, int]] = {}
        """By leaf hash, so by exact envelope: the id does not cover the signatures, and a copy with a false one must
        not stand in the way of the true one."""
        self._verifying_of: Counter[str] = Counter()
        """Of them, by who they will be counted as."""
        self._turn = asyncio.Lock()

    async def submit(self, envelopes: Sequence[bytes], *, local: bool) -> list[Admission]:
        """Admit each envelope or say why not; one answer each, in order.

        The same bytes twice is one transaction, answered the same way. ``local`` marks
        what clients gave to this node (it will be passed on to the validators).
        """
        batch = _Batch(len(envelopes))
        try:
            position = 0
            while position < len(envelopes):
                # One slice a turn of the loop, whoever submits how much: votes are not to wait for clients.
                async with self._turn:
                    position, cost = self._read_slice(envelopes, position, batch)
                    if cost >= SLICE_BYTES:
                        await asyncio.sleep(0)
            if batch.candidates:
                await self._verify(batch, local=local)
        finally:
            for _, transaction, holder in batch.candidates:
                del self._verifying[transaction.leaf_hash]
                self._verifying_of[holder] -= 1
                if not self._verifying_of[holder]:
                    del self._verifying_of[holder]
            batch.settled.set()
        # Only now: the first of the same bytes may stand in this very batch.
        for position, tx_id, other, place in batch.repeats:
            await other.settled.wait()
            batch.answers[position] = _repeated(tx_id, other.answers[place])
        return [answer for answer in batch.answers if answer is not None]

    def _read_slice(self, envelopes: Sequence[bytes], position: int, batch: "_Batch") -> tuple[int, int]:
        """Decode and check from ``position`` on, about ``SLICE_BYTES``; the next position, and what it cost."""
        cost = 0
        while position < len(envelopes) and cost < SLICE_BYTES:
            envelope = envelopes[position]
            cost += len(envelope) + ENVELOPE_COST_BYTES
            try:
                self._read(envelope, position, batch)
            except ChainError as error:
                # What could be read of it has its id in the batch.
                batch.answers[position] = _refusal(batch.reading, error)
            position += 1
        return position, cost

    def _read(self, envelope: bytes, position: int, batch: "_Batch") -> None:
        batch.reading = b""
        transaction = decode_transaction(envelope)
        batch.reading = transaction.tx_id
        known = self._known(transaction.tx_id)
        if known is not None:
            batch.answers[position] = known
            return
        under_way = self._verifying.get(transaction.leaf_hash)
        if under_way is not None:
            batch.repeats.append((position, transaction.tx_id, *under_way))
            return
        records, holder = self._static_records(transaction)
        batch.records += records
        self._verifying[transaction.leaf_hash] = (batch, position)
        self._verifying_of[holder] += 1
        batch.candidates.append((position, transaction, holder))

    def _known(self, tx_id: bytes) -> Admission | None:
        height = self._chain.height_of(tx_id)
        if height is not None:
            return Admission(tx_id, "committed", height=height)
        if tx_id in self._pool:
            return Admission(tx_id, "duplicate")
        return None

    def _static_records(self, transaction: Transaction) -> tuple[list[bytes], str]:
        """The verifier's records, and who the transaction is counted as in the pool."""
        payload = transaction.payload
        if payload.chain_id != self._chain.chain_id:
            raise Rejected(
                "wrong-chain", f"signed for chain {payload.chain_id!r}", expected=self._chain.chain_id
            )
        check_expiry(payload.valid_until, self._chain.tip_height, self._chain.validity_window)
        if len(self._verifying) >= VERIFYING_MAX:
            raise Rejected("overloaded", "too many transactions are being checked; submit again later")
        self._pool.check_room(len(transaction.envelope), len(self._verifying))
        decode_operations(transaction)
        records = signature_records(transaction)
        known = authenticate(transaction, self._chain.committed_state(), self._chain.tip_height + 1)
        holder = STRANGERS if known is None else payload.sender
        self._pool.check_share(holder, len(transaction.envelope), self._verifying_of[holder])
        return records, holder

    async def _verify(self, batch: "_Batch", *, local: bool) -> None:
        admitted: list[Transaction] = []
        verdicts = await self._verifier.check(batch.records)
        cursor = 0
        for position, transaction, holder in batch.candidates:
            count = len(transaction.signatures)
            valid = 0 not in verdicts[cursor : cursor + count]
            cursor += count
            batch.answers[position] = self._settle(transaction, holder, valid=valid, admitted=admitted)
        if admitted:
            self._on_admitted(admitted, local)

    def _settle(
        self, transaction: Transaction, holder: str, *, valid: bool, admitted: list[Transaction]
    ) -> Admission:
        if not valid:
            return _refusal(transaction.tx_id, Rejected("bad-signature", "a signature does not match the transaction"))
        # The chain moved while the signatures were checked: it may have been committed by a block.
        known = self._known(transaction.tx_id)
        if known is not None:
            return known
        try:
            self._pool.add(transaction, holder)
        except Rejected as error:
            return _refusal(transaction.tx_id, error)
        admitted.append(transaction)
        return Admission(transaction.tx_id, "accepted")


class _Batch:
    """One call of ``submit``; others with the same bytes wait for its answers."""

    __slots__ = ("answers", "candidates", "reading", "records", "repeats", "settled")

    def __init__(self, size: int) -> None:
        self.answers: list[Admission | None] = [None] * size
        self.candidates: list[tuple[int, Transaction, str]] = []
        """Position and transaction of what is being verified, and who it is counted as."""
        self.repeats: list[tuple[int, bytes, _Batch, int]] = []
        """Position and id of what another place (of a batch) has under way already."""
        self.records: list[bytes] = []
        self.reading = b""
        """Id of the transaction being read, once it is known."""
        self.settled = asyncio.Event()


def _repeated(tx_id: bytes, first: Admission | None) -> Admission:
    if first is None:
        # Its caller gave up, or the verifier failed.
        return _refusal(tx_id, Rejected("overloaded", "the check was interrupted; submit again"))
    return Admission(tx_id, "duplicate") if first.outcome == "accepted" else first


def _refusal(tx_id: bytes, error: ChainError) -> Admission:
    return Admission(
        tx_id, "rejected", error.code, error.message, dict(error.details), retryable=error.code in RETRYABLE
    )
