"""Clients that wait for a transaction to become durable."""

import asyncio

import pytest

from chainnode.node.waiters import CommitWaiters

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


async def test_waiter_wakes_when_all_of_its_transactions_are_committed() -> None:
    """One waiter per request, over as many blocks as it takes."""
    waiters = CommitWaiters()
    waiting = asyncio.create_task(waiters.wait([A, B], 5_000))
    await asyncio.sleep(0)
    waiters.committed(1, [C, A])
    await asyncio.sleep(0)
    assert not waiting.done()
    waiters.committed(2, [B])
    assert await waiting == {A: (1, 1), B: (2, 0)}
    assert not waiters._by_id


async def test_several_wait_for_the_same_transaction() -> None:
    """Each is told; each may wait for others as well."""
    waiters = CommitWaiters()
    tasks = [asyncio.create_task(waiters.wait(ids, 5_000)) for ids in ([A], [A, A], [A, B])]
    await asyncio.sleep(0)
    waiters.committed(7, [A])
    assert [await task for task in tasks[:2]] == [{A: (7, 0)}] * 2
    waiters.committed(8, [B])
    assert await tasks[2] == {A: (7, 0), B: (8, 0)}


async def test_time_out_gives_what_was_found_and_forgets_the_rest() -> None:
    """Places of those that are committed within the time."""
    waiters = CommitWaiters()
    waiting = asyncio.create_task(waiters.wait([A, B], 20))
    await asyncio.sleep(0)
    waiters.committed(1, [A])
    assert await waiting == {A: (1, 0)}
    assert not waiters._by_id
    waiters.committed(2, [B])
    assert await waiters.wait([], 5_000) == {}
    assert await waiters.wait([A], 0) == {}
    assert not waiters._by_id


async def test_request_that_is_given_up_leaves_nothing() -> None:
    """A client hung up: its waiter goes with it, those of others stay."""
    waiters = CommitWaiters()
    gone = asyncio.create_task(waiters.wait([A, B], 5_000))
    stays = asyncio.create_task(waiters.wait([A], 5_000))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert list(waiters._by_id) == [A]
    waiters.committed(1, [A, B])
    assert await stays == {A: (1, 0)}
    assert not waiters._by_id
