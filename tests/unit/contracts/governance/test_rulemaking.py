"""Parameters, policies and features, changed by vote."""

from collections.abc import Callable

import msgspec
import pytest

from chainnode.types.parameters import ChainParameters
from contracts.governance import rulemaking
from contracts.governance.operations import ActivateFeature, SetParameters, SetPolicy
from contracts.governance.queries import read_parameters
from contracts.governance.rulemaking import FEATURE_NOTICE_BLOCKS
from contracts.kernel.operation import Operation
from contracts.kernel.policy import FORBIDDEN, Rule, feature_height, read_policies
from tests.unit.contracts.governance.council import Council

FASTER = ChainParameters(batch_wait_ms=5, validity_window=2_000)


def _enacted(council: Council, *operations: Operation) -> str:
    """Code with which the council's decision is carried out."""
    number = council.approved(operations)
    council.open()
    return council.found(number).code


def test_parameters_change_by_vote_and_the_event_tells_what() -> None:
    council = Council()
    council.approved([SetParameters(FASTER)])
    events = council.open()
    assert read_parameters(council.overlay) == FASTER
    changed = [event.attributes for event in events if event.name == "governance.parameter_changed"]
    assert changed == [
        {"name": "batch_wait_ms", "before": 10, "after": 5},
        {"name": "validity_window", "before": 1_000, "after": 2_000},
    ]


def test_policy_changes_by_vote() -> None:
    council = Council()
    rule = Rule("ANY", ("regulator",))
    assert _enacted(council, SetPolicy("evidence.record", rule)) == "ok"
    assert read_policies(council.overlay)["evidence.record"] == rule


def test_feature_is_scheduled_and_may_move_until_it_has_come() -> None:
    council = Council()
    assert _enacted(council, ActivateFeature("lanes", 100)) == "ok"
    assert _enacted(council, ActivateFeature("lanes", 40)) == "ok"
    assert feature_height(council.overlay, "lanes") == 40
    council.open(40)
    assert _enacted(council, ActivateFeature("lanes", 400)) == "feature-active"


def test_notice_is_exact() -> None:
    council = Council()
    number = council.approved([ActivateFeature("lanes", council.height + 1 + FEATURE_NOTICE_BLOCKS)])
    council.open()
    assert council.status(number) == "ENACTED"
    assert _enacted(council, ActivateFeature("roads", council.height + FEATURE_NOTICE_BLOCKS)) == "feature-notice"


def _full() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rulemaking, "FEATURES_MAX", 0)
        return _enacted(Council(), ActivateFeature("lanes", 100))


def _active() -> str:
    council = Council()
    _enacted(council, ActivateFeature("lanes", 20))
    council.open(20)
    return _enacted(council, ActivateFeature("lanes", 100))


REFUSALS: dict[str, Callable[[], str]] = {
    "parameters-window": lambda: _enacted(Council(), SetParameters(ChainParameters(validity_window=999))),
    "policy-target": lambda: _enacted(Council(), SetPolicy("evidence.recrod", FORBIDDEN)),
    "policy-unmeetable": lambda: _enacted(Council(), SetPolicy("governance.set_policy", FORBIDDEN)),
    "feature-active": _active,
    "feature-notice": lambda: _enacted(Council(), ActivateFeature("lanes", 5)),
    "features-full": _full,
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_is_recorded_with_its_code(code: str) -> None:
    assert REFUSALS[code]() == code


@pytest.mark.parametrize("rule", [Rule("ALL", ("notary",)), Rule("COUNT", ("governor",), numerator=4), FORBIDDEN])
def test_policy_that_nobody_could_change_again_is_refused(rule: Rule) -> None:
    """A change that could not be undone is refused."""
    assert _enacted(Council(), SetPolicy("governance.set_policy", rule)) == "policy-unmeetable"
    assert _enacted(Council(), SetPolicy("evidence.record", rule)) == "ok"


@pytest.mark.parametrize("target", ["governance.vote", "governance.propose"])
@pytest.mark.parametrize(
    "rule", [FORBIDDEN, Rule("ALL", ("governor",)), Rule("ANY", ("notary",)), Rule("ANY", ("governor",), ("did:x:y",))]
)
def test_voting_itself_cannot_be_put_out_of_reach(target: str, rule: Rule) -> None:
    """Rules change by vote: without proposals, or without votes, none would ever change again."""
    council = Council()
    assert _enacted(council, SetPolicy(target, rule)) == "policy-unmeetable"
    assert _enacted(council, SetPolicy(target, Rule("ANY", ("governor",)))) == "ok"


def test_founders_may_settle_everything() -> None:
    """At genesis the founders set them, features that hold from the first block included."""
    council = Council(SetPolicy("governance.set_policy", FORBIDDEN))
    assert read_policies(council.overlay)["governance.set_policy"] == FORBIDDEN
    assert msgspec.structs.asdict(read_parameters(council.overlay)) == msgspec.structs.asdict(ChainParameters())
