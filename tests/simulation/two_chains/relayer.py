"""What a relayer carries, made from committed state alone; any number of them may do the same at once.

``updates`` brings a client to a height; ``deliveries``, ``answers`` and ``time_outs`` are what is due in one direction.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ClientOptions, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import verify
from chainnode.state.keys import prefix
from contracts.kernel.operation import Operation
from contracts.relay.operations import AcknowledgePacket, AddPastHeader, ReceivePacket, TimeOutPacket, UpdateClient
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.record import PacketRecord, read_acknowledgement, read_client
from tests.simulation.two_chains.chain import SimulatedChain
from tests.simulation.two_chains.founding import Side

BATCH: Final = 6
_PACKET: Final = msgspec.msgpack.Decoder(PacketRecord)
_YEARS_MS: Final = 10**11


def under_way(side: Side) -> list[PacketRecord]:
    """Packets that ``side`` sent and that are not settled, in the order of their sequence."""
    stored = side.chain.ledger.store.state_range(prefix("relay-packet", side.client_id))
    found = [_PACKET.decode(value) for _, value in stored]
    return sorted(found, key=lambda record: record.sequence)


def kept_heights(side: Side) -> tuple[int, ...]:
    """Of headers that the client of ``side`` keeps."""
    client = read_client(side.chain.state, side.client_id)
    return client.heights if client is not None else ()


def update_of(side: Side, other: SimulatedChain, trusted: int, height: int) -> UpdateClient:
    """One step of a client, whether its rules allow it or not."""
    return UpdateClient(side.client_id, trusted, encode(other.light.update(trusted, height)))


def updates(side: Side, other: SimulatedChain, height: int) -> list[Operation]:
    """What brings the client of ``side`` the header at ``height``: nothing, one step, or as many as its rules need."""
    heights = kept_heights(side)
    if height in heights or not heights:
        return []
    above = [kept for kept in heights if kept > height]
    if above:
        header, path = other.light.past(height, above[0])
        return [AddPastHeader(side.client_id, above[0], header, path)]
    steps: list[Operation] = []
    trusted = heights[-1]
    while trusted < height:
        target = _reachable(other, trusted, height)
        steps.append(update_of(side, other, trusted, target))
        trusted = target
    return steps


def _reachable(other: SimulatedChain, trusted: int, height: int) -> int:
    """The highest of a few heights up to ``height`` that the client's rules reach from ``trusted`` in one step."""
    options = ClientOptions(other.chain_id, other.genesis_hash, _YEARS_MS)
    state = consensus_state_of(other.light.beginning(trusted)[0])
    while height > trusted + 1:
        update: Untrusted = other.light.update(trusted, height)
        try:
            verify(state, update, options, other.time_ms)
        except LightClientError:
            height = (trusted + height + 1) // 2
        else:
            break
    return height


def deliveries(sender: Side, receiver: Side, limit: int = BATCH) -> list[Operation]:
    """For the receiver: packets that it has not received and that its time still allows."""
    height = sender.chain.height
    due = [
        record
        for record in under_way(sender)
        if record.sent_height < height
        and receiver.chain.time_ms < record.timeout_s * 1_000
        and receiver.chain.state.get(receipt_key(receiver.client_id, record.sequence)) is None
    ]
    packets: list[Operation] = [
        delivery(sender, record, height) for record in due[:limit]
    ]
    return [*updates(receiver, sender.chain, height), *packets] if packets else []


def delivery(sender: Side, record: PacketRecord, height: int) -> ReceivePacket:
    """One packet with the proof that the header at ``height`` allows."""
    proof = sender.chain.prove(height, commitment_key(record.client_id, record.sequence))
    return ReceivePacket(record.packet(), height, proof)


def answers(sender: Side, receiver: Side, limit: int = BATCH) -> list[Operation]:
    """For the sender: what the receiver answered."""
    height = receiver.chain.height
    settled: list[Operation] = []
    for record in under_way(sender):
        answer = read_acknowledgement(receiver.chain.state, receiver.client_id, record.sequence)
        if answer is not None and answer.height < height and len(settled) < limit:
            proof = receiver.chain.prove(height, acknowledgement_key(receiver.client_id, record.sequence))
            settled.append(
                AcknowledgePacket(sender.client_id, record.sequence, answer.acknowledgement, height, proof)
            )
    return [*updates(sender, receiver.chain, height), *settled] if settled else []


def time_outs(sender: Side, receiver: Side, limit: int = BATCH) -> list[Operation]:
    """For the sender: packets that the receiver can no longer receive."""
    height = receiver.chain.height
    due = [
        record
        for record in under_way(sender)
        if receiver.chain.time_ms >= record.timeout_s * 1_000
        and receiver.chain.state.get(receipt_key(receiver.client_id, record.sequence)) is None
    ]
    settled: list[Operation] = [time_out(sender, receiver, record.sequence, height) for record in due[:limit]]
    return [*updates(sender, receiver.chain, height), *settled] if settled else []


def time_out(sender: Side, receiver: Side, sequence: int, height: int) -> TimeOutPacket:
    """What the receiver's header at ``height`` shows about the receipt, whatever that is."""
    proof = receiver.chain.prove(height, receipt_key(receiver.client_id, sequence))
    return TimeOutPacket(sender.client_id, sequence, height, proof)


def due(sender: Side, receiver: Side) -> Iterator[tuple[SimulatedChain, SimulatedChain, Side, Sequence[Operation]]]:
    """Everything that is due in one direction: where it goes, what it speaks of, the client there, the operations."""
    for side, other, operations in (
        (receiver, sender, deliveries(sender, receiver)),
        (sender, receiver, answers(sender, receiver)),
        (sender, receiver, time_outs(sender, receiver)),
    ):
        if operations:
            yield side.chain, other.chain, side, operations
