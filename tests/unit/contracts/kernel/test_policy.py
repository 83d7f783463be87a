from typing import get_args

import pytest

from chainnode.codec.canonical import encode
from chainnode.state.overlay import Overlay
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import (
    ANY_MEMBER,
    EVERYONE,
    FEATURES_KEY,
    FORBIDDEN,
    POLICIES_KEY,
    ROLES,
    SELF,
    Features,
    Grant,
    Policies,
    Role,
    RoleRecord,
    Rule,
    authorise,
    feature_height,
    read_policies,
    role_record,
    roles_key,
    roles_of,
)

DID = "did:cnode:c:" + "a" * 32


@pytest.mark.parametrize(
    ("rule", "roles", "code"),
    [
        (EVERYONE, (), None),
        (SELF, (), None),
        (FORBIDDEN, ROLES, "operation-forbidden"),
        (ANY_MEMBER, (), "role-missing"),
        (ANY_MEMBER, ("auditor",), None),
        (Rule("ANY", ("exchange",)), ("auditor", "member"), "role-missing"),
        (Rule("ANY", ("exchange", "member")), ("auditor", "member"), None),
        (Rule("ANY", ("member",), (DID,)), ("member",), None),
        (Rule("ANY", ("member",), ("did:other",)), ("member",), "role-missing"),
        (Rule("ALL", ("member",)), ("member",), "approval-required"),
        (Rule("MAJORITY", ("member",)), ("member",), "approval-required"),
        (Rule("COUNT", ("member",), numerator=1), ("member",), "approval-required"),
        (Rule("FRACTION", ("member",), numerator=2, denominator=3), ("member",), "approval-required"),
    ],
)
def test_rule_answers_for_one_sender(rule: Rule, roles: tuple[Role, ...], code: str | None) -> None:
    """Policies per operation as rule x organisations x roles."""
    if code is None:
        authorise(rule, "a.b", DID, roles)
        return
    with pytest.raises(OperationFailed) as found:
        authorise(rule, "a.b", DID, roles)
    assert found.value.code == code


def test_roles_are_listed_once_and_sorted() -> None:
    assert get_args(Role) == ROLES
    assert list(ROLES) == sorted(ROLES)


def test_reads_follow_the_state_also_when_a_write_is_discarded() -> None:
    """Caching by the value's own bytes is correct whatever an overlay discards."""
    overlay = Overlay(lambda _key: None)
    assert roles_of(overlay, DID) == ()
    assert role_record(overlay, DID) is None
    first = RoleRecord(DID, (Grant("member", 0, 0, ""),), 0)
    overlay.put(roles_key(DID), encode(first))
    overlay.begin()
    overlay.put(roles_key(DID), encode(RoleRecord(DID, (), 0)))
    assert roles_of(overlay, DID) == ()
    overlay.discard()
    assert roles_of(overlay, DID) == ("member",)
    assert role_record(overlay, DID) == first


def test_policies_and_features_are_absent_until_written() -> None:
    overlay = Overlay(lambda _key: None)
    assert read_policies(overlay) == {}
    assert feature_height(overlay, "x") is None
    overlay.put(POLICIES_KEY, encode(Policies((("a.b", EVERYONE),))))
    overlay.put(FEATURES_KEY, encode(Features((("x", 7),))))
    assert read_policies(overlay) == {"a.b": EVERYONE}
    assert feature_height(overlay, "x") == 7
    assert feature_height(overlay, "y") is None
