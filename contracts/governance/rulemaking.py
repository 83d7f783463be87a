"""How the consortium changes its own rules: parameters, policies, features.

At genesis the founders set them; afterwards a vote does, unless the policy says otherwise. What a block changes holds
from the next block on, on every node alike: blocks are checked by the state below them.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.governance.operations import ActivateFeature, SetParameters, SetPolicy
from contracts.governance.outcome import FeatureScheduled, ParameterChanged, PolicySet
from contracts.governance.queries import read_parameters
from contracts.governance.record import PARAMETERS_KEY
from contracts.kernel.context import Context
from contracts.kernel.electorate import electorate, needed
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import (
    BY_VOTE,
    COLLECTIVE,
    FEATURES_KEY,
    POLICIES_KEY,
    Features,
    Policies,
    Rule,
    read_features,
    read_policies,
)

FEATURES_MAX: Final = 256
_SET_POLICY: Final = "governance.set_policy"
_VOTE: Final = "governance.vote"
_PROPOSE: Final = "governance.propose"
_CHANGING: Final = (_SET_POLICY, _VOTE, _PROPOSE)
"""What it takes to change a policy by a vote."""
FEATURE_NOTICE_BLOCKS: Final = 10
"""Nodes that do not know the feature stop in good order before its height, and say so while there is time."""


def set_parameters(operation: SetParameters, context: Context, state: State) -> None:
    """Replace the parameters.

    Raises:
        OperationFailed: ``parameters-window``: a shorter window would let transactions that were forgotten in time
            come back before they expire.
    """
    before, after = read_parameters(state), operation.parameters
    if not context.at_genesis and after.validity_window < before.validity_window:
        raise OperationFailed(
            "parameters-window", f"validity_window is {before.validity_window} and can only grow, not become "
            f"{after.validity_window}"
        )  # fmt: skip
    state.put(PARAMETERS_KEY, encode(after))
    for field in msgspec.structs.fields(after):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            context.emit(ParameterChanged(field.name, old, new))


def set_policy(operation: SetPolicy, context: Context, state: State) -> None:
    """Replace one operation's rule.

    Raises:
        OperationFailed: ``policy-target``, or ``policy-unmeetable``: nobody could change a policy again.
    """
    target, rule = operation.target, operation.rule
    rules = dict(read_policies(state))
    rules[target] = rule
    if target not in context.default_rules:
        raise OperationFailed("policy-target", f"{target!a} is no operation of this chain")
    if target in _CHANGING and not context.at_genesis:
        _check_changeable({name: rules.get(name) or context.default_rules[name] for name in _CHANGING}, state)
    state.put(POLICIES_KEY, encode(Policies(tuple(sorted(rules.items(), key=lambda item: item[0])))))
    roles = ", ".join(rule.roles)
    context.emit(PolicySet(target, rule.kind, roles, len(rule.organisations), rule.numerator, rule.denominator))


def _check_changeable(rules: Mapping[str, Rule], state: State) -> None:
    """Refuse rules under which no vote could change a policy again, by who holds which role now.

    Raises:
        OperationFailed: ``policy-unmeetable``.
    """
    rule = rules[_SET_POLICY]
    members = electorate(rule, state)
    able = len(members)
    if rule.kind in COLLECTIVE:
        voters = frozenset(_holders(rules[_VOTE], state))
        able = sum(1 for did in members if did in voters) if _holders(rules[_PROPOSE], state) else 0
    if able < needed(rule, len(members)):
        raise OperationFailed(
            "policy-unmeetable",
            f"{rule.kind} of {len(members)} holders, {able} of whom could vote, could never agree on another policy",
        )


def _holders(rule: Rule, state: State) -> tuple[str, ...]:
    """Who may act alone under ``rule``."""
    return electorate(rule, state) if rule.kind in ("ANY", "EVERYONE") else ()


def activate_feature(operation: ActivateFeature, context: Context, state: State) -> None:
    """Set the height from which a feature holds, or move it while it has not come.

    Raises:
        OperationFailed: ``feature-active``, ``feature-notice`` or ``features-full``.
    """
    name, height = operation.name, operation.height
    heights = dict(read_features(state))
    before = heights.get(name)
    if before is not None and before <= context.height and not context.at_genesis:
        raise OperationFailed("feature-active", f"{name} holds since height {before}")
    if not context.at_genesis and height < context.height + FEATURE_NOTICE_BLOCKS:
        raise OperationFailed(
            "feature-notice", f"height {height} is less than {FEATURE_NOTICE_BLOCKS} above {context.height}"
        )
    if before is None and len(heights) >= FEATURES_MAX:
        raise OperationFailed("features-full", f"{FEATURES_MAX} features have a height")
    heights[name] = height
    state.put(FEATURES_KEY, encode(Features(tuple(sorted(heights.items(), key=lambda item: item[0])))))
    context.emit(FeatureScheduled(name, height))


OPERATIONS: Final = (
    OperationSpec(
        SetParameters,
        set_parameters,
        BY_VOTE,
        ("parameters-contradict", "parameters-window"),
        genesis="also",
        by_proposal=True,
    ),
    OperationSpec(
        SetPolicy,
        set_policy,
        BY_VOTE,
        ("policy-rule", "policy-target", "policy-unmeetable"),
        genesis="also",
        by_proposal=True,
    ),
    OperationSpec(
        ActivateFeature,
        activate_feature,
        BY_VOTE,
        ("feature-active", "feature-notice", "features-full"),
        genesis="also",
        by_proposal=True,
    ),
)
