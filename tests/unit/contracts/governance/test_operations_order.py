"""The wire forms of lawful orders."""

import pytest

from contracts.governance.operations_order import IssueOrder
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.world import did_of

DID = did_of("member")


@pytest.mark.parametrize(
    ("target", "target_id", "did", "fits"),
    [
        ("asset", bytes(32), "", True),
        ("trade", bytes(16), "", True),
        ("right", bytes(15), "", False),
        ("asset", bytes(32), DID, False),
        ("identity", b"", DID, True),
        ("identity", b"", "", False),
        ("identity", bytes(32), DID, False),
    ],
)
def test_order_names_an_identity_or_a_thing(target: str, target_id: bytes, did: str, fits: bool) -> None:
    operation = IssueOrder(bytes(16), target, "s. 24", bytes(32), target_id, did)  # type: ignore[arg-type]
    if fits:
        operation.check()
    else:
        with pytest.raises(OperationFailed) as caught:
            operation.check()
        assert caught.value.code == "order-target"
