"""Transactions signed beforehand stay valid while the chain grows."""

from benchmarks.load import EXPIRY_BLOCKS, SLAB_BLOCKS, Supply

LOW, HIGH = EXPIRY_BLOCKS, EXPIRY_BLOCKS + SLAB_BLOCKS


def test_supply_gives_each_transaction_once_until_it_is_empty() -> None:
    supply = Supply([(LOW, [b"a", b"b", b"c"])])
    assert [supply.take(2, 0), supply.take(2, 0), supply.take(2, 0)] == [[b"a", b"b"], [b"c"], []]


def test_supply_goes_on_to_the_next_slab_before_the_present_one_expires() -> None:
    """A slab is left while it is valid for another 100 blocks, and the next one is not too far ahead by then."""
    supply = Supply([(LOW, [b"a"] * 9), (HIGH, [b"b"] * 9)])
    assert supply.take(1, LOW - 100) == [b"a"]
    assert supply.take(1, LOW - 99) == [b"b"]
    assert HIGH - (LOW - 99) <= 1_000
