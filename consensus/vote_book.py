"""The votes of one height, bounded whatever the peers send.

Kept are PREPARE and COMMIT of the current view and ``VIEWS_KEPT_MAX`` earlier ones, for each sender the highest vote of
each type above the current view, and for each sender the highest VIEW_CHANGE: for n validators at most
2n(VIEWS_KEPT_MAX + 2) + n messages. Of two different votes for one place the first is kept.

Source: SPEC.md F0, R3, R4, R6; Castro & Liskov 1999, section 4.2.
"""

from typing import Final

from consensus import limits
from consensus.certificates import COMMIT, PREPARE, CertificateKind, QuorumCertificate, make_certificate
from consensus.messages import Commit, ViewChange, Vote

NOT_COUNTED: Final = 0
"""``VoteBook.add``: known already, or outside the views that are kept."""
CONFLICT: Final = -1
"""``VoteBook.add``: its sender voted otherwise for the same place."""


class _Column:
    """Votes of one type in one view."""

    __slots__ = ("counts", "votes")

    def __init__(self, size: int) -> None:
        self.votes: list[Vote | None] = [None] * size
        self.counts: dict[bytes, int] = {}


class VoteBook:
    """Votes of one height by view and sender; every vote in it had its signature verified."""

    __slots__ = ("_ahead_commits", "_ahead_prepares", "_commits", "_prepares", "_size", "_view", "view_changes")

    def __init__(self, size: int) -> None:
        self._size = size
        self._view = 0
        self._prepares: dict[int, _Column] = {}
        self._commits: dict[int, _Column] = {}
        self._ahead_prepares: list[Vote | None] = [None] * size
        self._ahead_commits: list[Vote | None] = [None] * size
        self.view_changes: list[ViewChange | None] = [None] * size
        """The highest of each sender."""

    def add(self, vote: Vote) -> int:
        """Count ``vote``.

        Returns:
            How many senders now stand for the same type, view and block; ``NOT_COUNTED`` or ``CONFLICT`` if nothing
            changed.
        """
        view = vote.view
        is_commit = type(vote) is Commit
        if view > self._view:
            return self._add_ahead(vote, self._ahead_commits if is_commit else self._ahead_prepares)
        if view < self._view - limits.VIEWS_KEPT_MAX:
            return NOT_COUNTED
        columns = self._commits if is_commit else self._prepares
        column = columns.get(view)
        if column is None:
            column = columns[view] = _Column(self._size)
        known = column.votes[vote.sender]
        block_hash = vote.block_hash
        if known is not None:
            return NOT_COUNTED if known.block_hash == block_hash else CONFLICT
        column.votes[vote.sender] = vote
        count = column.counts.get(block_hash, 0) + 1
        column.counts[block_hash] = count
        return count

    def _add_ahead(self, vote: Vote, ahead: list[Vote | None]) -> int:
        known = ahead[vote.sender]
        if known is not None and known.view >= vote.view:
            if known.view > vote.view or known.block_hash == vote.block_hash:
                return NOT_COUNTED
            return CONFLICT
        ahead[vote.sender] = vote
        return sum(
            other is not None and other.view == vote.view and other.block_hash == vote.block_hash for other in ahead
        )

    def known(self, vote: Vote) -> Vote | None:
        """The vote that is kept for the same type, view and sender, if any."""
        is_commit = type(vote) is Commit
        if vote.view > self._view:
            ahead = (self._ahead_commits if is_commit else self._ahead_prepares)[vote.sender]
            return ahead if ahead is not None and ahead.view == vote.view else None
        column = (self._commits if is_commit else self._prepares).get(vote.view)
        return None if column is None else column.votes[vote.sender]

    def is_outranked(self, vote: Vote) -> bool:
        """Whether a vote of a higher view has the place above the current view where ``vote`` would go."""
        if vote.view <= self._view:
            return False
        ahead = (self._ahead_commits if type(vote) is Commit else self._ahead_prepares)[vote.sender]
        return ahead is not None and ahead.view > vote.view

    def prepare_count(self, view: int, block_hash: bytes) -> int:
        """Senders of a PREPARE for ``block_hash`` in ``view``, the current one or an earlier one."""
        column = self._prepares.get(view)
        return 0 if column is None else column.counts.get(block_hash, 0)

    def enter_view(self, view: int) -> None:
        """Make ``view`` the current one: votes that waited for it count now, those too old are dropped."""
        self._view = view
        oldest = view - limits.VIEWS_KEPT_MAX
        for columns in (self._prepares, self._commits):
            for old in [key for key in columns if key < oldest]:
                del columns[old]
        for ahead in (self._ahead_prepares, self._ahead_commits):
            for sender, vote in enumerate(ahead):
                if vote is not None and vote.view <= view:
                    ahead[sender] = None
                    self.add(vote)

    def certificate(self, kind: CertificateKind, epoch: int, height: int, vote: Vote) -> QuorumCertificate:
        """Join all votes that agree with ``vote``; the caller has seen at least q of them."""
        view, block_hash = vote.view, vote.block_hash
        votes = self._column(kind, view)
        pairs = [
            (index, other.signature)
            for index, other in enumerate(votes)
            if other is not None and other.view == view and other.block_hash == block_hash
        ]
        return make_certificate(kind, pairs, epoch=epoch, height=height, view=view, block_hash=block_hash)

    def _column(self, kind: CertificateKind, view: int) -> list[Vote | None]:
        if view > self._view:
            return self._ahead_commits if kind is COMMIT else self._ahead_prepares
        return (self._prepares if kind is PREPARE else self._commits)[view].votes

    def any_prepare(self, view: int, block_hash: bytes) -> Vote | None:
        """One PREPARE for ``block_hash`` in ``view``, the current one or an earlier one."""
        column = self._prepares.get(view)
        if column is None:
            return None
        return next((vote for vote in column.votes if vote is not None and vote.block_hash == block_hash), None)

    def add_view_change(self, message: ViewChange) -> bool:
        """Keep ``message`` if it is the first or the highest of its sender."""
        known = self.view_changes[message.sender]
        if known is not None and known.view >= message.view:
            return False
        self.view_changes[message.sender] = message
        return True

    def view_to_join(self, weak: int) -> int:
        """The highest view that ``weak`` senders ask for or exceed; 0 if fewer have asked for any.

        Among ``weak`` senders one is honest, so no coalition of faulty ones can push this above every honest view.
        """
        views = sorted((message.view for message in self.view_changes if message is not None), reverse=True)
        return views[weak - 1] if len(views) >= weak else 0

    def asking_count(self, view: int) -> int:
        """Senders that ask for ``view`` or a higher one."""
        return sum(message is not None and message.view >= view for message in self.view_changes)

    def view_changes_to(self, view: int) -> list[ViewChange]:
        """Those that ask for exactly ``view``, ascending by sender."""
        return [message for message in self.view_changes if message is not None and message.view == view]
