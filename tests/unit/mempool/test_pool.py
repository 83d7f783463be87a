"""Pending transactions: first come, first selected; bounded; nothing accepted is dropped."""

import pytest

from chainnode.errors import Rejected
from chainnode.mempool.pool import STRANGERS, Pool
from contracts.kernel.registry import decode_operations
from tests.support.local_chain import forged, transaction

WORK = 1 << 20
"""More than any test asks for."""


def test_selection_follows_arrival() -> None:
    """Order of arrival is order of selection."""
    pool = Pool()
    sent = [transaction(number) for number in (5, 3, 9, 1)]
    assert [pool.add(item) for item in sent] == [True] * 4
    assert pool.select(1, 10, 1 << 20, WORK) == sent == list(pool.transactions())
    assert pool.select(1, 2, 1 << 20, WORK) == sent[:2]
    pool.remove([sent[1].tx_id])
    assert pool.select(1, 10, 1 << 20, WORK) == [sent[0], *sent[2:]]


def test_selection_stays_within_count_and_bytes() -> None:
    """Within both bounds; the first that does not fit ends it, so that nobody is overtaken for ever."""
    pool = Pool()
    sent = [transaction(1), transaction(2, memo="m" * 200), transaction(3)]
    for item in sent:
        pool.add(item)
    sizes = [len(item.envelope) for item in sent]
    assert pool.select(1, 10, sum(sizes), WORK) == sent
    assert pool.select(1, 10, sum(sizes) - 1, WORK) == sent[:2]
    assert pool.select(1, 10, sizes[0] + sizes[2], WORK) == sent[:1]
    assert pool.select(1, 10, sizes[0] - 1, WORK) == []
    assert pool.select(1, 0, sum(sizes), WORK) == []


def test_selection_stays_within_the_work_of_a_block() -> None:
    """What is too much for this block waits for the next one; nobody overtakes it."""
    pool = Pool()
    sent = [transaction(number) for number in range(3)]
    for item, work in zip(sent, (3, 4, 1), strict=True):
        decode_operations(item)
        assert item.work == 1
        item.work = work
        pool.add(item)
    assert pool.select(1, 10, 1 << 20, 8) == sent
    assert pool.select(1, 10, 1 << 20, 7) == sent[:2]
    assert pool.select(1, 10, 1 << 20, 6) == sent[:1]
    assert pool.select(1, 10, 1 << 20, 2) == []


def test_same_transaction_is_held_once() -> None:
    """False when its id is already here, also under other signatures."""
    pool = Pool()
    first = transaction(1)
    assert pool.add(first)
    assert not pool.add(transaction(1))
    assert not pool.add(forged(first))
    assert (len(pool), pool.bytes_held) == (1, len(first.envelope))
    assert pool.get(first.tx_id) is first
    assert first.tx_id in pool


def test_full_pool_refuses_and_keeps_what_it_has() -> None:
    """A full pool refuses with a retryable code, it never drops what it accepted."""
    sent = [transaction(number) for number in range(1, 6)]
    size = len(sent[0].envelope)
    for pool in (Pool(transactions_max=3), Pool(bytes_max=3 * size)):
        for item in sent[:3]:
            pool.add(item)
        with pytest.raises(Rejected) as caught:
            pool.add(sent[3])
        assert caught.value.code == "pool-full"
        assert caught.value.details == {"pending": 3, "pending_bytes": 3 * size}
        assert list(pool.transactions()) == sent[:3]
        assert pool.by_leaf(sent[3].leaf_hash) is None
        pool.remove([sent[0].tx_id])
        assert pool.add(sent[3])


def test_sender_holds_no_more_than_its_share() -> None:
    """A flood of one sender leaves room for others, in count and in bytes; what leaves the pool makes room again."""
    sent = [transaction(number) for number in range(1, 7)]
    other = transaction(9, signer="civic-notary", sender="civic-notary")
    size = len(sent[0].envelope)
    for pool in (Pool(8, sender_percent=25), Pool(bytes_max=8 * size, sender_percent=25)):
        for item in sent[:2]:
            pool.add(item)
        with pytest.raises(Rejected) as caught:
            pool.add(sent[2])
        assert caught.value.code == "pool-sender-full"
        assert caught.value.details == {"pending": 2, "pending_bytes": 2 * size}
        assert sent[2].tx_id not in pool
        assert pool.add(other)
        pool.remove([sent[0].tx_id])
        assert pool.add(sent[2])
        pool.expire(10**6)
        assert not pool._holdings


