"""R8 and R9: help, sync, entering a height."""

import pytest

from consensus import inputs
from consensus.certificates import COMMIT
from consensus.outputs import CancelTimer, CheckProposal, Send, SetTimer, StartSync
from consensus.quorum import ValidatorSet
from consensus.state import Phase
from consensus.timers import Timer, TimerKind
from consensus.tip import Tip
from tests.unit.consensus.rig import (
    GENESIS,
    HEIGHT,
    TIP_CERTIFICATE,
    A,
    B,
    Rig,
    certificate,
    commit,
    decided,
    kinds,
    pre_prepare,
    prepare,
    status,
    view_change,
)

NEXT = HEIGHT + 1


def sent(out, kind):
    return [item for item in out.sends if type(item.message).__name__ == kind]


def syncing(rig=None):
    rig = rig or Rig()
    rig.hear(decided(height=HEIGHT + 5))
    return rig


def test_tick_repeats_own_messages_only_after_a_period_without_progress():
    """R8: every resend period what led nowhere is repeated."""
    rig = Rig()
    rig.accept()

    first = rig.fire(TimerKind.RESEND)
    second = rig.fire(TimerKind.RESEND)

    assert not sent(first, "Prepare")
    assert sent(second, "Prepare") == [Send(prepare(1), None)]
    assert second.timers == [SetTimer(Timer(TimerKind.RESEND, HEIGHT, 0), 1_000)]


def test_tick_repeats_everything_of_the_view_and_nothing_of_earlier_ones():
    """R8: own messages of the view, signed bytes as they were."""
    rig = Rig()
    rig.prepare()
    rig.fire(TimerKind.RESEND)
    committed = rig.fire(TimerKind.RESEND)
    rig.time_out()
    rig.time_out()
    rig.fire(TimerKind.RESEND)
    changed = rig.fire(TimerKind.RESEND)

    assert [type(item.message).__name__ for item in committed.sends] == ["Prepare", "Commit", "Status"]
    assert [type(item.message).__name__ for item in changed.sends] == ["ViewChange", "Status"]
    assert changed.sends[0].message == rig.signed[-1]


def test_leader_repeats_its_proposal_signed():
    """R8: the proposal too, once it came back durable."""
    rig = Rig(own=0)
    rig.pending()
    rig.fire(TimerKind.BATCH)
    rig.built()
    rig.fire(TimerKind.RESEND)

    assert sent(rig.fire(TimerKind.RESEND), "PrePrepare") == [Send(pre_prepare(), None)]


def test_tick_says_where_the_replica_stands():
    """R8: STATUS, from observers too."""
    rig, observer = Rig(), Rig(own=None)

    own = sent(rig.fire(TimerKind.RESEND), "Status")[0].message
    other = sent(observer.fire(TimerKind.RESEND), "Status")[0].message

    assert (own.sender, own.height, own.block_hash, own.view, own.phase) == (1, HEIGHT - 1, GENESIS, 0, 0)
    assert other.sender == -1
    assert sent(syncing().fire(TimerKind.RESEND), "Status")[0].message.phase == Phase.SYNCING


def test_peer_with_a_lower_tip_is_shown_the_tip_at_most_once_a_second():
    """R8: DECIDED of the tip, rate-limited, so that being helped is no amplifier."""
    rig = Rig()
    rig.now_ms = 10_000

    answers = []
    for now_ms in (10_000, 10_999, 11_000):
        rig.now_ms = now_ms
        rig.pending(0)
        answers.append([(item.to, item.message.certificate) for item in sent(rig.hear(status(2, 3)), "Decided")])

    assert answers == [[(2, TIP_CERTIFICATE)], [], [(2, TIP_CERTIFICATE)]]


@pytest.mark.parametrize("message", [status(2, HEIGHT - 1), status(2, HEIGHT + 9), status(-1, 0), status(1, 0)])
def test_nobody_else_is_helped(message):
    """R8: not the level, not the ones ahead (a claim starts nothing), not observers, not oneself."""
    rig = Rig()
    rig.now_ms = 10_000

    assert not rig.hear(message).sends


