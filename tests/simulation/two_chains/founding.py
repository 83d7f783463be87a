"""How every run begins: two chains that have grown a little, each with two clients of the other one.

Two pairs, crossed, so that a packet or a proof shown to the wrong client is a lie that a relayer can tell.
"""

from functools import cache
from typing import NamedTuple

from chainnode.store.key_value import WriteBatch
from chainnode.store.memory import MemoryKeyValue
from contracts.relay.operations import CreateClient, RegisterCounterparty
from tests.simulation.two_chains.chain import GENESIS_MS, SimulatedChain

NAMES = ("city-a", "city-b")
GROWN = 17
"""One block above the first checkpoint, so that members can be replaced from the beginning."""
CLIENTS = 2
SHADOW_BLOCKS = 40


class Side(NamedTuple):
    """One chain of a link, and its client of the other one."""

    chain: SimulatedChain
    client_id: str


class Link(NamedTuple):
    """Two clients that are each other's counterparties."""

    first: Side
    second: Side

    def directions(self) -> tuple[tuple[Side, Side], tuple[Side, Side]]:
        """Sender and receiver, both ways."""
        return (self.first, self.second), (self.second, self.first)


class Foundation(NamedTuple):
    """The stores of both chains, and who is whose counterparty."""

    pairs: tuple[dict[bytes, bytes], ...]
    clients: tuple[tuple[str, ...], ...]


def _copied(pairs: dict[bytes, bytes]) -> MemoryKeyValue:
    engine = MemoryKeyValue()
    batch = WriteBatch()
    for name, value in pairs.items():
        batch.put(name, value)
    engine.write(batch, sync=False)
    return engine


def _created(chain: SimulatedChain) -> tuple[str, ...]:
    block = chain.extend(chain.time_ms + 1_000)
    for item in block.done:
        if item.receipt.code != "ok":
            raise AssertionError(f"the beginning failed: {item.receipt}")
    return tuple(str(e.attributes["client_id"]) for e in block.events if e.name == "relay.client_created")


@cache
def foundation(trusting_period_ms: int) -> Foundation:
    """Made once for a process and period."""
    chains = [SimulatedChain(name) for name in NAMES]
    for chain in chains:
        while chain.height < GROWN:
            chain.extend(chain.time_ms + 1_000)
    clients = []
    for chain, other in (chains, chains[::-1]):
        header, path = other.light.beginning(other.height)
        created = CreateClient(
            other.chain_id, other.genesis_hash, header, path, trusting_period_ms=trusting_period_ms
        )
        for _ in range(CLIENTS):
            chain.govern(created)
        clients.append(_created(chain))
    for index, chain in enumerate(chains):
        for own, other_client in zip(clients[index], clients[1 - index][::-1], strict=True):
            chain.govern(RegisterCounterparty(own, other_client))
        _created(chain)
    return Foundation(tuple(dict(chain.engine.snapshot().iterate()) for chain in chains), tuple(clients))


def begin(trusting_period_ms: int) -> tuple[tuple[SimulatedChain, SimulatedChain], tuple[Link, ...]]:
    """Two chains of their own for one run, and the links between them."""
    found = foundation(trusting_period_ms)
    first, second = (SimulatedChain(name, _copied(pairs)) for name, pairs in zip(NAMES, found.pairs, strict=True))
    links = tuple(
        Link(Side(first, own), Side(second, other))
        for own, other in zip(found.clients[0], found.clients[1][::-1], strict=True)
    )
    return (first, second), links


@cache
def shadow(name: str) -> SimulatedChain:
    """Another chain of the same name by the same founders, who began it again five seconds earlier."""
    chain = SimulatedChain(name, genesis_ms=GENESIS_MS - 5_000)
    for _ in range(SHADOW_BLOCKS):
        chain.extend(chain.time_ms + 1_000)
    return chain
