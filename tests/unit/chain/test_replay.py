"""The replay window remembers exactly as long as the expiry rule does not refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainnode.chain.replay import ReplayWindow, check_expiry
from chainnode.errors import Rejected


def _id(number: int) -> bytes:
    return number.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("valid_until", "code"), [(0, "expired"), (10, "expired"), (11, "ok"), (110, "ok"), (111, "expiry-too-far")]
)
def test_expiry_is_judged_against_the_tip(valid_until: int, code: str) -> None:
    """Valid: height < valid_until <= height + window; every rejection for expiry returns the valid range."""
    try:
        check_expiry(valid_until, 10, 100)
        found = "ok"
    except Rejected as error:
        found = error.code
        assert error.details == {"valid_from": 11, "valid_to": 110}
    assert found == code


def test_id_is_forgotten_when_its_block_leaves_the_window() -> None:
    """Memory is bounded by window x block size."""
    window = ReplayWindow(10)
    for height in range(1, 31):
        window.add_block(height, [_id(height), _id(1_000 + height)])
    assert len(window) == 20
    assert window.height_of(_id(20)) is None
    assert window.height_of(_id(21)) == 21
    assert window.height_of(_id(1_030)) == 30


@given(st.integers(1, 40), st.integers(1, 12), st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_no_transaction_can_be_included_twice(at: int, window: int, sizes: list[int]) -> None:
    """An id needs remembering only until its own expiry: afterwards the expiry rule refuses the same bytes."""
    found = ReplayWindow(window)
    sent = _id(999_999)
    valid_until = at - 1 + window
    for height in range(1, at + len(sizes) + 1):
        ids = [_id(height * 10 + n) for n in range(sizes[height % len(sizes)])]
        found.add_block(height, [*ids, sent] if height == at else ids)
        if height < at:
            continue
        try:
            check_expiry(valid_until, height, window)
        except Rejected:
            continue
        assert found.height_of(sent) == at


def test_window_filled_from_the_store_equals_the_one_that_lived() -> None:
    """The set of recent ids is rebuilt from stored blocks on start; empty blocks have no record there."""
    lived = ReplayWindow(5)
    blocks = [(height, [_id(height)] if height % 2 else []) for height in range(1, 21)]
    for height, ids in blocks:
        lived.add_block(height, ids)
    loaded = ReplayWindow(5)
    loaded.load((height, ids) for height, ids in blocks if ids and height > 15)
    assert {n: lived.height_of(_id(n)) for n in range(30)} == {n: loaded.height_of(_id(n)) for n in range(30)}
    lived.add_block(40, [])
    loaded.add_block(40, [])
    assert len(lived) == len(loaded) == 0


def test_wider_window_keeps_what_is_remembered_and_forgets_later() -> None:
    """What was forgotten under the smaller window had expired by then."""
    window = ReplayWindow(2)
    for height in range(1, 4):
        window.add_block(height, [bytes((height,)) * 32])
    window.widen(4)
    for height in range(4, 7):
        window.add_block(height, [bytes((height,)) * 32])
    assert [window.height_of(bytes((height,)) * 32) for height in range(1, 7)] == [None, None, 3, 4, 5, 6]
    window.widen(1)
    window.add_block(7, [])
    assert window.height_of(bytes((4,)) * 32) == 4
