from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.errors import Misuse
from contracts.kernel.money import AMOUNT_MAX, BASIS_POINTS, SHARES_MAX, portion, split


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        (100, (5_000, 5_000), (50, 50)),
        (101, (5_000, 5_000), (51, 50)),
        (100, (3_333, 3_333, 3_334), (33, 33, 34)),
        (10, (1, 1, 1), (4, 3, 3)),
        (1, (1, 2), (0, 1)),
        (7, (0, 10_000, 0), (0, 7, 0)),
        (0, (1, 9_999), (0, 0)),
        (AMOUNT_MAX, (1, 9_999), (922_337_203_685_478, 9_222_449_699_651_090_329)),
    ],
)
def test_split_gives_what_is_left_to_the_largest_remainders(
    amount: int, shares: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    """Largest remainder, ties to the first."""
    assert split(amount, shares) == parts


@given(st.integers(0, AMOUNT_MAX), st.lists(st.integers(0, BASIS_POINTS), min_size=1, max_size=12).filter(any))
def test_split_loses_nothing_and_no_part_is_a_unit_away_from_its_share(amount: int, shares: list[int]) -> None:
    parts = split(amount, shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(amount * share, sum(shares))) < 1
        assert part == 0 or share > 0


@pytest.mark.parametrize(
    ("amount", "shares"), [(-1, (1,)), (1, ()), (1, (0, 0)), (1, (2, -1)), (1, (1,) * (SHARES_MAX + 1))]
)
def test_split_that_means_nothing_is_refused(amount: int, shares: tuple[int, ...]) -> None:
    with pytest.raises(Misuse) as found:
        split(amount, shares)
    assert found.value.code == "money-split"


def test_portion_is_never_more_than_its_share() -> None:
    assert portion(999, 1_000) == 99
    assert portion(AMOUNT_MAX, BASIS_POINTS) == AMOUNT_MAX
    assert portion(9_999, 1) == 0
    assert portion(10_000, 1) == 1
