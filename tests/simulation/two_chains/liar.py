"""What a lying relayer carries. Each lie is made from the truth, so that it is refused for the one thing that is wrong.

A lie may be true by chance (another height at which the same was so); whether harm was done is for the checker.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import Untrusted, decode_untrusted
from chainnode.proofs.sparse import StateProof, leaf_hash
from contracts.kernel.operation import Operation
from contracts.relay.operations import (
    AcknowledgePacket,
    AddPastHeader,
    ReceivePacket,
    SubmitMisbehaviour,
    TimeOutPacket,
    UpdateClient,
)
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, Packet, acknowledgement_commitment, packet_commitment
from contracts.relay.path import acknowledgement_key, commitment_key, receipt_key
from contracts.relay.record import read_acknowledgement
from tests.simulation.two_chains import probe
from tests.simulation.two_chains.forgery import Case, by_departed, forged
from tests.simulation.two_chains.founding import Side, shadow
from tests.simulation.two_chains.relayer import delivery, kept_heights, time_out, under_way, update_of, updates

Operations = Sequence[Operation]
replace: Final[Callable[..., Any]] = msgspec.structs.replace


Lie = Callable[[Case], tuple[Side, Operations] | None]


def _deliver(case: Case, packet: Packet | None = None) -> tuple[Packet, int, list[Operation]] | None:
    """The honest delivery of a packet that is under way, to be bent."""
    records = under_way(case.sender)
    height = case.sender.chain.height
    fit = [record for record in records if record.sent_height < height]
    if not fit:
        return None
    record = case.random.choice(fit)
    honest = [*updates(case.receiver, case.sender.chain, height), delivery(case.sender, record, height)]
    return record.packet(), height, honest


def flipped_bit(case: Case) -> tuple[Side, Operations] | None:
    """One bit of an update, a proof or a value."""
    found = _deliver(case)
    if found is None:
        return None
    _, _, operations = found
    index = case.random.randrange(len(operations))
    operation = operations[index]
    if isinstance(operation, UpdateClient):
        changed: Operation = replace(operation, update=_flip(case, operation.update))
    elif isinstance(operation, ReceivePacket) and case.random.random() < 0.5:
        changed = replace(operation, proof=_flip(case, operation.proof))
    elif isinstance(operation, ReceivePacket):
        payload = operation.packet.payload
        value = replace(payload, value=_flip(case, payload.value))
        changed = replace(operation, packet=replace(operation.packet, payloads=(value,)))
    else:
        return None
    return case.receiver, [*operations[:index], changed, *operations[index + 1 :]]


def _flip(case: Case, data: bytes) -> bytes:
    bit = case.random.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _invented(case: Case) -> Packet:
    link = case.sender.client_id, case.receiver.client_id
    payload = probe.payload_of(b"invented %d" % case.random.randrange(10**6))
    timeout_s = case.receiver.chain.time_ms // 1_000 + 60
    return Packet(case.random.randint(1, 60), timeout_s, *link, (payload,))


def forged_header(case: Case) -> tuple[Side, Operations] | None:
    """A state that holds a packet which nobody sent, in a header that nobody decided."""
    packet = _invented(case)
    root = _only(commitment_key(packet.source_client, packet.sequence), packet_commitment(packet))
    height, update = forged(case, root, own_set=case.random.random() < 0.5)
    return case.receiver, [update, ReceivePacket(packet, height, encode(StateProof(())))]


def departed_members(case: Case) -> tuple[Side, Operations] | None:
    """The same, in a header signed by members who have left since, shown to a header that still names them."""
    packet = _invented(case)
    found = by_departed(case, _only(commitment_key(packet.source_client, packet.sequence), packet_commitment(packet)))
    if found is None:
        return None
    height, update = found
    return case.receiver, [update, ReceivePacket(packet, height, encode(StateProof(())))]


def _only(key: bytes, value: bytes) -> bytes:
    """Root of a state that holds nothing else; the proof of it has no siblings."""
    return leaf_hash(sha256(key).digest(), sha256(value).digest())


def other_genesis(case: Case) -> tuple[Side, Operations] | None:
    """A header of a chain of the same name by the same founders, which began at another moment."""
    other = shadow(case.sender.chain.chain_id)
    heights = [height for height in kept_heights(case.receiver) if height < other.height]
    if not heights:
        return None
    trusted = heights[-1]
    update = update_of(case.receiver, other, trusted, case.random.randint(trusted + 1, other.height))
    return case.receiver, [update]


def odd_update(case: Case) -> tuple[Side, Operations] | None:
    """A true header from any that the client keeps, near or far: what it learns must be so, and it must not freeze."""
    chain = case.sender.chain
    trusted = case.random.choice(kept_heights(case.receiver))
    if trusted >= chain.height:
        return None
    return case.receiver, [update_of(case.receiver, chain, trusted, case.random.randint(trusted + 1, chain.height))]


def false_past(case: Case) -> tuple[Side, Operations] | None:
    """An older header with another block's path, an altered one, or one of the other chain of that name."""
    chain = case.sender.chain
    trusted = case.random.choice(kept_heights(case.receiver))
    if trusted < 2:
        return None
    height = case.random.randint(1, trusted - 1)
    header, path = chain.light.past(height, trusted)
    neighbour = chain.light.past(case.random.randint(1, trusted - 1), trusted)[0]
    namesake = shadow(chain.chain_id).light.beginning(min(height, 30))[0]
    shown = case.random.choice([neighbour, namesake, _flip(case, header), header])
    return case.receiver, [AddPastHeader(case.receiver.client_id, trusted, shown, path)]


