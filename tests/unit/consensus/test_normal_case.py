"""R1 to R3: propose, accept, prepare."""

import pytest

from consensus import inputs
from consensus.journal import BlockPrepared, PersistBlock, ProposalAccepted
from consensus.outputs import BuildBlock, CancelTimer, CheckProposal, PrepareExecution, SetTimer
from consensus.state import Phase
from consensus.timers import TimerConfig, TimerKind
from consensus.tip import Tip
from tests.unit.consensus.rig import (
    GENESIS,
    HEIGHT,
    A,
    B,
    Rig,
    certificate,
    commit,
    decided,
    justification,
    kinds,
    pre_prepare,
    prepare,
    signature,
)

PROOF_DUE = Tip(HEIGHT - 1, GENESIS, proof_due=True)


def timers_set(out):
    return {request.timer.kind: request.delay_ms for request in out.timers if isinstance(request, SetTimer)}


def test_leader_waits_a_batch_time_before_it_asks_for_a_block():
    """R1: transactions are pending and batch_wait is over."""
    rig = Rig(own=0)

    waiting = rig.pending(3)
    built = rig.fire(TimerKind.BATCH)

    assert timers_set(waiting) == {TimerKind.BATCH: 10, TimerKind.VIEW: 2_010}
    assert not waiting.requests
    assert built.requests == [BuildBlock(HEIGHT, 0, GENESIS, empty_allowed=False)]


def test_leader_without_batch_wait_asks_at_once_and_only_once():
    """R1: one block is asked for at a time."""
    rig = Rig(own=0, timers=TimerConfig(batch_wait_ms=0))

    assert kinds(rig.pending(1).requests) == ["BuildBlock"]
    assert not rig.pending(2).requests
    assert not rig.fire(TimerKind.IDLE).requests


def test_leader_that_was_idle_asks_at_once():
    """R1: blocks begin at least batch_wait apart; the last one began long ago."""
    rig = Rig(own=0)
    rig.now_ms = 10

    assert rig.pending(1).requests == [BuildBlock(HEIGHT, 0, GENESIS, empty_allowed=False)]


def test_leader_waits_for_what_is_left_of_the_batch_time():
    """R1: counted from the last proposal, not from the first transaction."""
    rig = Rig(own=0)
    rig.now_ms = 7

    assert timers_set(rig.pending(1))[TimerKind.BATCH] == 3


def test_leader_waits_longer_before_a_block_for_the_proof_alone():
    """R1: the tip held transactions, so one block more certifies their result; five times batch_wait."""
    rig = Rig(own=0, tip=PROOF_DUE, start=False)

    waiting = rig.step(inputs.Started())
    rig.now_ms = 50
    built = rig.fire(TimerKind.BATCH)

    assert timers_set(waiting) == {TimerKind.BATCH: 50, TimerKind.VIEW: 2_050, TimerKind.RESEND: 1_000,
                                   TimerKind.IDLE: 10_000}  # fmt: skip
    assert not waiting.requests
    assert built.requests == [BuildBlock(HEIGHT, 0, GENESIS, empty_allowed=True)]


def test_leader_that_may_propose_sooner_has_its_time_sooner():
    """R1: the view timer runs for what is left of that wait and the leader's time; a transaction shortens the wait."""
    rig = Rig(own=1, tip=PROOF_DUE, timers=TimerConfig(batch_wait_ms=1_000))
    rig.now_ms = 400

    sooner, again = rig.pending(1), rig.pending(2)

    assert timers_set(sooner) == {TimerKind.VIEW: 600 + 2_000}
    assert not again.timers


def test_transaction_does_not_wait_for_the_time_of_a_proof():
    """R1: a transaction does not wait for a proof that it could have carried."""
    rig = Rig(own=0, tip=PROOF_DUE)
    rig.now_ms = 4

    sooner, again = rig.pending(1), rig.pending(2)
    rig.now_ms = 10
    built = rig.fire(TimerKind.BATCH)

    assert timers_set(sooner) == {TimerKind.BATCH: 6, TimerKind.VIEW: 2_006}
    assert not again.timers
    assert built.requests == [BuildBlock(HEIGHT, 0, GENESIS, empty_allowed=True)]


