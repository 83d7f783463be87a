"""A host of the core: performs its outputs in order on a simulated disk and network, and may die between any two."""

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from consensus import inputs, outputs
from consensus.certificates import COMMIT, certificate_claims, check_certificate
from consensus.journal import MessageSigned, PersistBlock, SignState, sign_position
from consensus.messages import MalformedMessage, Message, Signed, Status, decode_message, encode_message
from consensus.outputs import Outputs
from consensus.recovery import recover
from consensus.replica import Replica
from consensus.signing import required, signed_bytes, signed_digest, with_signature
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.simulation.disk import Block, Disk, Stored

if TYPE_CHECKING:
    from tests.simulation.cluster import Cluster

CHAIN_ID = "simulated"


class Crashed(Exception):
    """The process died between two writes."""


class Host:
    """One validator: a disk that stays, and a process that comes and goes."""

    def __init__(self, cluster: "Cluster", address: int, index: int) -> None:
        self.cluster = cluster
        self.address = address
        self.index = index
        """In the validator set; two hosts with one index are twins: one key on two machines."""
        self.disk = Disk(cluster.genesis_hash)
        self.replica: Replica | None = None
        self.incarnation = 0
        self.crash_in: int | None = None
        """Durability points left until the process dies."""
        self.pool: set[int] = set()
        self._bodies: dict[bytes, bytes] = {}
        self._timers: dict[TimerKind, int] = {}
        self._inbox: list[inputs.Input] = []
        self._stepping = False

    @property
    def running(self) -> bool:
        return self.replica is not None

    def start(self) -> None:
        """Start the process from what the disk holds."""
        cluster = self.cluster
        validators = cluster.keys.validators
        tip = self.disk.tip
        if cluster.journal_first:
            self._raise_sign_state()
        found = recover(self.disk.records(), tip, validators, self.index, self.disk.sign_state)
        self._bodies = dict(self.disk.bodies)
        self._timers = {}
        self._inbox = []
        self.replica = Replica(CHAIN_ID, validators, self.index, tip=tip, timers=cluster.timers, recovered=found)
        cluster.checker.on_restarted(self.address, self.replica)
        self.take(inputs.Started())
        self._offer_transactions()

    def crash(self) -> None:
        """Lose everything that is not on the disk."""
        self.replica = None
        self.incarnation += 1
        self.crash_in = None

    def later(self, delay_ms: int, event: inputs.Input) -> None:
        """Feed ``event`` unless this process has died by then."""
        incarnation = self.incarnation

        def feed() -> None:
            if self.incarnation == incarnation:
                self.take(event)

        self.cluster.schedule.after(delay_ms, feed)

    def receive(self, data: bytes) -> None:
        """Decode, filter, verify, then step: the host's side of F0."""
        if self.replica is None:
            return
        try:
            message = decode_message(data)
        except MalformedMessage:
            return
        code = self.replica.filter(message)
        self.cluster.checker.on_filtered(code)
        if code is None and all(map(self.cluster.keys.verifies, required(message, self.replica.validators))):
            self.take(inputs.MessageReceived(message))

    def submit(self, transaction: int) -> None:
        if self.replica is not None:
            was_empty = not self._pending()
            self.pool.add(transaction)
            if was_empty:
                self._offer_transactions()

    def take(self, event: inputs.Input) -> None:
        """Step, and perform the outputs before the next step, own messages included."""
        self._inbox.append(event)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._inbox and self.replica is not None:
                self._step(self.replica, self._inbox.pop(0))
        except Crashed:
            self.crash()
        finally:
            self._stepping = False

    def _step(self, replica: Replica, event: inputs.Input) -> None:
        voiceless = replica.phase in {Phase.SYNCING, Phase.HALTED} and not isinstance(event, inputs.SyncFinished)
        out = replica.step(event, self.cluster.schedule.now_ms)
        self.cluster.checker.on_step(self.address, replica, out, voiceless)
        signed = self._make_durable(out)
        for message in signed:
            self._transmit(message, None)
            self._inbox.append(inputs.MessageReceived(message))
        for send in out.sends:
            self._transmit(send.message, send.to)
        for request in out.timers:
            self._set_timer(request)
        for wanted in out.requests:
            self._perform(wanted)
        if out.decided is not None:
            self._decide(out.decided)

    def _raise_sign_state(self) -> None:
        """A crash fell between journal and sign-state; what the journal holds was signed."""
        signed = [record.message for record in self.disk.records() if isinstance(record, MessageSigned)]
        newest = max(signed, key=sign_position, default=None)
        if newest is not None and sign_position(newest) > self.disk.sign_state.position:
            self.disk.sign_state = SignState(sign_position(newest), signed_digest(newest), newest.signature)

    def _durability_point(self) -> None:
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                raise Crashed

    def _make_durable(self, out: Outputs) -> list[Signed]:
        if not out.persist and not out.sign:
            return []
        records = list(out.persist)
        signed: list[Signed] = []
        for message in out.sign:
            state = self._guarded(message)
            if state is None:
                break
            signed.append(with_signature(message, state.signature))
            records.append(MessageSigned(signed[-1]))
            if not self.cluster.journal_first:
                self._durability_point()
                self.disk.sign_state = state
        if self.crash_in == 0 and records:
            # The process dies during the write: some records of the step reach the disk, the last ones do not.
            records = records[: self.cluster.random.randrange(len(records))]
        for record in records:
            if isinstance(record, PersistBlock):
                self.disk.bodies[record.block_hash] = self._bodies[record.block_hash]
        self.disk.append(records)
        self._durability_point()
        if self.cluster.journal_first and signed:
            self._raise_sign_state()
            self._durability_point()
        return signed

    def _guarded(self, message: Signed) -> SignState | None:
        """The sign-state after signing ``message``, or None if the guard refuses."""
        position, digest = sign_position(message), signed_digest(message)
        match self.disk.sign_state.decide(position, digest):
            case "sign":
                return SignState(position, digest, self.cluster.keys.sign(self.index, signed_bytes(message)))
            case "reuse":
                return self.disk.sign_state
            case "refuse":
                self.cluster.checker.refused += 1
                return None

    def _transmit(self, message: Message, to: int | None) -> None:
        self.cluster.checker.on_sent(self.index, message, self.disk)
        if isinstance(message, Status):
            message = msgspec.structs.replace(message, lowest_height=1)
        data = encode_message(message)
        for other in self.cluster.hosts:
            if other.address != self.address and to in {None, other.index}:
                self.cluster.network.send(self.address, other.address, data)

    def _set_timer(self, request: outputs.TimerRequest) -> None:
        if isinstance(request, outputs.CancelTimer):
            self._timers.pop(request.kind, None)
            return
        timer = request.timer
        number = self.cluster.next_number()
        self._timers[timer.kind] = number
        incarnation = self.incarnation

        def fire() -> None:
            if self.incarnation == incarnation and self._timers.get(timer.kind) == number:
                del self._timers[timer.kind]
                self.take(inputs.TimerFired(timer))

        self.cluster.schedule.after(request.delay_ms, fire)

    def _perform(self, request: outputs.Request) -> None:
        match request:
            case outputs.BuildBlock():
                self._build(request)
            case outputs.CheckProposal():
                self._check(request)
            case outputs.FetchBlock():
                self.cluster.fetch(self, request)
            case outputs.StartSync():
                self.cluster.schedule.after(self.cluster.random.randint(5, 200), self._syncing(self.incarnation))
            case outputs.PrepareExecution():
                pass

    def _build(self, request: outputs.BuildBlock) -> None:
        pending = self._pending()
        if not pending and not request.empty_allowed:
            self.later(0, inputs.BuildFailed(request.height, request.view))
            return
        now_ms = self.cluster.schedule.now_ms
        block = Block(request.height, request.parent_hash, self.index, now_ms, tuple(sorted(pending)[:5]))
        proposal = msgspec.msgpack.encode(block)
        block_hash = sha256(proposal).digest()
        self._bodies[block_hash] = proposal
        delay_ms = self.cluster.random.randint(0, 5)
        self.later(delay_ms, inputs.BlockBuilt(request.height, request.view, block_hash, proposal))

    def _check(self, request: outputs.CheckProposal) -> None:
        code = self._fault_of(request)
        if code is None:
            self._bodies[request.block_hash] = request.proposal
        answer = inputs.ProposalChecked(request.height, request.view, request.block_hash, code)
        self.later(self.cluster.random.randint(*self.cluster.check_ms), answer)

    def _fault_of(self, request: outputs.CheckProposal) -> str | None:
        if sha256(request.proposal).digest() != request.block_hash:
            return "hash"
        if not request.fresh:
            return None
        block = msgspec.msgpack.decode(request.proposal, type=Block)
        now_ms = self.cluster.schedule.now_ms
        if block.height != request.height or block.parent_hash != self.disk.tip.block_hash:
            return "parent"
        if block.proposer != request.proposer:
            return "proposer"
        if not now_ms - 10_000 <= block.time_ms <= now_ms + 2_000:
            return "time"
        return "replay" if self._committed() & set(block.transactions) else None

    def _decide(self, decide: outputs.Decide) -> None:
        incarnation = self.incarnation

        def apply() -> None:
            if self.incarnation == incarnation and decide.height == len(self.disk.chain) + 1:
                body = self._bodies[decide.block_hash]
                self._apply(Stored(decide.block_hash, msgspec.msgpack.decode(body, type=Block), decide.certificate))

        self.cluster.schedule.after(self.cluster.random.randint(0, 20), apply)

    def _apply(self, stored: Stored) -> None:
        self.cluster.checker.on_applied(self.index, self.disk, stored)
        self.disk.chain.append(stored)
        self.disk.bodies[stored.block_hash] = msgspec.msgpack.encode(stored.block)
        height = len(self.disk.chain)
        if self.cluster.random.random() < 0.5:
            self.disk.truncate(height)
        proof_due = bool(stored.block.transactions)
        self.take(inputs.BlockApplied(height, stored.block_hash, proof_due, stored.certificate))
        self._offer_transactions()

    def _syncing(self, incarnation: int):
        def sync() -> None:
            if self.incarnation != incarnation:
                return
            for peer in self.cluster.reachable(self.address):
                for stored in peer.disk.chain[len(self.disk.chain) :]:
                    if self._certified(stored) and self.replica is not None:
                        self._apply(stored)
            self.later(1, inputs.SyncFinished())

        return sync

    def _certified(self, stored: Stored) -> bool:
        validators = self.cluster.keys.validators
        certificate = stored.certificate
        return (
            check_certificate(certificate, validators, kind=COMMIT, chain_id=CHAIN_ID) is None
            and (certificate.height, certificate.block_hash) == (len(self.disk.chain) + 1, stored.block_hash)
            and all(map(self.cluster.keys.verifies, certificate_claims(certificate, validators, CHAIN_ID)))
        )

    def fetched(self, block_hash: bytes, body: bytes) -> None:
        self._bodies[block_hash] = body
        self.take(inputs.BlockFetched(block_hash, body))

    def body_of(self, block_hash: bytes) -> bytes | None:
        return self.disk.bodies.get(block_hash)

    def _committed(self) -> set[int]:
        return {transaction for stored in self.disk.chain for transaction in stored.block.transactions}

    def _pending(self) -> set[int]:
        return self.pool - self._committed()

    def _offer_transactions(self) -> None:
        if self.replica is not None:
            self.take(inputs.TransactionsPending(len(self._pending())))
