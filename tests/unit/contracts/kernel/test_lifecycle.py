from contracts.assets.record import LIFECYCLE as ASSET
from contracts.evidence.record import LIFECYCLE as EVIDENCE
from contracts.kernel.lifecycle import Lifecycle


def test_status_changes_only_along_the_table() -> None:
    """Every state machine is a table in code that drives the checks."""
    machine = Lifecycle({(None, "open"): "OPEN", ("OPEN", "close"): "CLOSED", ("OPEN", "alter"): "OPEN"})
    assert machine.after(None, "open") == "OPEN"
    assert machine.after("OPEN", "close") == "CLOSED"
    assert machine.after("CLOSED", "close") is None
    assert machine.after(None, "close") is None
    assert machine.actions("OPEN") == ("alter", "close")
    assert machine.actions("CLOSED") == ()


def test_superseded_evidence_is_final_and_the_fast_path_registers_at_once() -> None:
    assert EVIDENCE.actions("SUPERSEDED") == ()
    assert ASSET.after(None, "register") == "REGISTERED"
