import pytest

from contracts.kernel.operation import Operation
from contracts.market.operations import AmendBoard, CloseBoard, OpenBoard, ResumeBoard, SuspendBoard
from contracts.market.record import BoardRules
from tests.unit.contracts.market.trading import BOARD_ID, PRICE, TRADE_ID, Trading, countered, listed, ordered
from tests.unit.contracts.world import did_of

RULES = BoardRules("New name", ("negotiable",), fee_basis_points=500)


def test_exchange_opens_a_board_and_amends_its_rules() -> None:
    trading = Trading()
    receipt = trading.world.submit("exchange", OpenBoard("second", "EUR", RULES))
    (event,) = receipt.events
    assert (event.name, event.attributes["operator"]) == ("market.board_opened", did_of("exchange"))
    trading.must("exchange", AmendBoard(BOARD_ID, RULES))
    assert (trading.board().rules, trading.board().currency) == (RULES, "CNY")


def test_only_exchanges_open_boards() -> None:
    assert Trading().do("member", OpenBoard("mine", "CNY", RULES)) == "role-missing"


@pytest.mark.parametrize("operation", [AmendBoard(BOARD_ID, RULES), SuspendBoard(BOARD_ID), CloseBoard(BOARD_ID)])
def test_nothing_changes_a_closed_board(operation: Operation) -> None:
    trading = Trading()
    trading.must("exchange", CloseBoard(BOARD_ID))
    assert trading.do("exchange", operation) == "board-status"


def test_suspended_board_begins_nothing_and_ends_what_was_agreed() -> None:
    """What has been agreed runs to its end; listing, ordering and agreeing begin something."""
    trading = Trading().reach("OFFERED")
    trading.must("exchange", SuspendBoard(BOARD_ID))
    assert trading.do("member", listed("another")) == "board-status"
    assert trading.do("stranger", ordered("another")) == "board-status"
    assert trading.do("member", countered()) == "ok", "an offer binds nobody yet"
    trading.must("exchange", ResumeBoard(BOARD_ID))
    agreed = Trading().reach("AGREED")
    agreed.must("exchange", CloseBoard(BOARD_ID))
    assert agreed.deliver() == "ok"


def test_new_fee_holds_for_offers_from_then_on() -> None:
    trading = Trading().reach("OFFERED")
    trading.must("exchange", AmendBoard(BOARD_ID, RULES))
    assert trading.trade().fee == PRICE * 3 // 100
    trading.must("member", countered(price=PRICE))
    assert trading.trade(TRADE_ID).fee == PRICE * 3 * 5 // 100
