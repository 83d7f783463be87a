"""The replica's timers on the event loop: at most one of each kind."""

import asyncio
from typing import Any

import pytest

from chainnode.node.timers import LoopTimers
from consensus.outputs import CancelTimer, SetTimer
from consensus.timers import Timer, TimerKind

VIEW, BATCH = Timer(TimerKind.VIEW, 1, 0), Timer(TimerKind.BATCH, 1, 0)


async def test_timer_fires_once_with_what_was_set() -> None:
    """``height`` and ``view`` are those it was set in."""
    fired: list[Timer] = []
    timers = LoopTimers(fired.append)
    timers.perform(SetTimer(VIEW, 1))
    timers.perform(SetTimer(BATCH, 2))
    await asyncio.sleep(0.02)
    assert fired == [VIEW, BATCH]
    assert not timers._armed


async def test_setting_a_kind_again_replaces_it() -> None:
    """One of each kind: setting replaces."""
    fired: list[Timer] = []
    timers = LoopTimers(fired.append)
    later = Timer(TimerKind.VIEW, 2, 3)
    timers.perform(SetTimer(VIEW, 1))
    timers.perform(SetTimer(later, 5))
    await asyncio.sleep(0.02)
    assert fired == [later]


async def test_timer_set_later_than_before_fires_then_and_once() -> None:
    """Setting replaces; the event loop's timer of the earlier one only looks, and waits for what is left."""
    fired: list[Timer] = []
    timers = LoopTimers(fired.append)
    later = Timer(TimerKind.VIEW, 2, 3)
    timers.perform(SetTimer(VIEW, 5))
    timers.perform(SetTimer(later, 60))
    await asyncio.sleep(0.03)
    assert fired == []
    await asyncio.sleep(0.06)
    assert fired == [later]


async def test_timer_set_sooner_than_before_fires_sooner() -> None:
    """Setting replaces, also a time that is nearer than the one before."""
    fired: list[Timer] = []
    timers = LoopTimers(fired.append)
    timers.perform(SetTimer(VIEW, 60_000))
    timers.perform(CancelTimer(TimerKind.VIEW))
    timers.perform(SetTimer(VIEW, 1))
    await asyncio.sleep(0.02)
    assert fired == [VIEW]


async def test_setting_again_and_again_leaves_one_timer_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core sets and cancels them at every block, and they hardly ever run out."""
    calls: list[float] = []
    loop = asyncio.get_running_loop()
    real = loop.call_later

    def call_later(delay: float, *rest: Any) -> asyncio.TimerHandle:
        calls.append(delay)
        return real(delay, *rest)

    monkeypatch.setattr(loop, "call_later", call_later)
    timers = LoopTimers(lambda timer: None)
    for height in range(100):
        timers.perform(SetTimer(Timer(TimerKind.VIEW, height, 0), 1_000))
        timers.perform(CancelTimer(TimerKind.VIEW))
    assert len(calls) == 1
    timers.close()


async def test_cancelled_timer_does_not_fire() -> None:
    """Disarm the timer of this kind, if any."""
    fired: list[Timer] = []
    timers = LoopTimers(fired.append)
    timers.perform(SetTimer(VIEW, 1))
    timers.perform(SetTimer(BATCH, 1))
    timers.perform(CancelTimer(TimerKind.VIEW))
    timers.perform(CancelTimer(TimerKind.IDLE))
    await asyncio.sleep(0.02)
    assert fired == [BATCH]


async def test_closed_timers_are_silent_and_a_firing_may_arm_again() -> None:
    """Periodic timers arm themselves in their own firing; close ends them."""
    fired: list[Timer] = []

    def again(timer: Timer) -> None:
        fired.append(timer)
        timers.perform(SetTimer(timer, 1))

    timers = LoopTimers(again)
    timers.perform(SetTimer(VIEW, 1))
    await asyncio.sleep(0.03)
    assert len(fired) > 1
    timers.close()
    count = len(fired)
    await asyncio.sleep(0.01)
    assert len(fired) == count
