"""Two consortia that follow each other: real transactions, headers, certificates and proofs on both sides."""

from dataclasses import dataclass
from typing import Any

from chainnode.codec.canonical import encode
from chainnode.types.receipt import OK, Event, Receipt
from chainnode.types.transaction import Transaction
from contracts.kernel.operation import Operation
from contracts.relay.operations import (
    AcknowledgePacket,
    CreateClient,
    ReceivePacket,
    RegisterCounterparty,
    TimeOutPacket,
    UpdateClient,
)
from contracts.relay.packet import Packet, Payload
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.record import read_client
from tests.support.light_chain import LightChain
from tests.unit.contracts.relay.connected import CLIENT_ID
from tests.unit.contracts.world import World, did_of

FIRST, SECOND = "test-1", "test-2"
ROOM_S = 3_600


class Ledger(World):
    """A consortium whose state stands in a certified chain of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(chain=name)
        self.blocks = LightChain(4)
        self.events: list[Event] = []
        self._written: dict[bytes, bytes | None] = {}

    def did(self, name: str) -> str:
        return did_of(name, self.chain)

    def execute(self, transaction: Transaction) -> Receipt:
        receipt = super().execute(transaction)
        self.events += receipt.events
        return receipt

    def must(self, name: str, *operations: Operation) -> Receipt:
        receipt = self.submit(name, *operations)
        assert receipt.code == OK, (receipt.code, receipt.info)
        return receipt

    def close(self) -> None:
        """End the block; the next one begins a second later."""
        content = dict(self.overlay.changes())
        changes = {key: value for key, value in content.items() if self._written.get(key) != value}
        self._written = content
        self.blocks.extend(changes=changes, forged={"chain_id": self.chain, "time_ms": self.time_ms})
        self.height += 1
        self.time_ms += 1_000

    def committed(self) -> int:
        """Close what was done; the height of the header that commits to it."""
        self.close()
        self.close()
        return len(self.blocks.headers) - 1

    def proof(self, height: int, key: bytes) -> bytes:
        return encode(self.blocks.tree.prove(height - 1, key))

    def soon(self, after_s: int = ROOM_S) -> int:
        """A time-out on either chain: their clocks agree."""
        return self.time_ms // 1_000 + after_s

    def packets(self, settled: bool = False) -> list[Packet]:
        """What was sent, as its events tell it; without those that are settled, unless they are asked for."""
        done = {
            event.attributes["sequence"]
            for event in self.events
            if event.name in ("relay.packet_acknowledged", "relay.packet_timed_out")
        }
        sent = [event.attributes for event in self.events if event.name == "relay.packet_sent"]
        return [_packet(one) for one in sent if settled or one["sequence"] not in done]

    def told(self, name: str) -> list[dict[str, Any]]:
        """Attributes of all events of this name."""
        return [dict(event.attributes) for event in self.events if event.name == name]


def _packet(sent: Any) -> Packet:
    payload = Payload(
        sent["source_port"], sent["destination_port"], sent["version"], sent["encoding"], sent["value"]
    )
    return Packet(sent["sequence"], sent["timeout_s"], sent["client_id"], sent["destination_client"], (payload,))


@dataclass
class Pair:
    """Two ledgers, each with a client of the other, and a relayer's hands."""

    first: Ledger
    second: Ledger

    def other(self, ledger: Ledger) -> Ledger:
        return self.second if ledger is self.first else self.first

    def shown(self, source: Ledger) -> int:
        """Show the other ledger everything that ``source`` has done; the height of the header."""
        target, height = self.other(source), source.committed()
        target.time_ms = max(target.time_ms, source.time_ms)
        client = read_client(target.overlay, CLIENT_ID)
        assert client is not None
        update = encode(source.blocks.update(client.latest_height, height))
        target.must("stranger", UpdateClient(CLIENT_ID, client.latest_height, update))
        return height

    def deliver(self, source: Ledger, packet: Packet) -> Receipt:
        """Receive ``packet`` on the other ledger."""
        height = self.shown(source)
        proof = source.proof(height, commitment_key(packet.source_client, packet.sequence))
        return self.other(source).submit("stranger", ReceivePacket(packet, height, proof))

    def acknowledge(self, source: Ledger, packet: Packet) -> Receipt:
        """Bring the answer to ``packet`` back to ``source``."""
        target = self.other(source)
        height = self.shown(target)
        answer = next(
            one["acknowledgement"]
            for one in target.told("relay.packet_received")
            if one["sequence"] == packet.sequence and one["client_id"] == packet.destination_client
        )
        proof = target.proof(height, acknowledgement_key(packet.destination_client, packet.sequence))
        return source.submit(
            "stranger", AcknowledgePacket(packet.source_client, packet.sequence, answer, height, proof)
        )

    def time_out(self, source: Ledger, packet: Packet) -> Receipt:
        """Let the time of ``packet`` pass on the other ledger, and show that it was not received."""
        target = self.other(source)
        target.time_ms = max(target.time_ms, packet.timeout_s * 1_000)
        target.close()
        height = self.shown(target)
        proof = target.proof(height, receipt_key(packet.destination_client, packet.sequence))
        return source.submit("stranger", TimeOutPacket(packet.source_client, packet.sequence, height, proof))

    def carry(self, source: Ledger) -> list[str]:
        """Deliver every packet that is under way from ``source``, and bring the answers back: what the ports said."""
        codes = []
        for packet in source.packets():
            receipt = self.deliver(source, packet)
            assert receipt.code == OK, (receipt.code, receipt.info)
            codes.append(str(receipt.events[-1].attributes["code"]))
            back = self.acknowledge(source, packet)
            assert back.code == OK, (back.code, back.info)
            assert back.events[-1].attributes["code"] == OK, back.events[-1]
        return codes


def pair() -> Pair:
    """Both clients made and connected."""
    found = Pair(Ledger(FIRST), Ledger(SECOND))
    for ledger in (found.first, found.second):
        ledger.close()
    for source, target in ((found.first, found.second), (found.second, found.first)):
        chain = source.blocks
        beginning = CreateClient(
            source.chain, chain.genesis_hash, chain.headers[1], chain.path(1, 0), encode(chain.sets[0])
        )
        target.must("governor", beginning, RegisterCounterparty(CLIENT_ID, CLIENT_ID))
    return found