def test_next_block_begins_a_batch_time_after_the_last_one_did():
    """R1: at whatever height; a leader proposes at once when agreeing took longer than batch_wait."""
    rig = Rig(own=1, size=4)
    rig.now_ms = 100
    rig.hear(pre_prepare())
    rig.checked()
    rig.hear(decided())
    rig.now_ms = 104
    rig.applied()

    assert timers_set(rig.pending(1))[TimerKind.BATCH] == 6


def test_leader_proposes_an_empty_block_after_the_idle_interval():
    """R1: the idle interval is over."""
    rig = Rig(own=0)

    assert rig.fire(TimerKind.IDLE).requests == [BuildBlock(HEIGHT, 0, GENESIS, empty_allowed=True)]


@pytest.mark.parametrize(("due", "wait_ms"), [("pending", 10), ("proof", 50), ("idle", 0)])
def test_validator_that_does_not_lead_gives_the_leader_its_time(due, wait_ms):
    """R1: when something is due every validator arms the view timer, so a silent leader is noticed (S31).

    The leader's time begins when it may propose: a chain whose blocks are far apart must not lose patience meanwhile.
    """
    rig = Rig(own=1, tip=PROOF_DUE if due == "proof" else Tip(HEIGHT - 1, GENESIS), start=False)
    out = rig.step(inputs.Started())
    if due == "pending":
        out = rig.pending(1)
    if due == "idle":
        out = rig.fire(TimerKind.IDLE)

    assert timers_set(out)[TimerKind.VIEW] == wait_ms + 2_000
    assert not out.requests


def test_replica_arms_no_view_timer_while_nothing_is_due():
    """R1: an idle chain never changes view."""
    rig = Rig(start=False)

    assert set(timers_set(rig.step(inputs.Started()))) == {TimerKind.IDLE, TimerKind.RESEND}
    assert not rig.pending(0).timers


def test_no_idle_timer_runs_when_idle_blocks_are_off():
    """Timers: 0 means only proof blocks."""
    rig = Rig(timers=TimerConfig(idle_block_ms=0), start=False)

    assert set(timers_set(rig.step(inputs.Started()))) == {TimerKind.RESEND}


def test_leader_goes_back_to_waiting_when_there_is_nothing_to_propose():
    """R1: what was due turned out to be nothing: no view change follows, and new transactions count again."""
    rig = Rig(own=0, timers=TimerConfig(batch_wait_ms=0))
    rig.pending(1)

    out = rig.step(inputs.BuildFailed(HEIGHT, 0))

    assert CancelTimer(TimerKind.VIEW) in out.timers
    assert kinds(rig.pending(1).requests) == ["BuildBlock"]


def test_leader_signs_proposal_and_own_prepare_with_one_sync():
    """R1, Durable before sent: body, proposal and own PREPARE in one step."""
    rig = Rig(own=0, timers=TimerConfig(batch_wait_ms=0))
    rig.pending(1)

    out = rig.built()

    assert list(out.persist) == [PersistBlock(HEIGHT, A)]
    assert out.sign == [pre_prepare(signature=b""), prepare(0, signature=b"")]
    assert rig.replica.phase == Phase.PREPARING


@pytest.mark.parametrize("answer", [inputs.BlockBuilt(HEIGHT + 1, 0, A, b"p"), inputs.BlockBuilt(HEIGHT, 1, A, b"p")])
def test_leader_ignores_blocks_of_another_place(answer):
    """Answers for an old height or view are ignored."""
    rig = Rig(own=0, timers=TimerConfig(batch_wait_ms=0))
    rig.pending(1)

    assert not rig.step(answer).sign


def test_leader_ignores_a_second_answer():
    """Duplicate answers are harmless."""
    rig = Rig(own=0, timers=TimerConfig(batch_wait_ms=0))
    rig.pending(1)
    rig.built(A)

    assert not rig.built(B).sign


def test_replica_has_a_fresh_proposal_judged_before_it_votes():
    """R2: the host judges a fresh block by every rule; no vote before its answer."""
    rig = Rig()

    out = rig.hear(pre_prepare())

    assert out.requests == [CheckProposal(HEIGHT, 0, A, b"proposal of " + A, fresh=True, proposer=0)]
    assert not out.sign
    assert timers_set(out) == {TimerKind.VIEW: 2_000}


def test_replica_prepares_a_valid_proposal():
    """R2, Durable before sent: body, proposal and own PREPARE."""
    rig = Rig()
    rig.hear(pre_prepare())

    out = rig.checked()

    assert list(out.persist) == [PersistBlock(HEIGHT, A), ProposalAccepted(pre_prepare())]
    assert out.sign == [prepare(1, signature=b"")]


