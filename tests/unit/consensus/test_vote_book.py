"""Votes of one height, bounded."""

import pytest

from consensus import limits
from consensus.certificates import COMMIT, PREPARE
from consensus.vote_book import CONFLICT, NOT_COUNTED, VoteBook
from tests.unit.consensus.rig import HEIGHT, A, B, commit, prepare, signature, view_change

BOTH = pytest.mark.parametrize("vote", [prepare, commit])


def votes_kept(book):
    columns = [*book._prepares.values(), *book._commits.values()]
    rows = [*(column.votes for column in columns), book._ahead_prepares, book._ahead_commits]
    return sum(vote is not None for row in rows for vote in row)


@BOTH
def test_book_counts_each_sender_once(vote):
    """F0: duplicates do not count."""
    book = VoteBook(4)

    assert [book.add(vote(0)), book.add(vote(1)), book.add(vote(1)), book.add(vote(2))] == [1, 2, NOT_COUNTED, 3]


@BOTH
@pytest.mark.parametrize("view", [0, 5])
def test_book_keeps_the_first_of_two_conflicting_votes(vote, view):
    """F0, R10: of two payloads for one place the first counts, in the current view and ahead of it."""
    book = VoteBook(4)
    book.add(vote(1, A, view))

    assert book.add(vote(1, B, view)) == CONFLICT
    assert book.known(vote(1, B, view)) == vote(1, A, view)
    assert book.add(vote(2, B, view)) == 1


def test_book_counts_types_views_and_blocks_apart():
    """R3, R4: q votes of one type, view and hash."""
    book = VoteBook(4)
    book.enter_view(1)

    counts = [book.add(v) for v in (prepare(0), commit(1), prepare(2, view=1), prepare(3, B), prepare(1))]

    assert counts == [1, 1, 1, 1, 2]
    assert [book.prepare_count(0, A), book.prepare_count(0, B), book.prepare_count(1, A)] == [2, 1, 1]


def test_book_keeps_the_highest_vote_of_each_sender_above_the_current_view():
    """F0: for each sender the highest PREPARE and COMMIT above the current view."""
    book = VoteBook(4)

    assert [book.add(commit(0, view=view)) for view in (5, 7, 6, 7)] == [1, 1, NOT_COUNTED, NOT_COUNTED]
    assert [book.add(commit(sender, view=7)) for sender in (1, 2)] == [2, 3]
    assert book.certificate(COMMIT, 0, HEIGHT, commit(0, view=7)).signer_indexes() == (0, 1, 2)


def test_book_counts_what_waited_when_the_view_is_entered():
    """R3: votes that came before their view are not lost."""
    book = VoteBook(4)
    for sender in range(3):
        book.add(prepare(sender, view=2))
    book.add(commit(0, view=9))

    book.enter_view(2)

    assert book.prepare_count(2, A) == 3
    assert book.known(commit(0, view=9)) is not None


def test_book_drops_views_that_are_too_old():
    """F0: the current and 8 earlier views."""
    book = VoteBook(4)
    book.add(commit(0))
    book.enter_view(limits.VIEWS_KEPT_MAX)
    assert book.add(commit(1)) == 2

    book.enter_view(limits.VIEWS_KEPT_MAX + 1)

    assert book.add(commit(2)) == NOT_COUNTED
    assert book.known(commit(0)) is None


def test_book_stays_bounded_whatever_is_added():
    """F0: at most 2n(kept views + 2) votes and n VIEW_CHANGEs."""
    book = VoteBook(4)
    for view in range(200):
        for sender in range(4):
            for vote in (prepare(sender, view=view), prepare(sender, view=view + 60), commit(sender, view=view)):
                book.add(vote)
            book.add_view_change(view_change(sender, view + 1))
        if view % 3 == 0:
            book.enter_view(view)

    assert votes_kept(book) <= 2 * 4 * (limits.VIEWS_KEPT_MAX + 2)
    assert len(book.view_changes) == 4


def test_book_joins_agreeing_votes_only():
    """Certificates: signatures in ascending order, of voters for that block."""
    book = VoteBook(5)
    for vote in (prepare(4), prepare(0), prepare(2, B), prepare(3)):
        book.add(vote)

    joined = book.certificate(PREPARE, 0, HEIGHT, prepare(0))

    assert book.any_prepare(0, A) in {prepare(0), prepare(3), prepare(4)}

    assert joined.signer_indexes() == (0, 3, 4)
    assert joined.signatures == (signature(0), signature(3), signature(4))
    assert book.any_prepare(0, b"x" * 32) is None
    assert book.any_prepare(3, A) is None


def test_book_keeps_the_highest_view_change_of_each_sender():
    """F0: the highest VIEW_CHANGE, so views that fall are ignored."""
    book = VoteBook(4)

    assert [book.add_view_change(view_change(0, view)) for view in (3, 2, 3, 9)] == [True, False, False, True]
    assert book.view_changes == [view_change(0, 9), None, None, None]


@pytest.mark.parametrize(
    ("views", "joined"),
    [([], 0), ([7], 0), ([7, 5], 5), ([2**31 - 1, 5], 5), ([9, 7, 5], 7), ([9, 9, 9], 9)],
)
def test_book_finds_the_view_that_an_honest_validator_asks_for(views, joined):
    """R6: f + 1 senders ask for it or more, so one bomb of a view number moves nobody (S12)."""
    book = VoteBook(4)
    for sender, view in enumerate(views):
        book.add_view_change(view_change(sender, view))

    assert book.view_to_join(2) == joined


def test_book_lists_who_asks_for_a_view():
    """R6, R7: the timer needs q at the view or above, a justification q at exactly the view."""
    book = VoteBook(4)
    for sender, view in [(3, 2), (0, 2), (1, 5)]:
        book.add_view_change(view_change(sender, view))

    assert book.asking_count(2) == 3
    assert [message.sender for message in book.view_changes_to(2)] == [0, 3]
