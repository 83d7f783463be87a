"""Every test of the network runs on both event loops: the standard one, and the one production uses."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from chainnode import limits


def pytest_asyncio_loop_factories(config, item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """The same rules at a quicker pace."""
    monkeypatch.setattr(limits, "LINK_TICK_MS", 50)
    monkeypatch.setattr(limits, "DIAL_YIELD_MS", 50)
