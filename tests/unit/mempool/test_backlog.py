"""The door closes early: when it does, for whom, and that neither a burst nor a forger closes it."""

import pytest

from chainnode import limits
from chainnode.mempool import backlog as module
from chainnode.mempool.backlog import Backlog
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


def _filled(count: int) -> tuple[Backlog, Pool, _Watch]:
    pool, watch = Pool(), _Watch()
    for number in range(count):
        pool.add(transaction(number))
    return Backlog(pool, watch), pool, watch


def _gated(monkeypatch: pytest.MonkeyPatch) -> tuple[_Door, _Gate]:
    """A door that closes for a sender with 2 of 8 waiting, and counts what is verified."""
    monkeypatch.setattr(limits, "BACKLOG_TRANSACTIONS_MIN", 8)
    monkeypatch.setattr(limits, "BACKLOG_PER_S_FIRST", 4)
    gate = _Gate()
    gate.open.set()
    door = _Door(verifier=gate)
    door.admitter._backlog = Backlog(door.pool, _Watch())
    return door, gate


def test_as_much_may_wait_as_blocks_took_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """By observed throughput: half of what was thought and half of what the last second showed."""
    monkeypatch.setattr(limits, "BACKLOG_TRANSACTIONS_MIN", 20)
    backlog, _, watch = _filled(40)
    assert backlog.transactions_max == 5_000
    for _ in range(200):
        backlog.note_block(30)
        watch.now_ms += 100
    assert backlog.transactions_max == pytest.approx(2 * 300, abs=4)
    for _ in range(200):
        backlog.note_block(1)
        watch.now_ms += 1_000
    assert backlog.transactions_max == 20, "a full block may always wait"


def test_blocks_that_take_what_there_is_say_nothing_of_what_they_could(monkeypatch: pytest.MonkeyPatch) -> None:
    """Light load: fifty a second are what came in, and a burst after it is taken all the same."""
    backlog, _, watch = _filled(10)
    for _ in range(300):
        backlog.note_block(1)
        watch.now_ms += 20
    assert backlog.transactions_max == limits.BACKLOG_PER_S_FIRST * limits.BACKLOG_MS // 1_000
    assert not backlog.is_full(4_000)
    assert module.SAMPLE_MS < 300 * 20


async def test_sender_with_much_waiting_is_refused_before_its_signatures_are_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Past saturation: refused early with a retryable problem, no processor time for checks, no trace."""
    door, gate = _gated(monkeypatch)
    assert {answer.outcome for answer in await door.submit(*(envelope(number) for number in range(8)))} == {"accepted"}
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
    door, _ = _gated(monkeypatch)
    await door.submit(*(envelope(number) for number in range(8)))
    assert (await door.one(envelope(1, signer="civic-notary", sender="civic-notary"))).outcome == "accepted"
    (answer,) = await door.submit(envelope(20), local=False)
    assert answer.outcome == "accepted"


async def test_request_that_comes_in_time_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bulk submission to a chain that is idle: larger than the backlog, and not cut in two by it."""
    door, _ = _gated(monkeypatch)
    answers = await door.submit(*(envelope(number) for number in range(30)))
    assert {answer.outcome for answer in answers} == {"accepted"}


async def test_forged_transactions_close_the_door_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the name of an honest sender, any number of them: they never count as its own."""
    door, _ = _gated(monkeypatch)
    forged = await door.submit(*(_forged(envelope(number)) for number in range(30)))
    assert {answer.code for answer in forged} == {"bad-signature"}
    door.admitter._submitted += 1_000  # as many again, without a verdict yet
    assert (await door.one(envelope(99))).outcome == "accepted"
