"""What opening a block does for proposals: count in time, carry out at the height, all or nothing."""

from contracts.governance import docket
from contracts.governance.docket import tally
from contracts.governance.operations import GrantRole, RevokeRole, SetPolicy
from contracts.governance.proposal import ENACTMENTS_MAX, read_agenda
from contracts.kernel.enactment import DEFAULT_RULES
from contracts.kernel.policy import Role, Rule, roles_of
from tests.unit.contracts.governance.council import BLOCK_MS, GRANT, VOTING_MS, Council
from tests.unit.contracts.world import did_of


def test_approved_proposal_is_carried_out_when_the_next_block_opens() -> None:
    council = Council()
    number = council.approved([GRANT])
    assert roles_of(council.overlay, did_of("stranger")) == ()
    enacted, granted = council.open()
    assert (enacted.name, enacted.attributes) == (
        "governance.proposal_enacted", {"number": number, "operations": 1, "events": 1},
    )  # fmt: skip
    assert granted.attributes["granted_by"] == f"proposal:{number}"
    assert roles_of(council.overlay, did_of("stranger")) == ("member",)
    found = council.found(number)
    assert (found.status, found.code, found.ended_height) == ("ENACTED", "ok", council.height)
    assert read_agenda(council.overlay) == ()
    assert council.open() == []


def test_proposal_is_carried_out_at_exactly_its_height() -> None:
    """Enactment exactly at a height, automatically, when the block of that height opens."""
    council = Council()
    number = council.approved([GRANT], enact_at=20)
    assert council.open(18) == []
    assert (council.height, council.status(number)) == (19, "APPROVED")
    assert [event.name for event in council.open()] == ["governance.proposal_enacted", "governance.role_granted"]
    assert council.height == 20


def test_refused_operation_undoes_the_whole_proposal_and_is_recorded() -> None:
    """Failure of an operation is recorded with its code, atomically undone, never halts the chain."""
    council = Council()
    again = GrantRole(did_of("member"), "member")
    number = council.approved([GRANT, again])
    (failed,) = council.open()
    assert failed.name == "governance.proposal_failed"
    assert (failed.attributes["code"], failed.attributes["failed_operation"]) == ("role-held", 1)
    assert roles_of(council.overlay, did_of("stranger")) == ()
    found = council.found(number)
    assert (found.status, found.code, found.failed_operation, found.ended_height) == ("FAILED", "role-held", 1, 2)


def test_undecided_proposal_lapses_in_the_first_block_at_its_time() -> None:
    council = Council()
    number = council.propose(GRANT)
    council.vote(number, "g1")
    assert council.open(VOTING_MS // BLOCK_MS - 1) == []
    (decided,) = council.open()
    assert (decided.attributes["status"], decided.attributes["approvals"]) == ("LAPSED", 1)
    assert (council.status(number), council.found(number).decided_height) == ("LAPSED", council.height)
    assert read_agenda(council.overlay) == ()


def test_votes_that_suffice_by_then_approve_when_the_time_is_over() -> None:
    """Lapses, unless roles or rules have changed so that the votes cast now suffice."""
    council = Council()
    number = council.propose(GRANT)
    council.vote(number, "g1")
    for name in ("g2", "g3"):
        assert council.submit("g1", RevokeRole(did_of(name), "governor")).code == "ok"
    assert council.status(number) == "OPEN"
    assert [event.name for event in council.open(1, VOTING_MS)] == [
        "governance.proposal_decided", "governance.proposal_enacted", "governance.role_granted",
    ]  # fmt: skip


def test_only_so_many_are_carried_out_in_one_block() -> None:
    """Bounded number per block; more that are due follow in the next."""
    council = Council()
    roles: tuple[Role, ...] = ("auditor", "notary", "arbitrator", "evaluator", "registrar", "exchange")
    numbers = [
        council.approved([GrantRole(did_of("stranger"), role)], by=f"g{1 + at % 3}") for at, role in enumerate(roles)
    ]
    council.open()
    assert [council.status(number) for number in numbers] == ["ENACTED"] * ENACTMENTS_MAX + ["APPROVED"] * 2
    council.open()
    assert {council.status(number) for number in numbers} == {"ENACTED"}


def test_only_so_many_are_counted_in_one_block(monkeypatch) -> None:
    monkeypatch.setattr(docket, "COUNTS_MAX", 2)
    council = Council()
    numbers = [council.propose(GRANT) for _ in range(3)]
    council.open(1, VOTING_MS)
    assert [council.status(number) for number in numbers] == ["LAPSED", "LAPSED", "OPEN"]
    council.open()
    assert council.status(numbers[2]) == "LAPSED"


def test_policy_that_changes_meanwhile_is_the_one_that_counts() -> None:
    council = Council()
    first = council.propose(GRANT)
    council.vote(first, "g1", "g2")
    council.approved([SetPolicy("governance.grant_role", Rule("ALL", ("governor",)))])
    second = council.propose(GrantRole(did_of("stranger"), "auditor"), by="g2")
    council.open()
    council.vote(second, "g1", "g2")
    assert council.status(second) == "OPEN"
    (found,) = tally(council.overlay, council.found(second), DEFAULT_RULES)
    assert (found.rule.kind, found.electorate, found.needed, found.approvals, found.met) == ("ALL", 3, 3, 2, False)
    council.vote(second, "g3")
    assert council.status(second) == "APPROVED"
