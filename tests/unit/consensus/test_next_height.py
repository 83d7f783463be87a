"""Messages that arrive one height early."""

from consensus.next_height import NextHeight
from tests.unit.consensus.rig import HEIGHT, commit, pre_prepare, prepare, view_change

NEXT = HEIGHT + 1


def test_next_height_keeps_one_of_each_type_and_sender():
    """F0: one message of each type and sender, the one of the highest view."""
    early = NextHeight(4)
    for view in (1, 3, 2):
        early.add(prepare(0, view=view, height=NEXT))
        early.add(commit(0, view=view, height=NEXT))
        early.add(view_change(0, view=view, height=NEXT))
    early.add(pre_prepare(height=NEXT))
    early.add(pre_prepare(b"z" * 32, height=NEXT))

    kept = early.in_order()

    assert [type(message).__name__ for message in kept] == ["PrePrepare", "Prepare", "Commit", "ViewChange"]
    assert [message.view for message in kept] == [0, 3, 3, 3]
    assert kept[0] == pre_prepare(height=NEXT)


def test_next_height_gives_back_in_the_order_of_a_height():
    """R2-R4: proposal first, then votes by sender."""
    early = NextHeight(4)
    for message in (commit(3, height=NEXT), prepare(2, height=NEXT), prepare(1, height=NEXT), pre_prepare(height=NEXT)):
        early.add(message)

    assert [(type(m).__name__, m.sender) for m in early.in_order()] == [
        ("PrePrepare", 1), ("Prepare", 1), ("Prepare", 2), ("Commit", 3),
    ]


def test_next_height_knows_who_has_committed():
    """R9: f + 1 of them are proof that our height is decided."""
    early = NextHeight(4)
    for message in (commit(3, height=NEXT), prepare(2, height=NEXT), commit(0, height=NEXT), commit(0, height=NEXT)):
        early.add(message)

    assert early.commit_senders() == (0, 3)


def test_next_height_keeps_one_proposal_of_another_leader_than_expected():
    """R12: the block still being applied may change who leads; more than one stranger's proposal is not kept."""
    early = NextHeight(4, expected=1)
    other, second = pre_prepare(height=NEXT, sender=2), pre_prepare(height=NEXT, sender=3)
    early.add(other)
    assert early.known(second) == other
    early.add(second)
    early.add(pre_prepare(height=NEXT, sender=1))

    assert [message.sender for message in early.in_order()] == [1, 2]
