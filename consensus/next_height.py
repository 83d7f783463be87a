"""Messages that arrived one height early: one of each type and sender, so a replica that is busy applying loses none.

Who leads the next height may change with the block that is still being applied (R12). So beside the proposal of
the leader expected now, the first one of anybody else is kept; once the block is applied the filter knows which counts.

Source: SPEC.md F0, R9.
"""

from consensus.messages import Commit, Prepare, PrePrepare, Signed, ViewChange, Vote


class NextHeight:
    """At most two PRE_PREPAREs, and of each sender the PREPARE, COMMIT and VIEW_CHANGE of the highest view."""

    __slots__ = ("_commits", "_prepares", "_proposals", "_view_changes", "expected")

    def __init__(self, size: int, expected: int = 0) -> None:
        """``expected`` leads view 0 of that height unless the block below changes it."""
        self.expected = expected
        self._proposals: list[PrePrepare | None] = [None, None]
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
                return self._proposals[message.sender != self.expected]

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
                self._proposals[message.sender != self.expected] = message

    def commit_senders(self) -> tuple[int, ...]:
        """Who has committed at that height already."""
        return tuple(sender for sender, vote in enumerate(self._commits) if vote is not None)

    def in_order(self) -> list[Signed]:
        """Everything, in the order in which a height goes: proposals, votes by sender, VIEW_CHANGEs."""
        messages: list[Signed] = [proposal for proposal in self._proposals if proposal is not None]
        votes: list[Vote | ViewChange | None] = [*self._prepares, *self._commits, *self._view_changes]
        messages += [message for message in votes if message is not None]
        return messages
