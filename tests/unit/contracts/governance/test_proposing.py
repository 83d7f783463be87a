"""Proposals and votes: who may, how they are counted, and how each is refused."""

from collections.abc import Callable

import pytest

from chainnode.codec.canonical import encode
from contracts.evidence.operations import RecordEvidence
from contracts.governance import proposal as proposal_module
from contracts.governance import proposing
from contracts.governance.operations import AddValidator, JoinProof, RevokeRole, SetPolicy
from contracts.governance.operations_proposal import AnnulProposal, Propose, Vote, WithdrawProposal
from contracts.governance.proposal import read_agenda, read_votes
from contracts.identity.operations import DeactivateIdentity
from contracts.kernel.enactment import DEFAULT_RULES
from contracts.kernel.policy import FORBIDDEN, Rule
from tests.unit.contracts.governance.consortium import validator
from tests.unit.contracts.governance.council import GRANT, VOTING_MS, Council, proposal
from tests.unit.contracts.world import did_of

REVOKE = RevokeRole(did_of("g2"), "governor")


def test_majority_of_the_governors_approves_at_once() -> None:
    """Every vote is counted at once: the one that meets the last rule approves the proposal."""
    council = Council()
    number = council.propose(GRANT)
    assert council.vote(number, "g1").events[-1].name == "governance.voted"
    assert council.status(number) == "OPEN"
    decided = council.vote(number, "g2").events[-1]
    assert (decided.name, decided.attributes) == (
        "governance.proposal_decided",
        {"number": number, "status": "APPROVED", "approvals": 2, "against": 0, "electorate": 3, "needed": 2},
    )
    assert [vote.choice for vote in read_votes(council.overlay, number)] == ["approve", "approve"]


def test_numbers_are_given_in_order_and_never_again() -> None:
    council = Council()
    assert [council.propose(GRANT), council.propose(GRANT, by="g2")] == [1, 2]
    assert council.submit("g1", WithdrawProposal(1)).code == "ok"
    assert council.propose(GRANT) == 3


def test_proposer_can_vote_along() -> None:
    council = Council()
    number = council.propose(GRANT, approve=True)
    assert council.vote(number, "g1").code == "vote-twice"
    council.vote(number, "g3")
    assert council.status(number) == "APPROVED"


def test_too_many_votes_against_reject_at_once() -> None:
    """An abstention is a vote that can no longer approve; two of three leave no majority."""
    council = Council()
    number = council.propose(GRANT)
    council.vote(number, "g1", choice="abstain")
    assert council.status(number) == "OPEN"
    council.vote(number, "g2", choice="reject")
    assert council.status(number) == "REJECTED"
    assert read_agenda(council.overlay) == ()


def test_each_operation_is_counted_by_its_own_rule() -> None:
    """Tally by the collective rule of each target operation: all must be met."""
    council = Council(SetPolicy("governance.admit_node", Rule("ALL", ("governor",))))
    rules = Council(SetPolicy("governance.revoke_role", Rule("COUNT", ("member", "exchange"), numerator=2)))
    number = rules.propose(GRANT, RevokeRole(did_of("exchange"), "exchange"))
    rules.vote(number, "g1", "g2", "member")
    assert rules.status(number) == "OPEN"
    rules.vote(number, "exchange")
    assert rules.status(number) == "APPROVED"
    assert council.propose(GRANT) == 1


def test_roles_are_those_held_when_the_vote_is_counted() -> None:
    """A role lost meanwhile takes its vote along, a role gained brings the right to vote."""
    council = Council()
    number = council.propose(GRANT)
    council.vote(number, "g1")
    council.submit("g2", RevokeRole(did_of("g1"), "governor"))
    council.vote(number, "g3")
    assert council.status(number) == "OPEN", "one of the two governors who are left"
    council.vote(number, "g2")
    assert council.status(number) == "APPROVED"


def test_deactivated_identity_leaves_its_offices_and_no_longer_counts() -> None:
    council = Council(SetPolicy("governance.revoke_role", Rule("ALL", ("governor",))))
    number = council.propose(REVOKE)
    council.vote(number, "g1", "g3")
    assert council.status(number) == "OPEN"
    receipt = council.submit("g2", DeactivateIdentity())
    assert [event.name for event in receipt.events] == ["identity.deactivated", "governance.role_revoked"]
    council.open(1, VOTING_MS)
    assert council.found(number).status == "FAILED", "all who are left approved, but there is nothing left to revoke"
    assert council.found(number).code == "role-not-held"


def test_vote_counts_until_the_last_millisecond_before_the_end() -> None:
    """Votes count in blocks earlier than this time."""
    council = Council()
    number = council.propose(GRANT)
    council.time_ms = council.found(number).closes_ms - 1
    assert council.vote(number, "g1").code == "ok"
    council.time_ms += 1
    assert council.vote(number, "g2").code == "vote-too-late"


def test_proposer_withdraws_before_the_decision_only() -> None:
    council = Council()
    number = council.propose(GRANT)
    assert council.submit("g2", WithdrawProposal(number)).code == "proposal-not-own"
    assert council.submit("g1", WithdrawProposal(number)).code == "ok"
    assert (council.status(number), read_agenda(council.overlay)) == ("WITHDRAWN", ())
    number = council.approved([GRANT])
    assert council.submit("g1", WithdrawProposal(number)).code == "proposal-status"


