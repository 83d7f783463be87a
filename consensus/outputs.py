"""What the core asks of its host, in the imperative.

The order of the fields of ``Outputs`` is the order of the host's work, and one line of it carries the safety of the
chain: nothing in ``sign`` leaves before ``persist`` and the signed message itself are durable.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from consensus.certificates import QuorumCertificate
from consensus.journal import JournalRecord
from consensus.messages import Message, Signed
from consensus.timers import Timer, TimerKind


class Send(NamedTuple):
    """Transmit a message that is signed and durable already, or of a kind that is never signed."""

    message: Message
    to: int | None
    """Index of one validator; ``None``: all others. Loss is tolerated."""


class SetTimer(NamedTuple):
    """Arm ``timer``, replacing one of the same kind."""

    timer: Timer
    delay_ms: int


class CancelTimer(NamedTuple):
    """Disarm the timer of this kind, if any."""

    kind: TimerKind


class BuildBlock(NamedTuple):
    """Assemble a fresh block on ``parent_hash``; answer ``BlockBuilt`` or ``BuildFailed``."""

    height: int
    view: int
    parent_hash: bytes
    empty_allowed: bool
    """A block without transactions is wanted too: a proof block, an idle block, or any block after a view change."""


class CheckProposal(NamedTuple):
    """Judge a proposal and get hold of its body; answer ``ProposalChecked``."""

    height: int
    view: int
    block_hash: bytes
    proposal: bytes
    fresh: bool
    """True: apply every rule for new blocks (parent, roots, time, static checks). False: the highest prepared
    certificate names this block, so only its hash is compared: no time rule, no proposer rule (SPEC.md R2)."""
    proposer: int
    """Index of the leader that sent it; for a fresh block the header must name it."""


class FetchBlock(NamedTuple):
    """Get hold of a body from one of ``holders``, who have it durably; answer ``BlockFetched``. May be repeated."""

    height: int
    block_hash: bytes
    holders: tuple[int, ...]


class StartSync(NamedTuple):
    """Catch up by fetching certified blocks; answer ``BlockApplied`` for progress, then ``SyncFinished``."""

    height: int
    """A height some quorum has decided at least."""
    certificate: QuorumCertificate | None
    """Proof of it; ``None`` when f + 1 verified COMMITs above our height were the reason."""
    hints: tuple[int, ...]
    """Validators that should be able to serve."""


class PrepareExecution(NamedTuple):
    """Execution of this block in an overlay may start: it will very probably be decided (SPEC.md R3)."""

    block_hash: bytes


class Decide(NamedTuple):
    """Apply this block durably; answer ``BlockApplied``. Asked once for each height."""

    height: int
    block_hash: bytes
    certificate: QuorumCertificate


class Evidence(NamedTuple):
    """Two payloads one validator signed for the same place; ``first`` is the one that counts here."""

    first: Signed
    second: Signed


class Rejected(NamedTuple):
    """A message that was of no use, by code (``rejection.py``); -1 for a message without a sender."""

    code: str
    sender: int


class Halt(NamedTuple):
    """Stop signing for good, keep serving reads marked stale, write a diagnosis (SPEC.md R11)."""

    reason: str
    details: str


class ViewChanged(NamedTuple):
    """For metrics: the replica entered ``view``.

    ``reason`` is ``timeout``, ``invalid_proposal``, ``joined``, ``justified`` or ``recovered``.
    """

    height: int
    view: int
    reason: str


TimerRequest: TypeAlias = SetTimer | CancelTimer
Request: TypeAlias = BuildBlock | CheckProposal | FetchBlock | StartSync | PrepareExecution


class Outputs:
    """Work of one step, to be performed in this order before the next step.

    1. ``persist``: append to the journal.
    2. ``sign``: for each message in turn ask the sign-state guard for the signature, append ``MessageSigned``; then
       make 1 and 2 durable with one sync, broadcast the signed messages to the other validators and feed each back
       as ``MessageReceived``. A refused signature drops it and all later messages of the list.
    3. ``sends``, ``timers``, ``requests``, ``decided``: perform.
    4. ``evidence``, ``rejected``, ``halt``, ``events``: record, count, show.

    An empty field is the shared empty tuple, so a step without consequences allocates nothing.
    """

    __slots__ = (
        "decided",
        "events",
        "evidence",
        "halt",
        "persist",
        "rejected",
        "requests",
        "sends",
        "sign",
        "timers",
    )

    def __init__(self) -> None:
        self.persist: Sequence[JournalRecord] = ()
        self.sign: Sequence[Signed] = ()
        self.sends: Sequence[Send] = ()
        self.timers: Sequence[TimerRequest] = ()
        self.requests: Sequence[Request] = ()
        self.decided: Decide | None = None
        self.evidence: Sequence[Evidence] = ()
        self.rejected: Sequence[Rejected] = ()
        self.halt: Halt | None = None
        self.events: Sequence[ViewChanged] = ()

    def add_record(self, record: JournalRecord) -> None:
        """Append to ``persist``."""
        if isinstance(self.persist, list):
            self.persist.append(record)
        else:
            self.persist = [record]

    def add_signature(self, message: Signed) -> None:
        """Append to ``sign``."""
        if isinstance(self.sign, list):
            self.sign.append(message)
        else:
            self.sign = [message]

    def add_send(self, message: Message, to: int | None) -> None:
        """Append to ``sends``."""
        if isinstance(self.sends, list):
            self.sends.append(Send(message, to))
        else:
            self.sends = [Send(message, to)]

    def add_timer(self, request: TimerRequest) -> None:
        """Append to ``timers``."""
        if isinstance(self.timers, list):
            self.timers.append(request)
        else:
            self.timers = [request]

    def add_request(self, request: Request) -> None:
        """Append to ``requests``."""
        if isinstance(self.requests, list):
            self.requests.append(request)
        else:
            self.requests = [request]

    def add_rejection(self, code: str, sender: int) -> None:
        """Append to ``rejected``."""
        self.rejected = [*self.rejected, Rejected(code, sender)]

    def add_evidence(self, first: Signed, second: Signed) -> None:
        """Append to ``evidence``."""
        self.evidence = [*self.evidence, Evidence(first, second)]

    def add_event(self, event: ViewChanged) -> None:
        """Append to ``events``."""
        self.events = [*self.events, event]
