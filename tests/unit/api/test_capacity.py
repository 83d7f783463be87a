"""Requests have a bound, and those that wait can never take all of it."""

from contextlib import ExitStack

import pytest

from chainnode.api.capacity import Capacity
from chainnode.errors import Rejected


def test_the_bound_holds_and_places_come_back() -> None:
    capacity = Capacity(2)
    with capacity.request(), capacity.request():
        with pytest.raises(Rejected) as caught, capacity.request():
            pass
        assert caught.value.code == "over-capacity"
    with capacity.request():
        assert capacity.requests == 1
    assert capacity.requests == 0


def test_waiting_requests_leave_a_quarter_to_the_others() -> None:
    capacity = Capacity(8)
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(capacity.request())
            held.enter_context(capacity.wait())
        with pytest.raises(Rejected), capacity.wait():
            pass
        with capacity.request():
            assert capacity.requests == 7
    assert (capacity.requests, capacity.waits) == (0, 0)


def test_a_place_comes_back_after_a_failure() -> None:
    capacity = Capacity(1)
    with pytest.raises(ValueError, match="x"), capacity.request(), capacity.wait():
        raise ValueError("x")
    assert (capacity.requests, capacity.waits) == (0, 0)
