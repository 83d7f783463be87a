"""Proposals and votes.

A proposal is a list of operations that the consortium carries out with its own authority, if the rule of each of them
is met by those who approve. Every vote is counted at once, by the roles and rules of that moment: the one that meets
the last rule approves the proposal, the one that leaves too few to meet a rule rejects it. Whatever is undecided when
its time is over lapses, unless roles or rules have changed so that the votes cast now suffice.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.governance.operations import AddValidator, ReplaceValidator
from contracts.governance.operations_proposal import AnnulProposal, Propose, Vote, WithdrawProposal
from contracts.governance.outcome_proposal import (
    ProposalAnnulled,
    ProposalDecided,
    ProposalMade,
    ProposalWithdrawn,
    VoteWasCast,
)
from contracts.governance.proposal import (
    AGENDA_KEY,
    AGENDA_MAX,
    AGENDA_OF_MEMBERS_MAX,
    OWN_MAX,
    PROPOSAL,
    PROPOSAL_COUNT_KEY,
    STATE_BYTES,
    VOTES_MAX,
    Agenda,
    AgendaItem,
    ProposalRecord,
    ProposalVotes,
    VoteCast,
    proposal_count,
    proposal_key,
    read_agenda,
    read_proposal,
    read_votes,
    votes_key,
)
from contracts.governance.succession import check_join_proof
from contracts.kernel.context import Context
from contracts.kernel.electorate import Count, count, electorate, rule_of
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER, BY_VOTE, roles_of

_decode_joining = msgspec.msgpack.Decoder(AddValidator | ReplaceValidator).decode
_decode_head: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_name: Final = msgspec.msgpack.Decoder(str).decode
_JOINING: Final = ("governance.add_validator", "governance.replace_validator")


def operation_names(operations: Sequence[bytes]) -> tuple[str, ...]:
    """Names of encoded operations that were read before."""
    return tuple(_decode_name(_decode_head(raw)[0]) for raw in operations)


def propose(operation: Propose, context: Context, state: State) -> None:
    """Put operations to the vote.

    Raises:
        OperationFailed: ``proposal-forbidden``, ``proposal-agenda-full``, ``proposal-own-limit``, a code of
            ``check_join_proof``, or ``vote-not-elector`` where the proposer may not approve.
    """
    names = operation_names(operation.operations)
    for index, name in enumerate(names):
        rule = rule_of(name, state, context.default_rules)
        if rule.kind in {"FORBIDDEN", "SELF"}:
            raise OperationFailed(
                "proposal-forbidden", f"operation {index}, {name}, has the rule {rule.kind}, which no vote meets"
            )
        if name in _JOINING:
            joining: Any = _decode_joining(operation.operations[index])
            check_join_proof(joining.entry, joining.proof, context, state)
    agenda = read_agenda(state)
    room = AGENDA_MAX if "governor" in roles_of(state, context.sender) else AGENDA_OF_MEMBERS_MAX
    if len(agenda) >= room:
        raise OperationFailed("proposal-agenda-full", f"{len(agenda)} proposals are under way, room is for {room}")
    if sum(1 for item in agenda if item.proposer == context.sender) >= OWN_MAX:
        raise OperationFailed("proposal-own-limit", f"{OWN_MAX} proposals of {context.sender} are under way")
    number = proposal_count(state) + 1
    closes_ms = context.time_ms + operation.voting_ms
    record = ProposalRecord(
        number,
        context.sender,
        operation.title,
        operation.document_hash,
        operation.operations,
        PROPOSAL.step(None, "propose"),
        context.height,
        context.time_ms,
        closes_ms,
        operation.enact_at,
    )
    state.put(PROPOSAL_COUNT_KEY, encode(number))
    state.put(proposal_key(number), encode(record))
    item = AgendaItem(number, context.sender, "OPEN", closes_ms, operation.enact_at)
    state.put(AGENDA_KEY, encode(Agenda((*agenda, item))))
    context.emit(
        ProposalMade(number, context.sender, operation.title, len(names), closes_ms, operation.enact_at)
    )
    if operation.approve:
        vote(Vote(number, "approve"), context, state)


def vote(operation: Vote, context: Context, state: State) -> None:
    """Cast the sender's vote and count.

    Raises:
        OperationFailed: ``proposal-unknown``, ``proposal-status``, ``vote-too-late``, ``vote-twice``,
            ``vote-not-elector`` or ``votes-full``.
    """
    record = read_proposal(state, operation.number)
    PROPOSAL.step(record.status, "vote")
    if context.time_ms >= record.closes_ms:
        raise OperationFailed(
            "vote-too-late", f"proposal {record.number} took votes until {record.closes_ms}, it is {context.time_ms}"
        )
    votes = read_votes(state, record.number)
    if any(cast.did == context.sender for cast in votes):
        raise OperationFailed("vote-twice", f"{context.sender} has voted on proposal {record.number}")
    names = operation_names(record.operations)
    rules = dict.fromkeys(rule_of(name, state, context.default_rules) for name in names)
    if not any(context.sender in electorate(rule, state) for rule in rules):
        raise OperationFailed(
            "vote-not-elector", f"{context.sender} holds no role that any operation of proposal {record.number} counts"
        )
    if len(votes) >= VOTES_MAX:
        raise OperationFailed("votes-full", f"proposal {record.number} has {VOTES_MAX} votes")
    votes = (*votes, VoteCast(context.sender, operation.choice, context.height))
    state.put(votes_key(record.number), encode(ProposalVotes(votes)))
    context.emit(VoteWasCast(record.number, context.sender, operation.choice))
    counts = count_votes(record, votes, context, state)
    if all(found.met for found in counts):
        context.emit(decide(record, "approve", counts, context.height, state))
    elif any(found.lost for found in counts):
        context.emit(decide(record, "reject", counts, context.height, state))


def count_votes(
    record: ProposalRecord, votes: Sequence[VoteCast], context: Context, state: State
) -> tuple[Count, ...]:
    """How ``votes`` stand for each operation, by the roles and rules of now."""
    cast = ((found.did, found.choice == "approve") for found in votes)
    return count(operation_names(record.operations), cast, state, context.default_rules)


def decide(
    record: ProposalRecord, action: str, counts: Sequence[Count], height: int, state: State
) -> ProposalDecided:
    """Write down what became of an open proposal by ``action``: approve, reject or lapse."""
    status = PROPOSAL.step(record.status, action)
    decided = msgspec.structs.replace(record, status=status, decided_height=height)
    state.put(proposal_key(record.number), encode(decided))
    if status == "APPROVED":
        _replace_item(state, record.number, status)
    else:
        drop_item(state, record.number)
    # Of several rules the one that is furthest from being met says most.
    tightest = min(counts, key=lambda found: found.approvals - found.needed)
    return ProposalDecided(
        record.number, status, tightest.approvals, tightest.against, tightest.electorate, tightest.needed
    )


def withdraw_proposal(operation: WithdrawProposal, context: Context, state: State) -> None:
    """Take an own proposal back.

    Raises:
        OperationFailed: ``proposal-unknown``, ``proposal-not-own`` or ``proposal-status``.
    """
    record = read_proposal(state, operation.number)
    if record.proposer != context.sender:
        raise OperationFailed("proposal-not-own", f"proposal {record.number} was made by {record.proposer}")
    _end(record, "withdraw", context, state)
    context.emit(ProposalWithdrawn(record.number, context.sender))


def annul_proposal(operation: AnnulProposal, context: Context, state: State) -> None:
    """Keep an approved proposal from being carried out.

    Raises:
        OperationFailed: ``proposal-unknown`` or ``proposal-status``, also where a proposal would annul itself.
    """
    record = read_proposal(state, operation.number)
    if record.number == context.proposal:
        raise OperationFailed("proposal-status", f"proposal {record.number} is being carried out")
    _end(record, "annul", context, state)
    context.emit(ProposalAnnulled(record.number, context.sender))


def _end(record: ProposalRecord, action: str, context: Context, state: State) -> None:
    status = PROPOSAL.step(record.status, action)
    ended = msgspec.structs.replace(record, status=status, ended_height=context.height)
    state.put(proposal_key(record.number), encode(ended))
    drop_item(state, record.number)


def drop_item(state: State, number: int) -> None:
    """Take a proposal off the agenda."""
    items = tuple(item for item in read_agenda(state) if item.number != number)
    if items:
        state.put(AGENDA_KEY, encode(Agenda(items)))
    else:
        state.delete(AGENDA_KEY)


def _replace_item(state: State, number: int, status: str) -> None:
    items = tuple(
        msgspec.structs.replace(item, status=status) if item.number == number else item for item in read_agenda(state)
    )
    state.put(AGENDA_KEY, encode(Agenda(items)))


OPERATIONS: Final = (
    OperationSpec(
        Propose,
        propose,
        ANY_MEMBER,
        ("proposal-operation", "proposal-operation-unfit", "proposal-forbidden", "proposal-agenda-full",
         "proposal-own-limit", "seal-proof", "join-proof-height", "join-proof-signature", "vote-not-elector"),
        state_bytes=STATE_BYTES, work=8,
    ),
    OperationSpec(
        Vote,
        vote,
        ANY_MEMBER,
        ("proposal-unknown", "proposal-status", "vote-too-late", "vote-twice", "vote-not-elector", "votes-full"),
        state_bytes=STATE_BYTES, work=8,
    ),
    OperationSpec(
        WithdrawProposal,
        withdraw_proposal,
        ANY_MEMBER,
        ("proposal-unknown", "proposal-not-own", "proposal-status"),
        state_bytes=STATE_BYTES, work=8,
    ),
    OperationSpec(
        AnnulProposal, annul_proposal, BY_VOTE, ("proposal-unknown", "proposal-status"), by_proposal=True,
        state_bytes=STATE_BYTES, work=8,
    ),
)  # fmt: skip
