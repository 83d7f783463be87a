"""Operations are packed in order, none lost, within the bounds of a transaction."""

from hypothesis import given
from hypothesis import strategies as st

from chainnode.sdk.batching import pack


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 10), st.integers(20, 100))
def test_runs_are_consecutive_and_within_bounds(sizes: list[int], count_max: int, bytes_max: int) -> None:
    operations = [bytes(size) for size in sizes]
    runs = list(pack(operations, operations_max=count_max, bytes_max=bytes_max))
    assert [at for run in runs for at in run] == list(range(len(operations)))
    for run in runs:
        assert 1 <= len(run) <= count_max
        assert len(run) == 1 or sum(sizes[at] for at in run) <= bytes_max


def test_runs_are_as_long_as_they_may_be() -> None:
    assert [len(run) for run in pack([bytes(10)] * 7, operations_max=128, bytes_max=30)] == [3, 3, 1]
    assert [len(run) for run in pack([bytes(1)] * 7, operations_max=4)] == [4, 3]


def test_an_operation_too_large_for_any_transaction_goes_alone() -> None:
    assert [list(run) for run in pack([b"1", bytes(99), b"2"], bytes_max=50)] == [[0], [1], [2]]
