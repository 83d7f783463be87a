"""How a demo is ended from outside: by a signal, once, with everything it started ended after it."""

import asyncio
import signal


def cancel_on_signal() -> list[int]:
    """Have the first SIGINT, SIGTERM or SIGHUP cancel the calling task; returns the list that each signal joins."""
    me = asyncio.current_task()
    came: list[int] = []

    def stop(number: int) -> None:
        came.append(number)
        if me is not None and len(came) == 1:
            me.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    return came