def test_no_help_without_a_certificate():
    """R8: DECIDED proves itself, so the genesis block needs and has none."""
    rig = Rig(tip=Tip(HEIGHT - 1, GENESIS))
    rig.now_ms = 10_000

    assert not rig.hear(status(2, 3)).sends
    assert rig.replica.filter(view_change(2, height=HEIGHT - 1)) == "old_height"


def test_sync_starts_on_a_certificate_of_a_later_height():
    """R9: proof, with its signers as hints."""
    rig = Rig()
    proof = decided(height=HEIGHT + 5, signers=(0, 1, 3))

    out = rig.hear(proof)

    assert out.requests == [StartSync(HEIGHT + 5, proof.certificate, (0, 3))]
    assert rig.replica.phase == Phase.SYNCING


def test_sync_starts_on_f_plus_one_verified_commits_above():
    """R9: one of them is honest, so our height is decided."""
    rig = Rig()

    one = rig.hear(commit(0, height=NEXT))
    two = rig.hear(commit(3, B, height=NEXT))

    assert not one.requests
    assert two.requests == [StartSync(HEIGHT, None, (0, 3))]


@pytest.mark.parametrize(
    "claims", [[status(s, 500) for s in (0, 2, 3)], [commit(s, height=HEIGHT + 2) for s in (0, 2, 3)]]
)
def test_sync_never_starts_on_a_claim(claims):
    """R9: neither STATUS nor messages of far heights (S40)."""
    rig = Rig()

    assert not rig.hear(*claims).requests
    assert rig.replica.phase == Phase.NEW_HEIGHT


def test_nothing_is_signed_while_syncing():
    """R9: no votes, no proposals, no view changes; what is in the host's hands is ignored (S29)."""
    rig = Rig()
    rig.hear(pre_prepare())
    syncing(rig)

    outs = [
        rig.checked(),
        rig.time_out(),
        rig.pending(),
        rig.fire(TimerKind.IDLE),
        rig.hear(view_change(0), view_change(2), view_change(3), prepare(0), prepare(2), prepare(3)),
    ]

    assert [list(out.sign) + list(out.requests) for out in outs] == [[]] * 5


def test_votes_recorded_while_syncing_count_afterwards():
    """R9: a sync that brought nothing changes nothing (S21)."""
    rig = Rig()
    rig.accept()
    syncing(rig)
    assert not rig.hear(prepare(0), prepare(2)).sign

    out = rig.step(inputs.SyncFinished())

    assert out.sign == [commit(1, signature=b"")]
    assert rig.replica.phase == Phase.COMMITTING


def test_proposal_under_judgement_when_sync_begins_is_taken_again_afterwards():
    """R9: its verdict was not heard, so the leader's repetition must count."""
    rig = Rig()
    rig.hear(pre_prepare())
    syncing(rig)
    rig.checked()
    rig.step(inputs.SyncFinished())

    again = rig.hear(pre_prepare())

    assert kinds(again.requests) == ["CheckProposal"]
    assert rig.checked().sign == [prepare(1, signature=b"")]


def test_replica_in_a_view_change_returns_to_it_after_a_sync_that_brought_nothing():
    """R9: the view still binds, and goes on (S22)."""
    rig = Rig(own=1)
    rig.pending()
    rig.time_out()
    syncing(rig)
    rig.hear(view_change(0), view_change(3))

    out = rig.step(inputs.SyncFinished())

    assert rig.replica.phase == Phase.VIEW_CHANGING
    assert kinds(out.requests) == ["BuildBlock"]


def test_replica_is_back_in_the_normal_case_after_a_sync():
    """R9: it enters the height above the tip, in view 0."""
    rig = Rig(own=1)
    rig.time_out()
    syncing(rig)
    rig.applied(HEIGHT + 5, B, certificate=certificate(COMMIT, B, height=HEIGHT + 5))
    rig.step(inputs.SyncFinished())

    assert (rig.replica.height, rig.replica.view, rig.replica.phase) == (HEIGHT + 6, 0, Phase.NEW_HEIGHT)
    assert rig.replica.tip.certificate.height == HEIGHT + 5


def test_decision_found_while_syncing_waits_for_the_end():
    """R5, R9: the host applies blocks itself while syncing; two writers must not meet (S19, S20)."""
    rig = Rig()
    rig.prepare()
    syncing(rig)

    during = rig.hear(commit(0), commit(2))
    after = rig.step(inputs.SyncFinished())

    assert during.decided is None
    assert after.decided.block_hash == A


