"""The invariants of SPEC.md, checked at every step, send and applied block of a simulation."""

from collections import Counter
from dataclasses import dataclass, field

from consensus.certificates import QuorumCertificate
from consensus.journal import BlockPrepared, MessageSigned, PersistBlock, encode_record, sign_position
from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Signed, Status, ViewChange
from consensus.outputs import Evidence, Outputs
from consensus.quorum import ValidatorSet
from consensus.replica import Replica
from consensus.signing import signed_digest
from tests.simulation.disk import Disk, Stored


def quorum_by_definition(size: int) -> int:
    """The smallest q of which any two share more than f validators; found by trying, independent of the core."""
    faults = max(count for count in range(size) if 3 * count < size)
    return next(quorum for quorum in range(1, size + 1) if 2 * quorum - size > faults)


class Violation(AssertionError):
    """An invariant does not hold."""


def expect(condition: bool, claim: str) -> None:
    if not condition:
        raise Violation(claim)


@dataclass
class Checker:
    """Sees everything that honest validators do; any contradiction of the invariants raises ``Violation``."""

    validators: ValidatorSet
    twins: tuple[int, ...] = ()
    """Validators that may contradict themselves and be accused."""
    decided: dict[int, bytes] = field(default_factory=dict)
    refused: int = 0
    events: Counter = field(default_factory=Counter)
    rejections: Counter = field(default_factory=Counter)
    accused: set[int] = field(default_factory=set)
    _sent: dict[tuple[int, int, int, type], bytes] = field(default_factory=dict)
    _view_change_sent: dict[tuple[int, int], int] = field(default_factory=dict)
    _commits: dict[tuple[int, int, bytes], set[int]] = field(default_factory=dict)
    _locked: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    _place: dict[int, tuple[int, int]] = field(default_factory=dict)
    _decide_asked: set[tuple[int, int, int]] = field(default_factory=set)
    _incarnation: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.quorum = quorum_by_definition(self.validators.size)

    def on_restarted(self, address: int, replica: Replica) -> None:
        """View never backwards: a restarted replica is not below a view that it told others about."""
        self._incarnation[address] += 1
        self._place[address] = (replica.height, replica.view)
        if replica.own_index is not None and replica.own_index not in self.twins:
            told = self._view_change_sent.get((replica.own_index, replica.height), 0)
            expect(replica.view >= told, f"{address} restarted in view {replica.view} after asking for {told}")

    def on_step(self, index: int, replica: Replica, out: Outputs, voiceless: bool) -> None:
        place = (replica.height, replica.view)
        expect(place >= self._place.get(index, (0, 0)), f"{index} went back from {self._place.get(index)} to {place}")
        self._place[index] = place
        expect(not (voiceless and out.sign), f"{index} voted while syncing or halted")
        expect(out.halt is None, f"{index} halted: {out.halt}")
        for accusation in out.evidence:
            self._check_evidence(accusation)
        if out.decided is not None:
            key = (index, self._incarnation[index], out.decided.height)
            expect(key not in self._decide_asked, f"{index} decided height {out.decided.height} twice")
            self._decide_asked.add(key)
            self._agree(out.decided.height, out.decided.block_hash)
        for event in out.events:
            self.events[event.reason] += 1
        for rejection in out.rejected:
            self.rejections[rejection.code] += 1

    def _check_evidence(self, accusation: Evidence) -> None:
        """Only the guilty are accused, with two signed payloads for one place."""
        first, second = accusation
        expect(first.sender in self.twins, f"an honest validator is accused: {accusation}")
        expect(sign_position(first) == sign_position(second), "evidence of two places")
        expect(first.sender == second.sender and signed_digest(first) != signed_digest(second), "evidence of nothing")
        expect(bool(first.signature and second.signature), "evidence without signatures")
        self.accused.add(first.sender)

    def on_filtered(self, code: str | None) -> None:
        if code is not None:
            self.rejections[code] += 1

    def on_sent(self, index: int, message: Message, disk: Disk) -> None:
        if isinstance(message, Status):
            return
        if isinstance(message, Decided):
            self._agree(message.height, message.block_hash)
            expect(self._is_quorum(message.certificate), "DECIDED without a quorum")
            return
        expect(message.sender == index, f"{index} sent a message of {message.sender}")
        if index in self.twins:
            if isinstance(message, Commit):
                self._note_commit(message)
            return
        if not self._is_new(message):
            return
        self._check_durable(message, disk)
        self._check_order(message)
        if isinstance(message, Commit):
            self._note_commit(message)
        elif isinstance(message, PrePrepare):
            self._check_lock(message)

    def _is_new(self, message: Signed) -> bool:
        """No double vote: one payload for each place, restarts included."""
        key = (message.sender, message.height, message.view, type(message))
        digest = signed_digest(message)
        known = self._sent.setdefault(key, digest)
        expect(known == digest, f"double vote: {key}")
        return known is digest

    def _check_durable(self, message: Signed, disk: Disk) -> None:
        """Durable before sent: the message, and what it promises to hold."""
        journal = set(disk.journal)
        expect(encode_record(MessageSigned(message)) in journal, f"sent before durable: {message!r}")
        if isinstance(message, PrePrepare | Prepare):
            expect(message.block_hash in disk.bodies, "voted for a block whose body is not durable")
            expect(encode_record(PersistBlock(message.height, message.block_hash)) in journal, "no body record")
        if isinstance(message, Commit):
            prepared = [record.certificate for record in disk.records() if isinstance(record, BlockPrepared)]
            expect(
                any((c.view, c.block_hash) == (message.view, message.block_hash) for c in prepared),
                "committed before the certificate was durable",
            )

    def _check_order(self, message: Signed) -> None:
        """After VIEW_CHANGE(t) never a PREPARE or COMMIT below t (R6)."""
        place = (message.sender, message.height)
        if isinstance(message, ViewChange):
            self._view_change_sent[place] = max(message.view, self._view_change_sent.get(place, 0))
        else:
            expect(message.view >= self._view_change_sent.get(place, 0), "a vote below an own VIEW_CHANGE")

    def _note_commit(self, message: Commit) -> None:
        senders = self._commits.setdefault((message.height, message.view, message.block_hash), set())
        senders.add(message.sender)
        if len(senders) >= self.quorum and message.height not in self._locked:
            self._locked[message.height] = (message.view, message.block_hash)

    def _check_lock(self, message: PrePrepare) -> None:
        """Certificate lock: once q have committed, no higher view proposes another block."""
        view, block_hash = self._locked.get(message.height, (message.view, message.block_hash))
        expect(message.view <= view or message.block_hash == block_hash, "a committed block was proposed away")

    def on_applied(self, index: int, disk: Disk, stored: Stored) -> None:
        height = len(disk.chain) + 1
        self._agree(height, stored.block_hash)
        expect(stored.block.height == height, f"{index} applied {stored.block.height} at {height}")
        expect(stored.block.parent_hash == disk.tip.block_hash, f"{index} applied a block of another parent")
        expect(self._is_quorum(stored.certificate), "applied without a quorum")
        earlier = {transaction for block in disk.chain for transaction in block.block.transactions}
        expect(not earlier & set(stored.block.transactions), "a transaction was committed twice")

    def _agree(self, height: int, block_hash: bytes) -> None:
        expect(self.decided.setdefault(height, block_hash) == block_hash, f"two blocks decided at height {height}")

    def _is_quorum(self, certificate: QuorumCertificate) -> bool:
        return len(set(certificate.signer_indexes())) >= self.quorum