def test_strangers_share_one_small_bucket() -> None:
    """Senders that do not exist yet cost nothing to invent: all of them have a quarter of one sender's share."""
    pool = Pool(32, sender_percent=25)
    pool.add(transaction(1), STRANGERS)
    pool.add(transaction(2, signer="civic-notary", sender="civic-notary"), STRANGERS)
    for signer in ("harbour-exchange", "civic-notary"):
        with pytest.raises(Rejected, match="this sender"):
            pool.add(transaction(3, signer=signer, sender=signer), STRANGERS)
    assert pool.add(transaction(3))
    pool.remove([transaction(1).tx_id, transaction(3).tx_id])
    assert pool.add(transaction(4), STRANGERS)
    pool.expire(10**6)
    assert not pool._holdings
    assert not pool._strange


def test_sender_with_nothing_here_always_has_room_for_one() -> None:
    """A share smaller than one transaction would lock a sender out for ever."""
    pool = Pool(3, sender_percent=1)
    assert pool.add(transaction(1))
    pool.check_share("did:other", 10**6)
    with pytest.raises(Rejected):
        pool.check_share("did:other", 1, reserved=1)


def test_room_counts_what_is_being_verified() -> None:
    """``reserved`` transactions between decoding and verdict will want their places."""
    pool = Pool(transactions_max=3)
    pool.add(transaction(1))
    pool.check_room(100, reserved=1)
    with pytest.raises(Rejected):
        pool.check_room(100, reserved=2)


def test_body_is_found_by_its_exact_envelope() -> None:
    """A proposal names envelopes by RFC 6962 leaf; another signature is another leaf."""
    pool = Pool()
    mine, other = transaction(1), transaction(1, signer="civic-notary")
    pool.add(mine)
    assert pool.by_leaf(mine.leaf_hash) is mine
    assert pool.by_leaf(other.leaf_hash) is None
    pool.remove([mine.tx_id])
    assert pool.by_leaf(mine.leaf_hash) is None
    assert pool.bytes_held == 0


def test_transaction_leaves_when_its_last_height_is_passed() -> None:
    """Valid until height 5: it may stand in block 5, so it goes when the tip is 5."""
    pool = Pool()
    short, long = transaction(1, valid_until=5), transaction(2, valid_until=9)
    pool.add(short)
    pool.add(long)
    assert pool.select(5, 10, 1 << 20, WORK) == [short, long]
    assert pool.select(6, 10, 1 << 20, WORK) == [long]
    assert list(pool.expire(4)) == []
    assert list(pool.expire(5)) == [short.tx_id]
    assert list(pool.expire(5)) == []
    assert list(pool.expire(100)) == [long.tx_id]
    assert (len(pool), pool.bytes_held) == (0, 0)


def test_committed_transaction_does_not_expire_as_well() -> None:
    """An accepted transaction leaves only by being committed or by expiring, once."""
    pool = Pool()
    item = transaction(1, valid_until=5)
    pool.add(item)
    pool.remove([item.tx_id, bytes(32)])
    assert list(pool.expire(9)) == []


def test_nothing_is_remembered_of_what_has_left() -> None:
    """Bounded in count and bytes: a committed transaction that named a far height leaves no id behind."""
    pool = Pool()
    for number in range(1, 50):
        pool.add(transaction(number, valid_until=1_000 + number % 3))
        pool.remove([transaction(number, valid_until=1_000 + number % 3).tx_id])
    assert not any((pool._pending, pool._by_leaf, pool._expiring))


def test_transaction_that_left_may_come_again() -> None:
    """After a commit elsewhere in a fork that never was, or a refusal, the same bytes are simply new."""
    pool = Pool()
    item = transaction(1, valid_until=5)
    pool.add(item)
    pool.remove([item.tx_id])
    assert pool.add(item)
    assert list(pool.expire(5)) == [item.tx_id]
