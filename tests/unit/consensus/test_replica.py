"""The replica as a whole: one height, observers, single validators, determinism."""

import pytest

from consensus import inputs
from consensus.state import Phase
from consensus.timers import TimerConfig, TimerKind
from consensus.tip import Tip
from consensus.trace import describe_outputs
from tests.unit.consensus.rig import (
    CHAIN,
    GENESIS,
    HEIGHT,
    A,
    B,
    Rig,
    commit,
    pre_prepare,
    prepare,
    signature,
    view_change,
)


def test_replica_goes_through_a_height():
    """R1-R5: accept, prepare, commit, decide, next."""
    rig = Rig()
    phases = [rig.replica.phase]
    for act in (
        rig.accept,
        lambda: rig.hear(prepare(0), prepare(2)),
        lambda: rig.hear(commit(0), commit(2)),
        rig.applied,
    ):
        act()
        phases.append(rig.replica.phase)

    assert phases == [Phase.NEW_HEIGHT, Phase.PREPARING, Phase.COMMITTING, Phase.DECIDED, Phase.NEW_HEIGHT]
    assert (rig.replica.height, rig.replica.leader, rig.replica.tip.block_hash) == (HEIGHT + 1, 1, A)


def test_single_validator_decides_alone():
    """Numbers: n = 1, q = 1."""
    rig = Rig(own=0, size=1, tip=Tip(0, GENESIS), timers=TimerConfig(batch_wait_ms=0))
    rig.pending()

    assert rig.built().decided.block_hash == A


def test_single_validator_leads_the_next_view_when_its_host_is_slow():
    """R6, R7: its own VIEW_CHANGE is a quorum."""
    rig = Rig(own=0, size=1, tip=Tip(0, GENESIS), timers=TimerConfig(batch_wait_ms=0))
    rig.pending()

    asked = rig.time_out()

    assert asked.requests[-1].view == 1
    assert rig.built(B).decided.block_hash == B


def test_leader_of_the_replica_is_never_a_suspended_one():
    """R12: the suspended are given by the host."""
    assert Rig(suspended=(0,)).replica.leader in {1, 2, 3}


def test_observer_never_signs():
    """An observer follows; whatever it hears, it has no voice."""
    rig = Rig(own=None)

    outs = [
        rig.pending(),
        rig.time_out(),
        rig.fire(TimerKind.IDLE),
        rig.step(inputs.MessageReceived(pre_prepare())),
        rig.step(inputs.MessageReceived(view_change(0))),
    ]

    assert [list(out.sign) for out in outs] == [[]] * 5


def test_messages_of_an_own_twin_are_votes_of_one_validator():
    """R10: a vote made elsewhere with our key counts once and convicts this key (S30)."""
    rig = Rig()
    rig.hear(prepare(1, B))

    out = rig.accept(A)

    assert out.evidence[0].first.sender == 1
    assert not rig.hear(prepare(0), prepare(2, B)).sign


def test_proposal_that_comes_back_durable_is_not_taken_for_a_second_one():
    """Durable before sent: own messages return once and change nothing else."""
    rig = Rig(own=0)
    rig.pending()
    rig.fire(TimerKind.BATCH)
    rig.built()

    again = rig.step(inputs.MessageReceived(pre_prepare()))

    assert not again.evidence and not again.requests and not again.sign


@pytest.mark.parametrize(
    "answer",
    [
        inputs.BlockBuilt(HEIGHT, 0, A, b"p"),
        inputs.BuildFailed(HEIGHT, 0),
        inputs.ProposalChecked(HEIGHT, 0, A, None),
        inputs.ProposalChecked(HEIGHT, 0, A, "bad"),
        inputs.BlockFetched(A, b"p"),
        inputs.SyncFinished(),
    ],
)
def test_answers_nobody_asked_for_change_nothing(answer):
    """Inputs: old and duplicate answers are ignored."""
    rig = Rig()

    assert describe_outputs(rig.step(answer)) == []
    assert (rig.replica.view, rig.replica.phase) == (0, Phase.NEW_HEIGHT)


def test_time_that_goes_back_is_not_believed():
    """The clock only spaces out help; a step back must not open it."""
    rig = Rig()
    rig.now_ms = 10_000
    rig.pending(0)
    rig.now_ms = 0
    rig.pending(0)

    assert rig.replica._state.now_ms == 10_000


def test_same_inputs_give_the_same_outputs():
    """Deterministic: no clock, chance or order of sets inside."""

    def run():
        rig = Rig(own=2)
        events = [
            lambda: rig.hear(pre_prepare(), prepare(0), view_change(3, 5)),
            rig.checked,
            lambda: rig.hear(prepare(1), commit(1), commit(0)),
            rig.time_out,
            lambda: rig.hear(view_change(0, 5), view_change(1, 5)),
        ]
        return [line for event in events for line in describe_outputs(event())]

    assert run() == run()
    assert len(run()) > 5


def test_replica_signs_for_its_own_chain_and_set():
    """Signatures: chain, epoch, set and own index stand in every message."""
    rig = Rig(own=2)
    rig.accept()

    assert rig.signed == [prepare(2, chain_id=CHAIN, signature=signature(2))]
