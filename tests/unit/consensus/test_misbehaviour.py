"""R10 and R11: evidence and halt."""

from consensus import inputs
from consensus.outputs import Evidence
from consensus.state import Phase
from tests.unit.consensus.rig import GENESIS, HEIGHT, A, B, C, Rig, commit, decided, pre_prepare, prepare, view_change


def test_double_vote_is_reported_once_and_the_first_counts():
    """R10: both payloads, once for each sender and height (S05)."""
    rig = Rig()
    rig.accept()
    rig.hear(prepare(0, B))

    out = rig.hear(prepare(0, A), prepare(0, C), prepare(2, A), prepare(3, A))

    assert out.evidence == [Evidence(prepare(0, B), prepare(0, A))]
    assert rig.replica.prepared.signer_indexes() == (1, 2, 3)


def test_votes_of_different_places_are_no_evidence():
    """R10: same height, view and type only; an honest validator is never accused (S45)."""
    rig = Rig()

    out = rig.hear(prepare(0, A), commit(0, B), prepare(0, B, view=1), view_change(0, 2), view_change(0, 3))

    assert not out.evidence


def test_two_proposals_of_one_view_are_evidence():
    """R10: the accepted one against the second (S04)."""
    rig = Rig()
    rig.accept()

    assert rig.hear(pre_prepare(B)).evidence == [Evidence(pre_prepare(A), pre_prepare(B))]


def test_unsigned_own_proposal_is_no_evidence():
    """R10: only with both signatures; a proposal made elsewhere with our key comes again (S30)."""
    rig = Rig(own=0)
    rig.pending()
    rig.replica._state.building = 0
    rig.replica.step(inputs.BlockBuilt(HEIGHT, 0, A, b"p"), 0)

    assert not rig.hear(pre_prepare(B)).evidence


def test_second_quorum_at_the_tip_halts():
    """R11: another block with a quorum at the tip's height is a fork."""
    rig = Rig()

    out = rig.hear(decided(B, height=HEIGHT - 1))

    assert out.halt.reason == "fork"
    assert GENESIS.hex() in out.halt.details


def test_applied_block_unlike_the_decided_one_halts():
    """R11: the host applied something that was not decided here."""
    rig = Rig()
    rig.hear(decided(A))
    assert rig.applied(HEIGHT, B).halt.reason == "fork"

    other = Rig()
    assert other.applied(HEIGHT - 1, B).halt.reason == "fork"


def test_halt_of_the_host_is_for_good():
    """R11: nothing is signed after that."""
    rig = Rig()
    rig.hear(pre_prepare())

    out = rig.step(inputs.Halted("own state root differs"))
    later = [rig.checked(), rig.pending(), rig.time_out(), rig.applied(), rig.step(inputs.Halted("again"))]

    assert out.halt.reason == "own state root differs"
    assert rig.replica.phase == Phase.HALTED
    assert [list(item.sign) + list(item.sends) + list(item.requests) for item in later] == [[]] * 5
    assert [item.halt for item in later] == [None] * 5
