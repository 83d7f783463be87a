"""The process of a hostile validator: ``python -m benchmarks.hostile_node BEHAVIOUR start --config ...``.

The same command as any node's, with its own key, links and core; only what leaves it is bent, from the first SIGUSR1
on. So it is linked, synced and trusted like everybody else when it begins.
"""

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from typing import Any, Final, Self
from unittest.mock import patch

import msgspec

from chainnode.cli import start
from chainnode.cli.main import main as chainnode
from chainnode.crypto.ed25519 import SigningKey
from chainnode.node import wiring
from chainnode.node.config import NodeConfig
from chainnode.node.key_file import read_key
from chainnode.node.links import NO_INDEX, NodeLinks
from consensus.messages import (
    NOTHING_PREPARED,
    Commit,
    Prepare,
    PrePrepare,
    Signed,
    ViewChange,
    decode_message,
    encode_message,
)
from consensus.replica import Replica
from consensus.signing import signed_bytes, with_signature

TICK_SECONDS: Final = 0.05
FLOOD: Final = 100
"""Messages at a tick."""
LATE_SECONDS: Final = 1.5
"""A leader that stays just below the view timer of two seconds."""
JUST_LATE_SECONDS: Final = 0.2
JUST_LATE_GROWTH: Final = 1.2
OTHER_HASH: Final = bytes(range(32))


class Behaviour:
    """Leaves everything as it is."""

    def __init__(self, links: "BentLinks") -> None:
        self.links = links

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        """What leaves for validator ``to`` instead of ``payload``."""
        return [payload]

    def tick(self) -> None:
        """Now and then."""


class SilentLeader(Behaviour):
    """Votes like anybody, and proposes to nobody."""

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        return [] if isinstance(decode_message(payload), PrePrepare) else [payload]


class Mute(Behaviour):
    """Says nothing at all."""

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        return []


class Late(Behaviour):
    """Says everything late: its proposals come right before the others lose patience."""

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        asyncio.get_running_loop().call_later(LATE_SECONDS, self.links.utter, to, payload)
        return []


class JustLate(Behaviour):
    """Votes in time and proposes late: a little later after each turn that it kept, much sooner after one it lost.

    So it finds out how long the others wait, whatever rule they wait by, and stays just below that.
    """

    def __init__(self, links: "BentLinks") -> None:
        super().__init__(links)
        self.delay_seconds = JUST_LATE_SECONDS
        self._height = 0
        """Of its last proposal."""
        self._lost = False

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        message = decode_message(payload)
        if isinstance(message, ViewChange) and message.height == self._height:
            self._lost = True
        if not isinstance(message, PrePrepare):
            return [payload]
        if message.height != self._height:
            # The same message goes to each of the others: the first of them decides.
            factor = 1 / JUST_LATE_GROWTH**3 if self._lost else JUST_LATE_GROWTH
            self.delay_seconds = min(LATE_SECONDS, max(JUST_LATE_SECONDS, self.delay_seconds * factor))
            self._height, self._lost = message.height, False
        asyncio.get_running_loop().call_later(self.delay_seconds, self.links.utter, to, payload)
        return []


class DoubleVotes(Behaviour):
    """Votes for another block too, to half of the others."""

    def bend(self, to: int, payload: bytes) -> list[bytes]:
        message = decode_message(payload)
        if to % 2 and isinstance(message, Prepare | Commit):
            return [payload, self.links.signed(msgspec.structs.replace(message, block_hash=OTHER_HASH))]
        return [payload]


class Garbage(Behaviour):
    """Bytes that are no message, as often as it is let in."""

    def tick(self) -> None:
        for to in self.links.others:
            self.links.utter(to, self.links.random.randbytes(200))


