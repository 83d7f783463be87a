"""The plan of a catch-up: every height once, in order, whatever the sources do; bounded while it waits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.limits import MIB
from chainnode.sync.stripe import (
    HEDGE_SECONDS,
    ORDERS_MAX,
    ORDERS_PER_SOURCE_MAX,
    SPAN_START,
    WINDOW_BLOCKS_MAX,
    WINDOW_BYTES_MAX,
    Order,
    Stripe,
)
from chainnode.sync.wire import ANSWER_BYTES_MAX

PEERS = [b"a", b"b", b"c"]


def _all_orders(stripe: Stripe[int], sources: list[bytes], now_s: float = 0.0) -> list[Order]:
    found = []
    while (order := stripe.order(sources, now_s)) is not None:
        found.append(order)
    return found


def _heights(order: Order, count: int | None = None) -> list[int]:
    return list(range(order.first, order.last + 1))[:count]


def _drain(stripe: Stripe[int]) -> list[int]:
    found = []
    while (item := stripe.pop()) is not None:
        found.append(item)
    return found


def test_ranges_are_spread_over_all_sources_lowest_first() -> None:
    """Several outstanding ranges from different peers; those named first are asked first."""
    orders = _all_orders(Stripe(1, 1_000), PEERS)
    assert [order.source for order in orders] == [b"a", b"b", b"c"] * ORDERS_PER_SOURCE_MAX
    assert [order.first for order in orders] == [1 + SPAN_START * n for n in range(6)]


def test_answers_in_any_order_are_handed_out_in_order() -> None:
    """In-order application."""
    stripe: Stripe[int] = Stripe(1, 48)
    orders = _all_orders(stripe, PEERS)
    for order in reversed(orders[1:3]):
        stripe.delivered(order, _heights(order), 100, 0.0)
        assert _drain(stripe) == []
    stripe.delivered(orders[0], _heights(orders[0]), 100, 0.0)
    assert _drain(stripe) == list(range(1, 49))
    assert stripe.done


def test_short_answer_is_completed_by_somebody_else() -> None:
    """What a source answers short is asked again of anybody."""
    stripe: Stripe[int] = Stripe(1, 16)
    (order,) = _all_orders(stripe, PEERS)
    stripe.delivered(order, _heights(order, 5), 10, 0.0)
    again = stripe.order(PEERS, 0.0)
    assert again is not None
    assert (again.first, again.last) == (6, 16)


def test_source_without_a_height_is_not_asked_for_it_again() -> None:
    """An empty answer is no fault: the source lags."""
    stripe: Stripe[int] = Stripe(1, 16)
    order = stripe.order([b"a"], 0.0)
    assert order is not None
    stripe.delivered(order, [], 1, 0.0)
    assert stripe.order([b"a"], 0.0) is None
    assert stripe.order(PEERS, 0.0) is not None


def test_lowest_range_is_asked_twice_when_it_holds_everybody_up() -> None:
    """Hedged after HEDGE_SECONDS, of another source; the slower one is beaten by the first answer."""
    stripe: Stripe[int] = Stripe(1, SPAN_START)
    late = stripe.order(PEERS, 0.0)
    assert late is not None
    assert stripe.order(PEERS, HEDGE_SECONDS / 2) is None
    second = stripe.order(PEERS, HEDGE_SECONDS)
    assert second is not None
    assert (second.source, second.first) == (b"b", 1)
    assert stripe.order(PEERS, HEDGE_SECONDS * 3) is None
    assert stripe.delivered(second, _heights(second), 10, HEDGE_SECONDS) == [late]
    assert _drain(stripe) == _heights(second)
    assert stripe.delivered(late, _heights(late), 10, HEDGE_SECONDS) == []


def test_failed_range_is_asked_of_somebody_else_and_smaller_after_slowness() -> None:
    """A network too slow for long answers must not make catching up impossible."""
    stripe: Stripe[int] = Stripe(1, 64)
    order = stripe.order([b"a"], 0.0)
    assert order is not None
    stripe.failed(order, slow=True)
    again = stripe.order([b"b"], 1.0)
    assert again is not None
    assert (again.first, again.last) == (1, SPAN_START // 2)


def test_window_is_bounded_in_blocks_and_bytes_while_the_lowest_is_missing() -> None:
    """Bounded window in bytes and blocks."""
    for size_bytes, most in ((1, WINDOW_BLOCKS_MAX + 64), (6 * MIB, WINDOW_BYTES_MAX // (6 * MIB) * 64)):
        stripe: Stripe[int] = Stripe(1, 10**6)
        head, *others = _all_orders(stripe, PEERS)
        held = 0
        while others:
            for order in others:
                held += len(_heights(order))
                stripe.delivered(order, _heights(order), size_bytes, 0.0)
            assert stripe.bytes_held <= WINDOW_BYTES_MAX + ANSWER_BYTES_MAX
            others = _all_orders(stripe, PEERS)
        assert 0 < held <= most
        stripe.delivered(head, _heights(head), 1, 0.0)
        assert _drain(stripe)


def test_blocks_that_came_another_way_are_skipped() -> None:
    """The node's own agreement may have decided some of them meanwhile."""
    stripe: Stripe[int] = Stripe(1, 20)
    orders = _all_orders(stripe, PEERS)
    stripe.delivered(orders[0], _heights(orders[0]), 160, 0.0)
    stripe.skip_to(10)
    assert _drain(stripe) == list(range(10, 17))
    stripe.skip_to(30)
    assert stripe.done
    assert stripe.order(PEERS, 0.0) is None


