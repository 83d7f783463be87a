"""A node under attack, with an honest link beside it that every attack must leave unharmed."""

from collections import Counter

from chainnode.net.channel import Channel
from tests.support.network import (
    Net,
    until,
)

HONEST, TARGET, HOSTILE = 0, 1, 2


async def unharmed(net: Net) -> None:
    """Whatever the test did, the honest link is the same as before and carries messages; nothing is left half-open."""
    assert net.handlers[TARGET].connected.count(net.key(HONEST)) == 1
    assert net.networks[HONEST].send(net.key(TARGET), Channel.CONSENSUS, b"still here")
    await until(lambda: (net.key(HONEST), Channel.CONSENSUS, b"still here") in net.handlers[TARGET].messages)


def refused(net: Net) -> Counter[str]:
    return net.networks[TARGET].counters.refused
