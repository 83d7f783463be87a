"""A packet leaves: what applications call.

Whoever sends pays: a packet stays in the state until it is acknowledged or timed out, and counts against the sender's
own quota and the client's. What callers must ask themselves is who may send at all.
"""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.relay.outcome import PacketSent
from contracts.relay.packet import PAYLOAD_BYTES_MAX, Packet, Payload, packet_commitment
from contracts.relay.path import commitment_key
from contracts.relay.port import Port
from contracts.relay.record import (
    OPEN_MAX,
    OPEN_PER_SENDER_MAX,
    PacketRecord,
    Traffic,
    count_open,
    packet_key,
    read_quota,
    read_traffic,
)
from contracts.relay.standing import connected_client

TIMEOUT_AHEAD_S_MAX: Final = 7 * 86_400
"""A packet that nobody delivers keeps its place no longer than this and the time to prove that it was not received."""
PER_TRANSACTION_MAX: Final = 128
"""Packets that one transaction sends; each is an event of up to 5 KiB, and a receipt holds 1 MiB."""
PER_PROPOSAL_MAX: Final = 16
"""... that one proposal does: a block's receipt holds the events of several."""
SENDING_CODES: Final = (
    "relay-client-unknown",
    "relay-client-frozen",
    "relay-client-expired",
    "relay-counterparty-unknown",
    "relay-payload-size",
    "relay-timeout-passed",
    "relay-timeout-far",
    "relay-packets-many",
    "relay-client-full",
    "relay-sender-full",
)
"""What ``send`` can refuse: for the ``codes`` of operations that call it."""


def send(
    client_id: str,
    port: Port,
    value: bytes,
    timeout_s: int,
    context: Context,
    state: State,
    *,
    payer: str = "",
) -> Packet:
    """Send ``value`` to the port of the same name on the chain that ``client_id`` follows.

    The packet counts as one of ``payer``, or of the sender of the transaction where none is named: an answer that a
    port sends while a relayer's transaction runs is somebody else's. The event ``relay.packet_sent`` tells the whole
    packet.

    Raises:
        OperationFailed: one of ``SENDING_CODES``; nothing was written then.
    """
    client = connected_client(client_id, context, state)
    if not 0 < len(value) <= PAYLOAD_BYTES_MAX:
        raise OperationFailed("relay-payload-size", f"a payload has 1 to {PAYLOAD_BYTES_MAX} bytes, not {len(value)}")
    _check_timeout(timeout_s, client.latest_ms, context)
    _check_number(context)
    sender = payer or context.sender
    traffic = read_traffic(state, client_id)
    if traffic.under_way >= OPEN_MAX:
        raise OperationFailed("relay-client-full", f"{traffic.under_way} packets through {client_id} are under way")
    if read_quota(state, client_id, sender) >= OPEN_PER_SENDER_MAX:
        raise OperationFailed("relay-sender-full", f"{OPEN_PER_SENDER_MAX} packets of {sender} are under way")
    sequence = traffic.sent + 1
    payload = Payload(port.name, port.name, port.version, port.encoding, value)
    packet = Packet(sequence, timeout_s, client_id, client.counterparty_client, (payload,))
    record = PacketRecord(
        client_id=client_id,
        sequence=sequence,
        destination_client=packet.destination_client,
        timeout_s=timeout_s,
        source_port=payload.source_port,
        destination_port=payload.destination_port,
        version=payload.version,
        encoding=payload.encoding,
        value=value,
        sender=sender,
        sent_height=context.height,
        sent_ms=context.time_ms,
    )
    state.put(packet_key(client_id, sequence), encode(record))
    state.put(commitment_key(client_id, sequence), packet_commitment(packet))
    count_open(client_id, sender, 1, Traffic(sequence, traffic.under_way), state)
    context.emit(_sent(packet, sender))
    return packet


def _check_timeout(timeout_s: int, counterparty_ms: int, context: Context) -> None:
    """A packet whose time is over on either chain cannot arrive; one that lives too long holds its place too long."""
    reached_s = max(context.time_ms, counterparty_ms) // 1_000
    if timeout_s <= reached_s:
        raise OperationFailed("relay-timeout-passed", f"time-out {timeout_s} is not after {reached_s}")
    last_s = context.time_ms // 1_000 + TIMEOUT_AHEAD_S_MAX
    if timeout_s > last_s:
        raise OperationFailed("relay-timeout-far", f"time-out {timeout_s} is after {last_s}")


def _check_number(context: Context) -> None:
    most = PER_TRANSACTION_MAX if context.proposal is None else PER_PROPOSAL_MAX
    if sum(event.name == PacketSent.NAME for event in context.events) >= most:
        raise OperationFailed("relay-packets-many", f"{most} packets were sent by this transaction or proposal")


def _sent(packet: Packet, sender: str) -> PacketSent:
    payload = packet.payload
    return PacketSent(
        client_id=packet.source_client,
        sequence=packet.sequence,
        destination_client=packet.destination_client,
        timeout_s=packet.timeout_s,
        source_port=payload.source_port,
        destination_port=payload.destination_port,
        version=payload.version,
        encoding=payload.encoding,
        value=payload.value,
        sender=sender,
    )
