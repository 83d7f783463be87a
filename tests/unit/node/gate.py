"""A gate before a real replica, and what passed it."""

import msgspec

from chainnode.node.links import MessageGate
from consensus.inputs import BlockApplied, MessageReceived
from consensus.messages import Decided, Message, encode_message
from tests.support.local_chain import CHAIN_ID, LocalChain, certificate_of
from tests.unit.node.clock import StillClock
from tests.unit.node.wire import Wire, make_links, make_replica, peer


class Gate:
    """A gate before a real replica at height 2."""

    def __init__(self, own_index: int | None = 0) -> None:
        self.chain = LocalChain()
        self.tip = self.chain.extend(1)
        self.wire = Wire()
        self.links = make_links(self.chain, self.wire)
        self.replica = make_replica(self.chain, own_index)
        self.fed: list[MessageReceived] = []
        self.clock = StillClock()
        self.gate = MessageGate(CHAIN_ID, self.replica, self.links, self.fed.append, self.clock)

    def receive(self, message: Message, sender: int = 1) -> None:
        self.gate.receive(peer(sender), encode_message(message))

    def apply(self, height: int) -> None:
        """The replica comes to the height above this one."""
        self.replica.step(BlockApplied(height, bytes([height]) * 32, False), 0)
        self.gate.take_early()

    def sync(self, height: int) -> None:
        """The replica starts to sync up to a height."""
        hash_ = bytes([height]) * 32
        decided = Decided(CHAIN_ID, height, hash_, certificate_of(self.chain.build(5)))
        certificate = msgspec.structs.replace(decided.certificate, height=height, block_hash=hash_)
        self.replica.step(MessageReceived(msgspec.structs.replace(decided, certificate=certificate)), 0)

    def taken(self) -> list[Message]:
        """What the core was fed since the last time."""
        fed, self.fed[:] = [event.message for event in self.fed], []
        return fed
