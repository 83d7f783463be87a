"""Tests made from state tables: every step the table allows is taken, every other one is refused and changes nothing.

A family says how to bring about each action on record ``n`` by a real transaction, and how to read its status:

    DRIVE = Drive(
        lifecycle=LIFECYCLE,
        world=World,
        status=lambda world, n: ...,
        steps={"record": lambda world, n: world.submit(...), ...},
        refusals={(None, "revoke"): "evidence-unknown"},
    )
    test_table = table_test(DRIVE)
    TestEvidence = machine_test(DRIVE)

``table_test`` walks over every status that can be reached and tries every action in it, so each row is taken and each
illegal step met. ``machine_test`` takes steps at random over several records, with the family's own invariants.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chainnode.types.receipt import OK, Receipt
from contracts.kernel.lifecycle import Lifecycle
from tests.unit.contracts.world import World

Row = tuple[str | None, str]
RECORDS = 3


def nothing_more(_world: World) -> None:
    """No invariant beside the table."""


@dataclass(frozen=True)
class Drive:
    """How a family's table is put to the test."""

    lifecycle: Lifecycle
    world: Callable[[], World]
    """A consortium in which every action can be tried."""
    status: Callable[[World, int], str | None]
    """Of record ``n``, from the state; None where it does not exist."""
    steps: Mapping[str, Callable[[World, int], Receipt]]
    """Action -> a transaction that attempts it on record ``n``, well formed and by whoever may."""
    refusals: Mapping[Row, str | tuple[str, ...]] = field(default_factory=dict)
    """Illegal steps that meet another code, or one of several, before the machine's own."""
    derived: tuple[str, ...] = ()
    """Actions that only follow from others in the same transaction, or from none that this test drives."""
    reached_by: Mapping[str, Callable[[World, int], Any]] = field(default_factory=dict)
    """Statuses that derived actions lead to -> how to bring a new record there."""
    blocked: Mapping[Row, str] = field(default_factory=dict)
    """Steps that the table allows and another rule refuses in this test, with that rule's code."""
    check: Callable[[World], None] = nothing_more
    """The family's own invariants, after every step."""

    def attempt(self, world: World, n: int, action: str) -> Row:
        """Attempt one step and hold the outcome to the table."""
        before, content = self.status(world, n), dict(world.content())
        receipt = self.steps[action](world, n)
        after = self.status(world, n)
        expected = self.lifecycle.after(before, action)
        code: str | tuple[str, ...] | None = self.blocked.get((before, action))
        if expected is None or code is not None:
            code = code or self.refusals.get((before, action), self.lifecycle.code)
            codes = (code,) if isinstance(code, str) else code
            assert receipt.code in codes, f"{action} in {before}: {receipt.code} {receipt.info}, expected {codes}"
            assert receipt.info, "a refusal says what was found"
            assert dict(world.content()) == content, f"{action} in {before} was refused and changed the state"
        else:
            assert receipt.code == OK, f"{action} in {before}: {receipt.code} {receipt.info}"
            assert after in self._outcomes(expected), f"{action} led from {before} to {after}"
        self.check(world)
        return before, action

    def _outcomes(self, expected: str) -> set[str]:
        """What the row leads to, and what one derived action makes of that."""
        rows = self.lifecycle.transitions.items()
        return {expected, *(to for (start, action), to in rows if start == expected and action in self.derived)}


def walked(drive: Drive) -> set[Row]:
    """Try every action in every status that can be reached, each in a world of its own; the rows that were tried."""
    paths: dict[str | None, tuple[str, ...]] = {None: ()}
    tried: set[Row] = set()
    waiting: list[str | None] = [None, *drive.reached_by]
    while waiting:
        status = waiting.pop(0)
        for action in drive.steps:
            world = _brought(drive, status, paths)
            assert drive.status(world, 0) == status
            tried.add(drive.attempt(world, 0, action))
            after = drive.status(world, 0)
            if after is not None and after not in paths and after not in drive.reached_by:
                paths[after] = (*paths[status], action) if status in paths else ()
                if status not in paths:
                    raise AssertionError(f"{after} is reached from {status} alone: say how in reached_by")
                waiting.append(after)
    return tried


def _brought(drive: Drive, status: str | None, paths: Mapping[str | None, tuple[str, ...]]) -> World:
    world = drive.world()
    if status is not None and status in drive.reached_by:
        drive.reached_by[status](world, 0)
        return world
    for action in paths[status]:
        assert drive.steps[action](world, 0).code == OK
    return world


def table_test(drive: Drive) -> Callable[[], None]:
    """A test that the handlers do what the table says, all of it and nothing else."""

    def test_handlers_follow_the_table_and_refuse_everything_else() -> None:
        actions = {action for _, action in drive.lifecycle.transitions}
        assert actions == set(drive.steps) | set(drive.derived), "say how each action is brought about"
        tried = walked(drive)
        rows = {row for row in drive.lifecycle.transitions if row[1] in drive.steps}
        assert rows <= tried, f"no path leads to {sorted(str(row) for row in rows - tried)}"
        statuses = {status for status, _ in tried} - {None}
        assert statuses == set(drive.lifecycle.statuses()), "a status was met that the table lacks, or none leads to"

    return test_handlers_follow_the_table_and_refuse_everything_else


def machine_test(drive: Drive, *, examples: int = 10, steps: int = 20) -> Any:
    """A stateful test over several records: any steps in any order."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = drive.world()

        @rule(n=st.integers(0, RECORDS - 1), action=st.sampled_from(sorted(drive.steps)))
        def step(self, n: int, action: str) -> None:
            others = [drive.status(self.world, other) for other in range(RECORDS) if other != n]
            drive.attempt(self.world, n, action)
            assert others == [drive.status(self.world, other) for other in range(RECORDS) if other != n]

        @rule(n=st.integers(0, RECORDS - 1), action=st.sampled_from(sorted(drive.steps)))
        def replay(self, n: int, action: str) -> None:
            """The same transaction once more, as if it were not known: it meets the table like any other."""
            drive.attempt(self.world, n, action)
            again = self.world.last
            assert again is not None
            content = dict(self.world.content())
            if self.world.execute(again).code != OK:
                assert dict(self.world.content()) == content
            drive.check(self.world)

        @invariant()
        def statuses_come_from_the_table(self) -> None:
            known = {None, *drive.lifecycle.statuses()}
            assert {drive.status(self.world, n) for n in range(RECORDS)} <= known

    Machine.TestCase.settings = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    return Machine.TestCase