def test_nothing_is_asked_beyond_what_is_held_back_until_it_is_reached() -> None:
    """Blocks of a later epoch wait for its validators to be known."""
    stripe: Stripe[int] = Stripe(1, 100)
    first, second, *_ = _all_orders(stripe, PEERS)
    stripe.hold(5)
    stripe.delivered(first, _heights(first, 4), 10, 0.0)
    stripe.failed(second)
    assert stripe.order(PEERS, 0.0) is None
    assert _drain(stripe) == [1, 2, 3, 4]
    again = stripe.order(PEERS, 0.0)
    assert again is not None
    assert again.first == 5


def test_everything_from_a_height_is_fetched_anew() -> None:
    """What arrived under a set whose epoch has ended since is let go of; late answers to the old orders still count."""
    stripe: Stripe[int] = Stripe(1, 100)
    first, second, third, *_ = _all_orders(stripe, PEERS)
    stripe.delivered(first, _heights(first), 16, 0.0)
    stripe.delivered(second, _heights(second), 16, 0.0)
    assert [stripe.pop() for _ in range(5)] == [1, 2, 3, 4, 5]
    held = stripe.bytes_held
    stripe.again_from(5)
    assert stripe.next_height == 5
    assert stripe.pop() is None
    assert stripe.bytes_held < held
    again = stripe.order(PEERS, 0.0)
    assert again is not None
    assert again.first == 5
    stripe.delivered(again, _heights(again), 16, 0.0)
    stripe.delivered(third, _heights(third), 16, 0.0)
    assert _drain(stripe)[0] == 5
    assert stripe.next_height > again.last
    while not stripe.done:
        order = stripe.order(PEERS, 0.0)
        if order is not None:
            stripe.delivered(order, _heights(order), 16, 0.0)
        _drain(stripe)


FATES = ("whole", "short", "fail", "slow", "one")


@settings(max_examples=60, deadline=None)
@given(
    goal=st.integers(1, 300),
    fates=st.lists(st.tuples(st.integers(0, 7), st.sampled_from(FATES)), max_size=80),
)
def test_every_height_is_handed_out_once_and_in_order(goal: int, fates: list[tuple[int, str]]) -> None:
    """Whatever arrives in whatever order: nothing twice, nothing left out, and bounds hold at each moment."""
    stripe: Stripe[int] = Stripe(1, goal)
    under_way: list[Order] = []
    found: list[int] = []
    now_s = 0.0
    script = iter(fates)
    while not stripe.done:
        under_way += _all_orders(stripe, PEERS, now_s)
        assert len(under_way) <= ORDERS_MAX
        assert under_way
        pick, fate = next(script, (0, "whole"))
        now_s += 0.4
        order = under_way.pop(pick % len(under_way))
        if fate in {"fail", "slow"}:
            stripe.failed(order, slow=fate == "slow")
        else:
            count = {"whole": None, "short": len(_heights(order)) // 2 + 1, "one": 1}[fate]
            beaten = stripe.delivered(order, _heights(order, count), 1_000, now_s)
            under_way = [other for other in under_way if other not in beaten]
        found += _drain(stripe)
    assert found[:goal] == list(range(1, goal + 1))
    assert found == sorted(set(found))
