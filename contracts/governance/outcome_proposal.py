"""What can come of proposals and votes: events and refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class ProposalMade(TypedEvent, frozen=True):
    """Changes are put to the vote."""

    NAME = "governance.proposed"
    INDEXED = ("number", "proposer")

    number: int
    proposer: str
    title: str
    operations: int
    closes_ms: int
    enact_at: int


class VoteWasCast(TypedEvent, frozen=True):
    """A member voted."""

    NAME = "governance.voted"
    INDEXED = ("number", "voter")

    number: int
    voter: str
    choice: str


class ProposalDecided(TypedEvent, frozen=True):
    """A proposal was approved, rejected or lapsed; the numbers are those of the rule that is hardest to meet."""

    NAME = "governance.proposal_decided"
    INDEXED = ("number", "status")

    number: int
    status: str
    approvals: int
    against: int
    electorate: int
    needed: int


class ProposalWithdrawn(TypedEvent, frozen=True):
    """Its proposer took it back."""

    NAME = "governance.proposal_withdrawn"
    INDEXED = ("number",)

    number: int
    proposer: str


class ProposalAnnulled(TypedEvent, frozen=True):
    """It was approved, and will not be carried out all the same."""

    NAME = "governance.proposal_annulled"
    INDEXED = ("number",)

    number: int
    annulled_by: str


class ProposalEnacted(TypedEvent, frozen=True):
    """The consortium's decision is carried out; the events of its operations follow, as many as ``events`` says."""

    NAME = "governance.proposal_enacted"
    INDEXED = ("number",)

    number: int
    operations: int
    events: int


class ProposalFailed(TypedEvent, frozen=True):
    """An operation was refused when the proposal was carried out, so none of them took effect."""

    NAME = "governance.proposal_failed"
    INDEXED = ("number",)

    number: int
    failed_operation: int
    code: str
    info: str


EVENTS: Final = (
    ProposalMade,
    VoteWasCast,
    ProposalDecided,
    ProposalWithdrawn,
    ProposalAnnulled,
    ProposalEnacted,
    ProposalFailed,
)

CODES: Final[dict[str, Code]] = {
    "proposal-operation": Code(
        "Proposed operation unreadable",
        "An operation of the proposal is unknown, malformed or breaks a rule that holds in every state.",
        "See the message for which and why; simulate a proposal before making it.",
    ),
    "proposal-operation-unfit": Code(
        "Not for proposals",
        "The operation acts in somebody's own name, which no vote can do.",
        "Propose only what changes the consortium's affairs; the list of operations says which do.",
    ),
    "proposal-forbidden": Code(
        "No vote can meet the rule",
        "The policy forbids the operation, or leaves it to whom it concerns.",
        "Propose a change of the policy first.",
    ),
    "proposal-agenda-full": Code(
        "Agenda full",
        "As many proposals are under way as the chain follows at a time.",
        "Wait until some are decided.",
    ),
    "proposal-own-limit": Code(
        "Too many own proposals",
        "The proposer has as many proposals under way as one member may have.",
        "Withdraw one, or wait until some are decided.",
    ),
    "proposal-unknown": Code("No such proposal", "No proposal has this number.", "List the proposals."),
    "proposal-status": Code(
        "Wrong state of the proposal",
        "The proposal's state does not allow this step.",
        "See the message for the state it is in and those that allow it.",
    ),
    "proposal-not-own": Code(
        "Somebody else's proposal",
        "Only its proposer can withdraw a proposal.",
        "Vote against it.",
    ),
    "vote-too-late": Code(
        "Voting is over",
        "The block's time is not before the end of voting.",
        "Propose it anew if it is still wanted.",
    ),
    "vote-twice": Code("Voted already", "A vote is cast once and stands.", "Nothing can be done."),
    "vote-not-elector": Code(
        "No right to vote on this",
        "The voter holds no role that the rule of any of the proposal's operations counts.",
        "See the proposal's tally for whose agreement it needs.",
    ),
    "votes-full": Code(
        "Too many votes",
        "The proposal has as many votes as can be counted.",
        "Set a rule for the operation that names fewer voters.",
    ),
}
