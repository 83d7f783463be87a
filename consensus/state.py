"""What a replica knows: little, because one height is in flight and everything about it goes at the decision.

The handlers (``normal_case``, ``view_change``, ``catch_up``, ``decision``) change this state; the two entries that
several of them share, into a height and into a view, are here so that they cannot differ.
"""

from enum import IntEnum

from consensus import leader
from consensus.certificates import QuorumCertificate
from consensus.invariant import invariant
from consensus.messages import Justification, PrePrepare, Signed
from consensus.next_height import NextHeight
from consensus.outputs import CancelTimer, Halt, Outputs, SetTimer
from consensus.patience import Patience
from consensus.quorum import ValidatorSet
from consensus.timers import Timer, TimerConfig, TimerKind
from consensus.tip import Tip
from consensus.vote_book import VoteBook


class Phase(IntEnum):
    """How far the current height is."""

    NEW_HEIGHT = 0
    """View 0, nothing accepted yet."""
    PREPARING = 1
    """A proposal of this view is accepted, own PREPARE asked for."""
    COMMITTING = 2
    """A PREPARE certificate of this view is held, own COMMIT asked for."""
    VIEW_CHANGING = 3
    """In a view above 0 whose proposal is not accepted yet."""
    DECIDED = 4
    """q COMMITs are known; waiting for the body or for ``BlockApplied``. No more votes at this height."""
    SYNCING = 5
    """Catching up; no votes. Shown in place of the phase, which is kept for the return."""
    HALTED = 6
    """For good."""


