"""Restart from the journal."""

import pytest

from consensus import inputs
from consensus.certificates import COMMIT
from consensus.journal import (
    BlockPrepared,
    JournalRecord,
    MessageSigned,
    PersistBlock,
    ProposalAccepted,
    SignState,
    sign_position,
)
from consensus.outputs import Send, SetTimer
from consensus.recovery import Recovered, RecoveryRefused, live_records, recover
from consensus.signing import signed_digest
from consensus.state import Phase
from consensus.timers import TimerKind
from tests.unit.consensus.rig import (
    HEIGHT,
    TIP,
    A,
    B,
    Rig,
    certificate,
    commit,
    justification,
    pre_prepare,
    prepare,
    signature,
    validators,
    view_change,
)

BODY = PersistBlock(HEIGHT, A, b"body")
ACCEPTED: list[JournalRecord] = [BODY, ProposalAccepted(pre_prepare()), MessageSigned(prepare(1))]
COMMITTED: list[JournalRecord] = [*ACCEPTED, BlockPrepared(certificate()), MessageSigned(commit(1))]


def signed(message):
    return SignState(sign_position(message), signed_digest(message), message.signature)


def restarted(records, sign_state=None, own=1):
    found = recover(records, TIP, validators(), own, sign_state)
    rig = Rig(own, recovered=found, start=False)
    return rig, rig.step(inputs.Started())


def repeated(out):
    return [send.message for send in out.sends if type(send.message).__name__ != "Status"]


def test_empty_journal_is_a_fresh_start():
    """Restart: nothing binds."""
    assert recover([], TIP, validators(), 1) == Recovered()
    assert recover([], TIP, validators(), None) == Recovered()


def test_records_of_decided_heights_do_not_matter():
    """Restart: only the height above the tip."""
    old: list[JournalRecord] = [PersistBlock(HEIGHT - 1, B), MessageSigned(commit(1, B, view=7, height=HEIGHT - 1))]

    assert recover(old, TIP, validators(), 1) == Recovered()


def test_replica_resumes_where_it_prepared():
    """Restart: own messages are sent again byte for byte, the timer runs, no second vote is asked for."""
    rig, out = restarted(ACCEPTED)

    assert repeated(out) == [prepare(1)]
    assert not out.sign
    assert rig.replica.phase == Phase.PREPARING
    assert any(isinstance(item, SetTimer) and item.timer.kind == TimerKind.VIEW for item in out.timers)
    assert rig.hear(prepare(0), prepare(2)).sign == [commit(1, signature=b"")]


def test_replica_resumes_where_it_committed():
    """Restart: the lock binds, and the own COMMIT counts again (S24)."""
    rig, out = restarted(COMMITTED)

    assert repeated(out) == [prepare(1), commit(1)]
    assert rig.replica.prepared == certificate()
    assert rig.hear(commit(0), commit(3)).decided.certificate == certificate(COMMIT, signers=(0, 1, 3))


def test_restarted_replica_refuses_another_proposal_of_the_view():
    """Restart: no conflicting vote (S28)."""
    rig, _ = restarted(ACCEPTED)

    out = rig.hear(pre_prepare(B))

    assert not out.requests
    assert out.evidence[0].first == pre_prepare(A)


def test_restarted_replica_reports_its_lock_with_the_body_at_hand():
    """Restart: a later VIEW_CHANGE names the lock, and as leader it proposes the block from the journal."""
    rig, _ = restarted(COMMITTED)

    asked = rig.time_out()
    proposed = rig.hear(view_change(0), view_change(3))

    assert asked.sign[0] == view_change(1, 1, certificate(), signature=b"")
    assert proposed.sign[0].block_hash == A


def test_restarted_replica_stays_in_the_view_it_asked_for():
    """Restart: the view never goes back, and what was accepted below it does not count."""
    rig, out = restarted([*COMMITTED, MessageSigned(view_change(1, 3, certificate()))])

    assert (rig.replica.view, rig.replica.phase) == (3, Phase.VIEW_CHANGING)
    assert repeated(out) == [view_change(1, 3, certificate())]
    assert rig.replica.prepared == certificate()


def test_highest_lock_counts_after_a_restart():
    """Restart: a certificate of a higher view replaced the lower one, and does so again."""
    lock = certificate(block_hash=B, view=2)
    proposal = pre_prepare(B, 2, justification(2, senders=(0, 1, 3)))
    records: list[JournalRecord] = [*COMMITTED, PersistBlock(HEIGHT, B), ProposalAccepted(proposal)]
    records += [MessageSigned(prepare(1, B, 2)), BlockPrepared(lock)]

    found = recover(records, TIP, validators(), 1)

    assert (found.prepared, found.prepared_proposal) == (lock, proposal.proposal)


