import pytest

from contracts.assets.description import AssetDescription
from contracts.assets.operations_application import AmendDraft, AssignReviewers, DraftAsset
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import did_of

CORE = AssetDescription("dataset", "A", grade="core")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (DraftAsset("a", CORE), "asset-grade-core"),
        (AmendDraft(bytes(32), CORE), "asset-grade-core"),
        (AssignReviewers(bytes(32), (did_of("rita"), did_of("rita"))), "asset-reviewer-twice"),
    ],
)
def test_form_that_is_wrong_in_any_state_is_refused_before_a_block(operation: Operation, code: str) -> None:
    with pytest.raises(OperationFailed) as found:
        operation.check()
    assert found.value.code == code
