import pytest

from chainnode.types.parameters import ChainParameters
from contracts.governance.operations import SetParameters, SetPolicy
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        (Rule("EVERYONE"), True),
        (Rule("FORBIDDEN"), True),
        (Rule("EVERYONE", ("member",)), False),
        (Rule("FORBIDDEN", (), ("did:x",)), False),
        (Rule("SELF"), False),
        (Rule("ANY"), False),
        (Rule("ANY", ("member",)), True),
        (Rule("ALL", ("member",), ("did:x",)), True),
        (Rule("COUNT", ("member",)), False),
        (Rule("COUNT", ("member",), numerator=2), True),
        (Rule("FRACTION", ("member",), numerator=2, denominator=3), True),
        (Rule("FRACTION", ("member",), numerator=4, denominator=3), False),
        (Rule("FRACTION", ("member",), denominator=3), False),
    ],
)
def test_rule_is_complete(rule: Rule, good: bool) -> None:
    operation = SetPolicy("asset.register", rule)
    if good:
        operation.check()
    else:
        with pytest.raises(OperationFailed) as found:
            operation.check()
        assert found.value.code == "policy-rule"


def test_time_limits_of_a_view_do_not_contradict() -> None:
    SetParameters(ChainParameters()).check()
    with pytest.raises(OperationFailed) as found:
        SetParameters(ChainParameters(view_timeout_ms=500, view_timeout_max_ms=400)).check()
    assert found.value.code == "parameters-contradict"
