"""The impure loop around the agreement core.

The only task that steps the replica, so the core needs no locks: messages, timers and
answers arrive through one bounded queue. For each step it performs the outputs in the
order ``consensus/README.md`` demands: durable first, then send, then everything else.

The ledger is extended in here too (``commit_block``), by decision or by catch-up: one
place, one thread, one block at a time.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import structlog

from chainnode.chain.candidate import Candidate
from chainnode.chain.ledger import Ledger, LedgerDiverged
from chainnode.clock import Clock
from chainnode.errors import StoreError, invariant
from chainnode.node.proposal_desk import ProposalDesk
from chainnode.node.timers import LoopTimers
from chainnode.node.vote_signer import VoteSigner
from chainnode.node.voting_keys import VotingKeys
from chainnode.types.receipt import Receipt
from chainnode.types.transaction import Transaction
from chainnode.types.validator_set import ValidatorList
from consensus.certificates import QuorumCertificate, encode_certificate
from consensus.inputs import (
    BlockApplied,
    BlockFetched,
    Halted,
    Input,
    MessageReceived,
    Started,
    SyncFinished,
    TimerFired,
    TransactionsPending,
)
from consensus.journal import JournalRecord, PersistBlock
from consensus.messages import Decided, Message, encode_message
from consensus.outputs import (
    BuildBlock,
    CheckProposal,
    Decide,
    FetchBlock,
    Halt,
    Outputs,
    PrepareExecution,
    Request,
    StartSync,
    ViewChanged,
)
from consensus.replica import Replica

INPUTS_MAX: Final = 20_000
"""Events waiting for the core; peers' messages beyond it are dropped (loss is tolerated), answers never are."""
STEPS_PER_TURN: Final = 64
"""Steps before the event loop gets its turn, so that sockets are read under load."""

log = structlog.get_logger(__name__)


class VoteLinks(Protocol):
    """Where messages go."""

    def to_validators(self, payload: bytes) -> None:
        """Send to every other validator; loss is tolerated."""
        ...

    def to_validator(self, index: int, payload: bytes) -> None:
        """Send to one validator; loss is tolerated."""
        ...

    def to_observers(self, payload: bytes) -> None:
        """Send to every connected observer; loss is tolerated."""
        ...


class ChainListener(Protocol):
    """Who wants to know what the driver did."""

    def on_block(self, candidate: Candidate, receipts: Sequence[Receipt]) -> None:
        """A block became durable."""
        ...

    def on_view_changed(self, event: ViewChanged) -> None:
        """The replica entered a view."""
        ...

    def on_halt(self, reason: str, details: dict[str, str]) -> None:
        """Signing stopped for good."""
        ...


