"""The work of one step."""

from consensus.journal import BlockPrepared
from consensus.outputs import BuildBlock, CancelTimer, Evidence, Outputs, Rejected, Send, ViewChanged
from consensus.timers import TimerKind
from tests.unit.consensus.rig import A, B, certificate, commit, prepare


def test_outputs_keep_the_order_in_which_things_were_asked():
    """The order of the lists is the order of the host's work."""
    out = Outputs()
    request = BuildBlock(1, 0, A, empty_allowed=True)
    for _ in range(2):
        out.add_record(BlockPrepared(certificate()))
        out.add_timer(CancelTimer(TimerKind.VIEW))
        out.add_request(request)
    out.add_signature(prepare(0))
    out.add_signature(commit(0))
    out.add_send(prepare(0), None)
    out.add_send(commit(0), 2)
    out.add_rejection("duplicate", 1)
    out.add_rejection("unsigned", 2)
    out.add_evidence(prepare(0), prepare(0, B))
    out.add_event(ViewChanged(1, 1, "timeout"))

    assert (len(out.persist), len(out.timers), list(out.requests)) == (2, 2, [request, request])
    assert list(out.sign) == [prepare(0), commit(0)]
    assert list(out.sends) == [Send(prepare(0), None), Send(commit(0), 2)]
    assert list(out.rejected) == [Rejected("duplicate", 1), Rejected("unsigned", 2)]
    assert list(out.evidence) == [Evidence(prepare(0), prepare(0, B))]
    assert list(out.events) == [ViewChanged(1, 1, "timeout")]


def test_outputs_of_nothing_share_one_empty_tuple():
    """A step without consequences allocates nothing, and one step's work never shows in another's."""
    quiet, busy = Outputs(), Outputs()
    busy.add_send(prepare(0), None)

    assert {id(getattr(quiet, name)) for name in ("persist", "sign", "sends", "timers", "requests")} == {id(())}
