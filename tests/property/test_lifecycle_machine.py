"""The tests made from tables find handlers that do not follow them: a test that cannot fail is none."""

import dataclasses

import pytest

from contracts.evidence.record import LIFECYCLE
from contracts.kernel.lifecycle import Lifecycle
from tests.property.test_evidence_machine import EVIDENCE
from tests.support.lifecycle_machine import Row, table_test

TABLE = LIFECYCLE.transitions


def drive(transitions: dict[Row, str]) -> None:
    """Hold the real handlers to another table."""
    other = Lifecycle(LIFECYCLE.name, LIFECYCLE.code, transitions)
    table_test(dataclasses.replace(EVIDENCE, lifecycle=other))()


def test_handlers_follow_their_own_table() -> None:
    drive(dict(TABLE))


@pytest.mark.parametrize("row", [row for row in TABLE if row[0] is not None], ids=str)
def test_step_that_the_table_lacks_and_a_handler_takes_is_found(row: Row) -> None:
    with pytest.raises(AssertionError):
        drive({key: status for key, status in TABLE.items() if key != row})


@pytest.mark.parametrize(
    "change",
    [
        {("REVOKED", "append"): "REVOKED"},
        {("ACTIVE", "revoke"): "SUPERSEDED"},
        {("ACTIVE", "supersede"): "ACTIVE"},
        {("REVOKED", "forget"): "REVOKED"},
        {("LOST", "revoke"): "REVOKED"},
    ],
    ids=str,
)
def test_row_that_no_handler_follows_is_found(change: dict[Row, str]) -> None:
    with pytest.raises(AssertionError):
        drive({**TABLE, **change})


def test_refusal_with_another_code_is_found() -> None:
    with pytest.raises(AssertionError):
        table_test(dataclasses.replace(EVIDENCE, refusals={}))()
