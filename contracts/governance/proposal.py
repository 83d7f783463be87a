"""What the ledger holds about proposals, and the states one goes through.

governance/proposal-count       proposals made so far; the next one's number is one more
governance/proposals/<number>   the proposal itself
governance/votes/<number>       who voted how
governance/agenda               proposals that are still to be counted or enacted
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.limits import KIB
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.block import Hash
from chainnode.types.transaction import Height
from contracts.governance.operations_proposal import PROPOSED_OPERATIONS_MAX, Choice, Number
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Time

AGENDA_MAX: Final = 64
"""Proposals under way at a time: each block reads the agenda, and whoever votes must be able to follow it."""
AGENDA_OF_MEMBERS_MAX: Final = 32
"""... of those who are no governors: members must not be able to keep governors from acting."""
OWN_MAX: Final = 8
"""... of one proposer, so that one member cannot keep the others from proposing."""
VOTES_MAX: Final = 2_048
"""Of one proposal: two whole roles."""
STATE_BYTES: Final = 384 * KIB
"""All votes, the proposal with its operations, and the agenda: what the vote that decides writes."""
ENACTMENTS_MAX: Final = 4
"""Proposals enacted in one block; more that are due follow in the next, so that opening a block stays short."""
COUNTS_MAX: Final = 16
"""Proposals counted in one block because their time is over; more follow in the next."""

PROPOSAL: Final = Lifecycle(
    "proposal",
    "proposal-status",
    {
        (None, "propose"): "OPEN",
        ("OPEN", "vote"): "OPEN",
        ("OPEN", "approve"): "APPROVED",
        ("OPEN", "reject"): "REJECTED",
        ("OPEN", "lapse"): "LAPSED",
        ("OPEN", "withdraw"): "WITHDRAWN",
        ("APPROVED", "annul"): "ANNULLED",
        ("APPROVED", "enact"): "ENACTED",
        ("APPROVED", "fail"): "FAILED",
    },
)


class ProposalRecord(msgspec.Struct, frozen=True, array_like=True):
    """One proposal from its making to its end."""

    number: Number
    proposer: str
    title: str
    document_hash: Hash | None
    operations: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=PROPOSED_OPERATIONS_MAX)]
    """Encoded, as they will be carried out."""
    status: str
    proposed_height: Height
    proposed_ms: Time
    closes_ms: Time
    """The first block of this time or later takes no votes."""
    enact_at: Height
    """Carried out when the block of this height opens, or the first one after approval."""
    decided_height: Height = 0
    """Of the block that approved, rejected or withdrew it, or found it lapsed."""
    ended_height: Height = 0
    """Of the block that carried it out, or tried to."""
    code: str = ""
    """``ok``, or why carrying it out failed."""
    failed_operation: int = -1
    info: str = ""


class VoteCast(msgspec.Struct, frozen=True, array_like=True):
    """One member's vote."""

    did: str
    choice: Choice
    height: Height


class ProposalVotes(msgspec.Struct, frozen=True, array_like=True):
    """Votes on one proposal in the order they came."""

    votes: Annotated[tuple[VoteCast, ...], msgspec.Meta(max_length=VOTES_MAX)] = ()


class AgendaItem(msgspec.Struct, frozen=True, array_like=True):
    """One proposal that is still under way."""

    number: Number
    proposer: str
    status: Literal["OPEN", "APPROVED"]
    closes_ms: Time
    enact_at: Height


class Agenda(msgspec.Struct, frozen=True, array_like=True):
    """What the opening of blocks looks after, by number."""

    items: Annotated[tuple[AgendaItem, ...], msgspec.Meta(max_length=AGENDA_MAX)] = ()


AGENDA_KEY: Final = key("governance", "agenda")
PROPOSAL_COUNT_KEY: Final = key("governance", "proposal-count")

_decode_proposal = lru_cache(64)(msgspec.msgpack.Decoder(ProposalRecord).decode)
_decode_votes = lru_cache(64)(msgspec.msgpack.Decoder(ProposalVotes).decode)
_decode_agenda = lru_cache(8)(msgspec.msgpack.Decoder(Agenda).decode)
_decode_count = msgspec.msgpack.Decoder(int).decode


def proposal_key(number: int) -> bytes:
    """State key of a proposal."""
    return key("governance", "proposals", number)


def votes_key(number: int) -> bytes:
    """State key of the votes on a proposal."""
    return key("governance", "votes", number)


def find_proposal(state: State, number: int) -> ProposalRecord | None:
    """The proposal of this number, if there is one."""
    stored = state.get(proposal_key(number))
    return None if stored is None else _decode_proposal(stored)


def read_proposal(state: State, number: int) -> ProposalRecord:
    """The proposal of this number.

    Raises:
        OperationFailed: ``proposal-unknown``.
    """
    found = find_proposal(state, number)
    if found is None:
        raise OperationFailed("proposal-unknown", f"there is no proposal {number}")
    return found


def read_votes(state: State, number: int) -> tuple[VoteCast, ...]:
    """Votes on a proposal so far, in the order they came."""
    stored = state.get(votes_key(number))
    return () if stored is None else _decode_votes(stored).votes


def read_agenda(state: State) -> tuple[AgendaItem, ...]:
    """Proposals that are still to be counted or carried out, by number."""
    stored = state.get(AGENDA_KEY)
    return () if stored is None else _decode_agenda(stored).items


def proposal_count(state: State) -> int:
    """How many proposals were ever made."""
    stored = state.get(PROPOSAL_COUNT_KEY)
    return 0 if stored is None else _decode_count(stored)


RECORDS: Final = (
    ("governance", 2, "agenda", Agenda),
    ("governance", 2, "proposal-count", int),
    ("governance", 3, "proposals", ProposalRecord),
    ("governance", 3, "votes", ProposalVotes),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
