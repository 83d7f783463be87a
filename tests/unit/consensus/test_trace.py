"""Stable text of what happens."""

from consensus import inputs
from consensus.timers import Timer, TimerKind
from consensus.trace import describe_input, describe_message, describe_outputs, describe_state
from tests.unit.consensus.rig import HEIGHT, A, Rig, certificate, justification, pre_prepare, prepare, view_change


def test_trace_describes_inputs():
    """One line each; hashes cut, names instead of numbers."""
    assert describe_input(inputs.TimerFired(Timer(TimerKind.VIEW, HEIGHT, 2))) == (
        "TimerFired timer=(Timer kind=VIEW height=8 view=2)"
    )
    assert describe_input(inputs.MessageReceived(prepare(3))) == (
        "MessageReceived Prepare height=8 view=0 sender=3 block_hash=61616161"
    )


def test_trace_describes_certificates_and_justifications():
    """What a view change rests on can be read."""
    assert describe_message(view_change(2, 1, certificate())) == (
        "ViewChange height=8 view=1 sender=2 prepared_view=0 prepared_hash=61616161"
        " certificate=PREPARE(61616161@0 by 0,1,2)"
    )
    assert describe_message(pre_prepare(A, 1, justification(prepared=certificate()), proposal=b"\x01")) == (
        "PrePrepare height=8 view=1 sender=1 block_hash=61616161 proposal=01"
        " justification=(0:0,2:-1,3:-1 highest=PREPARE(61616161@0 by 0,1,2))"
    )


def test_trace_describes_state_and_outputs():
    """A step can be read like a page of a log."""
    rig = Rig()
    rig.accept()
    assert describe_state(rig.replica) == "height=8 view=0 PREPARING leader=0 prepared=nothing"

    out = rig.replica.step(inputs.MessageReceived(prepare(0)), 0)
    assert describe_outputs(out) == []
    out = rig.replica.step(inputs.MessageReceived(prepare(2)), 0)

    assert describe_outputs(out) == [
        "persist BlockPrepared certificate=PREPARE(61616161@0 by 0,1,2)",
        "sign Commit height=8 view=0 sender=1 block_hash=61616161",
        "PrepareExecution block_hash=61616161",
    ]
    assert describe_state(rig.replica) == "height=8 view=0 COMMITTING leader=0 prepared=61616161@0"


def test_trace_describes_a_halt():
    """R11: the diagnosis names the reason."""
    assert describe_outputs(Rig().step(inputs.Halted("disk"))) == ["Halt reason=disk details=reported by the host"]
