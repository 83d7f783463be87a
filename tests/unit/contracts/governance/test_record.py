"""Keys of the consortium's records."""

from contracts.governance.record import epoch_key, misbehaviour_key


def test_keys_of_one_kind_sort_by_number() -> None:
    """Numbers in keys are 16 hex digits: a range read over epochs or heights comes in their order."""
    assert [epoch_key(n) for n in (9, 10, 300)] == sorted(epoch_key(n) for n in (300, 9, 10))
    assert misbehaviour_key(b"k" * 32, 9) < misbehaviour_key(b"k" * 32, 10)
    assert epoch_key(1) == b"governance/epochs/0000000000000001"
