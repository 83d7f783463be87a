"""What a replica knows, and the two shared entries."""

import pytest

from consensus.invariant import InvariantBroken
from consensus.outputs import CancelTimer, Outputs
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.unit.consensus.rig import HEIGHT, A, B, Rig, certificate, pre_prepare, prepare


def test_entering_a_view_keeps_the_lock_and_drops_what_was_accepted():
    """R6: what was prepared stays, what was accepted goes, and its timers with it."""
    rig = Rig()
    rig.prepare()
    state, out = rig.replica._state, Outputs()

    state.set_view(4, out)

    assert (state.view, state.phase, state.accepted, state.sent) == (4, Phase.VIEW_CHANGING, None, [])
    assert state.prepared.block_hash == A
    assert list(out.timers) == [CancelTimer(TimerKind.VIEW)]


def test_proposals_are_found_where_the_body_is_held():
    """R4, R7: accepted, locked or fetched; nothing else is held durably."""
    rig = Rig()
    rig.prepare()
    state = rig.replica._state
    assert state.proposal_of(A) == b"proposal of " + A
    state.set_view(1, Outputs())
    assert state.proposal_of(A) == b"proposal of " + A

    state.fetched = (B, b"fetched")

    assert state.proposal_of(B) == b"fetched"
    assert state.proposal_of(b"x" * 32) is None


def test_candidate_is_not_held():
    """R2: a proposal under judgement may lack its body."""
    rig = Rig()
    rig.hear(pre_prepare(A))

    assert rig.replica._state.proposal_of(A) is None


def test_own_messages_kept_for_repetition_are_few():
    """Memory: VIEW_CHANGE, PRE_PREPARE, PREPARE and COMMIT of one view at most."""
    rig = Rig()
    rig.prepare()
    for _ in range(5):
        rig.hear(prepare(1), pre_prepare())

    assert len(rig.replica._state.sent) == 2


def test_observer_that_would_sign_breaks_an_invariant():
    """An observer signs nothing."""
    with pytest.raises(InvariantBroken):
        _ = Rig(own=None).replica._state.own


def test_new_height_forgets_the_old_one():
    """One height in flight: everything about it goes at the decision."""
    rig = Rig()
    rig.prepare()
    rig.applied(certificate=certificate(2))
    state = rig.replica._state

    assert (state.height, state.view) == (HEIGHT + 1, 0)
    assert (state.accepted, state.prepared, state.committed) == (None, None, None)
    assert (state.sent, state.fetched, state.pending, state.idle_due) == ([], None, 0, False)
    assert state.book.known(prepare(0)) is None
