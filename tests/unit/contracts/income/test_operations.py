import pytest

from contracts.income.operations import SetIncomeRule
from contracts.income.record import Share
from tests.unit.contracts.income.household import HOLDER, OTHER, asset, founded


@pytest.mark.parametrize(
    "shares",
    [
        (Share(HOLDER, 9_999),),
        (Share(HOLDER, 5_000), Share(OTHER, 5_001)),
        (Share(HOLDER, 5_000), Share(HOLDER, 5_000)),
    ],
)
def test_shares_sum_to_the_whole_and_name_each_payee_once(shares: tuple[Share, ...]) -> None:
    """Shares not summing to 10,000."""
    world = founded()
    assert world.submit("exchange", SetIncomeRule(asset(world, "a"), shares)).code == "income-shares"