def test_replica_resumes_in_a_view_it_reached_by_justification():
    """Restart: the accepted proposal names the view."""
    later = pre_prepare(B, 2, justification(2, senders=(0, 1, 3)))
    rig, _ = restarted([*ACCEPTED, PersistBlock(HEIGHT, B), ProposalAccepted(later), MessageSigned(prepare(1, B, 2))])

    assert (rig.replica.view, rig.replica.phase) == (2, Phase.PREPARING)


def test_leader_resumes_with_its_own_proposal():
    """Restart: the leader's proposal is its own signed message."""
    _, out = restarted([BODY, MessageSigned(pre_prepare()), MessageSigned(prepare(0))], own=0)

    assert repeated(out) == [pre_prepare(), prepare(0)]


def test_vote_that_a_torn_write_cut_off_is_asked_for_again():
    """Restart: the proposal was recorded, the vote was not: the very same vote is signed."""
    _, prepared = restarted(ACCEPTED[:2])
    _, committed = restarted(COMMITTED[:4])

    assert prepared.sign == [prepare(1, signature=b"")]
    assert committed.sign == [commit(1, signature=b"")]


@pytest.mark.parametrize("lost", [prepare(1), commit(1), view_change(1, 1)])
def test_replica_asks_for_the_next_view_if_the_message_signed_last_was_lost(lost):
    """Restart: the sign-state is one step ahead, so the next view is the first place where it is free to sign."""
    rig, out = restarted([], signed(lost))

    assert out.sign == [view_change(1, lost.view + 1, signature=b"")]
    assert out.events[0].reason == "recovered"
    assert rig.replica.view == lost.view + 1


def test_lock_survives_when_the_message_signed_last_was_lost():
    """Restart: the certificate was recorded, so the next VIEW_CHANGE names it."""
    _, out = restarted(COMMITTED[:4], signed(commit(1)))

    assert out.sign == [view_change(1, 1, certificate(), signature=b"")]


def test_sign_state_equal_to_the_journal_resumes_normally():
    """Restart: nothing was lost."""
    _, out = restarted(COMMITTED, signed(commit(1)))

    assert repeated(out) == [prepare(1), commit(1)]


def test_sign_state_of_a_decided_height_is_normal():
    """Restart: the journal may have been cut at the tip."""
    assert recover([], TIP, validators(), 1, signed(commit(1, height=HEIGHT - 1))) == Recovered()


@pytest.mark.parametrize(
    ("records", "sign_state", "code"),
    [
        ([MessageSigned(prepare(1, height=HEIGHT + 1))], None, "journal_ahead_of_store"),
        ([], signed(prepare(1, height=HEIGHT + 1)), "sign_state_ahead_of_store"),
        ([], signed(prepare(1, epoch=1)), "sign_state_ahead_of_store"),
        (COMMITTED, signed(prepare(1)), "sign_state_behind_journal"),
        (COMMITTED, signed(commit(1, height=HEIGHT - 3)), "sign_state_behind_journal"),
    ],
)
def test_memories_that_contradict_each_other_refuse_to_start(records, sign_state, code):
    """Restart: one of them was lost or restored from a backup; voting on could be a second vote (S02, S39)."""
    with pytest.raises(RecoveryRefused) as caught:
        recover(records, TIP, validators(), 1, sign_state)

    assert caught.value.code == code


def test_recovered_signatures_are_the_stored_ones():
    """Restart: stored bytes, so no second signature exists."""
    _, out = restarted(ACCEPTED)

    assert Send(prepare(1, signature=signature(1)), None) in out.sends


def test_live_records_bind_as_much_as_all_of_them():
    """Restart: a height that lasts is rewritten without changing what it binds the replica to."""
    history: list[JournalRecord] = [*COMMITTED]
    for view in range(1, 6):
        history += [
            MessageSigned(view_change(1, view, certificate())),
            BODY,
            ProposalAccepted(pre_prepare(view=view, reason=justification(view, prepared=certificate()))),
            MessageSigned(prepare(1, view=view)),
        ]
    for length in range(len(history) + 1):
        records = history[:length]

        live = live_records(records, HEIGHT)

        assert recover(live, TIP, validators(), 1) == recover(records, TIP, validators(), 1)
        assert len(live) <= 7


def test_live_records_keep_the_proposal_and_body_of_the_lock():
    """Restart: the next leader may have to propose the lock again, so its proposal outlives the view."""
    rival: list[JournalRecord] = [
        PersistBlock(HEIGHT, B, b"other"),
        ProposalAccepted(pre_prepare(B, view=1)),
        MessageSigned(prepare(1, B, view=1)),
    ]

    live = live_records([*COMMITTED, *rival, MessageSigned(view_change(1, 2, certificate()))], HEIGHT)

    assert BODY in live
    assert rival[0] not in live
    assert recover(live, TIP, validators(), 1).prepared_proposal == pre_prepare().proposal