def wrong_key(case: Case) -> tuple[Side, Operations] | None:
    """A proof of something else under the same header: another packet, another kind of path, another client."""
    found = _deliver(case)
    if found is None:
        return None
    packet, height, operations = found
    sequence = packet.sequence + case.random.randint(0, 2)
    path = case.random.choice([commitment_key, receipt_key, acknowledgement_key])
    client = case.random.choice([packet.source_client, packet.destination_client])
    proof = case.sender.chain.prove(height, path(client, sequence))
    return case.receiver, [*operations[:-1], ReceivePacket(packet, height, proof)]


def wrong_height(case: Case) -> tuple[Side, Operations] | None:
    """A proof under another header than the one it is of."""
    found = _deliver(case)
    if found is None:
        return None
    packet, height, operations = found
    proof = case.sender.chain.prove(height, commitment_key(packet.source_client, packet.sequence))
    return case.receiver, [*operations[:-1], ReceivePacket(packet, case.header_height(case.receiver), proof)]


def altered_packet(case: Case) -> tuple[Side, Operations] | None:
    """The packet as it should have been in the liar's eyes."""
    found = _deliver(case)
    if found is None:
        return None
    packet, height, operations = found
    proof = case.sender.chain.prove(height, commitment_key(packet.source_client, packet.sequence))
    other = [link for link in case.links if case.sender not in (link.first, link.second)]
    clients = [side.client_id for link in other for side in (link.first, link.second)]
    fields: dict[str, Any] = case.random.choice(
        [
            {"timeout_s": packet.timeout_s + 60},
            {"sequence": packet.sequence + 1},
            {"sequence": packet.sequence + 1_000},
            {"payloads": (replace(packet.payload, value=b"another value"),)},
            {"payloads": (replace(packet.payload, destination_port="evidence"),)},
            {"payloads": (replace(packet.payload, version="probe-2"),)},
            *({"destination_client": client} for client in clients),
            *({"source_client": client} for client in clients),
        ]
    )
    return case.receiver, [*operations[:-1], ReceivePacket(replace(packet, **fields), height, proof)]


def altered_answer(case: Case) -> tuple[Side, Operations] | None:
    """An answer that was not given, or to another packet, or to one that was never received."""
    chain, height = case.receiver.chain, case.receiver.chain.height
    packet = case.packet()
    if packet is None:
        return None
    given = read_acknowledgement(chain.state, case.receiver.client_id, packet.sequence)
    success = given is not None and given.acknowledgement != ERROR_ACKNOWLEDGEMENT
    answer = ERROR_ACKNOWLEDGEMENT if success else probe.answer_to(packet.payload.value)
    sequence = packet.sequence + case.random.choice([0, 0, 1])
    proof = chain.prove(height, acknowledgement_key(case.receiver.client_id, packet.sequence))
    lie = AcknowledgePacket(case.sender.client_id, sequence, answer, height, proof)
    return case.sender, [*updates(case.sender, chain, height), lie]


