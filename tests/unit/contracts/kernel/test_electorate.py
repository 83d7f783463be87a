"""Whose agreement a rule counts, and how many of them it takes."""

import pytest

from contracts.governance.operations import GrantRole, RevokeRole
from contracts.kernel import electorate as module
from contracts.kernel.electorate import count, electorate, holders_of, needed
from contracts.kernel.policy import EVERYONE, FORBIDDEN, SELF, Rule
from tests.unit.contracts.governance.council import Council
from tests.unit.contracts.world import World, did_of


def test_holders_are_listed_by_role_sorted() -> None:
    council = Council()
    assert holders_of(council.overlay, "governor") == tuple(sorted(did_of(name) for name in ("g1", "g2", "g3")))
    assert holders_of(council.overlay, "notary") == ()
    council.submit("g1", RevokeRole(did_of("g2"), "governor"))
    assert did_of("g2") not in holders_of(council.overlay, "governor")


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        (Rule("ALL", ("governor",)), 3, 3),
        (Rule("MAJORITY", ("governor",)), 4, 3),
        (Rule("MAJORITY", ("governor",)), 3, 2),
        (Rule("MAJORITY", ("governor",)), 1, 1),
        (Rule("COUNT", ("governor",), numerator=2), 1, 2),
        (Rule("FRACTION", ("governor",), (), 2, 3), 4, 3),
        (Rule("FRACTION", ("governor",), (), 2, 3), 3, 2),
        (Rule("FRACTION", ("governor",), (), 1, 10_000), 3, 1),
        (Rule("ANY", ("governor",)), 9, 1),
        (EVERYONE, 9, 1),
        (FORBIDDEN, 9, 10),
        (SELF, 9, 10),
        (Rule("ALL", ("governor",)), 0, 1),
        (Rule("MAJORITY", ("governor",)), 0, 1),
    ],
)
def test_rule_needs_so_many(rule: Rule, size: int, expected: int) -> None:
    """all, more than half, ``numerator``, or ``numerator/denominator`` of them, rounded up; nobody alone is no vote."""
    assert needed(rule, size) == expected


def test_electorate_is_the_holders_of_any_of_the_roles_once() -> None:
    state = Council().overlay
    assert electorate(Rule("ALL", ("member", "exchange")), state) == holders_of(state, "member")
    assert len(electorate(EVERYONE, state)) == 6
    assert electorate(FORBIDDEN, state) == electorate(SELF, state) == ()


def test_organisations_narrow_the_electorate() -> None:
    """Rule x organisations x roles: named, and holding one of the roles."""
    state = Council().overlay
    rule = Rule("ALL", ("governor",), (did_of("g2"), did_of("member"), did_of("g1"), did_of("g1")))
    assert electorate(rule, state) == tuple(sorted((did_of("g1"), did_of("g2"))))


def test_vote_counts_by_the_roles_of_now() -> None:
    council = Council()
    votes = [(did_of("g1"), True), (did_of("g2"), False), (did_of("stranger"), True)]
    defaults = {"governance.revoke_role": Rule("ANY", ("governor",)), "x": Rule("ALL", ("governor",))}
    any_of, all_of = count(["governance.revoke_role", "x"], votes, council.overlay, defaults)
    assert (any_of.electorate, any_of.needed, any_of.approvals, any_of.against, any_of.met) == (3, 1, 1, 1, True)
    assert (all_of.met, all_of.lost) == (False, True)


def test_role_has_no_more_holders_than_can_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLDERS_MAX", 1)
    assert World().submit("governor", GrantRole(did_of("stranger"), "member")).code == "role-full"