def test_approved_proposal_is_annulled_by_another_one() -> None:
    council = Council()
    number = council.approved([GRANT], enact_at=50)
    assert council.submit("g3", AnnulProposal(number)).code == "approval-required"
    second = council.approved([AnnulProposal(number)])
    council.open()
    assert (council.status(second), council.status(number)) == ("ENACTED", "ANNULLED")
    assert [event.name for event in council.open(60)] == []


def test_proposal_that_would_annul_itself_fails_and_the_chain_goes_on() -> None:
    """Its number is known beforehand; once ENACTED could not follow ANNULLED, and every node halted at the height."""
    council = Council()
    number = council.approved([AnnulProposal(1)])
    assert number == 1
    assert [event.name for event in council.open()] == ["governance.proposal_failed"]
    assert (council.status(1), council.found(1).code) == ("FAILED", "proposal-status")
    assert council.open() == []


def test_proposal_of_the_largest_size_is_decided_and_withdrawn_by_plain_votes() -> None:
    """A vote is small, what it decides is not: the bound on what a transaction writes stood in the way."""
    organisations = tuple(did_of(f"organisation-{number}") for number in range(90))
    names = sorted(DEFAULT_RULES)[:13]
    large = [SetPolicy(name, Rule("ANY", ("member",), organisations)) for name in names]
    council = Council()
    number = council.approved(large)
    assert len(encode(council.found(number))) > 60_000
    second = council.propose(*large)
    assert council.submit("g1", WithdrawProposal(second)).code == "ok"


def _full(limit: str, value: int) -> str:
    council = Council()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proposing, limit, value)
        council.submit("g1", proposal(GRANT))
        number = 1
        receipt = council.submit("g1", proposal(GRANT)) if limit != "VOTES_MAX" else council.vote(number, "g1", "g2")
        return receipt.code


def _after(run: Callable[[Council, int], str]) -> str:
    council = Council()
    return run(council, council.propose(GRANT))


def _late(council: Council, number: int) -> str:
    council.time_ms += VOTING_MS
    return council.vote(number, "g1").code


JOIN = AddValidator(validator("v9"), JoinProof(7, bytes(64)))
REFUSALS: dict[str, Callable[[], str]] = {
    "proposal-operation": lambda: Council().submit("g1", Propose("t", (encode(["x.y"]),), 1_000)).code,
    "proposal-operation-unfit": lambda: (
        Council().submit("g1", proposal(RecordEvidence(bytes(16), "file", "sha256", bytes(32)))).code
    ),
    "proposal-forbidden": lambda: (
        Council(SetPolicy("governance.revoke_role", FORBIDDEN)).submit("g1", proposal(REVOKE)).code
    ),
    "proposal-agenda-full": lambda: _full("AGENDA_MAX", 1),
    "proposal-own-limit": lambda: _full("OWN_MAX", 1),
    "proposal-unknown": lambda: Council().vote(7, "g1").code,
    "proposal-status": lambda: _after(lambda council, number: council.vote(number, "g1", "g2", "g3").code),
    "proposal-not-own": lambda: _after(lambda council, number: council.submit("g2", WithdrawProposal(number)).code),
    "vote-too-late": lambda: _after(_late),
    "vote-twice": lambda: _after(lambda council, number: council.vote(number, "g1", "g1").code),
    "vote-not-elector": lambda: _after(lambda council, number: council.vote(number, "member").code),
    "votes-full": lambda: _full("VOTES_MAX", 1),
}
"""Code -> a run that ends in it."""


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_changes_nothing(code: str) -> None:
    assert REFUSALS[code]() == code


def test_proposal_within_a_proposal_is_refused_however_deep() -> None:
    """A proposal holds no proposals: reading one costs what its bytes allow."""
    inner = proposal(GRANT)
    for _ in range(3):
        inner = proposal(inner)
    assert Council().submit("g1", inner).code == "proposal-operation"


def test_joiners_proof_is_checked_when_the_proposal_is_made() -> None:
    assert Council().submit("g1", proposal(JOIN)).code == "join-proof-height"


def test_proposing_needs_a_role_and_approving_along_the_right_one() -> None:
    assert Council().submit("stranger", proposal(GRANT)).code == "role-missing"
    assert Council().submit("member", proposal(GRANT)).code == "ok"
    assert Council().submit("member", proposal(GRANT, approve=True)).code == "vote-not-elector"


def test_bounds_of_the_agenda_leave_room_for_others() -> None:
    assert proposal_module.OWN_MAX < proposal_module.AGENDA_MAX
    council = Council()
    for _ in range(proposal_module.OWN_MAX):
        council.propose(GRANT)
    assert council.submit("g1", proposal(GRANT)).code == "proposal-own-limit"
    assert council.submit("g2", proposal(GRANT)).code == "ok"


def test_members_cannot_fill_the_agenda_against_the_governors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members must not be able to keep governors from acting."""
    monkeypatch.setattr(proposing, "AGENDA_OF_MEMBERS_MAX", 2)
    council = Council()
    assert [council.submit("member", proposal(GRANT)).code for _ in range(3)] == ["ok", "ok", "proposal-agenda-full"]
    assert council.submit("g1", proposal(GRANT)).code == "ok"


SAMPLES = (
    proposal(GRANT, document_hash=bytes(32), enact_at=9, approve=True),
    Vote(1, "abstain"),
    WithdrawProposal(1),
    AnnulProposal(1),
)
