"""Holds one replica of the core to the model: what it hears, what it signs, when it decides.

The judge keeps what SPEC.md F0 says is kept, as plain lists, and asks ``rules.py`` after every step.
"""

from collections import Counter
from collections.abc import Sequence

from consensus.journal import BlockPrepared, JournalRecord, MessageSigned
from consensus.messages import Commit, Decided, Prepare, PrePrepare, Signed, ViewChange
from consensus.outputs import Outputs
from consensus.replica import Replica
from consensus.signing import signed_digest
from consensus.state import Phase
from tests.model import rules
from tests.model.reading import Reader

VIEWS_KEPT = 8


class Disagreement(AssertionError):
    """Core and model differ; one of them is wrong."""


def agree(condition: bool, claim: str) -> None:
    """Raise unless ``condition`` holds."""
    if not condition:
        raise Disagreement(claim)


class Judge:
    """One validator's view of the model; survives its restarts, as its signatures do."""

    def __init__(self, reader: Reader, index: int) -> None:
        self.counts: Counter[str] = Counter()
        """How often each rule was asked, so that a test can show that it was."""
        self._reader = reader
        self._index = index
        self._sent: set[rules.Signed] = set()
        self._history: set[rules.Signed] = set()
        self._begin(1)

    def _begin(self, height: int) -> None:
        self._height = height
        self._view = 0
        self._votes: list[rules.Vote] = []
        self._ahead: dict[tuple[rules.Step, int], rules.Vote] = {}
        self._claims: list[rules.Claim] = []
        self._proposals: dict[bytes, rules.Proposal] = {}
        self._accepted: rules.Proposal | None = None
        self._locks: set[tuple[int, bytes]] = set()
        self._shown: set[bytes] = set()
        """Blocks with a DECIDED for this height."""
        self._early: dict[tuple[type, int], Signed] = {}

    def restarted(self, replica: Replica, records: Sequence[JournalRecord]) -> None:
        """The process came back and knows what ``records`` say; signed but neither sent nor recorded is void."""
        live = [record for record in records if record.height == replica.height]
        own = [record.message for record in live if isinstance(record, MessageSigned)]
        self._history = self._sent | {self._reader.signed(message) for message in own}
        self._begin(replica.height)
        self._enter(replica.view)
        for record in live:
            if isinstance(record, BlockPrepared):
                self._locks.add((record.certificate.view, record.certificate.block_hash))
                continue
            message = getattr(record, "message", None)
            if isinstance(message, PrePrepare) and message.view == replica.view:
                self._accepted = self._reader.proposal(message)
        for message in own:
            # Restart: own votes of earlier views are not counted again.
            if message.view == replica.view:
                self._hear_current(message)

    def hear(self, message: Signed | Decided) -> None:
        """A message that the core is about to take, or an own one that came back durable."""
        if isinstance(message, Decided):
            if message.height == self._height:
                self._shown.add(message.block_hash)
        elif message.height == self._height:
            self._hear_current(message)
        elif message.height == self._height + 1:
            known = self._early.get((type(message), message.sender))
            if known is None or known.view < message.view:
                self._early[type(message), message.sender] = message

    def sent(self, message: Signed) -> None:
        """What was signed here is durable and left: it binds for ever."""
        self._sent.add(self._reader.signed(message))

    def _hear_current(self, message: Signed) -> None:
        if isinstance(message, ViewChange):
            self._claims.append(self._reader.claim(message, self._height))
        elif isinstance(message, PrePrepare):
            self._proposals[signed_digest(message)] = self._reader.proposal(message)
        else:
            self._keep(self._reader.vote(message))

    def _keep(self, vote: rules.Vote) -> None:
        """F0, kept at most: the current and 8 earlier views, and for each sender the highest above."""
        if vote.view > self._view:
            known = self._ahead.get((vote.step, vote.sender))
            if known is None or known.view < vote.view:
                self._ahead[vote.step, vote.sender] = vote
        elif vote.view >= self._view - VIEWS_KEPT:
            self._votes.append(vote)

    def _enter(self, view: int) -> None:
        if view == self._view:
            return
        self._view = view
        self._accepted = None
        self._votes = [vote for vote in self._votes if vote.view >= view - VIEWS_KEPT]
        for key in [key for key, vote in self._ahead.items() if vote.view <= view]:
            self._keep(self._ahead.pop(key))

    @property
    def _known(self) -> list[rules.Vote]:
        return [*self._votes, *self._ahead.values()]

    def after_step(self, replica: Replica, out: Outputs) -> None:
        """Hold the step's outcome to every rule."""
        if replica.height != self._height:
            self._next_height(replica.height)
        self._enter(replica.view)
        for message in out.sign:
            self._check_signed(message, replica)
        if replica.phase in {Phase.SYNCING, Phase.HALTED}:
            return
        self._check_decision(replica, out)
        self._check_lock(replica)
        if replica.phase != Phase.DECIDED:
            wanted = rules.view_to_join(self._claims, self._reader.size)
            agree(replica.view >= wanted, f"{self._index} is in view {replica.view}, f + 1 ask for {wanted}")
            self.counts["join"] += wanted > 0

    def _next_height(self, height: int) -> None:
        early = list(self._early.values()) if height == self._height + 1 else []
        self._begin(height)
        for message in early:
            self.hear(message)

    def _check_signed(self, message: Signed, replica: Replica) -> None:
        size, wanted = self._reader.size, self._reader.signed(message)
        history = self._history
        agree(rules.may_sign(history, wanted), f"{self._index} signs out of order: {message!r}")
        again = wanted in history
        match message:
            case PrePrepare():
                proposal = self._reader.proposal(message)
                agree(rules.valid_proposal(proposal, size), f"{self._index} proposes against the rules: {message!r}")
                self._accepted = proposal
            case Prepare():
                self._check_prepare(message, again)
            case Commit():
                agree(replica.prepared is not None, f"{self._index} commits without a certificate")
                allowed = rules.may_commit(self._accepted, self._votes, message.view, message.block_hash, size)
                # A COMMIT that a crash cut off is signed after the restart, by the certificate in the journal.
                place = (message.view, message.block_hash)
                agree(allowed or place in self._locks, f"{self._index} commits too early: {message!r}")
                self._locks.add(place)
            case ViewChange():
                claim = self._reader.claim(message, self._height)
                agree(rules.may_ask(claim, self._locks), f"{self._index} hides or invents a lock: {claim}")
        self.counts[type(message).__name__] += 1
        history.add(wanted)

    def _check_prepare(self, message: Prepare, again: bool) -> None:
        size = self._reader.size
        proposals = [proposal for proposal in self._proposals.values() if proposal.block == message.block_hash]
        if self._accepted is not None:
            proposals.append(self._accepted)
        of_view = [proposal for proposal in proposals if proposal.view == message.view]
        allowed = [proposal for proposal in of_view if rules.may_prepare(self._history, proposal, size)]
        agree(bool(allowed) or again, f"{self._index} prepares what it may not: {message!r}")
        if of_view:
            self._accepted = of_view[0]

    def _check_decision(self, replica: Replica, out: Outputs) -> None:
        blocks = rules.decides(self._known, self._reader.size)
        agree(len(blocks) <= 1, f"two decisions at height {self._height}")
        decided = replica.phase == Phase.DECIDED
        agree(decided == bool(blocks | self._shown), f"{self._index} decided: {decided}, the model: {len(blocks)}")
        if out.decided is not None:
            agree(out.decided.block_hash in blocks | self._shown, f"{self._index} decides another block")
            self.counts["decided"] += 1

    def _check_lock(self, replica: Replica) -> None:
        certificate = replica.prepared
        if certificate is None:
            return
        place = (certificate.view, certificate.block_hash)
        if place not in self._locks:
            agree(place in rules.prepared_blocks(self._votes, self._reader.size), f"{self._index} holds a false lock")
            self._locks.add(place)
        agree(place == max(self._locks), f"{self._index} went back to a lower lock")
