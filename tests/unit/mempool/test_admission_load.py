"""The door under load: who waits, who is refused, and what is left of callers that give up."""

import asyncio

import pytest

from chainnode.mempool import admission as admission_module
from chainnode.mempool.admission import ENVELOPE_COST_BYTES, SLICE_BYTES
from tests.support.local_chain import envelope, transaction
from tests.unit.mempool.test_admission import _Door, _Gate


async def test_too_much_without_an_answer_is_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    """SUBMITTED_MAX transactions of clients without an answer, then ``overloaded``; gossip is not counted."""
    monkeypatch.setattr(admission_module, "SUBMITTED_MAX", 4)
    gate = _Gate()
    door = _Door(verifier=gate)
    call = asyncio.create_task(door.submit(*(envelope(number) for number in range(1, 4))))
    await asyncio.sleep(0)
    late = asyncio.create_task(door.submit(*(envelope(number) for number in range(4, 7))))
    gossip = asyncio.create_task(door.submit(*(envelope(number) for number in range(10, 20)), local=False))
    await asyncio.sleep(0)
    gate.open.set()
    assert [answer.code for answer in await call] == ["ok"] * 3
    answers = await late
    assert [answer.code for answer in answers] == ["ok"] + ["overloaded"] * 2
    assert [(answer.retryable, answer.tx_id) for answer in answers[1:]] == [
        (True, transaction(number).tx_id) for number in (5, 6)
    ]
    assert [answer.code for answer in await gossip] == ["ok"] * 10
    assert (await door.one(envelope(5))).outcome == "accepted"


async def test_others_get_their_turn_while_many_clients_submit_in_bulk() -> None:
    """Votes are not to wait for clients: one slice of all submissions together for each turn of the loop."""
    door = _Door()
    bulk = [[envelope(1_000 * caller + number, memo="x" * 200) for number in range(300)] for caller in range(4)]
    read = turns = 0
    calls = [asyncio.create_task(door.submit(*envelopes)) for envelopes in bulk]
    while not all(call.done() for call in calls):
        await asyncio.sleep(0)
        turns += 1
        now = len(door.pool) + len(door.admitter._verifying)
        assert now - read <= SLICE_BYTES // ENVELOPE_COST_BYTES
        assert len(door.admitter._verifying) <= 4 * SLICE_BYTES // ENVELOPE_COST_BYTES
        read = now
    assert turns >= 4 * 300 * ENVELOPE_COST_BYTES // SLICE_BYTES
    assert len(door.pool) == 1_200


async def test_clients_that_give_up_in_bulk_leave_nothing_under_way() -> None:
    """Whether their slice was being read or verified."""
    door = _Door(verifier=_Gate())
    calls = [
        asyncio.create_task(door.submit(*(envelope(1_000 * caller + number) for number in range(100))))
        for caller in range(4)
    ]
    for _ in range(6):
        await asyncio.sleep(0)
    assert door.verification.under_way
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert door.traceless()


async def test_caller_that_gives_up_between_slices_leaves_nothing_under_way() -> None:
    """What was read so far is let go, and the turn with it."""
    gate = _Gate()
    door = _Door(verifier=gate)
    first = asyncio.create_task(door.submit(*[envelope(number) for number in range(1, 200)]))
    await asyncio.sleep(0)
    assert 0 < len(door.admitter._verifying) < 199
    second = asyncio.create_task(door.submit(envelope(1)))
    await asyncio.sleep(0)
    first.cancel()
    gate.open.set()
    (answer,) = await second
    assert answer.outcome == "accepted"
    assert not door.admitter._verifying
