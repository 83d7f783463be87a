"""Governance at random: proposals and orders follow their tables, votes count once, offices and holders agree."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chainnode.types.receipt import OK, Receipt
from contracts.governance.operations import GrantRole, RevokeRole, SetPolicy
from contracts.governance.operations_order import IssueOrder, LiftOrder
from contracts.governance.operations_proposal import AnnulProposal, Vote, WithdrawProposal
from contracts.governance.order import ORDER, find_order, order_of, read_calendar
from contracts.governance.proposal import PROPOSAL, find_proposal, proposal_count, read_agenda, read_votes
from contracts.kernel.electorate import holders_of
from contracts.kernel.policy import ROLES, Role, Rule, roles_of
from tests.support.lifecycle_machine import Drive, machine_test, table_test
from tests.unit.contracts.governance.council import COUNCIL, GRANT, VOTING_MS, Council, proposal
from tests.unit.contracts.world import World, did_of

GOVERNORS = ("g1", "g2", "g3")
NAMES = tuple(COUNCIL)
DOCUMENT = b"d" * 32
FINAL = tuple(status for status in PROPOSAL.statuses() if not PROPOSAL.actions(status))


class Numbered(Council):
    """A council that remembers which proposal is record ``n`` of a test; a governor alone may annul."""

    def __init__(self) -> None:
        super().__init__(SetPolicy("governance.annul_proposal", Rule("ANY", ("governor",))))
        self.numbers: dict[int, int] = {}

    def number(self, n: int) -> int:
        return self.numbers.get(n, 1_000 + n)

    def open_proposal(self, n: int, *operations: Any) -> None:
        self.numbers[n] = self.propose(*(operations or (GRANT,)), enact_at=0 if operations else 50)

    def voted(self, n: int, choice: str) -> None:
        self.open_proposal(n)
        self.vote(self.number(n), "g1", "g2", choice=choice)


def _council(world: World) -> Numbered:
    assert isinstance(world, Numbered)
    return world


def _vote(world: World, n: int) -> Receipt:
    """The vote of a governor who has not voted: for and against by turns."""
    council = _council(world)
    cast = len(read_votes(council.overlay, council.number(n)))
    choice = "approve" if cast % 2 == 0 else "reject"
    return council.vote(council.number(n), GOVERNORS[min(cast, 2)], choice=choice)


def _status(world: World, n: int) -> str | None:
    found = find_proposal(world.overlay, _council(world).number(n))
    return None if found is None else found.status


def _lapsed(world: World, n: int) -> None:
    council = _council(world)
    council.open_proposal(n)
    council.open(1, VOTING_MS)


def _carried_out(*operations: Any) -> Any:
    def bring(world: World, n: int) -> None:
        council = _council(world)
        council.open_proposal(n, *operations)
        council.vote(council.number(n), "g1", "g2")
        council.open()

    return bring


def _ended(world: World, n: int, operation: type[WithdrawProposal] | type[AnnulProposal], *voters: str) -> None:
    council = _council(world)
    council.open_proposal(n)
    if voters:
        council.vote(council.number(n), *voters)
    assert council.submit("g1", operation(council.number(n))).code == OK


def _agenda_is_what_is_under_way(world: World) -> None:
    state = world.overlay
    records = [find_proposal(state, number) for number in range(1, proposal_count(state) + 1)]
    under_way = [found.number for found in records if found is not None and found.status not in FINAL]
    assert [item.number for item in read_agenda(state)] == under_way


PROPOSALS = Drive(
    lifecycle=PROPOSAL,
    world=Numbered,
    status=_status,
    steps={
        "vote": _vote,
        "withdraw": lambda world, n: world.submit("g1", WithdrawProposal(_council(world).number(n))),
        "annul": lambda world, n: world.submit("g1", AnnulProposal(_council(world).number(n))),
    },
    refusals={(None, action): "proposal-unknown" for action in ("vote", "withdraw", "annul")},
    derived=("propose", "approve", "reject", "lapse", "enact", "fail"),
    reached_by={
        "OPEN": lambda world, n: _council(world).open_proposal(n),
        "APPROVED": lambda world, n: _council(world).voted(n, "approve"),
        "REJECTED": lambda world, n: _council(world).voted(n, "reject"),
        "LAPSED": _lapsed,
        "WITHDRAWN": lambda world, n: _ended(world, n, WithdrawProposal),
        "ANNULLED": lambda world, n: _ended(world, n, AnnulProposal, "g1", "g2"),
        "ENACTED": _carried_out(GrantRole(did_of("stranger"), "notary")),
        "FAILED": _carried_out(GrantRole(did_of("member"), "member")),
    },
    check=_agenda_is_what_is_under_way,
)
test_proposals_follow_their_table = table_test(PROPOSALS)
TestProposals = machine_test(PROPOSALS)


def _order(n: int) -> bytes:
    return order_of(did_of("regulator"), bytes((n,)) * 16)


def _issue(world: World, n: int, until_ms: int = 0) -> Receipt:
    order = IssueOrder(bytes((n,)) * 16, "identity", "s. 24", DOCUMENT, identity=did_of("exchange"), until_ms=until_ms)
    return world.submit("regulator", order)


def _expired(world: World, n: int) -> None:
    council = _council(world)
    assert _issue(world, n, council.time_ms + 500).code == OK
    council.open()


def _order_status(world: World, n: int) -> str | None:
    found = find_order(world.overlay, _order(n))
    return None if found is None else found.status


ORDERS = Drive(
    lifecycle=ORDER,
    world=Numbered,
    status=_order_status,
    steps={
        "issue": _issue,
        "lift": lambda world, n: world.submit("regulator", LiftOrder(_order(n), "on appeal", DOCUMENT)),
    },
    refusals={
        (None, "lift"): "order-unknown",
        ("IN_FORCE", "issue"): "order-exists",
        ("LIFTED", "issue"): "order-exists",
        ("EXPIRED", "issue"): "order-exists",
    },
    derived=("expire",),
    reached_by={"EXPIRED": _expired},
    check=lambda world: None,
)
test_orders_follow_their_table = table_test(ORDERS)
TestOrders = machine_test(ORDERS)


class Parliament(RuleBasedStateMachine):
    """Everybody proposes, votes, takes back and waits, in any order, while offices change hands."""

    def __init__(self) -> None:
        super().__init__()
        majority = Rule("MAJORITY", ("governor",))
        self.council = Council(SetPolicy("governance.revoke_role", majority))
        self.seen: dict[int, str] = {}

    def send(self, name: str, operation: Any) -> str:
        before = self.council.content()
        receipt = self.council.submit(name, operation)
        if receipt.code != OK:
            assert self.council.content() == before
        return receipt.code

    @rule(by=st.sampled_from(NAMES), name=st.sampled_from(NAMES), role=st.sampled_from(ROLES), revoke=st.booleans(),
          enact_in=st.integers(0, 4), approve=st.booleans())  # fmt: skip
    def propose(self, by: str, name: str, role: Role, revoke: bool, enact_in: int, approve: bool) -> None:
        change = RevokeRole(did_of(name), role) if revoke else GrantRole(did_of(name), role)
        enact_at = self.council.height + enact_in
        code = self.send(by, proposal(change, enact_at=enact_at, approve=approve, voting_ms=3_000))
        assert code in {OK, "role-missing", "vote-not-elector", "proposal-own-limit"}

    @precondition(lambda self: proposal_count(self.council.overlay) > 0)
    @rule(data=st.data(), name=st.sampled_from(NAMES), choice=st.sampled_from(("approve", "approve", "reject")))
    def vote(self, data: st.DataObject, name: str, choice: Any) -> None:
        number = data.draw(st.integers(1, proposal_count(self.council.overlay)))
        votes = read_votes(self.council.overlay, number)
        code = self.send(name, Vote(number, choice))
        assert code in {OK, "role-missing", "vote-not-elector", "vote-twice", "vote-too-late", "proposal-status"}
        if code == OK:
            assert did_of(name) not in [cast.did for cast in votes]

    @precondition(lambda self: proposal_count(self.council.overlay) > 0)
    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def withdraw(self, data: st.DataObject, name: str) -> None:
        number = data.draw(st.integers(1, proposal_count(self.council.overlay)))
        assert self.send(name, WithdrawProposal(number)) in {OK, "role-missing", "proposal-not-own", "proposal-status"}

    @rule(ms=st.integers(1, 2_000))
    def open(self, ms: int) -> None:
        due = [item.number for item in read_agenda(self.council.overlay) if item.status == "APPROVED"]
        events = self.council.open(1, ms)
        done = [event.attributes["number"] for event in events if event.name.startswith("governance.proposal_enacted")]
        assert len(done) == len(set(done))
        for number in due:
            found = self.council.found(number)
            assert (found.status in {"ENACTED", "FAILED"}) == (found.enact_at <= self.council.height)
            assert found.ended_height in {0, self.council.height}

    @invariant()
    def statuses_follow_the_table_and_ends_are_final(self) -> None:
        for number in range(1, proposal_count(self.council.overlay) + 1):
            status, before = self.council.status(number), self.seen.get(number)
            assert status in PROPOSAL.statuses()
            assert before not in FINAL or before == status
            self.seen[number] = status

    @invariant()
    def agenda_and_calendar_hold_what_is_under_way(self) -> None:
        _agenda_is_what_is_under_way(self.council)
        assert read_calendar(self.council.overlay) == ()

    @invariant()
    def holders_and_offices_agree(self) -> None:
        """Collective rules count whom the role records name; a governor always remains."""
        state = self.council.overlay
        for role in ROLES:
            held = {did_of(name) for name in NAMES if role in roles_of(state, did_of(name))}
            assert set(holders_of(state, role)) == held
        assert holders_of(state, "governor")


Parliament.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestParliament = Parliament.TestCase
