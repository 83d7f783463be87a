"""The fifteen invariants of SPEC.md and of the chain above it, held against everything honest nodes do.

Each check is incremental: what a step, a send or a block adds is compared with what is known, so that checking after
every one of them costs little. Any contradiction raises ``Violation``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chainnode.chain.candidate import Candidate
from chainnode.store import layout
from chainnode.store import sign_state as sign_state_file
from chainnode.types.block import Header, decode_header
from chainnode.types.receipt import Receipt
from consensus import inputs, outputs
from consensus.certificates import COMMIT, QuorumCertificate, certificate_claims, decode_certificate
from consensus.journal import BlockPrepared, PersistBlock, ProposalAccepted, encode_record, sign_position
from consensus.messages import (
    NOTHING_PREPARED,
    Commit,
    Decided,
    Message,
    Prepare,
    PrePrepare,
    Signed,
    Status,
    ViewChange,
)
from consensus.outputs import Outputs
from consensus.signing import signed_digest
from tests.simulation.checker import Violation, expect
from tests.simulation.whole.disk import Disk, File
from tests.simulation.whole.genesis import CHAIN_ID
from tests.simulation.whole.membership import Membership
from tests.simulation.whole.signing import verify

VIEWS_MAX = 9
"""F0: votes of the current and eight earlier views."""

JOURNAL_TAIL_BYTES = 128 * 1024
"""What was just made durable stands at the end of the journal."""

__all__ = ["Checker", "Decision", "Violation", "expect"]


@dataclass(slots=True)
class Decision:
    """What the first honest node made of a height; all others must agree."""

    block_hash: bytes
    header: Header
    state_root: bytes
    results_root: bytes
    tx_ids: tuple[bytes, ...]


@dataclass
class Checker:
    """Sees everything that honest nodes do."""

    sets: Membership
    genesis_hash: bytes
    hostile: frozenset[int] = frozenset()
    """Validators that may do anything, by identity."""
    forbidden: set[bytes] = field(default_factory=set)
    """Transactions that must change nothing."""
    decided: dict[int, bytes] = field(default_factory=dict)
    chain: dict[int, Decision] = field(default_factory=dict)
    committed: dict[bytes, int] = field(default_factory=dict)
    """Height by transaction."""
    steps: int = 0
    events: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    penalties: Counter[str] = field(default_factory=Counter)
    accused: set[int] = field(default_factory=set)
    _sent: dict[tuple[int, int, int, type], bytes] = field(default_factory=dict)
    _view_change_sent: dict[tuple[int, int], int] = field(default_factory=dict)
    _forgotten: dict[int, int] = field(default_factory=dict)
    """Highest height at which a key spoke whose memory was lost since."""
    _committed_in: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)
    """View and block of the last COMMIT, by sender and height."""
    _commits: dict[tuple[int, int, bytes], set[int]] = field(default_factory=lambda: defaultdict(set))
    _locked: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    _place: dict[int, tuple[int, int]] = field(default_factory=dict)
    _asked: set[tuple[int, int, int]] = field(default_factory=set)
    _starts: Counter[int] = field(default_factory=Counter)
    _fresh: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    """Fresh proposals under judgement, by machine, height and view."""
    _found_valid: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))
    _prepared: dict[tuple[int, int, int, bytes], bytes] = field(default_factory=dict)
    """A signature of the PREPARE certificate, by machine, height, view and block."""
    _proven: set[tuple[int, int, bytes]] = field(default_factory=set)

    def honest(self, index: int) -> bool:
        return index not in self.hostile

    def on_started(self, address: int, index: int, replica: Any, *, anew: bool = False) -> None:
        """Invariant 6 across restarts: never below a view that others were told about.

        ``anew``: what this key said is forgotten, which the node knows. Then it says nothing more at these heights.
        """
        if anew:
            heights = [place[1] for place in self._sent if place[0] == index]
            self._forgotten[index] = max(heights, default=0)
        self._starts[address] += 1
        self._place[address] = (replica.height, replica.view)
        if replica.own_index is not None and replica.height > self._forgotten.get(index, 0):
            told = self._view_change_sent.get((index, replica.height), 0)
            expect(replica.view >= told, f"{address} restarted in view {replica.view} after asking for {told}")

    def on_step(self, address: int, index: int, replica: Any, event: inputs.Input, out: Outputs, silent: bool) -> None:
        """Invariants 6, 8, 10 and 12, and who found which block valid."""
        self.steps += 1
        place = (replica.height, replica.view)
        before = self._place.get(address, (0, 0))
        expect(place >= before, f"{address} went back from {before} to {place}")
        self._place[address] = place
        expect(not (silent and out.sign), f"{address} voted while syncing or halted")
        expect(out.halt is None or isinstance(event, inputs.Halted), f"{address} halted: {out.halt}")
        for accusation in out.evidence:
            self._check_evidence(accusation)
        if out.decided is not None:
            key = (address, self._starts[address], out.decided.height)
            expect(key not in self._asked, f"{address} decided height {out.decided.height} twice")
            self._asked.add(key)
            self.agree(out.decided.height, out.decided.block_hash)
            self.prove(out.decided.certificate, out.decided.height, out.decided.block_hash)
        for record in out.persist:
            if isinstance(record, BlockPrepared):
                proof = record.certificate
                self._prepared[(address, proof.height, proof.view, proof.block_hash)] = proof.signatures[0]
            elif isinstance(record, ProposalAccepted):
                proposal = record.message
                # R12 said once more, for as long as nobody is suspended.
                leader = (proposal.height + proposal.view) % replica.validators.size
                leads = proposal.sender == leader or bool(replica._state.suspended)
                expect(leads, f"{address} accepted a proposal of one who does not lead")
        self._note_judgement(address, index, event, out)
        for happened in out.events:
            self.events[happened.reason] += 1
        for rejected in out.rejected:
            self.rejections[rejected.code] += 1

    def _note_judgement(self, address: int, index: int, event: inputs.Input, out: Outputs) -> None:
        if isinstance(event, inputs.BlockBuilt) or (
            isinstance(event, inputs.ProposalChecked)
            and event.code is None
            and self._fresh.get((address, event.height, event.view)) == event.block_hash
        ):
            self._found_valid[event.block_hash].add(index)
        for request in out.requests:
            if isinstance(request, outputs.CheckProposal) and request.fresh:
                self._fresh[(address, request.height, request.view)] = request.block_hash

    def _check_evidence(self, accusation: outputs.Evidence) -> None:
        """Invariant 12: only the guilty are accused, with two signed payloads for one place."""
        first, second = accusation
        expect(first.sender == second.sender, "evidence against two")
        accused = self.sets.at(first.height).identities[first.sender]
        expect(not self.honest(accused), f"an honest validator is accused: {accusation}")
        expect(sign_position(first) == sign_position(second), "evidence of two places")
        expect(signed_digest(first) != signed_digest(second), "evidence of nothing")
        expect(bool(first.signature and second.signature), "evidence without signatures")
        self.accused.add(accused)

    def on_sent(self, address: int, index: int, message: Message, disk: Disk) -> None:
        """Invariants 4, 5, 6, 7 and 11, for the first copy of each message."""
        if isinstance(message, Status):
            return
        if isinstance(message, Decided):
            self.agree(message.height, message.block_hash)
            self.prove(message.certificate, message.height, message.block_hash)
            return
        members = self.sets.at(message.height)
        place = (members.validators.epoch, members.validators.hash)
        expect((message.epoch, message.validators_hash) == place, f"{address} votes in another epoch at {place}")
        expect(members.identities[message.sender] == index, f"{address} sent a message of {message.sender}")
        forgotten = self._forgotten.get(index, -1)
        expect(message.height > forgotten, f"{address} votes at {message.height}, and has forgotten what it said there")
        key = (index, message.height, message.view, type(message))
        digest = signed_digest(message)
        known = self._sent.get(key)
        expect(known in {None, digest}, f"double vote: {key}")
        if known is not None:
            return
        self._sent[key] = digest
        self._check_durable(address, message, disk)
        self._check_order(index, message)
        if isinstance(message, Commit):
            self._note_commit(message)
        elif isinstance(message, Prepare | PrePrepare):
            view, block_hash = self._locked.get(message.height, (message.view, message.block_hash))
            expect(
                message.view <= view or message.block_hash == block_hash, "a committed block was proposed away"
            )

    def _check_durable(self, address: int, message: Signed, disk: Disk) -> None:
        """Invariant 7: the message and what it promises to hold are on the disk, and the sign-state knows."""
        files = [file for name, file in disk.names.items() if name.endswith(".log")]
        journal = [bytes(file.durable[-JOURNAL_TAIL_BYTES:]) for file in files if isinstance(file, File)]

        def holds(data: bytes) -> bool:
            return any(data in content for content in journal)

        expect(holds(message.signature), f"sent before durable: {type(message).__name__}")
        file = disk.names["data/sign-state"]
        cell = file.durable if isinstance(file, File) else bytearray()
        slots = [sign_state_file._decode(bytes(cell[page * 4096 : page * 4096 + 512])) for page in (0, 1)]
        newest = max((slot[1].position for slot in slots if slot is not None), default=(0, 0, 0, 0))
        expect(newest >= tuple(sign_position(message)), "sent before the sign-state was durable")
        if isinstance(message, PrePrepare | Prepare):
            record = encode_record(PersistBlock(message.height, message.block_hash))[:-2]
            expect(holds(record), "voted for a block whose body is not durable")
        elif isinstance(message, Commit):
            proof = self._prepared.get((address, message.height, message.view, message.block_hash))
            expect(proof is not None and holds(proof), "committed before the certificate was durable")

    def _check_order(self, index: int, message: Signed) -> None:
        """Invariant 6: after VIEW_CHANGE(t) never a PREPARE or COMMIT below t."""
        place = (index, message.height)
        told = self._view_change_sent.get(place, 0)
        if isinstance(message, ViewChange):
            self._view_change_sent[place] = max(message.view, told)
            # Why it is safe, later views: who signed COMMIT in a view held its certificate, and says so ever after.
            view, block_hash = self._committed_in.get(place, (NOTHING_PREPARED, b""))
            held = (message.prepared_view, message.prepared_hash)
            # One to that view, or below, is older than the lock, and may be told again to whoever asks.
            told_before = message.view <= view
            kept = held[0] > view or held == (view, block_hash)
            expect(told_before or kept, f"a VIEW_CHANGE hides the lock of view {view}")
        else:
            expect(message.view >= told, "a vote below an own VIEW_CHANGE")
            if isinstance(message, Commit):
                self._committed_in[place] = (message.view, message.block_hash)

    def _note_commit(self, message: Commit) -> None:
        senders = self._commits[(message.height, message.view, message.block_hash)]
        senders.add(message.sender)
        # With the f that may be hostile these make q; SPEC.md, Why it is safe, needs the honest ones only.
        members = self.sets.at(message.height)
        if len(senders) >= members.quorum - members.faults and message.height not in self._locked:
            self._locked[message.height] = (message.view, message.block_hash)

    def on_block(self, address: int, candidate: Candidate, tip: Any, disk: Disk, latest_ms: int) -> None:
        """Invariants 1, 2, 3, 8 and 11; equal roots; no transaction twice; durable before anybody is told."""
        height, block_hash = candidate.header.height, candidate.block_hash
        self.agree(height, block_hash)
        expect(tip.height == height and tip.block_hash == block_hash, f"{address} told of {height} at {tip.height}")
        expect(layout.BLOCK_HASH + block_hash in disk.pairs, f"{address} told of a block that is not durable")
        tx_ids = tuple(transaction.tx_id for transaction in candidate.transactions)
        known = self.chain.get(height)
        if known is None:
            expect(candidate.header.time_ms <= latest_ms, f"the block at {height} is from the future")
            self._extend(candidate, tip, tx_ids)
            return
        expect(known.state_root == tip.state_root, f"{address} has another state after height {height}")
        expect(known.results_root == tip.results_root, f"{address} has other results at height {height}")
        expect(known.tx_ids == tx_ids, f"{address} has other transactions at height {height}")

    def _extend(self, candidate: Candidate, tip: Any, tx_ids: tuple[bytes, ...]) -> None:
        header, height = candidate.header, candidate.header.height
        before = self.chain.get(height - 1)
        expect(height == 1 or before is not None, f"height {height} was decided before the one below")
        parent = self.genesis_hash if before is None else before.block_hash
        expect(header.parent_hash == parent, f"the block at {height} has another parent")
        if before is not None:
            expect(header.time_ms > before.header.time_ms, f"time does not grow at height {height}")
            expect(header.prev_state_root == before.state_root, f"height {height} certifies another state")
            expect(header.prev_results_root == before.results_root, f"height {height} certifies other results")
        expect(decode_header(candidate.header_bytes) == header, "a header is not its bytes")
        if candidate.last_certificate:
            self.sets.note_signers(decode_certificate(candidate.last_certificate))
        self.sets.check_header(header)
        judges = {index for index in self._found_valid[candidate.block_hash] if self.honest(index)}
        enough = self.sets.at(height).faults + 1
        expect(len(judges) >= enough, f"height {height} was found valid by {len(judges)} honest validators")
        for transaction in candidate.transactions:
            expect(transaction.tx_id not in self.committed, f"a transaction was committed twice, now at {height}")
            expect(transaction.payload.valid_until >= height, f"an expired transaction was committed at {height}")
            self.committed[transaction.tx_id] = height
        self.chain[height] = Decision(candidate.block_hash, header, tip.state_root, tip.results_root, tx_ids)

    def check_outcomes(self, receipts: Iterable[Receipt], excluded: Iterable[int], height: int) -> None:
        """Invariant 12 on the chain, and that the consortium's rules refuse what they forbid."""
        for receipt in receipts:
            allowed = receipt.code != "ok" or receipt.tx_id not in self.forbidden
            expect(allowed, f"a forbidden change was made at height {height}")
        guilty = [self.sets.at(height + 1).identities[index] for index in excluded]
        expect(not any(map(self.honest, guilty)), f"the honest are excluded at height {height}: {guilty}")

    def agree(self, height: int, block_hash: bytes) -> None:
        """Invariant 1: no two honest validators decide different blocks at a height."""
        expect(self.decided.setdefault(height, block_hash) == block_hash, f"two blocks decided at height {height}")

    def prove(self, certificate: QuorumCertificate, height: int, block_hash: bytes) -> None:
        """Invariant 11: a decision rests on q members of the set, each of whom signed."""
        key = (height, certificate.view, b"".join(certificate.signatures))
        if key in self._proven:
            return
        self._proven.add(key)
        indexes = certificate.signer_indexes()
        expect(certificate.kind == COMMIT, "a decision by a certificate of another kind")
        expect((certificate.height, certificate.block_hash) == (height, block_hash), "a certificate of another block")
        members = self.sets.at(height)
        expect(certificate.epoch == members.validators.epoch, "a decision of another epoch")
        expect(len(set(indexes)) >= members.quorum, "decided without a quorum")
        expect(len(indexes) == len(certificate.signatures), "a certificate lacks signatures")
        expect(all(index < members.validators.size for index in indexes), "a stranger's vote counted")
        for claim in certificate_claims(certificate, members.validators, CHAIN_ID):
            expect(verify(*claim), "a signature of a decision is forged")

    def on_penalised(self, by: int, offender: int, code: str, hostile: bool) -> None:
        """Invariant 12 for links: nobody honest is cut off for what it sent."""
        self.penalties[code] += 1
        expect(hostile, f"{by} punished the honest {offender}: {code}")

    def check_bounds(self, address: int, node: Any) -> None:
        """Invariant 9: what peers can make a node remember is bounded."""
        state = node._driver.replica.inner._state
        views = VIEWS_MAX
        expect(len(state.book._prepares) <= views and len(state.book._commits) <= views, f"{address}: votes pile up")
        held = [getattr(state.next_height, name) for name in state.next_height.__slots__]
        early = sum(len(messages) for messages in held if isinstance(messages, list | dict))
        expect(early <= 5 * state.validators.size, f"{address}: messages of the next height pile up")
        expect(len(state.sent) <= 8, f"{address}: own messages pile up")
        expect(len(node._desk._candidates) <= 16, f"{address}: candidates pile up")
        expect(len(node._desk._fetches) <= 32, f"{address}: fetches pile up")
        kept, peers = node._gate._early, len(node._membership.node_keys)
        expect(len(kept) <= 64 * (peers + 1), f"{address}: early messages pile up")
        expect(sum(kept._bytes_of.values()) <= 2 * 16 * 2**20, f"{address}: bytes of early messages pile up")
        expect(len(node._driver._inputs) <= 20_100, f"{address}: inputs pile up")
