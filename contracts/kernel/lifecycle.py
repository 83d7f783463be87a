"""State machines as tables.

Each status of a record changes only along a line of its family's table. The same table
drives the checks, the documentation and the tests.
"""

from collections.abc import Mapping

from contracts.kernel.outcome import OperationFailed


class Lifecycle:
    """Which action leads from which status to which.

    An action that keeps the status stands in the table too: what no line allows is refused.
    """

    __slots__ = ("code", "name", "transitions")

    def __init__(self, name: str, code: str, transitions: Mapping[tuple[str | None, str], str]) -> None:
        """Keep the table ``(status, action) -> status``; status None is a record that does not exist yet.

        ``name`` says what kind of record it is, in the singular; ``code`` is how an illegal step is refused.
        """
        self.name = name
        self.code = code
        self.transitions = dict(transitions)

    def after(self, status: str | None, action: str) -> str | None:
        """The status that ``action`` leads to; None where it is not allowed."""
        return self.transitions.get((status, action))

    def step(self, status: str | None, action: str) -> str:
        """The status that ``action`` leads to.

        Raises:
            OperationFailed: with the machine's ``code``, naming the statuses in which the action is possible.
        """
        found = self.transitions.get((status, action))
        if found is None:
            possible = sorted(before or "nothing" for before, line in self.transitions if line == action)
            raise OperationFailed(
                self.code, f"{self.name} is {status or 'nothing'}; {action} needs {' or '.join(possible) or 'nothing'}"
            )
        return found

    def actions(self, status: str | None) -> tuple[str, ...]:
        """What can be done in ``status``, sorted."""
        return tuple(sorted(action for before, action in self.transitions if before == status))

    def statuses(self) -> tuple[str, ...]:
        """Every status that a record can have, sorted."""
        return tuple(sorted(dict.fromkeys(self.transitions.values())))
