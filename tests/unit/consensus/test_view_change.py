"""R6 and R7: leave a view, lead the next."""

import pytest

from consensus import inputs, limits
from consensus import view_change as rules
from consensus.invariant import InvariantBroken
from consensus.journal import PersistBlock
from consensus.outputs import BuildBlock, FetchBlock, Outputs, SetTimer, ViewChanged
from consensus.state import Phase
from consensus.timers import Timer, TimerKind
from tests.unit.consensus.rig import (
    GENESIS,
    HEIGHT,
    A,
    B,
    Rig,
    certificate,
    commit,
    justification,
    pre_prepare,
    prepare,
    view_change,
)


def view_timers(out):
    return [item.timer for item in out.timers if isinstance(item, SetTimer) and item.timer.kind == TimerKind.VIEW]


def timed_out(own=3):
    rig = Rig(own)
    rig.pending()
    rig.time_out()
    return rig


def test_replica_asks_for_the_next_view_when_the_timer_runs_out():
    """R6: on time-out."""
    rig = Rig(own=3)
    rig.pending()

    out = rig.time_out()

    assert out.sign == [view_change(3, 1, signature=b"")]
    assert list(out.events) == [ViewChanged(HEIGHT, 1, "timeout")]
    assert rig.replica.phase == Phase.VIEW_CHANGING


@pytest.mark.parametrize("stale", [Timer(TimerKind.VIEW, HEIGHT, 1), Timer(TimerKind.VIEW, HEIGHT - 1, 0)])
def test_replica_ignores_timers_of_other_places(stale):
    """Timers: a late firing is ignored."""
    rig = Rig(own=3)
    rig.pending()

    assert not rig.step(inputs.TimerFired(stale)).sign
    assert rig.replica.view == 0


def test_replica_ignores_a_timer_it_has_not_armed():
    """Timers: nothing due, no view change."""
    assert not Rig(own=3).time_out().sign


def test_replica_leaves_the_view_of_an_invalid_proposal():
    """R6: the host finds the leader's proposal invalid (S33)."""
    rig = Rig()
    rig.hear(pre_prepare())

    out = rig.checked(code="bad_root")

    assert out.sign[0] == view_change(1, 1, signature=b"")
    assert out.events[0].reason == "invalid_proposal"


def test_view_change_reports_the_lock():
    """R6: the highest certificate, which stays after the view is left."""
    rig = Rig(own=3)
    rig.prepare()

    out = rig.time_out()

    assert out.sign == [view_change(3, 1, certificate(signers=(0, 1, 3)), signature=b"")]
    assert rig.replica.prepared == certificate(signers=(0, 1, 3))


def test_replica_joins_when_f_plus_one_ask_for_a_higher_view():
    """R6: f + 1 senders ask for it or for more."""
    rig = Rig(own=3)
    assert not rig.hear(view_change(0, 7)).sign

    out = rig.hear(view_change(1, 4))

    assert out.sign == [view_change(3, 4, signature=b"")]
    assert out.events[0].reason == "joined"


def test_one_validator_moves_nobody_however_high_it_bids():
    """R6: no coalition of the faulty moves the view (S12, S13)."""
    rig = Rig(own=3)

    for view in (5, 1_000, limits.VIEW_MAX):
        assert not rig.hear(view_change(0, view)).sign
    assert rig.replica.view == 0


def test_last_view_is_never_passed():
    """Bounds: view numbers do not overflow."""
    rig = Rig(own=3)
    rig.hear(view_change(0, limits.VIEW_MAX), view_change(1, limits.VIEW_MAX))
    assert rig.replica.view == limits.VIEW_MAX
    rig.hear(view_change(2, limits.VIEW_MAX))

    assert not rig.time_out().sign


def test_no_vote_below_an_own_view_change():
    """R6: late PREPAREs and verdicts of the left view lead to no vote; late COMMITs may still decide (S18)."""
    rig = Rig(own=3)
    rig.hear(pre_prepare())
    rig.time_out()

    late = [rig.checked(view=0), rig.hear(prepare(0), prepare(1), prepare(2))]

    assert [list(out.sign) for out in late] == [[], []]
    assert rig.replica.prepared is None
    rig.hear(commit(0), commit(1), commit(2))
    assert rig.replica.phase == Phase.DECIDED


def test_timer_of_a_higher_view_waits_for_company():
    """R6: it starts when q validators ask for that view or a higher one, so nobody runs ahead alone (S11)."""
    rig = Rig(own=3)
    rig.pending()

    alone = rig.time_out()
    second = rig.hear(view_change(0, 1))
    third = rig.hear(view_change(2, 6))

    assert view_timers(alone) == []
    assert view_timers(second) == []
    assert view_timers(third) == [Timer(TimerKind.VIEW, HEIGHT, 1)]


