"""Every test of the network runs on both event loops: the standard one, and the one production uses."""

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories(config, item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
