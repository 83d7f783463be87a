"""State machines as tables.

Each status of a record changes only along a line of its family's table. The same table
drives the checks, the documentation and the tests.
"""

from collections.abc import Mapping


class Lifecycle:
    """Which action leads from which status to which."""

    __slots__ = ("transitions",)

    def __init__(self, transitions: Mapping[tuple[str | None, str], str]) -> None:
        """Keep the table ``(status, action) -> status``; status None is a record that does not exist yet."""
        self.transitions = dict(transitions)

    def after(self, status: str | None, action: str) -> str | None:
        """The status that ``action`` leads to; None where it is not allowed."""
        return self.transitions.get((status, action))

    def actions(self, status: str | None) -> tuple[str, ...]:
        """What can be done in ``status``, sorted."""
        return tuple(sorted(action for before, action in self.transitions if before == status))
