"""Two chains: a real certified one in memory, and the consortium of the tests, which keeps a client of it."""

from collections.abc import Mapping

import msgspec

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import Untrusted
from chainnode.types.receipt import OK, Receipt
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from contracts.relay.operations import (
    AcknowledgePacket,
    CreateClient,
    ReceivePacket,
    RegisterCounterparty,
    SubmitMisbehaviour,
    TimeOutPacket,
    UpdateClient,
)
from contracts.relay.packet import Packet, Payload, acknowledgement_commitment, packet_commitment
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.port import MSGPACK
from contracts.relay.record import ClientRecord, read_client
from contracts.relay.sending import send
from tests.support.light_chain import LightChain, members
from tests.support.small_chain import CHAIN_ID, TIME_MS
from tests.unit.contracts.relay.connected import CLIENT_ID, ECHO, THEIRS
from tests.unit.contracts.world import CHAIN, World, did_of

NOW_MS = TIME_MS + 100_000
"""The consortium's time: block 100 of the other chain would be of now."""
PERIOD_MS = 7 * 86_400_000
ROOM_S = NOW_MS // 1_000 + 60
"""A time-out that neither chain has reached."""
HELLO = Payload("echo", "echo", "echo-1", MSGPACK, b"hello")
ARRIVING = Packet(1, ROOM_S, THEIRS, CLIENT_ID, (HELLO,))
"""From the other chain to this one."""


class Remote(LightChain):
    """The other chain; ``THEIRS`` is its client of this one."""

    def holding(self, changes: Mapping[bytes, bytes | None]) -> int:
        """Write these values; the height of the header that commits to them."""
        self.extend(changes=changes)
        return self.extend()

    def sending(self, packet: Packet = ARRIVING) -> int:
        """Send a packet; the height of the header that commits to it."""
        return self.holding({commitment_key(packet.source_client, packet.sequence): packet_commitment(packet)})

    def answering(self, sequence: int = 1, answer: bytes = b"fine") -> int:
        """Receive packet ``sequence`` of this chain and answer; the height of the header that commits to it."""
        answered = acknowledgement_commitment((answer,))
        return self.holding({receipt_key(THEIRS, sequence): b"\x02", acknowledgement_key(THEIRS, sequence): answered})

    def proof(self, height: int, key: bytes) -> bytes:
        """Of ``key``, present or not, in the state that the header at ``height`` commits to."""
        return encode(self.tree.prove(height - 1, key))

    def shown(self, trusted: int, height: int, **changes: object) -> UpdateClient:
        """The update by which a relayer shows the header at ``height``."""
        update = msgspec.structs.replace(self.update(trusted, height), **changes)
        return UpdateClient(CLIENT_ID, trusted, encode(update))

    def delivery(self, height: int, packet: Packet = ARRIVING) -> ReceivePacket:
        """A packet with its proof."""
        key = commitment_key(packet.source_client, packet.sequence)
        return ReceivePacket(packet, height, self.proof(height, key))

    def answer(self, height: int, sequence: int = 1, answer: bytes = b"fine") -> AcknowledgePacket:
        """An answer with its proof."""
        return AcknowledgePacket(
            CLIENT_ID, sequence, answer, height, self.proof(height, acknowledgement_key(THEIRS, sequence))
        )

    def silence(self, height: int, sequence: int = 1) -> TimeOutPacket:
        """That a packet of this chain was not received."""
        return TimeOutPacket(CLIENT_ID, sequence, height, self.proof(height, receipt_key(THEIRS, sequence)))


def beginning(remote: LightChain, **changes: object) -> CreateClient:
    """The operation that follows ``remote`` from its genesis header."""
    made = CreateClient(
        CHAIN_ID,
        remote.genesis_hash,
        remote.headers[0],
        (),
        encode(remote.sets[0]),
        trusting_period_ms=PERIOD_MS,
    )
    return msgspec.structs.replace(made, **changes)


def must(world: World, name: str, *operations: Operation) -> Receipt:
    """The receipt of a transaction that applies."""
    receipt = world.submit(name, *operations)
    assert receipt.code == OK, (receipt.code, receipt.info)
    return receipt


def following(remote: LightChain, **changes: object) -> World:
    """A consortium whose first client follows ``remote``; nothing flows yet."""
    world = World()
    world.time_ms = NOW_MS
    must(world, "governor", beginning(remote, **changes))
    return world


def connected(remote: LightChain, **changes: object) -> World:
    """... and whose counterparty is registered."""
    world = following(remote, **changes)
    must(world, "governor", RegisterCounterparty(CLIENT_ID, THEIRS))
    return world


def client_of(world: World, client_id: str = CLIENT_ID) -> ClientRecord:
    found = read_client(world.overlay, client_id)
    assert found is not None
    return found


def context_of(world: World, sender: str = "member") -> Context:
    return Context(
        chain_id=CHAIN,
        height=world.height,
        time_ms=world.time_ms,
        tx_id=bytes(32),
        index=0,
        sender=did_of(sender),
        signers=(),
    )


def departing(world: World, value: bytes = b"hello", timeout_s: int = ROOM_S, sender: str = "member") -> Packet:
    """A packet of this chain, sent as an application would."""
    return send(CLIENT_ID, ECHO, value, timeout_s, context_of(world, sender), world.overlay)


def forked(remote: Remote, at: int) -> Untrusted:
    """Another header at ``at``, by the same validators: they broke their word."""
    other = Remote(len(remote.sets[0].validators))
    while len(other.headers) < at:
        other.extend()
    other.extend(forged={"proposer": 1})
    return msgspec.structs.replace(other.update(0, at), ancestry=())


def contradiction(remote: Remote, at: int, trusted: int = 0) -> SubmitMisbehaviour:
    """Two headers of one height."""
    true = msgspec.structs.replace(remote.update(trusted, at), ancestry=())
    return SubmitMisbehaviour(CLIENT_ID, trusted, "headers", encode(true), encode(forked(remote, at)))


def replaced(remote: Remote, count: int = 4) -> None:
    """The other chain replaces its whole set at once."""
    remote.extend(next_set=members(remote.sets[-1].epoch + 1, *(f"new-{number}" for number in range(count))))
