"""A packet of this chain is settled: its answer came back, or it was not received in time.

The commitment goes before the port runs, so nothing that the port does can settle the packet a second time.
"""

from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay import calling
from contracts.relay.operations import AcknowledgePacket, TimeOutPacket
from contracts.relay.outcome import PacketAcknowledged, PacketTimedOut
from contracts.relay.packet import ERROR_ACKNOWLEDGEMENT, acknowledgement_commitment
from contracts.relay.path import acknowledgement_path, commitment_key, receipt_path
from contracts.relay.port import Departure
from contracts.relay.proof import prove_absent, prove_present
from contracts.relay.record import ClientRecord, PacketRecord, count_open, packet_key, read_packet, read_traffic
from contracts.relay.refusal import PROOF_CODES
from contracts.relay.standing import connected_client
from contracts.relay.updating import STANDING


def acknowledge(operation: AcknowledgePacket, context: Context, state: State) -> None:
    """Check that the other chain gave this answer, and hand it to the port that sent the packet.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-frozen``, ``relay-client-expired``,
            ``relay-counterparty-unknown``, ``relay-packet-unknown``, or one of ``PROOF_CODES``.
    """
    client, record = _under_way(operation, context, state)
    answer = operation.acknowledgement
    path, commitment = (
        acknowledgement_path(record.destination_client, record.sequence),
        acknowledgement_commitment((answer,)),
    )
    prove_present(client, path, commitment, operation.proof_height, operation.proof, context, state)
    departure = _settled(client, record, state)
    code = calling.acknowledge(departure, answer, context, state)
    success = answer != ERROR_ACKNOWLEDGEMENT
    context.emit(PacketAcknowledged(client.client_id, record.sequence, record.source_port, success, code))


def time_out(operation: TimeOutPacket, context: Context, state: State) -> None:
    """Check that the packet was not received and never will be, and tell the port that sent it.

    The other chain receives in blocks before the time-out only. Under a header at or after it, no block that follows
    receives; every block before is in the state that the header commits to. So what is absent there stays absent.

    Raises:
        OperationFailed: as ``acknowledge``, or ``relay-timeout-early``.
    """
    client, record = _under_way(operation, context, state)
    path = receipt_path(record.destination_client, record.sequence)
    kept = prove_absent(client, path, operation.proof_height, operation.proof, context, state)
    if kept.time_ms < record.timeout_s * 1_000:
        raise OperationFailed(
            "relay-timeout-early",
            f"packet {record.sequence} may arrive until {record.timeout_s}, the proof is of before",
        )
    code = calling.time_out(_settled(client, record, state), context, state)
    context.emit(PacketTimedOut(client.client_id, record.sequence, record.source_port, code))


def _under_way(
    operation: AcknowledgePacket | TimeOutPacket, context: Context, state: State
) -> tuple[ClientRecord, PacketRecord]:
    client = connected_client(operation.client_id, context, state)
    record = read_packet(state, operation.client_id, operation.sequence)
    if record is None:
        raise OperationFailed(
            "relay-packet-unknown", f"no packet {operation.sequence} through {operation.client_id} is under way"
        )
    return client, record


def _settled(client: ClientRecord, record: PacketRecord, state: State) -> Departure:
    client_id, sequence = client.client_id, record.sequence
    state.delete(commitment_key(client_id, sequence))
    state.delete(packet_key(client_id, sequence))
    count_open(client_id, record.sender, -1, read_traffic(state, client_id), state)
    packet = record.packet()
    return Departure(packet, packet.payload, client_id, client.chain_id, record.sender)


_SETTLING: Final = (*STANDING, "relay-counterparty-unknown", "relay-packet-unknown", *PROOF_CODES)

OPERATIONS: Final = (
    OperationSpec(AcknowledgePacket, acknowledge, EVERYONE, _SETTLING, work=16),
    OperationSpec(TimeOutPacket, time_out, EVERYONE, (*_SETTLING, "relay-timeout-early"), work=16),
)
