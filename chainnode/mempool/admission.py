"""The door of the node: what may become part of a block.

Checks run cheapest first; a signature (40 us) is checked only for bytes that
passed everything else. Each transaction is decoded once and verified once on each
node (``verification``); the decoded object is what executes later.

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
from chainnode.errors import ChainError, Detail, Rejected
from chainnode.limits import KIB
from chainnode.mempool.backlog import Backlog
from chainnode.mempool.pool import STRANGERS, Pool
from chainnode.mempool.verification import Verification, check_signature_form
from chainnode.state.view import State
from chainnode.types.transaction import Transaction, decode_transaction
from contracts.kernel.authentication import authenticate
from contracts.kernel.registry import decode_operations

Outcome = Literal["accepted", "duplicate", "committed", "rejected"]
RETRYABLE: Final = frozenset({"pool-full", "pool-sender-full", "overloaded"})
SUBMITTED_MAX: Final = 20_000
"""Transactions of clients that have no answer yet; at 40 us a check under a second of work."""
SLICE_BYTES: Final = 64 * KIB
"""Of envelopes read, verified and answered together: a few milliseconds. One request may bring 8 MiB."""
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


class Admitter:
    """Turns submitted bytes into pending transactions or coded refusals."""

    def __init__(
        self,
        chain: ChainView,
        pool: Pool,
        verification: Verification,
        on_admitted: Callable[[list[Transaction], bool], None],
        backlog: Backlog | None = None,
    ) -> None:
        """``on_admitted(transactions, local)`` is called once for each slice that brought something new.

        Without ``backlog`` clients are refused by the pool's own bounds alone.
        """
        self._chain = chain
        self._pool = pool
        self._verification = verification
        self._backlog = backlog
        self._on_admitted = on_admitted
        self._verifying: dict[bytes, str] = {}
        """Leaf hashes of transactions between decoding and verdict, with whom they will be counted as."""
        self._verifying_of: Counter[str] = Counter()
        """How many of them, by whom."""
        self._submitted = 0
        """By clients, without an answer yet."""
        self._turn = asyncio.Lock()

    async def submit(self, envelopes: Sequence[bytes], *, local: bool, urgent: bool = False) -> list[Admission]:
        """Admit each envelope or say why not; one answer each, in order.

        The same bytes twice is one transaction, answered the same way. ``local`` marks
        what clients gave to this node (it will be passed on to the validators), ``urgent`` what a
        block under discussion names: its signatures are checked before those of others.
        """
        answers: list[Admission] = []
        room = len(envelopes)
        # Asked once: a request that came in time is not cut in two by what it brings itself.
        late = self._backlog if local and self._backlog is not None and self._backlog.is_full(self._submitted) else None
        if local:
            room = max(0, SUBMITTED_MAX - self._submitted)
            self._submitted += len(envelopes)
        try:
            while len(answers) < len(envelopes):
                slice_ = _Slice(late)
                try:
                    # One slice a turn of the loop, whoever submits how much: votes are not to wait for clients.
                    async with self._turn:
                        self._read_slice(slice_, envelopes, len(answers), room)
                        if slice_.cost >= SLICE_BYTES:
                            await asyncio.sleep(0)
                    transactions = [transaction for transaction, _, _ in slice_.candidates]
                    verdicts = await self._verification.check(transactions, urgent=urgent)
                finally:
                    self._release(slice_)
                answers += self._settle(slice_, verdicts, local=local)
        finally:
            if local:
                self._submitted -= len(envelopes)
        return answers

    def _read_slice(self, slice_: "_Slice", envelopes: Sequence[bytes], position: int, room: int) -> None:
        """Decode and check from ``position`` on, about ``SLICE_BYTES``; those from ``room`` on are too many."""
        while position < len(envelopes) and slice_.cost < SLICE_BYTES:
            envelope = envelopes[position]
            slice_.cost += len(envelope) + ENVELOPE_COST_BYTES
            try:
                answer = self._read(envelope, slice_, overloaded=position >= room)
            except ChainError as error:
                # What could be read of it has its id in the slice.
                answer = _refusal(slice_.reading, error)
            slice_.answers.append(answer)
            position += 1

    def _read(self, envelope: bytes, slice_: "_Slice", *, overloaded: bool) -> Admission | None:
        """The answer, if there is one before the signatures are checked."""
        slice_.reading = b""
        transaction = decode_transaction(envelope)
        slice_.reading = transaction.tx_id
        known = self._known(transaction.tx_id)
        if known is not None:
            return known
        if overloaded:
            raise Rejected("overloaded", "too many transactions are being checked; submit again later")
        if slice_.late is not None and slice_.late.is_for(transaction.payload.sender):
            raise Rejected(
                "overloaded", "more transactions wait than blocks take in good time; submit again later",
                pending=len(self._pool),
            )
        leaf = transaction.leaf_hash
        holder = self._verifying.get(leaf)
        if holder is not None:
            # The same bytes: they want one place, and one check.
            slice_.candidates.append((transaction, holder, False))
            return None
        holder = self._check_static(transaction)
        self._verifying[leaf] = holder
        self._verifying_of[holder] += 1
        slice_.candidates.append((transaction, holder, True))
        return None

    def _known(self, tx_id: bytes) -> Admission | None:
        height = self._chain.height_of(tx_id)
        if height is not None:
            return Admission(tx_id, "committed", height=height)
        if tx_id in self._pool:
            return Admission(tx_id, "duplicate")
        return None

    def _check_static(self, transaction: Transaction) -> str:
        """Everything but the signatures; who the transaction is counted as in the pool."""
        payload = transaction.payload
        if payload.chain_id != self._chain.chain_id:
            raise Rejected(
                "wrong-chain", f"signed for chain {payload.chain_id!r}", expected=self._chain.chain_id
            )
        check_expiry(payload.valid_until, self._chain.tip_height, self._chain.validity_window)
        self._pool.check_room(len(transaction.envelope), len(self._verifying))
        decode_operations(transaction)
        check_signature_form(transaction)
        known = authenticate(transaction, self._chain.committed_state(), self._chain.tip_height + 1)
        holder = STRANGERS if known is None else payload.sender
        self._pool.check_share(holder, len(transaction.envelope), self._verifying_of[holder])
        return holder

    def _release(self, slice_: "_Slice") -> None:
        for transaction, holder, counted in slice_.candidates:
            if counted:
                del self._verifying[transaction.leaf_hash]
                self._verifying_of[holder] -= 1
                if not self._verifying_of[holder]:
                    del self._verifying_of[holder]

    def _settle(self, slice_: "_Slice", verdicts: Sequence[bool], *, local: bool) -> list[Admission]:
        """One answer for each envelope of the slice; what is new enters the pool."""
        admitted: list[Transaction] = []
        settled = [
            self._settle_one(transaction, holder, valid=valid, admitted=admitted)
            for (transaction, holder, _), valid in zip(slice_.candidates, verdicts, strict=True)
        ]
        if admitted:
            self._on_admitted(admitted, local)
        left = iter(settled)
        return [next(left) if answer is None else answer for answer in slice_.answers]

    def _settle_one(
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


class _Slice:
    """Some envelopes of one call of ``submit``, read and not yet verified."""

    __slots__ = ("answers", "candidates", "cost", "late", "reading")

    def __init__(self, late: Backlog | None) -> None:
        self.late = late
        """Set where they came from a client while too much waited."""
        self.answers: list[Admission | None] = []
        """One for each envelope; None for a candidate."""
        self.candidates: list[tuple[Transaction, str, bool]] = []
        """What is to be verified, who it is counted as, and whether it is counted here, in order."""
        self.cost = 0
        self.reading = b""
        """Id of the transaction being read, once it is known."""


def _refusal(tx_id: bytes, error: ChainError) -> Admission:
    return Admission(
        tx_id, "rejected", error.code, error.message, dict(error.details), retryable=error.code in RETRYABLE
    )