def test_new_leader_proposes_a_fresh_block_with_its_reasons():
    """R7: q VIEW_CHANGEs for exactly its view, none prepared: fresh, and it may be empty."""
    rig = Rig(own=1)
    rig.pending()
    rig.time_out()

    asked = rig.hear(view_change(0, 1), view_change(3, 1))
    proposed = rig.built(B)

    assert asked.requests == [BuildBlock(HEIGHT, 1, GENESIS, empty_allowed=True)]
    assert proposed.sign[0] == pre_prepare(B, 1, justification(senders=(0, 1, 3)), signature=b"")
    assert proposed.sign[1] == prepare(1, B, 1, signature=b"")


def test_new_leader_does_not_count_those_who_are_further():
    """R7: exactly v; a VIEW_CHANGE for another view does not justify this one."""
    rig = timed_out(own=1)

    out = rig.hear(view_change(0, 1), view_change(3, 5))

    assert not out.requests


def test_new_leader_proposes_the_locked_block_it_holds():
    """R7: the block of the highest certificate, from its own memory."""
    rig = Rig(own=1)
    rig.prepare()
    lock = rig.replica.prepared
    rig.time_out()

    out = rig.hear(view_change(2, 1), view_change(3, 1, certificate(signers=(0, 2, 3))))

    assert out.sign[0].block_hash == A
    assert out.sign[0].justification.certificate == lock
    assert out.persist[0] == PersistBlock(HEIGHT, A)


def test_new_leader_fetches_the_locked_block_it_lacks():
    """R7: fetched from its signers if need be; other bodies that arrive meanwhile change nothing."""
    rig = timed_out(own=1)

    asked = rig.hear(view_change(0, 1, certificate(signers=(0, 2, 3))), view_change(3, 1))
    other = rig.fetched(B)
    proposed = rig.fetched(A)

    assert asked.requests == [FetchBlock(HEIGHT, A, (0, 2, 3))]
    assert not other.sign
    assert proposed.sign[0].block_hash == A
    assert proposed.sign[0].proposal == b"proposal of " + A


def test_new_leader_whose_twin_proposed_meanwhile_adds_no_second_proposal():
    """Sign-state: steps of a view only go up, so after an own PREPARE no PRE_PREPARE follows."""
    rig = timed_out(own=1)
    rig.hear(view_change(0, 1, certificate(signers=(0, 2, 3))), view_change(3, 1))
    rig.hear(pre_prepare(B, 1, justification(senders=(0, 2, 3))))
    rig.checked(B)

    assert not rig.fetched(A).sign


def test_new_leader_asks_again_for_a_body_that_does_not_come():
    """R8: what led nowhere is repeated."""
    rig = timed_out(own=1)
    rig.hear(view_change(0, 1, certificate(signers=(0, 2, 3))), view_change(3, 1))
    rig.fire(TimerKind.RESEND)

    assert FetchBlock(HEIGHT, A, (0, 2, 3)) in rig.fire(TimerKind.RESEND).requests


def test_new_leader_prefers_the_highest_lock():
    """R2, R7: the highest prepared view wins, not the first or its own."""
    rig = Rig(own=2)
    rig.prepare(A)
    rig.hear(view_change(0, 2), view_change(3, 2, certificate(block_hash=B, view=1)))
    assert rig.replica.view == 2

    rig.fetched(B)

    assert rig.signed[-2].block_hash == B
    assert rig.signed[-2].justification.certificate.view == 1


def test_new_leader_proposes_once():
    """R7: more VIEW_CHANGEs make neither a second request nor a second proposal."""
    rig = timed_out(own=1)
    rig.hear(view_change(0, 1), view_change(3, 1))

    asked_again = rig.hear(view_change(2, 1)).requests
    rig.built(B)

    assert not asked_again
    assert not rig.built(A).sign


def test_own_message_that_returns_after_its_view_is_not_repeated():
    """R8: only messages of the current view are repeated."""
    rig = Rig(own=3)
    rig.hear(pre_prepare())
    rig.replica.step(inputs.ProposalChecked(HEIGHT, 0, A, None), 0)
    rig.time_out()

    rig.step(inputs.MessageReceived(prepare(3)))
    rig.fire(TimerKind.RESEND)

    assert [type(send.message).__name__ for send in rig.fire(TimerKind.RESEND).sends] == ["ViewChange", "Status"]


def test_view_is_only_left_for_a_higher_one():
    """Invariants: the view never goes back."""
    rig = timed_out()

    with pytest.raises(InvariantBroken):
        rules.start(rig.replica._state, 1, "test", Outputs())
