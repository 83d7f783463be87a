import pytest

from contracts.kernel.outcome import OperationFailed
from contracts.market.operations import OpenBoard, check_rules
from contracts.market.record import BoardRules
from contracts.rights.terms import RightTerms
from tests.unit.contracts.market.trading import Trading, listed


def test_price_modes_stand_once() -> None:
    check_rules(BoardRules("B", ("fixed", "free")))
    with pytest.raises(OperationFailed) as found:
        OpenBoard("b", "CNY", BoardRules("B", ("fixed", "free", "fixed"))).check()
    assert found.value.code == "board-price-modes"


@pytest.mark.parametrize(("mode", "price"), [("free", 1), ("fixed", 0), ("negotiable", 0)])
def test_free_means_no_price_and_only_that(mode: str, price: int) -> None:
    with pytest.raises(OperationFailed) as found:
        listed(price_mode=mode, price=price).check()
    assert found.value.code == "listing-price"


def test_terms_that_contradict_themselves_are_refused() -> None:
    assert Trading().do("member", listed("b", terms=RightTerms("operating", from_ms=2, until_ms=1))) == "right-terms"


@pytest.mark.parametrize("price", [-1, 2**63])
def test_price_out_of_bounds_is_malformed(price: int) -> None:
    """Amounts are 0 to 2^63 - 1."""
    assert Trading().do("member", listed("b", price=price)) == "operation-malformed"
