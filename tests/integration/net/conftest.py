"""Every test of the network runs on both event loops: the standard one, and the one production uses."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from chainnode import limits
from tests.integration.net.attack import HONEST, TARGET, unharmed
from tests.support.network import Consortium, Net


def pytest_asyncio_loop_factories(config, item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """The same rules at a quicker pace."""
    monkeypatch.setattr(limits, "LINK_TICK_MS", 50)
    monkeypatch.setattr(limits, "DIAL_YIELD_MS", 50)


@pytest.fixture
async def net(tmp_path, monkeypatch):
    """A node under attack, linked to an honest one; node 2 belongs to the attacker."""
    monkeypatch.setattr(limits, "TLS_TIMEOUT_MS", 300)
    monkeypatch.setattr(limits, "HELLO_TIMEOUT_MS", 300)
    network = Net(Consortium(tmp_path), 3)
    await network.start(TARGET)
    await network.start(HONEST, [TARGET])
    await network.linked(TARGET, HONEST)
    try:
        yield network
        await unharmed(network)
    finally:
        await network.close()