def forged_answer(case: Case) -> tuple[Side, Operations] | None:
    """An answer under a header that nobody decided."""
    packet = case.packet()
    if packet is None:
        return None
    answer = probe.answer_to(packet.payload.value)
    backwards = Case(case.random, case.links, case.receiver, case.sender, case.carried)
    key = acknowledgement_key(case.receiver.client_id, packet.sequence)
    root = _only(key, acknowledgement_commitment((answer,)))
    height, update = forged(backwards, root, own_set=case.random.random() < 0.5)
    proof = encode(StateProof(()))
    return case.sender, [update, AcknowledgePacket(case.sender.client_id, packet.sequence, answer, height, proof)]


def early_time_out(case: Case) -> tuple[Side, Operations] | None:
    """The receipt's absence at a height that is too early, also of a packet that was received since."""
    packet = case.packet()
    if packet is None:
        return None
    height = case.header_height(case.sender)
    return case.sender, [time_out(case.sender, case.receiver, packet.sequence, height)]


def newest_time_out(case: Case) -> tuple[Side, Operations] | None:
    """... or at the newest height, whose time may be just below, at or above the packet's."""
    packet = case.packet()
    if packet is None:
        return None
    height = case.receiver.chain.height
    steps = updates(case.sender, case.receiver.chain, height)
    return case.sender, [*steps, time_out(case.sender, case.receiver, packet.sequence, height)]


def old_time_out(case: Case) -> tuple[Side, Operations] | None:
    """The absence of old, under the newest header."""
    packet = case.packet()
    if packet is None:
        return None
    chain = case.receiver.chain
    old = case.random.randint(max(1, chain.height - 25), chain.height)
    proof = chain.prove(old, receipt_key(case.receiver.client_id, packet.sequence))
    lie = TimeOutPacket(case.sender.client_id, packet.sequence, chain.height, proof)
    return case.sender, [*updates(case.sender, chain, chain.height), lie]


def late_delivery(case: Case) -> tuple[Side, Operations] | None:
    """Any packet that ever was carried, however old, with the proof it had."""
    sent = [
        operation
        for chain, operations in case.carried
        for operation in operations
        if chain is case.receiver.chain and isinstance(operation, ReceivePacket)
        and operation.proof_height in kept_heights(case.receiver)
    ]
    return (case.receiver, [case.random.choice(sent)]) if sent else None


def replayed(case: Case) -> tuple[Side, Operations] | None:
    """What was carried before, once more."""
    before = [operations for chain, operations in case.carried if chain is case.receiver.chain]
    return (case.receiver, case.random.choice(before)) if before else None


def swapped_client(case: Case) -> tuple[Side, Operations] | None:
    """What is due, shown to the other client of the same chain."""
    found = _deliver(case)
    other = [side for link in case.links for side in (link.first, link.second)
             if side.chain is case.receiver.chain and side.client_id != case.receiver.client_id]
    if found is None or not other:
        return None
    packet, height, _ = found
    steps = updates(other[0], case.sender.chain, height)
    proof = case.sender.chain.prove(height, commitment_key(packet.source_client, packet.sequence))
    moved = replace(packet, destination_client=other[0].client_id)
    return case.receiver, [*steps, ReceivePacket(moved, height, proof)]


def false_misbehaviour(case: Case) -> tuple[Side, Operations] | None:
    """Two headers of one chain, or one of them forged, as if they contradicted each other."""
    chain = case.sender.chain
    trusted = max(height for height in kept_heights(case.receiver) if height <= chain.height)
    departed = by_departed(case, bytes(32)) if case.random.random() < 0.5 else None
    height, lie = departed or forged(case, bytes(32), own_set=case.random.random() < 0.5)
    honest = _bare(chain.light.update(height - 1, height))
    lies = [honest, _bare(decode_untrusted(lie.update)), _bare(chain.light.update(height - 2, height - 1))]
    first, second = encode(honest), encode(case.random.choice(lies))
    trusted = lie.trusted_height if departed else trusted
    return case.receiver, [SubmitMisbehaviour(case.receiver.client_id, trusted, "headers", first, second)]


def _bare(update: Untrusted) -> Untrusted:
    found: Untrusted = replace(update, ancestry=())
    return found


LIES: Final[dict[str, Lie]] = {
    lie.__name__: lie
    for lie in (
        flipped_bit, forged_header, departed_members, other_genesis, odd_update, false_past, wrong_key, wrong_height,
        altered_packet, altered_answer, forged_answer, early_time_out, newest_time_out, old_time_out, late_delivery,
        replayed, swapped_client, false_misbehaviour,
    )
}
