"""The door closes early: when it does, for whom, and that neither a burst nor a forger closes it."""

import pytest

from chainnode import limits
from chainnode.mempool.backlog import MARKS_MAX, Backlog
from chainnode.mempool.pool import Pool
from tests.support.local_chain import envelope, transaction
from tests.unit.mempool.test_admission import _Door, _forged, _Gate


class _Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ms = 1_000

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_ms(self) -> int:
        return self.now_ms


def _gated(monkeypatch: pytest.MonkeyPatch) -> tuple[_Door, _Gate, _Watch]:
    """A door that closes for a sender with 2 of 8 waiting, and counts what is verified."""
    monkeypatch.setattr(limits, "BACKLOG_TRANSACTIONS", 8)
    gate, watch = _Gate(), _Watch()
    gate.open.set()
    door = _Door(verifier=gate)
    door.admitter._backlog = Backlog(door.pool, watch)
    return door, gate, watch


async def _closed(door: _Door, watch: _Watch) -> None:
    """Eight of one sender wait for a second."""
    assert {answer.outcome for answer in await door.submit(*(envelope(number) for number in range(8)))} == {"accepted"}
    assert (await door.one(envelope(3))).outcome == "duplicate"
    watch.now_ms += limits.BACKLOG_MS


def test_door_is_open_while_blocks_take_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Normal load, however much of it: what waits is new each time one looks."""
    monkeypatch.setattr(limits, "BACKLOG_TRANSACTIONS", 8)
    pool, watch = Pool(), _Watch()
    backlog = Backlog(pool, watch)
    for number in range(400):
        pool.add(transaction(number))
        if number >= 12:
            pool.remove([transaction(number - 12).tx_id])
        assert not backlog.is_full(100)
        watch.now_ms += 50
    watch.now_ms += limits.BACKLOG_MS
    assert backlog.is_full(0), "and then blocks stop"
    pool.remove([transaction(number).tx_id for number in range(388, 395)])
    assert not backlog.is_full(0), "less than a backlog, however old"


def test_time_that_something_waits_is_remembered_within_a_bound() -> None:
    """A chain that stands still for hours, and a client that asks every moment."""
    pool, watch = Pool(), _Watch()
    backlog = Backlog(pool, watch)
    for number in range(300):
        pool.add(transaction(number))
        backlog.is_full(0)
        watch.now_ms += 1_000
    assert len(backlog._marks) == MARKS_MAX
    assert backlog.is_full(1_000)


async def test_sender_with_much_waiting_is_refused_before_its_signatures_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Past saturation: refused early with a retryable problem, no processor time for checks, no trace."""
    door, gate, watch = _gated(monkeypatch)
    await _closed(door, watch)
    checked = gate.asked
    answers = await door.submit(*(envelope(number) for number in range(8, 12)))
    assert {(answer.code, answer.retryable) for answer in answers} == {("overloaded", True)}
    assert answers[0].details["pending"] == 8
    assert gate.asked == checked
    assert not door.admitter._verifying
    assert (await door.one(envelope(3))).outcome == "duplicate", "what is known is answered as ever"
    door.pool.remove([transaction(number).tx_id for number in range(8)])
    assert (await door.one(envelope(8))).outcome == "accepted"


async def test_others_find_the_door_open_and_peers_are_always_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flood of one sender is its own trouble; what another node has accepted is not refused here."""
    door, _, watch = _gated(monkeypatch)
    await _closed(door, watch)
    assert (await door.one(envelope(1, signer="civic-notary", sender="civic-notary"))).outcome == "accepted"
    (answer,) = await door.submit(envelope(20), local=False)
    assert answer.outcome == "accepted"


async def test_request_that_comes_in_time_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bulk submission to a chain that is idle: larger than the backlog, and not cut in two by it."""
    door, _, watch = _gated(monkeypatch)
    await door.submit(envelope(100))
    await door.submit(envelope(101))
    watch.now_ms += limits.BACKLOG_MS
    answers = await door.submit(*(envelope(number) for number in range(30)))
    assert {answer.outcome for answer in answers} == {"accepted"}


async def test_forged_transactions_close_the_door_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the name of an honest sender, any number of them: they never count as its own."""
    door, _, watch = _gated(monkeypatch)
    await door.submit(envelope(100))
    await door.submit(_forged(envelope(1)))
    watch.now_ms += limits.BACKLOG_MS
    forged = await door.submit(*(_forged(envelope(number)) for number in range(30)))
    assert {answer.code for answer in forged} == {"bad-signature"}
    door.admitter._submitted += 1_000  # as many again, without a verdict yet
    assert (await door.one(envelope(99))).outcome == "accepted"
