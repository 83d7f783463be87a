"""R4 and R5: one way to decide, once."""

import pytest

from consensus.certificates import COMMIT
from consensus.outputs import CancelTimer, Decide, FetchBlock
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.unit.consensus.rig import (
    HEIGHT,
    A,
    B,
    Rig,
    certificate,
    commit,
    decided,
    kinds,
    pre_prepare,
    prepare,
    view_change,
)


def test_replica_decides_with_a_quorum_of_commits():
    """R4: q COMMITs of one view and hash, the own one among them."""
    rig = Rig()
    rig.prepare()
    assert rig.hear(commit(0)).decided is None

    out = rig.hear(commit(3))

    assert out.decided == Decide(HEIGHT, A, certificate(COMMIT, signers=(0, 1, 3)))
    assert CancelTimer(TimerKind.VIEW) in out.timers


def test_replica_decides_in_any_phase():
    """R4: whatever phase it is in, if it holds the body."""
    rig = Rig()
    rig.accept()

    assert rig.hear(commit(0), commit(2), commit(3)).decided.block_hash == A


@pytest.mark.parametrize("view", [0, 2, 9])
def test_replica_decides_by_commits_of_any_view(view):
    """R4: earlier views, the current one and later ones (S03, S18)."""
    rig = Rig()
    rig.accept()
    rig.hear(view_change(0, 2), view_change(3, 2))
    assert rig.replica.view == 2

    out = rig.hear(commit(0, view=view), commit(2, view=view), commit(3, view=view))

    assert rig.replica.phase == Phase.DECIDED
    assert not out.sign


def test_replica_does_not_decide_by_a_mixture():
    """R4: of one view and hash."""
    rig = Rig()
    rig.prepare()

    out = rig.hear(commit(0, view=1), commit(2, B), commit(3, view=2))

    assert out.decided is None
    assert rig.replica.phase == Phase.COMMITTING


def test_replica_fetches_the_body_it_lacks_from_the_signers():
    """R4: the body is fetched from those who signed that they hold it (S23)."""
    rig = Rig()
    rig.hear(pre_prepare(B))

    out = rig.hear(commit(0), commit(2), commit(3))

    assert out.decided is None
    assert out.requests == [FetchBlock(HEIGHT, A, (0, 2, 3))]
    assert rig.fetched(A).decided == Decide(HEIGHT, A, certificate(COMMIT, signers=(0, 2, 3)))


def test_decision_is_asked_for_once():
    """R5: once for each height, whatever comes again (S19)."""
    rig = Rig()
    rig.prepare()
    first = rig.hear(commit(0), commit(3))

    again = [rig.hear(commit(2)), rig.hear(decided()), rig.fetched(A), rig.fire(TimerKind.RESEND)]

    assert first.decided is not None
    assert [out.decided for out in again] == [None] * 4


def test_decided_of_a_peer_decides():
    """R5: DECIDED leads to the same place."""
    rig = Rig()
    rig.accept()

    assert rig.hear(decided()).decided == Decide(HEIGHT, A, decided().certificate)


def test_no_vote_follows_the_decision():
    """R4: no more votes at this height, whatever was in progress (S20)."""
    rig = Rig()
    rig.hear(pre_prepare(), decided())

    late = [rig.checked(), rig.time_out(), rig.hear(prepare(0), prepare(2), view_change(0), view_change(2))]

    assert [list(out.sign) for out in late] == [[], [], []]
    assert rig.replica.view == 0


def test_a_second_decision_of_the_height_halts():
    """R11: another block with a quorum at the height of a pending decision is a fork."""
    rig = Rig()
    rig.hear(decided(A))

    out = rig.hear(decided(B, view=3))

    assert out.halt.reason == "fork"
    assert rig.replica.phase == Phase.HALTED
    assert A.hex() in out.halt.details and B.hex() in out.halt.details


def test_observer_follows_certificates():
    """R5: an observer decides by DECIDED alone and never votes."""
    rig = Rig(own=None)

    out = rig.hear(decided())

    assert kinds(out.requests) == ["FetchBlock"]
    assert rig.fetched().decided.block_hash == A
    assert not rig.applied().sign
    assert rig.replica.height == HEIGHT + 1
