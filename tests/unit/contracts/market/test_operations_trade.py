from typing import Any

import pytest

from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.outcome import OperationFailed
from contracts.market.operations_trade import Settle, check_amount, check_deadlines
from tests.unit.contracts.market.trading import TRADE_ID, Trading, countered, ordered, reported
from tests.unit.contracts.world import did_of


def test_delivery_and_payment_follow_the_answer_in_either_order() -> None:
    check_deadlines(5, 5, 5)
    check_deadlines(5, 9, 7)
    check_deadlines(5, 7, 9)
    for deadlines in ((5, 4, 9), (5, 9, 4)):
        with pytest.raises(OperationFailed) as found:
            check_deadlines(*deadlines)
        assert found.value.code == "trade-deadlines"
    for operation in (ordered(settle_by_ms=1), countered(deliver_by_ms=1)):
        with pytest.raises(OperationFailed):
            operation.check()


def test_amount_beyond_the_bound_is_refused_at_admission() -> None:
    check_amount(AMOUNT_MAX, 1)
    for build in (ordered, reported):
        with pytest.raises(OperationFailed) as found:
            build(price=AMOUNT_MAX // 2, quantity=3).check()
        assert found.value.code == "trade-amount"


def test_report_names_two_parties() -> None:
    with pytest.raises(OperationFailed) as found:
        reported(buyer=did_of("member")).check()
    assert found.value.code == "trade-with-oneself"


@pytest.mark.parametrize(("leg", "amount"), [("price", 0), ("price", -1), ("price", 2**63), ("tip", 1)])
def test_payment_of_nothing_or_of_no_leg_is_malformed(leg: Any, amount: int) -> None:
    assert Trading().do("member", Settle(TRADE_ID, leg, amount, bytes(32))) == "operation-malformed"
