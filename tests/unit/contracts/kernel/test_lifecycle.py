import pytest

from contracts.assets.record import LIFECYCLE as ASSET
from contracts.evidence.record import LIFECYCLE as EVIDENCE
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.outcome import OperationFailed


def test_status_changes_only_along_the_table() -> None:
    """Every state machine is a table in code that drives the checks."""
    machine = Lifecycle(
        "door", "door-status", {(None, "open"): "OPEN", ("OPEN", "close"): "CLOSED", ("OPEN", "alter"): "OPEN"}
    )
    assert machine.after(None, "open") == "OPEN"
    assert machine.after("OPEN", "close") == "CLOSED"
    assert machine.after("CLOSED", "close") is None
    assert machine.after(None, "close") is None
    assert machine.actions("OPEN") == ("alter", "close")
    assert machine.actions("CLOSED") == ()
    assert machine.statuses() == ("CLOSED", "OPEN")
    assert machine.step("OPEN", "close") == "CLOSED"


def test_step_that_no_line_allows_is_refused_with_the_code_of_the_machine() -> None:
    machine = Lifecycle("door", "door-status", {(None, "open"): "OPEN", ("OPEN", "close"): "CLOSED"})
    with pytest.raises(OperationFailed) as found:
        machine.step("CLOSED", "close")
    assert (found.value.code, found.value.message) == ("door-status", "door is CLOSED; close needs OPEN")
    with pytest.raises(OperationFailed) as found:
        machine.step("OPEN", "open")
    assert found.value.message == "door is OPEN; open needs nothing"


def test_revoked_evidence_is_final_and_the_fast_path_registers_at_once() -> None:
    assert EVIDENCE.actions("REVOKED") == ()
    assert ASSET.after(None, "register") == "CERTIFIED"
