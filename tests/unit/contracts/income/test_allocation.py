from hypothesis import given
from hypothesis import strategies as st

from contracts.income.allocation import allocate, rule_in_force
from contracts.income.record import Payout
from tests.unit.contracts.income.household import HOLDER, OTHER, THIRD, asset, founded, record, rule


def test_everything_is_the_holders_without_rule_and_parents() -> None:
    world = founded()
    only = asset(world, "a")
    assert allocate(world.overlay, record(world, only), 7) == (Payout(HOLDER, only, 7),)


def test_parents_shares_go_up_first_and_the_rule_divides_the_rest() -> None:
    """Optional pass-through to ancestors along lineage."""
    world = founded()
    origin = asset(world, "origin")
    middle = asset(world, "middle", (origin, 1_000))
    top = asset(world, "top", (middle, 5_000))
    rule(world, origin, (THIRD, 10_000))
    rule(world, top, (OTHER, 2_500), (HOLDER, 7_500))
    assert allocate(world.overlay, record(world, top), 1_000) == (
        Payout(OTHER, top, 125),
        Payout(HOLDER, top, 375),
        Payout(HOLDER, middle, 450),
        Payout(THIRD, origin, 50),
    )


def test_one_origin_reached_on_two_ways_is_paid_once_with_both_parts() -> None:
    world = founded()
    origin = asset(world, "origin")
    left, right = asset(world, "left", (origin, 5_000)), asset(world, "right", (origin, 5_000))
    top = asset(world, "top", (left, 4_000), (right, 4_000))
    payouts = {payout.asset_id: payout.amount for payout in allocate(world.overlay, record(world, top), 100)}
    assert payouts == {top: 20, left: 20, right: 20, origin: 40}


def test_remainder_goes_to_the_largest_loss_and_nothing_of_nothing_is_paid() -> None:
    world = founded()
    origin = asset(world, "origin")
    top = asset(world, "top", (origin, 3_333))
    assert [payout.amount for payout in allocate(world.overlay, record(world, top), 1)] == [1]
    rule(world, top, (OTHER, 1), (THIRD, 9_999))
    assert allocate(world.overlay, record(world, top), 1) == (Payout(THIRD, top, 1),)


def test_rule_ends_with_its_holder() -> None:
    world = founded()
    only = asset(world, "a")
    rule(world, only, (OTHER, 10_000))
    before = record(world, only)
    assert rule_in_force(world.overlay, before) is not None
    after = type(before)(**{**{name: getattr(before, name) for name in before.__struct_fields__}, "holder": THIRD})
    assert rule_in_force(world.overlay, after) is None
    assert allocate(world.overlay, after, 5) == (Payout(THIRD, only, 5),)


def test_generations_beyond_the_bound_keep_what_reaches_them() -> None:
    world = founded()
    above = asset(world, "0")
    for number in range(1, 11):
        above = asset(world, str(number), (above, 9_000))
    payouts = allocate(world.overlay, record(world, above), 10**12)
    assert sum(payout.amount for payout in payouts) == 10**12
    assert len(payouts) == 9, "the asset itself and eight generations"


@given(st.integers(1, 2**63 - 1), st.lists(st.integers(0, 3_000), min_size=1, max_size=3))
def test_no_unit_is_lost_or_made(amount: int, shares: list[int]) -> None:
    """Money conserved, whatever the amount and the shares."""
    world = founded()
    origins = [(asset(world, f"origin-{number}"), share) for number, share in enumerate(shares)]
    top = asset(world, "top", *origins)
    rule(world, top, (OTHER, 3_333), (THIRD, 6_667))
    payouts = allocate(world.overlay, record(world, top), amount)
    assert sum(payout.amount for payout in payouts) == amount
    assert all(payout.amount > 0 for payout in payouts)
