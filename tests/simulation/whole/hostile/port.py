"""The outer side of a hostile validator: a real node whose words pass through a list of behaviours.

Inside, the node's own core runs as it would anywhere, so that what it says is as plausible as can be; on the way out
each behaviour may change, withhold, double or delay it, and add words of its own.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from chainnode.net.channel import Channel
from consensus.messages import MalformedMessage, Message, Signed, decode_message, encode_message
from consensus.signing import signed_bytes, with_signature
from tests.simulation.whole import genesis
from tests.simulation.whole.network import Port

if TYPE_CHECKING:
    from tests.simulation.whole.node import Machine
    from tests.simulation.whole.world import World

HEARD_MAX = 96


class HostilePort(Port):
    """Speaks for a hostile validator."""

    def __init__(
        self, world: "World", machine: "Machine", node_key: bytes, role_of: Any, handler: Any, names: tuple[str, ...]
    ) -> None:
        from tests.simulation.whole.hostile.library import BEHAVIOURS

        super().__init__(world, machine.address, node_key, role_of, handler)
        self.world: World = world
        self.honest = False
        self.machine = machine
        self.random = world.random
        self.behaviours = [BEHAVIOURS[name](self, name) for name in names]
        self.heard: deque[Message] = deque(maxlen=HEARD_MAX)
        """Consensus messages of others, newest last."""
        self.said: deque[Message] = deque(maxlen=HEARD_MAX)
        self.key = genesis.consensus_key(machine.index)

    # For behaviours.

    @property
    def node(self) -> Any:
        return self.machine.node

    @property
    def replica(self) -> Any:
        """The node's own core, through which a behaviour knows where the others probably are."""
        return self.node._driver.replica.inner

    @property
    def index(self) -> int:
        """Own place in the set that the core is in, whether it will vote or not; outside of it, somebody else's."""
        return self.replica.validators.index_of(self.key.public_key) or 0

    def fired(self, name: str) -> None:
        self.world.fired(f"hostile_{name}")

    def signed(self, message: Signed) -> Signed:
        """``message`` with a valid signature of this validator, whoever it names as its sender."""
        return with_signature(message, self.key.sign(signed_bytes(message)))

    def altered(self, message: Signed, **changes: Any) -> Signed:
        """``message`` changed, and signed anew."""
        return self.signed(msgspec.structs.replace(message, **changes))

    def others(self) -> list[int]:
        """Addresses of everybody else."""
        return [address for address, _ in self._others()]

    def some(self) -> list[int]:
        """A part of the others: neither nobody nor everybody, where possible."""
        others = self.others()
        return self.random.sample(others, self.random.randint(1, max(1, len(others) - 1))) if others else []

    def say(self, message: Message, to: list[int] | None = None, *, after_ms: int = 0) -> None:
        """Send a message as it is, past all behaviours."""
        self.shout(Channel.CONSENSUS, encode_message(message), to, after_ms=after_ms)

    def shout(self, channel: Channel, payload: bytes, to: list[int] | None = None, *, after_ms: int = 0) -> None:
        """Send bytes as they are."""
        for address in self.others() if to is None else to:
            if after_ms:
                self.world.loop.after_ms(after_ms, super().transmit, address, channel, payload)
            else:
                super().transmit(address, channel, payload)

    # Between node and network.

    async def start(self) -> None:
        await super().start()
        self._tick_later()

    def _tick_later(self) -> None:
        self.world.loop.after_ms(self.random.randint(*self.world.tick_ms), self._tick)

    def _tick(self) -> None:
        if self.alive and self.node is not None:
            for behaviour in self.behaviours:
                behaviour.on_tick()
            self._tick_later()

    def broadcast(self, channel: Channel, payload: bytes, to: Any = "validators") -> int:
        if channel is Channel.CONSENSUS:
            self.said.append(decode_message(payload))
        return super().broadcast(channel, payload, to)

    def transmit(self, address: int, channel: Channel, payload: bytes) -> None:
        if channel is not Channel.CONSENSUS:
            for behaviour in self.behaviours:
                if not behaviour.passes_other(address, channel, payload):
                    return
            super().transmit(address, channel, payload)
            return
        messages = [decode_message(payload)]
        for behaviour in self.behaviours:
            messages = [new for message in messages for new in behaviour.on_send(address, message)]
        for message in messages:
            super().transmit(address, channel, encode_message(message))

    def receive(self, origin: Port, channel: Channel, payload: bytes) -> None:
        if channel is Channel.CONSENSUS:
            self._overhear(payload)
        super().receive(origin, channel, payload)

    def _overhear(self, payload: bytes) -> None:
        try:
            message = decode_message(payload)
        except MalformedMessage:
            return
        self.heard.append(message)
        for behaviour in self.behaviours:
            behaviour.on_heard(message)

    def answer(self, origin: Port, kind: int, payload: bytes) -> bytes | None:
        honest = super().answer(origin, kind, payload)
        for behaviour in self.behaviours:
            changed = behaviour.on_request(origin.address, kind, payload, honest)
            if changed is not honest:
                return changed
        return honest


class Behaviour:
    """One way of being hostile. Each method leaves things as they are unless a behaviour says otherwise."""

    def __init__(self, port: HostilePort, name: str) -> None:
        self.port = port
        self.name = name
        self.random = port.random

    def fired(self) -> None:
        """Count that this behaviour took effect."""
        self.port.fired(self.name)

    def on_send(self, to: int, message: Message) -> list[Message]:
        """What leaves instead of ``message``."""
        return [message]

    def passes_other(self, to: int, channel: Channel, payload: bytes) -> bool:
        """Whether a message that is not of consensus leaves."""
        return True

    def on_heard(self, message: Message) -> None:
        """Something another validator said."""

    def on_tick(self) -> None:
        """Now and then."""

    def on_request(self, origin: int, kind: int, payload: bytes, honest: bytes | None) -> bytes | None:
        """What is answered instead of ``honest``; None: silence."""
        return honest


Library = dict[str, Callable[[HostilePort, str], Behaviour]]
