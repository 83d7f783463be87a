from contracts.income.record import (
    AccountRecord,
    distribution_id_of,
    read_account,
    read_distribution,
    read_rule,
    read_trade_income,
)
from tests.unit.contracts.income.household import HOLDER, OTHER, founded


def test_nothing_is_owed_where_nothing_was_earned() -> None:
    state = founded().overlay
    assert read_account(state, HOLDER, OTHER, "CNY") == AccountRecord()
    assert read_trade_income(state, bytes(32)) == 0
    assert read_rule(state, bytes(32)) is None
    assert read_distribution(state, bytes(32)) is None


def test_due_is_what_was_neither_taken_back_nor_received() -> None:
    assert AccountRecord(10, 3, 5).due() == 2


def test_id_belongs_to_its_distributor() -> None:
    assert distribution_id_of(HOLDER, "r") != distribution_id_of(OTHER, "r")
