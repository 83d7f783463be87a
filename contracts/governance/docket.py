"""What the opening of a block does for proposals: count those whose time is over, and name those that are due."""

from collections.abc import Mapping

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.governance.outcome_proposal import ProposalDecided, ProposalFailed
from contracts.governance.proposal import (
    COUNTS_MAX,
    ENACTMENTS_MAX,
    PROPOSAL,
    ProposalRecord,
    proposal_key,
    read_agenda,
    read_proposal,
    read_votes,
)
from contracts.governance.proposing import decide, drop_item, operation_names
from contracts.kernel.electorate import Count, count
from contracts.kernel.policy import Rule


def tally(state: State, record: ProposalRecord, default_rules: Mapping[str, Rule]) -> tuple[Count, ...]:
    """How the votes on a proposal stand for each of its operations, by the roles and rules of ``state``."""
    cast = ((vote.did, vote.choice == "approve") for vote in read_votes(state, record.number))
    return count(operation_names(record.operations), cast, state, default_rules)


def close_votes(
    state: State, height: int, time_ms: int, default_rules: Mapping[str, Rule]
) -> list[ProposalDecided]:
    """Decide up to ``COUNTS_MAX`` open proposals whose time is over at ``time_ms``, the block's."""
    over = [item for item in read_agenda(state) if item.status == "OPEN" and item.closes_ms <= time_ms]
    decided = []
    for item in over[:COUNTS_MAX]:
        record = read_proposal(state, item.number)
        counts = tally(state, record, default_rules)
        action = "approve" if all(found.met for found in counts) else "lapse"
        decided.append(decide(record, action, counts, height, state))
    return decided


def due_proposals(state: State, height: int) -> list[ProposalRecord]:
    """Up to ``ENACTMENTS_MAX`` approved proposals to carry out while the block at ``height`` opens, by number."""
    due = [item for item in read_agenda(state) if item.status == "APPROVED" and item.enact_at <= height]
    return [read_proposal(state, item.number) for item in due[:ENACTMENTS_MAX]]


def record_enactment(
    state: State, number: int, height: int, code: str, failed_operation: int, info: str
) -> ProposalFailed | None:
    """Write down that the proposal was carried out (``code`` is ``ok``), or why not; the event of a failure."""
    # Read again: an operation of another proposal, or of this one, may have changed it.
    record = read_proposal(state, number)
    status = PROPOSAL.step(record.status, "enact" if code == "ok" else "fail")
    ended = msgspec.structs.replace(
        record, status=status, ended_height=height, code=code, failed_operation=failed_operation, info=info
    )
    state.put(proposal_key(number), encode(ended))
    drop_item(state, number)
    return None if code == "ok" else ProposalFailed(number, failed_operation, code, info)