class ReplicaDriver:
    """Feeds one replica and performs what it asks for."""

    def __init__(
        self,
        *,
        replica: Replica,
        ledger: Ledger,
        signer: VoteSigner,
        links: VoteLinks,
        clock: Clock,
        listener: ChainListener,
        pending_count: Callable[[], int],
        after_commit: Callable[[Sequence[Transaction]], None],
        catch_up: Callable[[int, Sequence[int]], None],
        on_progress: Callable[[], None],
        voting_keys: VotingKeys | None = None,
    ) -> None:
        """``after_commit`` clears the pool before ``pending_count`` is asked; ``catch_up`` starts a sync run.

        ``on_progress`` is called when the core has begun another height, and after a sync.
        ``voting_keys`` are this node's, if it may vote in whatever set names one of them.
        """
        self.replica: Final = replica
        self._ledger = ledger
        self._signer = signer
        self._links = links
        self._clock = clock
        self._listener = listener
        self._pending_count = pending_count
        self._after_commit = after_commit
        self._catch_up = catch_up
        self._on_progress = on_progress
        self._voting_keys = voting_keys
        self._timers = LoopTimers(lambda timer: self.feed(TimerFired(timer)))
        self._inputs: deque[Input] = deque()
        self._wake = asyncio.Event()
        self._defect: BaseException | None = None
        self._undone: Decide | None = None
        """A decision whose body has to be fetched again."""
        self._ahead: bytes | None = None
        """The prepared block that is to be executed once the own COMMIT has left."""
        self.rejected: Counter[str] = Counter()
        """Messages the core had no use for, by code."""
        self.halted: str | None = None
        self.desk: ProposalDesk | None = None
        """Set once by the wiring, before ``run``: the desk answers through ``feed``."""

    def feed(self, event: Input) -> None:
        """Queue one event for the core."""
        if len(self._inputs) >= INPUTS_MAX and isinstance(event, MessageReceived):
            self.rejected["driver_queue_full"] += 1
            return
        self._inputs.append(event)
        self._wake.set()

    def fail(self, error: BaseException) -> None:
        """Make ``run`` raise ``error``: a defect found in a task that works for the driver."""
        self._defect = error
        self._wake.set()

    async def run(self) -> None:
        """Drive the core until cancelled.

        Raises:
            InvariantBroken: the program contradicts itself.
        """
        self.check_upgrade()
        # Links may have brought messages already; the core must hear that it started first.
        self._inputs.appendleft(Started())
        self.note_pending()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                steps = 0
                while self._inputs:
                    if self._defect is not None:
                        raise self._defect
                    told = self._step(self._inputs.popleft())
                    steps += 1
                    if told or steps % STEPS_PER_TURN == 0:
                        # What was said leaves, and who waited for a block is answered, before more work is begun.
                        await asyncio.sleep(0)
                    self._execute_ahead()
                if self._defect is not None:
                    raise self._defect
        finally:
            self._timers.close()
            if self.desk is not None:
                self.desk.close()

    def note_pending(self) -> None:
        """Tell the core how many transactions wait."""
        self.feed(TransactionsPending(self._pending_count()))

    def _step(self, event: Input) -> bool:
        """Whether others are waiting to hear of what was done."""
        out = self.replica.step(event, self._clock.monotonic_ms())
        try:
            if out.persist or out.sign:
                self._make_durable_and_send(out)
            self._perform(out)
            # Of the blocks of a sync only the last: votes for those before it are of no more use.
            if isinstance(event, BlockApplied | SyncFinished) and self.replica.tip.height == self._ledger.tip.height:
                self._on_progress()
            if self._undone is not None and isinstance(event, BlockFetched):
                undone, self._undone = self._undone, None
                self._decide(undone)
        except (StoreError, LedgerDiverged) as error:
            self._halt_by(error)
        return bool(out.sign or out.sends or out.decided)

    def _execute_ahead(self) -> None:
        """R3: work that the decision will find done, while the COMMITs travel."""
        block_hash, self._ahead = self._ahead, None
        candidate = None if block_hash is None else self._desk.candidate(block_hash)
        if candidate is None or self.halted is not None:
            return
        try:
            self._ledger.prepare(candidate)
        except (StoreError, LedgerDiverged) as error:
            self._halt_by(error)

    def _make_durable_and_send(self, out: Outputs) -> None:
        records = [self._with_body(record) for record in out.persist]
        for message in self._signer.perform(records, out.sign):
            self._links.to_validators(encode_message(message))
            # A vote of one's own counts like any other, and only now that it is durable. It is never
            # dropped, however full the queue: nobody would repeat it.
            self._inputs.append(MessageReceived(message))
            self._wake.set()

    def _with_body(self, record: JournalRecord) -> JournalRecord:
        if not isinstance(record, PersistBlock):
            return record
        candidate = self._desk.candidate(record.block_hash)
        if candidate is None:
            invariant(False, "the core asks to keep only bodies this node holds")
            return record
        return msgspec.structs.replace(record, body=msgspec.msgpack.encode(candidate.stored(b"")))

    @property
    def _desk(self) -> ProposalDesk:
        desk = self.desk
        if desk is None:
            raise RuntimeError("the desk is set before the driver runs")
        return desk

    def _perform(self, out: Outputs) -> None:
        for send in out.sends:
            self._send(send.message, send.to)
        for timer in out.timers:
            self._timers.perform(timer)
        for request in out.requests:
            self._answer(request)
        if out.decided is not None:
            self._decide(out.decided)
        for rejected in out.rejected:
            self.rejected[rejected.code] += 1
        for evidence in out.evidence:
            if self._desk.accusations.add(evidence):
                log.warning("equivocation", sender=evidence.first.sender, height=evidence.first.height)
        for event in out.events:
            self._listener.on_view_changed(event)
        if out.halt is not None:
            self._on_halt(out.halt)

    def _send(self, message: Message, to: int | None) -> None:
        payload = encode_message(message)
        if to is None:
            self._links.to_validators(payload)
        else:
            self._links.to_validator(to, payload)

    def _answer(self, request: Request) -> None:
        match request:
            case BuildBlock():
                own = self.replica.own_index
                if own is not None:
                    self._desk.build(request, own)
            case CheckProposal():
                self._desk.check(request)
            case FetchBlock():
                self._desk.fetch(request)
            case StartSync():
                self._catch_up(request.height, request.hints)
            case PrepareExecution():
                self._desk.lock(request.block_hash)
                self._ahead = request.block_hash

    def _decide(self, decide: Decide) -> None:
        candidate = self._desk.candidate(decide.block_hash)
        if candidate is None:
            # Decided in an old view whose body this node has let go: its signers have it durably.
            self._undone = decide
            self._desk.fetch(FetchBlock(decide.height, decide.block_hash, decide.certificate.signer_indexes()))
        else:
            self.commit_block(candidate, encode_certificate(decide.certificate), decide.certificate)

    def commit_block(self, candidate: Candidate, data: bytes, certificate: QuorumCertificate) -> None:
        """Extend the chain by a decided block and tell everybody; the certificate (``data`` encoded) is verified.

        Raises:
            LedgerDiverged, StoreError: as ``Ledger.commit``.
        """
        forgotten = self._is_forgotten(certificate)
        if candidate.header.height > self._ledger.tip.height:
            self._signer.expect_height(candidate.header.height)
        receipts = self._ledger.commit(candidate, data)
        if forgotten:
            self.halt("votes-forgotten", {"height": str(certificate.height)})
        if receipts is not None:
            self._undone = None
            self._desk.advance()
            self._after_commit(candidate.transactions)
            self._listener.on_block(candidate, receipts)
            message = Decided(self._ledger.chain_id, candidate.header.height, candidate.block_hash, certificate)
            self._links.to_observers(encode_message(message))
            # Last: a journal that fails now halts the node, but the block is durable and everybody was told.
            self._signer.start_height(candidate.header.height)
        self.check_upgrade()
        self._tell_core(certificate if candidate.header.height == self._ledger.tip.height else None)
        self.note_pending()

    def check_upgrade(self) -> None:
        """Halt before a block that this program does not understand: at a start, and after every block."""
        needed = self._ledger.upgrade_needed()
        if needed is not None:
            self.halt(needed.reason, needed.details)

    def _is_forgotten(self, certificate: QuorumCertificate) -> bool:
        """SPEC, Rejoin: the certificate holds an own signature that the sign-state knows nothing of."""
        around = self._ledger.surroundings
        if self._voting_keys is None or certificate.epoch != around.validators.epoch:
            return False
        own = self._voting_keys.index_in(around.members)
        if own is None or own not in certificate.signer_indexes() or self._signer.is_silent(certificate.height):
            return False
        return certificate.height > self._signer.signed_height

    def _tell_core(self, proof: QuorumCertificate | None) -> None:
        """The tip, who leads above it (R12), its timers, and the set that agrees there when an epoch ended (E2)."""
        around = self._ledger.surroundings
        tip, validators = around.tip, around.validators
        changed = validators.epoch != self.replica.validators.epoch
        own_index = self._enter_epoch(around.members) if changed else None
        self.feed(
            BlockApplied(
                tip.height,
                tip.block_hash,
                tip.proof_due,
                proof,
                around.leadership.suspended,
                validators if changed else None,
                own_index,
                around.parameters.timer_config(),
            )
        )

    def _enter_epoch(self, members: ValidatorList) -> int | None:
        """E2: the own place in the next set, under whichever key it names."""
        keys = self._voting_keys
        if keys is None:
            return None
        index = keys.enter(members)
        self._signer.enter_epoch(members.epoch, keys.current)
        return index

    def apply_synced(self, candidate: Candidate, data: bytes, certificate: QuorumCertificate) -> None:
        """``commit_block`` for catch-up, which runs outside a step: failures halt here."""
        try:
            self.commit_block(candidate, data, certificate)
        except (StoreError, LedgerDiverged) as error:
            self._halt_by(error)
            raise

    def sync_finished(self) -> None:
        """Catch-up ended; voting may resume."""
        self.feed(SyncFinished())

    def _halt_by(self, error: StoreError | LedgerDiverged) -> None:
        if isinstance(error, StoreError):
            # SPEC R11: after a failed write nothing may be signed; what is stored can still be read.
            self.halt(error.code, {"message": error.message})
        else:
            self.halt(error.reason, error.details)

    def halt(self, reason: str, details: dict[str, str]) -> None:
        """Stop signing for good (SPEC R11); reads go on."""
        if self.halted is None:
            self.halted = reason
            self._listener.on_halt(reason, details)
            # Ahead of everything that waits: nothing more may be signed.
            self._inputs.appendleft(Halted(reason))
            self._wake.set()

    def _on_halt(self, halt: Halt) -> None:
        if self.halted is None:
            self.halted = halt.reason
            self._listener.on_halt(halt.reason, {"details": halt.details})
