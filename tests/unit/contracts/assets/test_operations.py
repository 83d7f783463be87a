import pytest

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.registry import checked_operation


def test_core_data_is_refused_before_it_reaches_a_block() -> None:
    """Grade (general 1-4 / important / core; core is refused)."""
    with pytest.raises(OperationFailed) as found:
        RegisterAsset("a", AssetDescription("dataset", "A", grade="core")).check()
    assert found.value.code == "asset-grade-core"


def test_small_record_stays_small() -> None:
    assert len(checked_operation(RegisterAsset("a", AssetDescription("dataset", "A")))) < 100
