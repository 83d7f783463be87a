"""A packet of another chain arrives: once, in time, proved, and answered.

In time means in a block whose time is before the time-out. The sender's time-out proof needs a header of this chain
at or after the time-out, and shows the state before that block: no later block can receive, every earlier one is in
that state. So of the two exactly one is possible, at the exact second too.
"""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay import calling
from contracts.relay.operations import ReceivePacket
from contracts.relay.outcome import PacketReceived
from contracts.relay.packet import RECEIPT, acknowledgement_commitment, packet_commitment
from contracts.relay.path import acknowledgement_key, commitment_path, receipt_key
from contracts.relay.port import Arrival
from contracts.relay.proof import prove_present
from contracts.relay.record import AcknowledgementRecord, acknowledgement_record_key
from contracts.relay.refusal import PROOF_CODES
from contracts.relay.standing import connected_client
from contracts.relay.updating import STANDING


def receive(operation: ReceivePacket, context: Context, state: State) -> None:
    """Check the packet, mark it received, hand it to its port, keep the answer.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-frozen``, ``relay-client-expired``,
            ``relay-counterparty-unknown``, ``relay-packet-route``, ``relay-packet-received``, ``relay-packet-late``, or
            one of ``PROOF_CODES``.
    """
    packet = operation.packet
    client = connected_client(packet.destination_client, context, state)
    client_id, sequence = client.client_id, packet.sequence
    if packet.source_client != client.counterparty_client:
        raise OperationFailed(
            "relay-packet-route", f"{client_id} receives from {client.counterparty_client}, not {packet.source_client}"
        )
    receipt = receipt_key(client_id, sequence)
    if state.get(receipt) is not None:
        raise OperationFailed("relay-packet-received", f"packet {sequence} was received through {client_id}")
    if context.time_ms >= packet.timeout_s * 1_000:
        raise OperationFailed("relay-packet-late", f"packet {sequence} of {client_id} timed out at {packet.timeout_s}")
    path, commitment = commitment_path(packet.source_client, sequence), packet_commitment(packet)
    kept = prove_present(client, path, commitment, operation.proof_height, operation.proof, context, state)
    # Before the port runs: whatever it does, the packet is received.
    state.put(receipt, RECEIPT)
    arrival = Arrival(packet, packet.payload, client_id, client.chain_id, kept.height, kept.time_ms)
    answer, code = calling.receive(arrival, context, state)
    state.put(acknowledgement_key(client_id, sequence), acknowledgement_commitment((answer,)))
    record = AcknowledgementRecord(
        client_id, sequence, packet.source_client, answer, code, context.height, context.time_ms
    )
    state.put(acknowledgement_record_key(client_id, sequence), encode(record))
    port = packet.payload.destination_port
    context.emit(PacketReceived(client_id, sequence, packet.source_client, port, answer, code))


OPERATIONS: Final = (
    OperationSpec(
        ReceivePacket,
        receive,
        EVERYONE,
        (
            *STANDING,
            "relay-counterparty-unknown",
            "relay-packet-route",
            "relay-packet-received",
            "relay-packet-late",
            *PROOF_CODES,
        ),
        work=16,
    ),
)
