"""The replica's timers on the event loop: at most one of each kind."""

import asyncio

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
