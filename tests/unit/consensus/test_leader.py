"""R12: who leads."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.leader import Leadership, Suspension, leader
from consensus.quorum import faults_max

HEIGHT = 8
"""With four validators the leader of view v is v."""


def test_leader_rotates_with_every_height_and_view():
    """R12: leaders rotate with every height and view over the whole set."""
    assert [leader(4, height, 0) for height in range(5)] == [0, 1, 2, 3, 0]
    assert [leader(4, 6, view) for view in range(4)] == [2, 3, 0, 1]


def test_leader_skips_the_suspended():
    """R12: minus the suspended."""
    assert {leader(4, height, 0, (1, 2)) for height in range(20)} == {0, 3}


def test_leader_exists_even_if_all_are_suspended():
    """R12: a height without a leader would stop the chain for good."""
    assert leader(4, 5, 0, (0, 1, 2, 3)) == 1


def test_table_suspends_the_leader_of_a_skipped_view_for_64_heights():
    """R12: the certificate of the parent names the view in which it was decided."""
    table = Leadership.fresh(4).after(HEIGHT + 1, 1)
    assert table.suspended == (0,)
    for height in range(HEIGHT + 2, HEIGHT + 65):
        table = table.after(height, 0)
        assert table.suspended == (0,), height
    assert table.after(HEIGHT + 65, 0).suspended == ()


def test_table_doubles_the_term_of_a_validator_that_stays_silent_up_to_1024():
    """R12: 64 heights, doubling to 1,024 on repetition."""
    table, height, terms = Leadership.fresh(4), HEIGHT, []
    for _ in range(6):
        while leader(4, height, 0, table.suspended) != 0:
            table, height = table.after(height, 0), height + 1
        # The block at this height is decided in view 1, which the next block's certificate tells.
        table, height = table.after(height, 0), height + 1
        table, height = table.after(height, 1), height + 1
        (item,) = table.suspensions
        terms.append(item.until_height - height + 1)
        while table.suspended:
            table, height = table.after(height, 0), height + 1
    assert terms == [64, 128, 256, 512, 1024, 1024]


def test_table_forgets_the_term_of_a_validator_that_led():
    """R12: reset by a successful lead."""
    table = msgspec.structs.replace(Leadership.fresh(4), terms=(256, 256, 0, 0))
    assert table.after(HEIGHT + 1, 0).terms == (0, 256, 0, 0)


def test_table_releases_the_oldest_when_more_than_f_would_be_out():
    """R12: at most f at a time; whoever is beyond f may be honest and late."""
    table = Leadership.fresh(7).after(15, 3)
    assert table.suspended == (1, 2)
    assert table.terms == (64, 64, 64, 0, 0, 0, 0)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_table_of_a_set_without_faults_suspends_nobody(size):
    """R12: f = 0."""
    assert Leadership.fresh(size).after(10, 5).suspended == ()


def test_table_uses_the_suspensions_of_the_height_that_the_certificate_speaks_of():
    """R12: the views of h - 1 were led by those who led at h - 1, not by those of now."""
    table = Leadership((Suspension(0, 100),), (64, 0, 0, 0), (), ())
    assert table.after(HEIGHT + 1, 1).suspended == (0,)
    later = Leadership((Suspension(0, 100),), (64, 0, 0, 0), (), (0,)).after(10, 1)
    assert leader(4, 9, 0, (0,)) == 1
    assert later.suspended == (1,)


def test_table_never_suspends_whoever_led_in_the_end():
    """R12: when every member was asked in turn, the one that delivered is not silent."""
    assert 2 not in Leadership.fresh(4).after(HEIGHT + 1, 6).suspended


def test_excluded_validator_stays_out_until_readmitted():
    """R10: an equivocator does not lead until governance clears it, and counts among the f."""
    table = Leadership.fresh(4).after(9, 1).excluding(2)
    assert table.suspended == (2,)
    for height in range(10, 1_200):
        table = table.after(height, 1 if height % 50 == 0 else 0)
    assert table.suspended == (2,)
    assert table.readmitting(2).suspended == ()


def test_table_goes_over_to_the_next_set_by_member():
    """What members have earned goes with them; joiners begin with nothing."""
    table = Leadership((Suspension(3, 90),), (0, 64, 0, 128, 0, 0, 0), (1,), (1, 3))
    handed = table.handed_over((None, 3, 1, 0, 2))
    assert handed == Leadership((), (0, 128, 64, 0, 0), (2,), ())
    assert table.handed_over((3, 0, 1, 2, 4, 5, 6)).suspended == (0, 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10), st.lists(st.one_of(st.integers(0, 40), st.integers(0, 2), st.none()), max_size=60))
def test_table_is_bounded_and_leaves_a_majority_of_leaders(size, views):
    """R12: whatever the views, at most f are out, terms stay within their bounds, and the record reads back."""
    table = Leadership.fresh(size)
    for height, view in enumerate(views, start=5):
        before = table.suspended
        table = table.after(height, view)
        assert len(table.suspended) <= faults_max(size)
        assert table.before == before
        assert all(term == 0 or 64 <= term <= 1024 for term in table.terms)
        assert all(height < item.until_height <= height + 1024 for item in table.suspensions)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(table), type=Leadership) == table
