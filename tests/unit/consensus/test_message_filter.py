"""F0: what deserves a signature check."""

import msgspec
import pytest

from consensus import inputs, limits
from consensus.certificates import PREPARE
from consensus.messages import Justification
from consensus.outputs import Outputs
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
    pre_prepare,
    prepare,
    status,
    view_change,
)


def accepting():
    rig = Rig()
    rig.accept()
    return rig


@pytest.mark.parametrize(
    "message",
    [
        prepare(0), commit(2), commit(3, B, view=limits.VIEWS_AHEAD_MAX), view_change(3, 1), pre_prepare(),
        view_change(3, limits.VIEW_MAX), pre_prepare(view=1, reason=justification(), sender=1), decided(),
        decided(height=HEIGHT + 500),
        prepare(0, height=HEIGHT + 1), commit(0, height=HEIGHT + 1), view_change(0, height=HEIGHT + 1),
        pre_prepare(height=HEIGHT + 1), pre_prepare(height=HEIGHT + 1, sender=0),
    ],
)  # fmt: skip
def test_filter_lets_through_what_may_count(message):
    """F0: height h or h + 1, a member, a view not absurdly ahead (any for a VIEW_CHANGE)."""
    assert Rig().replica.filter(message) is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (prepare(0, chain_id="other"), "wrong_chain"),
        (status(7, 3), "unknown_sender"),
        (status(-1, 3), "no_help_due"),
        (status(2, HEIGHT - 1), "no_help_due"),
        (status(2, HEIGHT + 500), "no_help_due"),
        (status(1, 3), "no_help_due"),
        (status(-2, 3), "unknown_sender"),
        (prepare(0, epoch=1), "wrong_epoch"),
        (prepare(0, validators_hash=B), "wrong_validators"),
        (prepare(4), "unknown_sender"),
        (prepare(-1), "unknown_sender"),
        (prepare(0, signature=b""), "unsigned"),
        (prepare(0, height=HEIGHT + 2), "future_height"),
        (prepare(0, view=limits.VIEWS_AHEAD_MAX + 1), "view_too_high"),
        (pre_prepare(view=68, reason=justification(68), sender=0), "view_too_high"),
        (prepare(0, view=65, height=HEIGHT + 1), "view_too_high"),
        (pre_prepare(view=1, height=HEIGHT + 1, reason=justification()), "view_too_high"),
        (pre_prepare(sender=2), "not_leader"),
        (pre_prepare(reason=justification()), "justification_unwanted"),
        (pre_prepare(view=1), "justification_missing"),
        (view_change(0, 0), "view_change_to_zero"),
        (view_change(0, 0, height=HEIGHT + 1), "view_change_to_zero"),
        (decided(height=HEIGHT - 2), "old_height"),
        (decided(GENESIS, height=HEIGHT - 1), "old_height"),
        (decided(signers=(0, 1)), "certificate_no_quorum"),
    ],
)
def test_filter_refuses(message, code):
    """F0: chain, epoch, set, sender, height, view, leader, justification and certificates (S12-S15, S37, S38)."""
    assert Rig().replica.filter(message) == code


def test_filter_refuses_a_certificate_that_is_not_the_one_announced():
    """F0: height and hash of DECIDED are those of its certificate."""
    for field in ({"height": HEIGHT + 1}, {"block_hash": B}):
        message = decided()
        parts = {"chain_id": message.chain_id, "height": message.height, "block_hash": message.block_hash} | field
        assert Rig().replica.filter(type(message)(**parts, certificate=message.certificate)) == "certificate_mismatch"


def test_filter_refuses_what_is_known_already():
    """F0: not a duplicate."""
    rig = accepting()
    known = (prepare(0), commit(2), view_change(3, 2), prepare(0, height=HEIGHT + 1), pre_prepare(height=HEIGHT + 1))
    rig.hear(*known)

    assert [rig.replica.filter(message) for message in (*known, pre_prepare())] == ["duplicate"] * 6
    assert rig.replica.filter(view_change(3, 1)) == "duplicate"


def test_filter_refuses_a_vote_whose_place_a_higher_view_has():
    """F0: of the views above, only the highest vote of a sender is kept; two in turn would cost a check each."""
    rig = Rig()
    rig.hear(prepare(0, view=3), commit(2, view=3))

    assert rig.replica.filter(prepare(0, view=2)) == "duplicate"
    assert rig.replica.filter(commit(2, view=1)) == "duplicate"
    assert rig.replica.filter(prepare(0, view=4)) is None
    assert rig.replica.filter(prepare(0, B, view=3)) is None
    assert rig.replica.filter(commit(0, view=2)) is None


def test_filter_lets_a_status_through_only_as_a_call_for_help():
    """F0, R8: everything else that a STATUS says changes nothing, so no flood of them stands before the votes."""
    rig = Rig()
    assert rig.replica.filter(status(2, 3)) == "no_help_due"
    rig.now_ms = 10_000
    rig.pending(0)
    assert rig.replica.filter(status(2, 3)) is None

    rig.hear(status(2, 3))

    assert rig.replica.filter(status(2, 3)) == "no_help_due"


def test_filter_lets_a_conflicting_vote_through_once():
    """F0, R10: a second payload is evidence if its signature holds; one proof is enough."""
    rig = accepting()
    rig.hear(prepare(0))
    assert rig.replica.filter(prepare(0, B)) is None

    rig.hear(prepare(0, B))

    assert rig.replica.filter(prepare(0, b"x" * 32)) == "accused"


