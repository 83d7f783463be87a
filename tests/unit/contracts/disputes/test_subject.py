import pytest

from contracts.disputes.record import Subject
from contracts.disputes.subject import asset_behind, check_reach
from contracts.kernel.outcome import OperationFailed
from tests.unit.contracts.disputes.court import ABOUT, ASSET, FREEZE, founded


def test_asset_stands_behind_itself() -> None:
    state = founded().overlay
    assert asset_behind(ABOUT, state) == ASSET
    check_reach(ABOUT, (FREEZE,), state)


@pytest.mark.parametrize("kind", ["asset", "right", "trade"])
def test_unknown_subject_is_refused(kind: str) -> None:
    with pytest.raises(OperationFailed) as found:
        asset_behind(Subject(kind, bytes(32)), founded().overlay)  # type: ignore[arg-type]
    assert found.value.code == "dispute-subject-unknown"