def test_replica_takes_one_proposal_in_a_view():
    """R2: nothing was taken in it yet; the first counts, also while it is being judged (S04)."""
    rig = Rig()
    rig.hear(pre_prepare(A))

    out = rig.hear(pre_prepare(B))

    assert not out.requests
    assert kinds(out.evidence) == ["Evidence"]
    assert not rig.checked(B).sign
    assert rig.checked(A).sign == [prepare(1, A, signature=b"")]


@pytest.mark.parametrize(
    "answer",
    [
        inputs.ProposalChecked(HEIGHT, 0, B, None),
        inputs.ProposalChecked(HEIGHT, 1, A, None),
        inputs.ProposalChecked(HEIGHT - 1, 0, A, None),
        inputs.ProposalChecked(HEIGHT, 0, B, "bad"),
    ],
)
def test_replica_ignores_verdicts_on_other_proposals(answer):
    """Answers for another place are ignored, good or bad."""
    rig = Rig()
    rig.hear(pre_prepare(A))

    out = rig.step(answer)

    assert not out.sign
    assert rig.replica.view == 0


def test_verdict_given_twice_makes_one_vote():
    """Duplicate answers are harmless."""
    rig = Rig()
    rig.accept()

    assert not rig.checked().sign


def test_replica_moves_to_a_later_view_with_a_valid_justification():
    """R2: its view is later and its justification valid."""
    rig = Rig(own=3)

    out = rig.hear(pre_prepare(B, 1, justification(senders=(0, 1, 2))))

    assert rig.replica.view == 1
    assert out.requests[0].fresh
    assert timers_set(out) == {TimerKind.VIEW: 3_000}
    assert rig.checked(B).sign == [prepare(3, B, 1, signature=b"")]


def test_reproposed_block_is_only_compared_with_its_hash():
    """R2: a clock rule applied again would reject it for ever (S08, S09)."""
    rig = Rig(own=3)

    out = rig.hear(pre_prepare(A, 1, justification(senders=(0, 1, 2), prepared=certificate())))

    assert out.requests == [CheckProposal(HEIGHT, 1, A, b"proposal of " + A, fresh=False, proposer=1)]


def test_replica_commits_with_a_quorum_of_prepares():
    """R3, Durable before sent: certificate and own COMMIT; the overlay execution may start."""
    rig = Rig()
    rig.accept()
    rig.hear(prepare(0))

    out = rig.hear(prepare(2))

    assert list(out.persist) == [BlockPrepared(certificate(signers=(0, 1, 2)))]
    assert out.sign == [commit(1, signature=b"")]
    assert PrepareExecution(A) in out.requests
    assert rig.replica.prepared == certificate(signers=(0, 1, 2))


def test_replica_commits_at_once_if_the_others_were_faster():
    """R3: votes that came before the own one are counted with it."""
    rig = Rig()
    rig.hear(prepare(0), prepare(2), prepare(3))

    out = rig.accept()

    assert [type(message).__name__ for message in out.sign] == ["Prepare", "Commit"]
    assert rig.replica.prepared.signer_indexes() == (0, 2, 3)


def test_replica_does_not_commit_what_it_has_not_accepted():
    """R3: q PREPAREs for the *accepted* proposal: without a durable body no lock."""
    rig = Rig()

    out = rig.hear(prepare(0), prepare(2), prepare(3))

    assert not out.sign
    assert rig.replica.prepared is None


def test_replica_does_not_commit_with_votes_of_other_blocks_or_views():
    """R3: q PREPAREs of one hash in the current view."""
    rig = Rig()
    rig.accept()

    out = rig.hear(prepare(0, B), prepare(2, view=1), prepare(3))

    assert not out.sign


def test_own_vote_counts_only_when_it_comes_back():
    """Durable before sent: an own vote counts when it is durable."""
    rig = Rig()
    rig.hear(pre_prepare(), prepare(0))
    asked = rig.replica.step(inputs.ProposalChecked(HEIGHT, 0, A, None), 0)
    early = rig.hear(commit(0))
    assert asked.sign
    assert not early.sign
    assert rig.replica.phase == Phase.PREPARING

    rig.hear(prepare(1, signature=signature(1)))
    assert rig.replica.phase == Phase.PREPARING

    assert rig.hear(prepare(3)).sign == [commit(1, signature=b"")]
