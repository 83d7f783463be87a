"""Token buckets: the average and the burst hold, whatever the pattern."""

from hypothesis import given
from hypothesis import strategies as st

from chainnode.api.rate import ADDRESSES_MAX, RateLimiter


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    limiter = RateLimiter(rate_per_second=10, burst=3)
    assert [limiter.spend("a", 1, 0).allowed for _ in range(4)] == [True, True, True, False]
    assert limiter.spend("a", 1, 0).wait_ms == 100
    assert not limiter.spend("a", 1, 99).allowed
    assert limiter.spend("a", 1, 100).allowed


def test_what_remains_is_told() -> None:
    limiter = RateLimiter(1, 5)
    assert [limiter.spend("a", 2, 0).remaining for _ in range(3)] == [3, 1, 1]


def test_addresses_do_not_share() -> None:
    limiter = RateLimiter(1, 1)
    assert limiter.spend("a", 1, 0).allowed
    assert limiter.spend("b", 1, 0).allowed


def test_a_cost_above_the_burst_takes_a_full_bucket() -> None:
    limiter = RateLimiter(1, 2)
    assert limiter.spend("a", 50, 0).allowed
    assert not limiter.spend("a", 1, 0).allowed


def test_rate_zero_allows_everything() -> None:
    limiter = RateLimiter(0, 1)
    assert all(limiter.spend("a", 100, 0).allowed for _ in range(1_000))


def test_the_number_of_addresses_is_bounded() -> None:
    limiter = RateLimiter(1, 1)
    for number in range(ADDRESSES_MAX + 50):
        limiter.spend(str(number), 1, 0)
    assert len(limiter._buckets) == ADDRESSES_MAX
    assert limiter.spend("0", 1, 0).allowed, "the address not heard for longest was forgotten"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4)), max_size=60), st.integers(1, 20), st.integers(1, 10))
def test_no_pattern_gets_more_than_burst_and_rate(steps: list[tuple[int, int]], rate: int, burst: int) -> None:
    limiter = RateLimiter(rate, burst)
    now_ms = spent = 0
    for pause_ms, cost in steps:
        now_ms += pause_ms
        if limiter.spend("a", cost, now_ms).allowed:
            spent += min(cost, burst)
    assert spent <= burst + rate * now_ms / 1000


def test_debt_for_what_was_done_is_paid_before_anything_is_allowed() -> None:
    """The size of an answer is known when it is made; the debt never lasts longer than one burst takes."""
    limiter = RateLimiter(rate_per_second=10, burst=20)
    assert limiter.spend("a", 1, 0).remaining == 19
    limiter.charge("a", 25, 0)
    grant = limiter.spend("a", 1, 0)
    assert (grant.allowed, grant.remaining, grant.wait_ms) == (False, 0, 700)
    assert limiter.spend("a", 1, 700).allowed
    limiter.charge("a", 1_000_000, 700)
    assert limiter.spend("a", 1, 700).wait_ms == 2_100
    assert limiter.spend("b", 20, 700).allowed
    free = RateLimiter(rate_per_second=0, burst=1)
    free.charge("a", 100, 0)
    assert free.spend("a", 1, 0).allowed
