"""Messages that arrived one height early: one of each type and sender, so a replica that is busy applying loses none.

Source: SPEC.md F0, R9.
"""

from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange, Vote


class NextHeight:
    """At most one PRE_PREPARE, and for each sender one PREPARE, COMMIT and VIEW_CHANGE: the one of the highest view."""

    __slots__ = ("_commits", "_prepares", "_proposal", "_view_changes")

    def __init__(self, size: int) -> None:
        self._proposal: PrePrepare | None = None
        self._prepares: list[Prepare | None] = [None] * size
        self._commits: list[Commit | None] = [None] * size
        self._view_changes: list[ViewChange | None] = [None] * size

    def known(self, message: Signed) -> Signed | None:
        """What is kept in the place where ``message`` would go."""
        match message:
            case Prepare():
                return self._prepares[message.sender]
            case Commit():
                return self._commits[message.sender]
            case ViewChange():
                return self._view_changes[message.sender]
            case PrePrepare():
                return self._proposal

    def add(self, message: Signed) -> None:
        """Keep ``message`` unless one of the same or a higher view is kept."""
        known = self.known(message)
        if known is not None and known.view >= message.view:
            return
        match message:
            case Prepare():
                self._prepares[message.sender] = message
            case Commit():
                self._commits[message.sender] = message
            case ViewChange():
                self._view_changes[message.sender] = message
            case PrePrepare():
                self._proposal = message

    def commit_senders(self) -> tuple[int, ...]:
        """Who has committed at that height already."""
        return tuple(sender for sender, vote in enumerate(self._commits) if vote is not None)

    def in_order(self) -> list[Signed]:
        """Everything, in the order in which a height goes: proposal, votes by sender, VIEW_CHANGEs."""
        messages: list[Signed] = [] if self._proposal is None else [self._proposal]
        votes: list[Vote | ViewChange | None] = [*self._prepares, *self._commits, *self._view_changes]
        messages += [message for message in votes if message is not None]
        return messages
