"""chainnode/net/rate.py."""

from chainnode.net.rate import KeyedBuckets, TokenBucket


def test_bucket_grants_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=10, burst=5, now_s=100.0)
    assert [bucket.take(1, 100.0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(1, 100.11)
    assert not bucket.take(1, 100.11)


def test_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=10, burst=5, now_s=0.0)
    assert not bucket.take(6, 1e6)
    assert bucket.take(5, 1e6)


def test_charge_runs_into_debt_and_says_for_how_long() -> None:
    bucket = TokenBucket(rate=10, burst=5, now_s=0.0)
    assert bucket.charge(5, 0.0) == 0
    assert bucket.charge(20, 0.0) == 2.0
    assert not bucket.take(1, 1.9)


def test_keys_have_buckets_of_their_own_and_the_least_used_is_forgotten() -> None:
    buckets = KeyedBuckets(rate=1, burst=1, keys_max=2)
    assert buckets.take("a", 1, 0.0)
    assert not buckets.take("a", 1, 0.0)
    assert buckets.take("b", 1, 0.0)
    assert not buckets.take("a", 1, 0.0)
    assert buckets.take("c", 1, 0.0)
    assert len(buckets) == 2
    assert not buckets.take("a", 1, 0.0)
    assert buckets.take("b", 1, 0.0)


def test_another_rate_holds_for_all_and_keeps_debts() -> None:
    buckets = KeyedBuckets(rate=10, burst=10, keys_max=2)
    buckets.charge("a", 15, 0.0)
    assert buckets.take("b", 1, 0.0)
    buckets.grant(rate=5, burst=4, now_s=0.0)
    assert not buckets.take("a", 1, 1.0)
    assert buckets.take("a", 1, 1.3)
    assert buckets.take("b", 4, 0.0)
    assert not buckets.take("b", 1, 0.0)
    assert not buckets.take("c", 5, 0.0)


def test_debt_of_a_key_is_its_own() -> None:
    buckets = KeyedBuckets(rate=10, burst=10, keys_max=2)
    buckets.charge("a", 30, 0.0)
    assert not buckets.take("a", 1, 2.0)
    assert buckets.take("b", 10, 0.0)
    assert buckets.take("a", 1, 2.2)
