import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.market.record_trade import (
    TRADE,
    decode_sale,
    find_trade,
    read_trade,
    sale_key,
    settlement_key,
    trade_id_of,
    trade_key,
    write_trade,
)
from tests.unit.contracts.market.trading import BOARD_ID, DAY, PATHS, REPORT_ID, TRADE_ID, Trading
from tests.unit.contracts.world import TIME_MS, did_of


@pytest.mark.parametrize("status", PATHS)
def test_every_status_of_the_table_is_reached_by_real_transactions(status: str) -> None:
    trading = Trading().reach(status)
    assert trading.trade(REPORT_ID if status == "REPORTED" else TRADE_ID).status == status


def test_paths_and_table_name_the_same_statuses() -> None:
    assert set(PATHS) == set(TRADE.statuses())


def test_trades_that_came_to_nothing_are_final() -> None:
    assert TRADE.actions("DECLINED") == TRADE.actions("WITHDRAWN") == TRADE.actions("LAPSED") == ()


@pytest.mark.parametrize(
    ("status", "waits"), [("OFFERED", "member"), ("COUNTERED", "stranger"), ("REPORTED", "stranger")]
)
def test_offer_waits_for_the_party_that_did_not_make_it(status: str, waits: str) -> None:
    trading = Trading().reach(status)
    assert trading.trade(REPORT_ID if status == "REPORTED" else TRADE_ID).waits_for() == did_of(waits)


def test_trade_knows_what_was_paid_and_by_whom() -> None:
    trading = Trading().reach("DELIVERED")
    assert not trading.trade().is_paid()
    assert not trading.trade().buyer_paid()
    trading.pay()
    assert trading.trade().buyer_paid(), "a fee that is kept back from the seller is not the buyer's to pay"
    assert not trading.trade().is_paid()
    trading.pay(30, "exchange", "fee")
    assert trading.trade().is_paid()


def test_keys_lie_where_they_are_looked_for() -> None:
    """Sales sort by day, and a board's are below its own prefix."""
    assert trade_key(b"\x01" * 32).startswith(b"market-trade/0101")
    assert settlement_key(b"\x01" * 32, b"\x02" * 32) == b"market-settlement/" + b"01" * 32 + b"/" + b"02" * 32
    days = [sale_key(BOARD_ID, TIME_MS + number * DAY, TRADE_ID) for number in range(40)]
    assert days == sorted(days)
    assert sale_key(BOARD_ID, TIME_MS, TRADE_ID) == sale_key(BOARD_ID, TIME_MS + DAY - 1, TRADE_ID)
    assert trade_id_of("did:a", "x") != trade_id_of("did:b", "x")


def test_trades_are_read_as_they_were_written() -> None:
    trading = Trading().reach("CERTIFIED")
    state = trading.world.overlay
    trade = read_trade(state, TRADE_ID)
    write_trade(state, trade)
    assert find_trade(state, TRADE_ID) == trade
    stored = state.get(sale_key(BOARD_ID, trade.certified_ms, TRADE_ID))
    assert stored is not None
    assert decode_sale(stored).amount == trade.amount
    assert find_trade(state, bytes(32)) is None
    with pytest.raises(OperationFailed) as found:
        read_trade(state, bytes(32))
    assert found.value.code == "trade-unknown"
