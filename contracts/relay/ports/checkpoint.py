"""Port evidence: two chains keep each other's headers, so neither can rewrite its past alone.

A contract does not know its own block's hash, and its word for it would prove nothing. So the packet only asks: the
receiver keeps the header under which the packet was proved, which its client verified, and which commits to every
block before it. Its answer says which one that was; the sender writes that down, with the newest header of the
receiver that its own client verified by then. A sub-chain anchors itself on a main chain in the same way.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import Rule
from contracts.relay.consensus_state import read_consensus
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports.message import CheckpointMessage, Countersignature, check_height, read_message
from contracts.relay.ports.operations import SendCheckpoint
from contracts.relay.ports.outcome import AnchorRecorded, CheckpointSent, CheckpointSettled
from contracts.relay.ports.record_evidence import (
    CHECKPOINT,
    AnchorRecord,
    CheckpointRecord,
    anchor_key,
    read_anchor,
    read_checkpoint,
    write_checkpoint,
)
from contracts.relay.record import ClientRecord
from contracts.relay.sending import SENDING_CODES, send
from contracts.relay.standing import existing_client

_decode_message = msgspec.msgpack.Decoder(CheckpointMessage).decode
_decode_answer = msgspec.msgpack.Decoder(Countersignature).decode
KEEPERS: Final = Rule("ANY", ("auditor", "governor", "notary", "operator", "regulator"))
"""Who asks for headers to be kept: each costs both chains a record for ever."""


def send_checkpoint(operation: SendCheckpoint, context: Context, state: State) -> None:
    """Ask the other chain to keep a header of this one.

    Raises:
        OperationFailed: ``relay-client-kind``, or one of ``SENDING_CODES``.
    """
    client = _header_client(operation.client_id, state)
    value = encode(CheckpointMessage(context.height, context.time_ms))
    packet = send(client.client_id, PORT, value, operation.timeout_s, context, state)
    write_checkpoint(
        state,
        CheckpointRecord(
            client_id=client.client_id,
            sequence=packet.sequence,
            chain_id=client.chain_id,
            status=CHECKPOINT.step(None, "send"),
            sent_by=context.sender,
            sent_height=context.height,
            sent_ms=context.time_ms,
        ),
    )
    context.emit(CheckpointSent(client.client_id, packet.sequence, context.sender))


def _header_client(client_id: str, state: State) -> ClientRecord:
    client = existing_client(client_id, state)
    if client.kind != "chainnode":
        raise OperationFailed("relay-client-kind", f"{client_id} is of kind {client.kind}: no header stands behind it")
    return client


def receive(arrival: Arrival, context: Context, state: State) -> bytes:
    """Keep the header under which the packet was proved.

    Raises:
        OperationFailed: ``relay-value-malformed``, ``relay-message-height``, ``relay-client-kind`` or
            ``relay-anchor-differs``.
    """
    message: CheckpointMessage = read_message(_decode_message, arrival.payload.value)
    check_height(message.height, arrival)
    client = _header_client(arrival.client_id, state)
    kept = read_consensus(state, client.client_id, arrival.proof_height)
    if kept is None or message.time_ms > kept.time_ms:
        raise OperationFailed("relay-message-height", f"written at {message.time_ms} ms, after the header's time")
    anchor = read_anchor(state, client.client_id, kept.height)
    if anchor is None:
        anchor = AnchorRecord(
            client_id=client.client_id,
            height=kept.height,
            chain_id=client.chain_id,
            time_ms=kept.time_ms,
            block_hash=kept.block_hash,
            state_root=kept.state_root,
            history_root=kept.history_root,
            sequence=arrival.packet.sequence,
            recorded_height=context.height,
            recorded_ms=context.time_ms,
        )
        state.put(anchor_key(client.client_id, kept.height), encode(anchor))
        context.emit(
            AnchorRecorded(client.client_id, kept.height, client.chain_id, kept.block_hash, kept.history_root)
        )
    elif anchor.block_hash != kept.block_hash:
        raise OperationFailed("relay-anchor-differs", f"header {kept.height} of {client.chain_id} was another one")
    return encode(
        Countersignature(
            anchor.height, anchor.block_hash, anchor.history_root, anchor.recorded_height, anchor.recorded_ms
        )
    )


def acknowledge(departure: Departure, answer: bytes | None, context: Context, state: State) -> None:
    """Write down what the other chain keeps, and the newest header of it that was verified here.

    Raises:
        OperationFailed: ``relay-answer-malformed``.
    """
    record = _open_checkpoint(departure, state)
    if answer is None:
        _settle(record, "refuse", context, state)
        return
    try:
        told: Countersignature = read_message(_decode_answer, answer)
    except OperationFailed as refusal:
        raise OperationFailed("relay-answer-malformed", "the answer is no countersignature") from refusal
    client = existing_client(departure.client_id, state)
    theirs = read_consensus(state, client.client_id, client.latest_height)
    if theirs is None or told.height <= record.sent_height or told.recorded_height >= theirs.height:
        raise OperationFailed(
            "relay-answer-malformed", f"header {told.height} would be kept since block {told.recorded_height}"
        )
    signed = msgspec.structs.replace(
        record,
        height=told.height,
        block_hash=told.block_hash,
        history_root=told.history_root,
        recorded_height=told.recorded_height,
        recorded_ms=told.recorded_ms,
        their_height=theirs.height,
        their_block_hash=theirs.block_hash,
        their_history_root=theirs.history_root,
    )
    _settle(signed, "countersign", context, state)


def time_out(departure: Departure, context: Context, state: State) -> None:
    """Write down that the other chain was not reached."""
    _settle(_open_checkpoint(departure, state), "lapse", context, state)


def _open_checkpoint(departure: Departure, state: State) -> CheckpointRecord:
    record = read_checkpoint(state, departure.client_id, departure.packet.sequence)
    if record is None:
        raise OperationFailed("relay-checkpoint-status", f"packet {departure.packet.sequence} carried no checkpoint")
    return record


def _settle(record: CheckpointRecord, action: str, context: Context, state: State) -> None:
    status = CHECKPOINT.step(record.status, action)
    write_checkpoint(state, msgspec.structs.replace(record, status=status))
    context.emit(CheckpointSettled(record.client_id, record.sequence, status, record.height, record.block_hash))


PORT: Final = Port("evidence", "evidence-1", receive, acknowledge, time_out)

OPERATIONS: Final = (
    OperationSpec(SendCheckpoint, send_checkpoint, KEEPERS, ("relay-client-kind", *SENDING_CODES), work=2),
)
