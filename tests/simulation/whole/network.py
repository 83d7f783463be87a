"""Links between nodes: bytes, delayed, lost, doubled, overtaken, cut off or clogged, as one seed has it.

``Port`` stands where a node has its ``PeerNetwork``. Real links are TCP under TLS and thus kinder: they keep order and
lose messages only with the link. What agreement survives here it survives there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from chainnode.errors import ChainError, DecodeError, PeerError, RequestFailed
from chainnode.net.channel import BOUNDS, Channel
from chainnode.net.peer import OBSERVER, Peer, PeerInfo, PeerRole
from tests.simulation.whole.disk import Crashed

EMPTY_QUEUES = (0,) * len(BOUNDS)


@dataclass(slots=True)
class Weather:
    """How badly the network behaves."""

    loss: float = 0.0
    duplication: float = 0.0
    straggling: float = 0.0
    """Share of messages that take up to ``straggle_ms``, so that they overtake and outlive views."""
    straggle_ms: int = 4_000
    delay_ms: tuple[int, int] = (1, 20)


def never(origin: int, to: int, channel: Channel, payload: bytes) -> bool:
    """Nothing is silenced."""
    return False


class Environment(Protocol):
    """What the network needs of the world around it."""

    loop: Any
    random: Any
    network: "Network"

    def fired(self, fault: str) -> None: ...

    def note(self, kind: str, *facts: object) -> None: ...

    def on_sent(self, port: "Port", channel: Channel, payload: bytes) -> None: ...

    def on_penalised(self, by: "Port", offender: "Port", code: str) -> None: ...


class Network:
    """All links. Addresses are machines; twins are two machines with one key."""

    def __init__(self, world: Environment) -> None:
        self.world = world
        self.weather = Weather()
        self.ports: dict[int, Port] = {}
        """Of running nodes, by address."""
        self.group: dict[int, int] = {}
        """Machines of different groups cannot hear each other."""
        self.clogged_until_ms: dict[tuple[int, int], int] = {}
        self.hold: Callable[[int, int, Channel, bytes], int] = lambda origin, to, channel, payload: 0
        """Extra delay in ms that a scheduler in league with hostile replicas imposes."""
        self.silenced: Callable[[int, int, Channel, bytes], bool] = never
        """Words that do not get through while somebody stalls agreement; outlives changes of the weather."""
        self.delivered = 0

    def hears(self, one: int, other: int) -> bool:
        return self.group.get(one, 0) == self.group.get(other, 0)

    def plan(self, origin: int, to: int, channel: Channel, payload: bytes) -> list[int]:
        """Delays of the copies that arrive; none when the message is lost."""
        world, weather, random = self.world, self.weather, self.world.random
        if self.silenced(origin, to, channel, payload):
            return []
        if weather.loss and random.random() < weather.loss:
            world.fired("loss")
            return []
        copies = 1
        if weather.duplication and random.random() < weather.duplication:
            world.fired("duplication")
            copies = 2
        delays = []
        for _ in range(copies):
            if weather.straggling and random.random() < weather.straggling:
                world.fired("straggling")
                delay_ms = random.randint(0, weather.straggle_ms)
            else:
                delay_ms = random.randint(*weather.delay_ms)
            clogged_ms = self.clogged_until_ms.get((origin, to), 0) - world.loop.now_ms
            if clogged_ms > 0:
                world.fired("clog")
                delay_ms += clogged_ms
            delays.append(delay_ms + self.hold(origin, to, channel, payload))
        return delays

    def transmit(self, origin: int, to: int, channel: Channel, payload: bytes) -> None:
        for delay_ms in self.plan(origin, to, channel, payload):
            self.world.loop.after_ms(delay_ms, self._deliver, origin, to, channel, payload)

    def _deliver(self, origin: int, to: int, channel: Channel, payload: bytes) -> None:
        port = self.ports.get(to)
        if port is None or origin not in self.ports:
            return
        if not self.hears(origin, to):
            self.world.fired("partition")
            return
        self.delivered += 1
        port.receive(self.ports[origin], channel, payload)

    def heal(self) -> None:
        self.weather = Weather()
        self.group = {}
        self.clogged_until_ms = {}
        self.hold = lambda origin, to, channel, payload: 0


class Port:
    """One running node's network, with the methods of ``PeerNetwork`` that nodes use."""

    def __init__(
        self, world: Any, address: int, node_key: bytes, role_of: Callable[[bytes], PeerRole | None], handler: Any
    ) -> None:
        self.world: Environment = world
        self.address = address
        self.node_key = node_key
        self.handler = handler
        self.honest = True
        self.alive = False
        self.touch: Callable[[], None] = lambda: None
        """Passed before every send: the process may die there."""
        self.counters = SimpleNamespace(snapshot=dict)
        self._role_of = role_of
        self._peers: dict[int, Peer] = {}

    # What the node calls.

    async def start(self) -> None:
        network = self.world.network
        self.alive = True
        network.ports[self.address] = self
        for other in [port for port in network.ports.values() if port is not self]:
            self.meet(other)
            other.meet(self)

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        self.leave()

    def send(self, node_key: bytes, channel: Channel, payload: bytes) -> bool:
        targets = [address for address, port in self._others() if port.node_key == node_key]
        for address in targets:
            self._to(address, channel, payload)
        return bool(targets)

    def broadcast(self, channel: Channel, payload: bytes, to: str | Iterable[bytes] = "validators") -> int:
        if isinstance(to, str):
            wanted = (True, False) if to == "all" else (to == "validators",)
            targets = [
                address for address, port in self._others()
                if ((role := self._role_of(port.node_key)) is not None and role.is_validator) in wanted
            ]
        else:
            keys = set(to)
            targets = [address for address, port in self._others() if port.node_key in keys]
        for address in targets:
            self._to(address, channel, payload)
        return len(targets)

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        target = next((port for _, port in self._others() if port.node_key == node_key), None)
        if target is None:
            raise RequestFailed("no-link", "there is no link to this peer")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        for delay_ms in self.world.network.plan(self.address, target.address, Channel.CONTROL, payload)[:1]:
            self.world.loop.after_ms(delay_ms, self._ask, target, kind, payload, answer)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await answer
        except TimeoutError as error:
            raise RequestFailed("request-timeout", "no answer in time") from error

    def penalise(self, node_key: bytes, code: str) -> None:
        for _, port in self._others():
            if port.node_key == node_key:
                self.world.on_penalised(self, port, code)

    def is_linked(self, node_key: bytes) -> bool:
        return any(port.node_key == node_key for _, port in self._others())

    def connected(self) -> list[PeerInfo]:
        found = {port.node_key: self._peers[address] for address, port in self._others()}
        return [
            PeerInfo(key, peer.role, peer.address, peer.outbound, peer.since_ms, None, 0, EMPTY_QUEUES, EMPTY_QUEUES)
            for key, peer in ((key, self._current(peer)) for key, peer in sorted(found.items()))
        ]

    def banned(self) -> dict[bytes, str]:
        return {}

    def certificate_not_after_ms(self) -> int | None:
        return None

    # What the world calls.

    def _others(self) -> list[tuple[int, "Port"]]:
        ports = self.world.network.ports
        return [(address, ports[address]) for address in sorted(self._peers) if address in ports]

    def _to(self, address: int, channel: Channel, payload: bytes) -> None:
        if not self.alive:
            return
        self.touch()
        self.world.on_sent(self, channel, payload)
        self.transmit(address, channel, payload)

    def transmit(self, address: int, channel: Channel, payload: bytes) -> None:
        """Put one message on its way; a hostile node's port does more here."""
        self.world.network.transmit(self.address, address, channel, payload)

    def meet(self, other: "Port") -> None:
        role = self._role_of(other.node_key)
        if role is None or not self.alive:
            return
        now_ms = self.world.loop.now_ms
        peer = Peer(other.node_key, role, f"machine-{other.address}", self.address < other.address, now_ms, 0, "")
        self._peers[other.address] = peer
        self._guarded(lambda: self.handler.on_connected(peer), other)

    def _current(self, peer: Peer) -> Peer:
        """As the network keeps it: roles follow the chain."""
        peer.role = self._role_of(peer.node_key) or OBSERVER
        return peer

    def part(self, other: "Port") -> None:
        """Notice that the link fell."""
        peer = self._peers.pop(other.address, None)
        if peer is not None:
            self._guarded(lambda: self.handler.on_disconnected(peer, "link-lost"), other)

    def leave(self) -> None:
        """The process ended: links fall at both ends."""
        if not self.alive:
            return
        self.alive = False
        ports = self.world.network.ports
        if ports.get(self.address) is self:
            del ports[self.address]
        for port in list(ports.values()):
            port.part(self)

    def receive(self, origin: "Port", channel: Channel, payload: bytes) -> None:
        peer = self._peers.get(origin.address)
        if peer is not None and self.alive:
            self._current(peer)
            self.world.note("message", origin.address, self.address, channel, payload)
            self._guarded(lambda: self.handler.on_message(peer, channel, payload), origin)

    def _guarded(self, action: Callable[[], object], origin: "Port") -> object:
        try:
            return action()
        except (PeerError, DecodeError) as error:
            self.world.on_penalised(self, origin, error.code)
        except Crashed:
            pass
        return None

    def _ask(self, target: "Port", kind: int, payload: bytes, answer: "asyncio.Future[bytes]") -> None:
        network = self.world.network
        if not target.alive or not network.hears(self.address, target.address) or answer.done():
            return
        found = target.answer(self, kind, payload)
        if found is None:
            return
        for delay_ms in network.plan(target.address, self.address, Channel.BLOCKS, found)[:1]:
            self.world.loop.after_ms(delay_ms, self._answered, target, found, answer)

    def answer(self, origin: "Port", kind: int, payload: bytes) -> bytes | None:
        """What this node says to a request; None: nothing."""
        peer = self._peers.get(origin.address)
        if peer is None:
            return None
        self._current(peer)
        try:
            found: bytes | Awaitable[bytes] = self.handler.on_request(peer, kind, payload)
        except (PeerError, DecodeError) as error:
            self.world.on_penalised(self, origin, error.code)
            return None
        except ChainError:
            return None
        return found if isinstance(found, bytes) else None

    def _answered(self, target: "Port", found: bytes, answer: "asyncio.Future[bytes]") -> None:
        if self.alive and not answer.done() and self.world.network.hears(self.address, target.address):
            self.world.note("answer", target.address, self.address, found)
            answer.set_result(found)