def test_sync_does_not_start_while_a_decision_is_applied():
    """R9: that ends in BlockApplied, and the proof comes again."""
    rig = Rig()
    rig.prepare()
    rig.hear(commit(0), commit(2))

    assert not rig.hear(decided(height=HEIGHT + 5)).requests
    assert rig.replica.phase == Phase.DECIDED


def test_sync_finished_without_sync_is_ignored():
    """Duplicate answers are harmless."""
    assert not Rig().step(inputs.SyncFinished()).requests


def test_applied_block_opens_the_next_height():
    """R5: view 0, nothing accepted, no lock."""
    rig = Rig()
    rig.prepare()
    rig.hear(commit(0), commit(2))

    out = rig.applied()

    assert (rig.replica.height, rig.replica.view, rig.replica.phase) == (NEXT, 0, Phase.NEW_HEIGHT)
    assert rig.replica.prepared is None
    assert rig.replica.tip.certificate == certificate(COMMIT)
    assert SetTimer(Timer(TimerKind.IDLE, NEXT, 0), 10_000) in out.timers


def test_early_messages_count_when_their_height_begins():
    """F0: a replica that is busy applying loses nothing."""
    rig = Rig(own=3)
    rig.accept()
    rig.hear(commit(0), commit(1), commit(2))
    rig.hear(prepare(0, B, height=NEXT), prepare(2, B, height=NEXT), pre_prepare(B, height=NEXT))

    out = rig.applied()
    assert kinds(out.requests) == ["CheckProposal"]
    assert isinstance(out.requests[0], CheckProposal)

    assert [type(message).__name__ for message in rig.checked(B).sign] == ["Prepare", "Commit"]


def test_early_messages_are_dropped_when_sync_jumps_over_their_height():
    """R9: they are of a decided height then."""
    rig = Rig()
    rig.hear(pre_prepare(B, height=NEXT))

    assert not rig.applied(HEIGHT + 5, A).requests


def test_block_applied_twice_or_late_is_ignored():
    """R5: the same block again is ignored (S19)."""
    rig = Rig()
    rig.applied(HEIGHT, A)

    out = [rig.applied(HEIGHT, A), rig.applied(HEIGHT - 3, B)]

    assert [item.halt for item in out] == [None, None]
    assert rig.replica.height == NEXT


def test_proof_block_is_due_after_a_block_with_transactions():
    """R1: the leader of the next height proposes it when no transaction comes to carry the proof."""
    rig = Rig(own=1)
    rig.applied(proof_due=True)

    assert kinds(rig.fire(TimerKind.BATCH).requests) == ["BuildBlock"]


def test_view_timer_stops_at_the_decision():
    """Timers: stopped at the decision."""
    rig = Rig()
    rig.pending()

    assert CancelTimer(TimerKind.VIEW) in rig.hear(decided()).timers


def test_next_height_counts_votes_of_its_own_set():
    """Epochs: the set of the next height replaces the current one, with this node's place in it (S37, S38)."""
    rig = Rig(own=1)
    members = ValidatorSet(1, B, tuple(bytes([index + 50]) * 32 for index in range(7)))

    rig.applied(validators=members, own_index=6, suspended=(2,))

    assert rig.replica.validators == members
    assert rig.replica.own_index == 6
    assert rig.replica.filter(prepare(0, height=NEXT)) == "wrong_epoch"
    assert rig.replica.filter(prepare(0, height=NEXT, epoch=1, validators_hash=B)) is None


def test_early_proposal_of_the_new_leader_counts_once_suspensions_change():
    """R12: the leader of h + 1 is known with the block at h; its proposal, sent at once, must not be lost."""
    rig = Rig(own=3)
    rig.hear(pre_prepare(B, height=NEXT, sender=0), pre_prepare(A, height=NEXT, sender=1))
    rig.hear(decided(A))

    out = rig.step(inputs.BlockApplied(HEIGHT, A, proof_due=False, suspended=(1,)))

    assert [request.block_hash for request in out.requests if isinstance(request, CheckProposal)] == [B]
    assert [item.code for item in out.rejected] == ["not_leader"]