class Flood(Behaviour):
    """Valid signatures under votes, view changes and proposals of heights and views that are not there yet."""

    def tick(self) -> None:
        links, chance = self.links, self.links.random
        replica = links.replica
        place = (links.chain_id, replica.validators.epoch, replica.validators.hash)
        for _ in range(FLOOD):
            height = replica.height + chance.choice((0, 1, 1, 2, 100, 10**6))
            view = chance.choice((0, 1, 5, 60, 64, 1_000, 10**6))
            message: Signed
            match chance.randrange(3):
                case 0:
                    message = ViewChange(*place, height, view + 1, links.own_index, NOTHING_PREPARED, b"")
                case 1:
                    message = Prepare(*place, height, view, links.own_index, chance.randbytes(32))
                case _:
                    message = Commit(*place, height, view, links.own_index, chance.randbytes(32))
            links.utter(chance.choice(links.others), links.signed(message))
        proposal = PrePrepare(*place, replica.height + 1, 0, links.own_index, OTHER_HASH, chance.randbytes(2_000))
        for to in links.others:
            links.utter(to, links.signed(proposal))


BEHAVIOURS: Final[dict[str, Callable[["BentLinks"], Behaviour]]] = {
    "silent-leader": SilentLeader,
    "mute": Mute,
    "late": Late,
    "just-late": JustLate,
    "double-votes": DoubleVotes,
    "garbage": Garbage,
    "flood": Flood,
}


class BentLinks(NodeLinks):
    """A node's way out, past a behaviour once there is one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.behaviour: Behaviour | None = None
        self.random = random.Random(5)
        self.chain_id = ""
        self.replica: Replica
        self.voting_key: SigningKey

    @property
    def own_index(self) -> int:
        """Of this validator."""
        index = self.replica.own_index
        return NO_INDEX if index is None else index

    @property
    def others(self) -> list[int]:
        """Every other validator."""
        return [index for index in range(len(self._membership.node_keys)) if index != self.own_index]

    def signed(self, message: Signed) -> bytes:
        """A message with a valid signature of this validator."""
        return encode_message(with_signature(message, self.voting_key.sign(signed_bytes(message))))

    def utter(self, to: int, payload: bytes) -> None:
        """Send bytes as they are."""
        super().to_validator(to, payload)

    def to_validators(self, payload: bytes) -> None:
        if self.behaviour is None:
            super().to_validators(payload)
            return
        for to in self.others:
            self.to_validator(to, payload)

    def to_validator(self, index: int, payload: bytes) -> None:
        for bent in [payload] if self.behaviour is None else self.behaviour.bend(index, payload):
            self.utter(index, bent)


class HostileNode(wiring.Node):
    """A node that becomes hostile at SIGUSR1, and stays so."""

    behaviour = ""
    voting_key: SigningKey

    @classmethod
    def open(cls, config: NodeConfig, genesis: bytes, clock: Any = None, *, rejoin_after_loss: bool = False) -> Self:
        node = super().open(config, genesis, clock, rejoin_after_loss=rejoin_after_loss)
        key_file = config.keys.consensus_key_file
        if key_file is None:
            raise RuntimeError("only a validator can be hostile")
        node.voting_key = read_key(key_file, None)
        return node

    async def wait(self) -> None:
        async with asyncio.TaskGroup() as group:
            bending = group.create_task(self._misbehave())
            await super().wait()
            bending.cancel()

    async def _misbehave(self) -> None:
        roused = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, roused.set)
        await roused.wait()
        links = self._links
        assert isinstance(links, BentLinks)
        links.chain_id, links.replica = self.ledger.chain_id, self._driver.replica
        links.voting_key = self.voting_key
        links.behaviour = BEHAVIOURS[self.behaviour](links)
        while True:
            await asyncio.sleep(TICK_SECONDS)
            links.behaviour.tick()


def main(behaviour: str, arguments: list[str]) -> int:
    """Exit status of the node."""
    HostileNode.behaviour = behaviour
    with patch.object(wiring, "NodeLinks", BentLinks), patch.object(start, "Node", HostileNode):
        return chainnode(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
