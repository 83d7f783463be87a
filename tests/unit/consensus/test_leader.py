"""R12: who leads."""

from consensus.leader import leader


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