def test_filter_lets_a_conflicting_proposal_through_once():
    """F0, R10: the same for two proposals of one leader."""
    rig = accepting()
    assert rig.replica.filter(pre_prepare(B)) is None

    rig.hear(pre_prepare(B))

    assert rig.replica.filter(pre_prepare(b"x" * 32)) == "accused"


def test_filter_drops_views_left_long_ago():
    """F0: votes of 8 earlier views are kept, so late COMMITs decide; proposals of left views are of no use."""
    rig = Rig()
    rig.hear(view_change(0, 10), view_change(2, 10))
    assert rig.replica.view == 10

    assert rig.replica.filter(commit(0, view=1)) == "stale_view"
    assert rig.replica.filter(commit(0, view=2)) is None
    assert rig.replica.filter(pre_prepare(view=9, reason=justification(9), sender=1)) == "stale_view"


def test_filter_lets_calls_for_help_through_at_most_once_a_second():
    """R8: a VIEW_CHANGE of an old height at once, a vote only a while after the decision, both rate-limited."""
    rig = Rig()
    rig.prepare()
    rig.hear(commit(0), commit(2))
    rig.applied()
    old_vote, old_view_change = prepare(3), view_change(3)
    assert rig.replica.filter(old_vote) == "old_height"
    assert rig.replica.filter(old_view_change) is None

    helped = rig.hear(old_view_change)

    assert [send.to for send in helped.sends] == [3]
    assert rig.replica.filter(old_view_change) == "old_height"
    rig.now_ms += limits.HELP_INTERVAL_MS
    rig.pending(0)
    assert rig.replica.filter(old_vote) is None


def test_filter_drops_votes_of_a_height_that_is_decided():
    """R4: no more votes at this height."""
    rig = Rig()
    rig.hear(decided())

    assert rig.replica.filter(prepare(0)) == "decided"
    assert rig.replica.filter(decided()) == "duplicate"
    assert rig.replica.filter(decided(B)) is None


def test_filter_takes_no_proposals_and_no_old_proof_while_syncing():
    """R9: while syncing no proposal is taken; only proof of more matters."""
    rig = Rig()
    rig.hear(decided(height=HEIGHT + 5))

    assert rig.replica.filter(pre_prepare()) == "syncing"
    assert rig.replica.filter(decided(height=HEIGHT + 5)) == "duplicate"
    assert rig.replica.filter(decided(height=HEIGHT + 6)) is None
    assert rig.replica.filter(prepare(0)) is None


def test_filter_of_an_observer_takes_certificates_and_status_only():
    """Observers count no votes."""
    rig = Rig(own=None)

    assert rig.replica.filter(prepare(0)) == "not_validator"
    assert rig.replica.filter(decided()) is None


def test_filter_of_a_halted_replica_takes_nothing():
    """R11: nothing after a halt."""
    rig = Rig()
    rig.step(inputs.Halted("test"))

    assert rig.replica.filter(prepare(0)) == "halted"


def test_core_filters_again_at_the_step():
    """F0: the state may have moved while signatures were verified."""
    rig = Rig()
    rig.step(inputs.MessageReceived(prepare(0)))

    again = rig.step(inputs.MessageReceived(prepare(0)))
    foreign = rig.step(inputs.MessageReceived(decided(signers=(0, 1))))

    assert [(item.code, item.sender) for item in again.rejected] == [("duplicate", 0)]
    assert [(item.code, item.sender) for item in foreign.rejected] == [("certificate_no_quorum", -1)]


def test_filter_changes_nothing():
    """F0: only compares."""
    rig = Rig()

    for _ in range(2):
        assert rig.replica.filter(prepare(0)) is None
        assert rig.replica.filter(view_change(0, 1, certificate())) is None
    out = rig.hear(prepare(0, A))
    assert vars_of(out) == vars_of(Outputs())


def vars_of(out):
    return [list(value) if isinstance(value, list | tuple) else value for value in map(out.__getattribute__, FIELDS)]


FIELDS = ("persist", "sign", "sends", "timers", "requests", "decided", "evidence", "halt", "events")


@pytest.mark.parametrize("signer", [4, 120])
@pytest.mark.parametrize("height", [HEIGHT - 1, HEIGHT, HEIGHT + 1])
def test_filter_passes_only_what_can_be_verified(height, signer):
    """F0: what passes is handed to ``required``, so the certificates and reasons in it are in shape at every height.

    A call for help of an old height, and a second proposal of the view, carried strangers past the filter; looking up
    their keys then ended the network of every node that the message reached.
    """
    rig = Rig()
    rig.hear(pre_prepare())
    strange = certificate(PREPARE, height=height, signers=(0, 1, signer))
    short = msgspec.structs.replace(strange, signatures=strange.signatures[:1])
    reason = Justification((*(view_change(s, height=height) for s in (0, 2)), view_change(signer, height=height)), None)
    carried = Justification(tuple(view_change(s, height=height) for s in (0, 2, 3)), short)
    rig.now_ms = 60_000
    rig.replica.step(inputs.TransactionsPending(0), rig.now_ms)

    for message in (
        view_change(3, 1, strange, height),
        view_change(3, 1, short, height),
        pre_prepare(B, 0, reason, height=height),
        pre_prepare(B, 0, carried, height=height),
        pre_prepare(B, 1, reason, height=height),
        pre_prepare(B, 1, carried, height=height),
    ):
        assert rig.replica.filter(message) is not None
