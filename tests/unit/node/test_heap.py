"""Python's search for unreachable cycles, set for a node."""

import gc
from collections.abc import Iterator

import pytest

from chainnode.node import heap


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector of this test run, put back afterwards."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_settled_heap_is_left_out_of_later_searches() -> None:
    """Leave what exists now out of every later search."""
    held = [[number] for number in range(1_000)]
    heap.settle()
    assert gc.get_freeze_count() > len(held)
    assert len(gc.get_objects()) < len(held)


@pytest.mark.usefixtures("collector")
def test_cycles_made_later_are_still_found() -> None:
    """A client's request leaves some behind: they may wait, but not for ever."""
    heap.settle()
    assert gc.isenabled()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
