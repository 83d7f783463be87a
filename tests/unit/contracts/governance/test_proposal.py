"""What the ledger holds about proposals, and the states one goes through."""

from chainnode.state.keys import key
from contracts.governance.proposal import (
    PROPOSAL,
    find_proposal,
    proposal_count,
    proposal_key,
    read_agenda,
    read_votes,
    votes_key,
)
from tests.unit.contracts.governance.council import GRANT, Council


def test_keys_are_by_number() -> None:
    assert proposal_key(7) == key("governance", "proposals", 7)
    assert votes_key(7) == key("governance", "votes", 7)


def test_chain_without_proposals_has_none_of_the_records() -> None:
    state = Council().overlay
    assert (find_proposal(state, 1), read_votes(state, 1), read_agenda(state), proposal_count(state)) == (
        None, (), (), 0,
    )  # fmt: skip


def test_agenda_holds_what_is_under_way() -> None:
    council = Council()
    numbers = [council.propose(GRANT), council.propose(GRANT, by="g2", enact_at=50)]
    council.vote(numbers[1], "g1", "g2")
    assert [(item.number, item.status, item.enact_at) for item in read_agenda(council.overlay)] == [
        (1, "OPEN", 0), (2, "APPROVED", 50),
    ]  # fmt: skip
    assert proposal_count(council.overlay) == 2


def test_end_of_a_proposal_is_final() -> None:
    """REJECTED, LAPSED, WITHDRAWN, ANNULLED, ENACTED and FAILED lead nowhere."""
    final = [status for status in PROPOSAL.statuses() if not PROPOSAL.actions(status)]
    assert final == ["ANNULLED", "ENACTED", "FAILED", "LAPSED", "REJECTED", "WITHDRAWN"]
