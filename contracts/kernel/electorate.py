"""Whose agreement a rule counts: the holders of its roles, and how many of them it takes.

Holders are listed by role in the state, so that a vote can be counted without walking over all identities. A rule is
met when enough of its electorate approve; who counts is decided at the moment of counting: a role lost meanwhile takes
its vote along, a role gained brings the right to vote.

    governance/holders/<role>    the identities that hold it, sorted
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Final, NamedTuple

import msgspec

from chainnode.codec.canonical import encode
from chainnode.limits import KIB
from chainnode.state.keys import key
from chainnode.state.view import State
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ROLES, Role, Rule, read_policies, roles_of

HOLDERS_MAX: Final = 1_024
"""Of one role. At 90 bytes each the list stays below half of a state value, and a vote is counted in a millisecond."""

HOLDERS_BYTES_MAX: Final = 128 * KIB
"""The list of one role, and the role record of who enters or leaves it."""


class Holders(msgspec.Struct, frozen=True, array_like=True):
    """Who holds one role."""

    dids: Annotated[tuple[str, ...], msgspec.Meta(max_length=HOLDERS_MAX)]
    """Sorted."""


_KEYS: Final[Mapping[str, bytes]] = {role: key("governance", "holders", role) for role in ROLES}
_decode_holders = lru_cache(32)(msgspec.msgpack.Decoder(Holders).decode)


def holders_key(role: Role) -> bytes:
    """State key of the holders of ``role``."""
    return _KEYS[role]


def holders_of(state: State, role: Role) -> tuple[str, ...]:
    """Who holds ``role``, sorted."""
    stored = state.get(_KEYS[role])
    return () if stored is None else _decode_holders(stored).dids


def add_holder(state: State, role: Role, did: str) -> None:
    """List ``did``, which does not hold ``role`` yet.

    Raises:
        OperationFailed: ``role-full``.
    """
    dids = holders_of(state, role)
    if len(dids) >= HOLDERS_MAX:
        raise OperationFailed("role-full", f"{role} has {HOLDERS_MAX} holders, the most that can be counted in a vote")
    state.put(_KEYS[role], encode(Holders(tuple(sorted((*dids, did))))))


def remove_holder(state: State, role: Role, did: str) -> None:
    """List ``did`` no more."""
    dids = tuple(held for held in holders_of(state, role) if held != did)
    if dids:
        state.put(_KEYS[role], encode(Holders(dids)))
    else:
        state.delete(_KEYS[role])


def electorate(rule: Rule, state: State) -> tuple[str, ...]:
    """Who is counted under ``rule``: holders of one of its roles, of its organisations where it names some.

    Sorted, each once. Empty for FORBIDDEN and SELF, which no vote can meet; EVERYONE counts the whole consortium.
    """
    if rule.kind in {"FORBIDDEN", "SELF"}:
        return ()
    roles = ROLES if rule.kind == "EVERYONE" else rule.roles
    if rule.organisations:
        listed = sorted(dict.fromkeys(rule.organisations))
        return tuple(did for did in listed if any(role in roles for role in roles_of(state, did)))
    if len(roles) == 1:
        return holders_of(state, roles[0])
    return tuple(sorted(dict.fromkeys(did for role in roles for did in holders_of(state, role))))


def needed(rule: Rule, size: int) -> int:
    """How many of an electorate of ``size`` must approve; more than ``size`` where no vote can meet the rule.

    FRACTION rounds up: two thirds of four are three.
    """
    if size == 0:
        return 1
    match rule.kind:
        case "ALL":
            return size
        case "MAJORITY":
            return size // 2 + 1
        case "COUNT":
            return rule.numerator
        case "FRACTION":
            return -(-size * rule.numerator // rule.denominator)
        case "ANY" | "EVERYONE":
            return 1
    return size + 1


def suffices_alone(rule: Rule, did: str, state: State) -> bool:
    """Whether the agreement of ``did`` by itself meets a collective rule: then a transaction does as well as a vote."""
    dids = electorate(rule, state)
    return did in dids and needed(rule, len(dids)) == 1


class Count(NamedTuple):
    """How a vote stands under the rule of one operation."""

    operation: str
    rule: Rule
    electorate: int
    needed: int
    approvals: int
    against: int
    """Rejections and abstentions: what can no longer become an approval."""

    @property
    def met(self) -> bool:
        """Whether enough approve."""
        return self.approvals >= self.needed

    @property
    def lost(self) -> bool:
        """Whether those who voted otherwise leave too few."""
        return self.against > 0 and self.electorate - self.against < self.needed


def rule_of(operation: str, state: State, default_rules: Mapping[str, Rule]) -> Rule:
    """The rule in force for ``operation``: the consortium's own, or the default."""
    return read_policies(state).get(operation) or default_rules[operation]


def count(
    operations: Iterable[str], votes: Iterable[tuple[str, bool]], state: State, default_rules: Mapping[str, Rule]
) -> tuple[Count, ...]:
    """How ``votes`` (DID, whether it approves; one of each) stand for each of ``operations``, by the state of now."""
    cast = list(votes)
    counted: dict[Rule, tuple[int, int, int]] = {}
    found = []
    for operation in operations:
        rule = rule_of(operation, state, default_rules)
        if rule not in counted:
            members = electorate(rule, state)
            voters = frozenset(members)
            approvals = sum(1 for did, approves in cast if approves and did in voters)
            against = sum(1 for did, approves in cast if not approves and did in voters)
            counted[rule] = (len(members), approvals, against)
        size, approvals, against = counted[rule]
        found.append(Count(operation, rule, size, needed(rule, size), approvals, against))
    return tuple(found)
