"""The pool against a model that is only a list: whatever the order of arrivals, commits and expiries."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chainnode.errors import Rejected
from chainnode.mempool.gossip import BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, batches, decode_batch
from chainnode.mempool.pool import Pool
from chainnode.types.transaction import Transaction
from tests.support.local_chain import transaction

KNOWN = [
    transaction(number, valid_until=1 + number % 7, memo="m" * (number * 13 % 90), signer=signer)
    for number in range(1, 13)
    for signer in ("harbour-exchange", "civic-notary")
]
"""Twelve transactions, each under two signatures: 24 envelopes, 12 ids."""
COUNT_MAX = 6
SENDER_PERCENT = 75
BYTES_MAX = 5 * max(len(item.envelope) for item in KNOWN)


class PoolMachine(RuleBasedStateMachine):
    """Every operation, in any order, with any of the known transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool(COUNT_MAX, BYTES_MAX, sender_percent=SENDER_PERCENT)
        self.model: list[Transaction] = []

    @property
    def model_bytes(self) -> int:
        return sum(len(item.envelope) for item in self.model)

    @rule(item=st.sampled_from(KNOWN))
    def add(self, item: Transaction) -> None:
        known = any(held.tx_id == item.tx_id for held in self.model)
        full = len(self.model) >= COUNT_MAX or self.model_bytes + len(item.envelope) > BYTES_MAX
        own = [held for held in self.model if held.payload.sender == item.payload.sender]
        own_bytes = sum(len(held.envelope) for held in own) + len(item.envelope)
        greedy = own and (
            len(own) >= COUNT_MAX * SENDER_PERCENT / 100 or own_bytes > BYTES_MAX * SENDER_PERCENT / 100
        )
        try:
            added = self.pool.add(item)
        except Rejected as error:
            assert not known
            assert full if error.code == "pool-full" else greedy and error.code == "pool-sender-full"
            return
        assert added is not known
        if added:
            assert not full and not greedy
            self.model.append(item)

    @rule(items=st.lists(st.sampled_from(KNOWN), max_size=5))
    def remove(self, items: list[Transaction]) -> None:
        gone = {item.tx_id for item in items}
        self.pool.remove([item.tx_id for item in items])
        self.model = [held for held in self.model if held.tx_id not in gone]

    @rule(height=st.integers(0, 9))
    def expire(self, height: int) -> None:
        dropped = self.pool.expire(height)
        expected = {held.tx_id for held in self.model if held.payload.valid_until <= height}
        assert sorted(dropped) == sorted(expected)
        self.model = [held for held in self.model if held.tx_id not in expected]

    @rule(height=st.integers(0, 9), count=st.integers(0, 8), size=st.integers(0, BYTES_MAX))
    def select(self, height: int, count: int, size: int) -> None:
        chosen = self.pool.select(height, count, size, 1 << 20)
        able = [held for held in self.model if held.payload.valid_until >= height]
        assert chosen == able[: len(chosen)]
        assert len(chosen) <= count
        weight = sum(len(item.envelope) for item in chosen)
        assert weight <= size
        if len(chosen) < min(count, len(able)):
            assert weight + len(able[len(chosen)].envelope) > size

    @invariant()
    def agrees_with_the_model(self) -> None:
        assert list(self.pool.transactions()) == self.model
        assert (len(self.pool), self.pool.bytes_held) == (len(self.model), self.model_bytes)
        held = {item.leaf_hash for item in self.model}
        for item in KNOWN:
            assert (self.pool.by_leaf(item.leaf_hash) is not None) == (item.leaf_hash in held)
            assert (item.tx_id in self.pool) == any(other.tx_id == item.tx_id for other in self.model)

    @invariant()
    def remembers_nothing_else(self) -> None:
        assert len(self.pool._by_leaf) == len(self.model)
        assert sum(map(len, self.pool._expiring.values())) == len(self.model)


PoolMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestPool = PoolMachine.TestCase


class _Weighed:
    """Stands where only the size of an envelope matters."""

    def __init__(self, size: int) -> None:
        self.envelope = bytes(size)


def test_batches_hold_everything_in_order_within_their_bounds() -> None:
    """One gossip frame is bounded in bytes and in transactions; what does not fit goes into the next."""
    sizes = [1, 266_000, 260_000, 5, *[300] * 2_500, 266_240, 0, 524_288]
    sent = [_Weighed(size) for size in sizes if size <= 266_240]
    made = list(batches(sent))  # type: ignore[arg-type]
    found = [decode_batch(data) for data in made]
    assert [len(item) for batch in found for item in batch] == [len(item.envelope) for item in sent]
    for batch in found:
        assert 1 <= len(batch) <= BATCH_TRANSACTIONS_MAX
        assert len(batch) == 1 or sum(map(len, batch)) <= BATCH_BYTES_MAX
