from typing import Any

import pytest

from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.outcome import OperationFailed
from contracts.market.operations_trade import Cancel, Certify, Terminate
from contracts.market.record import BoardRules
from contracts.market.trade import (
    DEADLINE_AHEAD_MS_MAX,
    check_ahead,
    check_sender,
    end,
    free_trade,
    owed,
    party_trade,
    step,
    terms_of,
)
from tests.unit.contracts.market.trading import REPORT_ID, START, TRADE_ID, USE, Trading
from tests.unit.contracts.world import did_of


@pytest.mark.parametrize(("payer", "proceeds"), [("seller", 9_999 - 248), ("buyer", 9_999)])
def test_buyer_owes_the_amount_and_a_fee_of_its_own(payer: Any, proceeds: int) -> None:
    """The fee is rounded down; what the seller receives and the fee are all that is owed."""
    rules = BoardRules("B", ("fixed",), fee_basis_points=249, fee_payer=payer)
    assert owed(rules, 3_333, 3) == (3_333, 9_999, proceeds, 248)


def test_amount_with_its_fee_stays_within_the_bound() -> None:
    rules = BoardRules("B", ("fixed",), fee_basis_points=1, fee_payer="buyer")
    assert owed(BoardRules("B", ("fixed",)), AMOUNT_MAX, 1).proceeds == AMOUNT_MAX
    with pytest.raises(OperationFailed) as found:
        owed(rules, AMOUNT_MAX, 1)
    assert found.value.code == "trade-amount"


def test_deadline_may_be_now_and_ten_years_ahead_but_not_beyond() -> None:
    context = Trading().context()
    check_ahead(context, START, START + DEADLINE_AHEAD_MS_MAX)
    for deadline in (START - 1, START + DEADLINE_AHEAD_MS_MAX + 1):
        with pytest.raises(OperationFailed) as found:
            check_ahead(context, START, deadline)
        assert found.value.code == "trade-deadlines"


def test_step_is_for_the_party_it_is_for() -> None:
    trading = Trading().reach("AGREED")
    state = trading.world.overlay
    assert party_trade(TRADE_ID, "buyer", trading.context("stranger"), state).status == "AGREED"
    assert party_trade(TRADE_ID, "party", trading.context("member"), state).status == "AGREED"
    for who, name in (("buyer", "member"), ("seller", "stranger"), ("party", "exchange")):
        with pytest.raises(OperationFailed) as found:
            party_trade(TRADE_ID, who, trading.context(name), state)
        assert found.value.code == "trade-not-party"
    check_sender((did_of("member"),), trading.context("member"))


def test_held_trade_takes_no_step() -> None:
    trading = Trading().reach("SETTLED")
    assert free_trade(TRADE_ID, trading.world.overlay).held_by == ()
    trading.hold()
    steps = (("exchange", Certify(TRADE_ID)), ("member", Cancel(TRADE_ID)), ("member", Terminate(TRADE_ID)))
    for name, operation in steps:
        assert trading.do(name, operation) == "trade-held"


def test_step_writes_and_refuses_what_no_line_allows() -> None:
    trading = Trading().reach("AGREED")
    state = trading.world.overlay
    assert step(trading.trade(), "settle", trading.context(), state, paid=1).paid == 1
    assert trading.trade().paid == 1
    with pytest.raises(OperationFailed) as found:
        step(trading.trade(), "certify", trading.context(), state)
    assert found.value.code == "trade-status"
    context = trading.context("member")
    assert end(trading.trade(), "cancel", context, state).status == "CANCELLED"
    assert context.events[0].attributes["paid"] == 1
    assert trading.listing().taken == 0


def test_terms_are_the_listings_or_the_reports() -> None:
    trading = Trading().reach("OFFERED").reach("REPORTED")
    assert terms_of(trading.trade(), trading.world.overlay) == USE
    assert terms_of(trading.trade(REPORT_ID), trading.world.overlay) == USE