class State:
    """Memory of one replica. Bounded: the vote book, the next height, four own messages and four proposals."""

    __slots__ = (
        "accepted",
        "accused",
        "batch_due_ms",
        "book",
        "building",
        "candidate",
        "chain_id",
        "committed",
        "decide_asked",
        "decided_at_ms",
        "due_at_ms",
        "fetched",
        "fetching",
        "halt",
        "height",
        "helped_at_ms",
        "idle_due",
        "justification",
        "next_height",
        "now_ms",
        "own_index",
        "patience",
        "pending",
        "phase",
        "prepared",
        "prepared_proposal",
        "proposed_at_ms",
        "sent",
        "suspended",
        "sync_height",
        "syncing",
        "ticked",
        "timers",
        "tip",
        "validators",
        "view",
        "view_timer_armed",
    )

    def __init__(
        self,
        chain_id: str,
        validators: ValidatorSet,
        own_index: int | None,
        tip: Tip,
        timers: TimerConfig,
        suspended: tuple[int, ...] = (),
    ) -> None:
        self.chain_id = chain_id
        self.timers = timers
        self.now_ms = 0
        self.halt: Halt | None = None
        self.syncing = False
        self.sync_height = 0
        """Highest height known to be decided while syncing."""
        self.decided_at_ms = 0
        self.proposed_at_ms = 0
        """When this replica prepared last, at whatever height (R1)."""
        self.ticked = (-1, -1)
        """Height and view at the last periodic tick."""
        self.suspended = suspended
        self.view_timer_armed = False
        self.batch_due_ms: int | None = None
        self.set_validators(validators, own_index)
        self.set_height(tip)

    def set_validators(self, validators: ValidatorSet, own_index: int | None) -> None:
        """Count votes of ``validators`` from now on."""
        self.validators = validators
        self.own_index = own_index
        self.helped_at_ms: list[int | None] = [None] * validators.size
        self.patience = Patience(validators.size)
        self.accused: list[int] = [0] * validators.size
        """Height at which equivocation of each validator was reported last."""

    def set_height(self, tip: Tip) -> None:
        """Work on the height above ``tip``: forget everything about heights below."""
        self.tip = tip
        self.height = tip.height + 1
        self.view = 0
        self.phase = Phase.NEW_HEIGHT
        self.book = VoteBook(self.validators.size)
        expected = leader.leader(self.validators.size, self.height + 1, 0, self.suspended)
        self.next_height = NextHeight(self.validators.size, expected)
        self.candidate: PrePrepare | None = None
        """Proposal of the current view that the host is judging."""
        self.accepted: PrePrepare | None = None
        """Proposal of the current view that this replica prepares."""
        self.prepared: QuorumCertificate | None = None
        """The highest PREPARE certificate this replica has formed at this height; its lock."""
        self.prepared_proposal = b""
        self.committed: QuorumCertificate | None = None
        self.decide_asked = False
        self.fetching: bytes | None = None
        """Block the new leader must propose again and does not hold."""
        self.fetched: tuple[bytes, bytes] | None = None
        """Hash and proposal of the body fetched last."""
        self.justification: Justification | None = None
        """Why this replica may propose in the current view, once it leads one above 0."""
        self.building = -1
        """View for which ``BuildBlock`` is unanswered."""
        self.sent: list[Signed] = []
        """Own durable messages of the current view."""
        self.pending = 0
        self.idle_due = False
        self.due_at_ms: int | None = None
        """When the first leader of this height was given its time."""

    def set_view(self, view: int, out: Outputs) -> None:
        """Leave the current view for the higher ``view``; what was prepared stays, what was accepted goes."""
        self.view = view
        self.phase = Phase.VIEW_CHANGING
        self.candidate = None
        self.accepted = None
        self.fetching = None
        self.justification = None
        self.building = -1
        self.sent = []
        self.book.enter_view(view)
        self.cancel_timers(out)

    @property
    def can_vote(self) -> bool:
        """A member that is neither catching up nor halted nor past the decision (R9, R11)."""
        return self.own_index is not None and not self.syncing and self.halt is None and self.phase != Phase.DECIDED

    @property
    def own(self) -> int:
        """Own index.

        Raises:
            InvariantBroken: an observer was about to sign.
        """
        invariant(self.own_index is not None, "an observer signs nothing")
        return -1 if self.own_index is None else self.own_index

    def leader_of(self, view: int) -> int:
        """Index of the leader of ``view`` at the current height."""
        return leader.leader(self.validators.size, self.height, view, self.suspended)

    def passed_over(self, view: int) -> tuple[int, ...]:
        """Who led the views of this height below ``view``, without the leader of ``view``."""
        return leader.passed_over(self.validators.size, self.height, view, self.suspended)

    def leads(self) -> bool:
        """Whether this replica is the leader of the current view."""
        return self.own_index is not None and self.leader_of(self.view) == self.own_index

    def proposal_of(self, block_hash: bytes) -> bytes | None:
        """Proposal of a block whose body the host holds durably or has just fetched."""
        if self.accepted is not None and self.accepted.block_hash == block_hash:
            return self.accepted.proposal
        if self.prepared is not None and self.prepared.block_hash == block_hash and self.prepared_proposal:
            return self.prepared_proposal
        if self.fetched is not None and self.fetched[0] == block_hash:
            return self.fetched[1]
        return None

    def give_time_from(self, due_ms: int, out: Outputs) -> None:
        """R1: the first leader may propose at ``due_ms``, now or later; armed anew where it may sooner than thought.

        At almost every height: what is known first is that a proof is due, and transactions are told of just after.
        """
        if self.due_at_ms is not None and due_ms < self.due_at_ms:
            self.view_timer_armed = False
            self.due_at_ms = None
        self.arm_view_timer(out, due_ms - self.now_ms)

    def arm_view_timer(self, out: Outputs, wait_ms: int = 0) -> None:
        """Give the leader of the current view its time, once; it is to begin ``wait_ms`` from now (R1)."""
        if not self.view_timer_armed:
            self.view_timer_armed = True
            if self.due_at_ms is None:
                self.due_at_ms = self.now_ms + wait_ms
            view = self.view
            passed = self.passed_over(view) if view else ()
            delay_ms = self.patience.view_timeout_ms(self.timers, view, self.leader_of(view), passed)
            out.add_timer(SetTimer(Timer(TimerKind.VIEW, self.height, view), wait_ms + delay_ms))

    def cancel_timers(self, out: Outputs) -> None:
        """Stop the timers that belong to the view being left."""
        if self.view_timer_armed:
            self.view_timer_armed = False
            out.add_timer(CancelTimer(TimerKind.VIEW))
        if self.batch_due_ms is not None:
            self.batch_due_ms = None
            out.add_timer(CancelTimer(TimerKind.BATCH))
