"""Who may do what: roles, and the rule of each operation.

A rule is *kind x organisations x roles*. One transaction has one sender, so only the
kinds about a sender can be met by it; the collective kinds (ALL, MAJORITY, COUNT,
FRACTION) answer ``approval-required``: several members agree by a proposal, which is counted as
``contracts.kernel.electorate`` says.

Defaults stand beside each operation; the consortium's own rules are one state value,
``governance/policies``, so that a transaction needs one read for all of them.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from chainnode import limits
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Height
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid

Role = Literal[
    "arbitrator",
    "auditor",
    "evaluator",
    "exchange",
    "governor",
    "member",
    "notary",
    "operator",
    "registrar",
    "regulator",
]
ROLES: Final[tuple[Role, ...]] = (
    "arbitrator",
    "auditor",
    "evaluator",
    "exchange",
    "governor",
    "member",
    "notary",
    "operator",
    "registrar",
    "regulator",
)
"""Every role; ``operator`` runs a validator, ``governor`` grants and revokes roles."""

RuleKind = Literal["EVERYONE", "ANY", "SELF", "FORBIDDEN", "ALL", "MAJORITY", "COUNT", "FRACTION"]
COLLECTIVE: Final = ("ALL", "MAJORITY", "COUNT", "FRACTION")


class Rule(msgspec.Struct, frozen=True, array_like=True):
    """Who may do one kind of thing.

    EVERYONE: any identity. ANY: one holder of one of ``roles`` (of ``organisations``, when
    given). SELF: the sender, about itself. FORBIDDEN: nobody. The collective kinds count
    holders of ``roles``: all, more than half, ``numerator``, or ``numerator/denominator`` of them.
    """

    kind: RuleKind
    roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=len(ROLES))] = ()
    organisations: Annotated[tuple[AnyDid, ...], msgspec.Meta(max_length=limits.VALIDATORS_MAX)] = ()
    numerator: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    denominator: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0


EVERYONE: Final = Rule("EVERYONE")
SELF: Final = Rule("SELF")
FORBIDDEN: Final = Rule("FORBIDDEN")
ANY_MEMBER: Final = Rule("ANY", ROLES)
"""Whoever holds any role belongs to the consortium."""
BY_VOTE: Final = Rule("MAJORITY", ("governor",))
"""More than half of the governors, by a proposal; a sole governor, such as the identity that several operators
control together, needs none. No governor among several can take the consortium over alone."""


class Policies(msgspec.Struct, frozen=True, array_like=True):
    """The consortium's own rules, by operation name; sorted, each name once."""

    rules: tuple[tuple[str, Rule], ...] = ()


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """One role as it was given."""

    role: Role
    height: Height
    time_ms: int
    granted_by: str
    """DID of the governor; empty at genesis."""


class RoleRecord(msgspec.Struct, frozen=True, array_like=True):
    """The roles of one identity, sorted by name."""

    did: str
    grants: tuple[Grant, ...]
    registrar_number: int
    """Given once to whoever may register assets, in order of granting; 0 = none."""
    suspended_by: tuple[bytes, ...] = ()
    """Orders that keep the identity from acting; here, because every transaction reads this record."""


class Features(msgspec.Struct, frozen=True, array_like=True):
    """Heights from which later features hold; sorted by name."""

    heights: tuple[tuple[str, int], ...] = ()


POLICIES_KEY: Final = key("governance", "policies")
FEATURES_KEY: Final = key("governance", "features")

# Values were encoded by this package, so no canonical check here. Caching by the value's
# own bytes is correct whatever an overlay discards: equal bytes mean an equal value.
_decode_policies = msgspec.msgpack.Decoder(Policies).decode
_decode_roles = lru_cache(1024)(msgspec.msgpack.Decoder(RoleRecord).decode)
_decode_features = lru_cache(16)(msgspec.msgpack.Decoder(Features).decode)
_NO_RULES: Final[Mapping[str, Rule]] = MappingProxyType({})


class Standing(NamedTuple):
    """What an identity's role record says about what it may do now."""

    roles: tuple[Role, ...]
    """Sorted by name."""
    suspended_by: tuple[bytes, ...]
    """Orders that keep it from acting."""


NO_STANDING: Final = Standing((), ())


@lru_cache(1024)
def _standing_in(stored: bytes) -> Standing:
    record = _decode_roles(stored)
    return Standing(tuple(grant.role for grant in record.grants), record.suspended_by)


@lru_cache(16)
def _rules_in(stored: bytes) -> Mapping[str, Rule]:
    return MappingProxyType(dict(_decode_policies(stored).rules))


@lru_cache(4096)
def roles_key(did: str) -> bytes:
    """State key of an identity's roles."""
    return key("governance", "roles", did)


def role_record(state: State, did: str) -> RoleRecord | None:
    """The roles of ``did``; None where it never held one."""
    stored = state.get(roles_key(did))
    return None if stored is None else _decode_roles(stored)


def standing_of(state: State, did: str) -> Standing:
    """The roles of ``did``, and the orders against it: what every transaction asks about its sender."""
    stored = state.get(roles_key(did))
    return NO_STANDING if stored is None else _standing_in(stored)


def roles_of(state: State, did: str) -> tuple[Role, ...]:
    """Names of the roles that ``did`` holds, sorted."""
    return standing_of(state, did).roles


def read_policies(state: State) -> Mapping[str, Rule]:
    """The consortium's own rules by operation name."""
    stored = state.get(POLICIES_KEY)
    return _NO_RULES if stored is None else _rules_in(stored)


def read_features(state: State) -> tuple[tuple[str, int], ...]:
    """Features that have a height, each with the first at which it holds; sorted by name."""
    stored = state.get(FEATURES_KEY)
    return () if stored is None else _decode_features(stored).heights


def feature_height(state: State, feature: str) -> int | None:
    """The height from which ``feature`` holds; None where none is set."""
    return dict(read_features(state)).get(feature)


def check_feature(operation: str, feature: str | None, height: int, state: State) -> None:
    """Check that ``feature``, if the operation waits for one, is active in the block at ``height``.

    Raises:
        OperationFailed: ``feature-inactive``.
    """
    if feature is None:
        return
    active_from = feature_height(state, feature)
    if active_from is None or height < active_from:
        raise OperationFailed("feature-inactive", f"{operation} waits for the feature {feature}")


def authorise(rule: Rule, operation: str, sender: str, roles: tuple[Role, ...]) -> None:
    """Check that ``sender``, holding ``roles``, may do ``operation`` by itself.

    Raises:
        OperationFailed: ``role-missing``, ``operation-forbidden`` or ``approval-required``.
    """
    kind = rule.kind
    if kind in ("EVERYONE", "SELF"):
        return  # an operation under SELF acts on its sender's own document by construction
    if kind == "ANY":
        if not rule.organisations or sender in rule.organisations:
            for role in roles:
                if role in rule.roles:
                    return
        raise OperationFailed("role-missing", f"{operation} needs one of the roles {', '.join(rule.roles)}")
    if kind in COLLECTIVE:
        if not any(role in rule.roles for role in roles):
            raise OperationFailed("role-missing", f"{operation} needs the approval of {', '.join(rule.roles)}")
        raise OperationFailed(
            "approval-required", f"{operation} needs {kind} of {', '.join(rule.roles)}: put it forward as a proposal"
        )
    raise OperationFailed("operation-forbidden", f"the policy of this chain forbids {operation}")
