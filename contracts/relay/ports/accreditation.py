"""Port identity: an accreditation of one chain is recognised on another, as long as it stands on its own.

When it ends, the end is sent to every client it was told to, by the operation that ends it
(``contracts.identity.accrediting`` calls ``announce_end``, so this module imports nothing of identity but the record).
Where that packet cannot be sent, or fails, the accreditation has ended all the same: anybody may announce it again, and
anybody may prove the end by the state (``recognition``).
"""

from typing import Final, NamedTuple

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.state.view import State
from contracts.identity.accreditation import AccreditationRecord, read_accreditation
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay.port import Arrival, Departure
from contracts.relay.ports.message import (
    DONE,
    AccreditationMessage,
    check_height,
    check_names,
    check_newer,
    read_message,
)
from contracts.relay.ports.operations import AnnounceAccreditation
from contracts.relay.ports.outcome import (
    AccreditationAnnounced,
    AccreditationRecognised,
    AudienceSettled,
    RecognitionEnded,
)
from contracts.relay.ports.record import (
    ANNOUNCEMENT,
    AUDIENCE_MAX,
    RECOGNITION,
    Audience,
    RecognisedAccreditation,
    Told,
    read_audience,
    read_recognised,
    recognised_key,
    write_audience,
)
from contracts.relay.ports.telling import telling_port
from contracts.relay.sending import SENDING_CODES, TIMEOUT_AHEAD_S_MAX, send

END_STATE_BYTES: Final = AUDIENCE_MAX * 4_096
"""What the end of an accreditation may write beyond its own size: a packet, its event and the quota for each client."""
_decode = msgspec.msgpack.Decoder(AccreditationMessage).decode


class Origin(NamedTuple):
    """Where something that is said of an accreditation comes from."""

    client_id: str
    chain_id: str
    sequence: int
    """Of the packet, or ``BY_PROOF``."""
    proof_height: int


def announce(operation: AnnounceAccreditation, context: Context, state: State) -> None:
    """Send the accreditation as it stands.

    Raises:
        OperationFailed: one of the codes beside ``AnnounceAccreditation`` in ``OPERATIONS``.
    """
    did, kind, client_id = operation.did, operation.kind, operation.client_id
    record = read_accreditation(state, did, kind, operation.credential_type)
    if record is None:
        raise OperationFailed("accreditation-unknown", f"{did or 'nobody'} was never accredited as {kind}")
    audience = read_audience(state, did, kind, operation.credential_type)
    before = _told_to(audience, client_id)
    if before is None:
        _check_first(record, audience, context)
    elif before.status != "FAILED" and not _is_news(record, before, context):
        raise OperationFailed("relay-announcement-same", f"{client_id} was told this by packet {before.sequence}")
    packet = send(client_id, PORT, encode(_message(record, context)), operation.timeout_s, context, state)
    status = ANNOUNCEMENT.step(None if before is None else before.status, "announce")
    ended = record.status == "ENDED"
    _tell(audience, Told(client_id, status, packet.sequence, ended, context.height), context, state)


def _check_first(record: AccreditationRecord, audience: Audience, context: Context) -> None:
    """What is new elsewhere holds here, and is told by those whom it concerns."""
    until_ms = record.valid_until_ms
    if record.status != "ACTIVE" or 0 < until_ms <= context.time_ms:
        raise OperationFailed("relay-accreditation-over", f"{record.did} is no longer accredited as {record.kind}")
    if context.sender not in (record.accredited_by, record.did):
        raise OperationFailed("relay-announce-not-yours", f"this is for {record.accredited_by} or {record.did}")
    if len(audience.told) >= AUDIENCE_MAX:
        raise OperationFailed("relay-audience-full", f"it was told to {len(audience.told)} clients")


def _is_news(record: AccreditationRecord, before: Told, context: Context) -> bool:
    """Whether the accreditation may have changed since it was told: it was renewed, or ended.

    What was renewed in the block that told it may have been renewed after it was told: a later block tells it again.
    """
    renewed = record.accredited_height > before.told_height
    unclear = record.accredited_height == before.told_height < context.height
    return renewed or unclear or (record.status == "ENDED") != before.ended


def announce_end(record: AccreditationRecord, context: Context, state: State) -> None:
    """Tell every client that was told of ``record`` that it has ended; never refuses.

    A client that cannot be sent to is marked, for anybody to announce it again.
    """
    audience = read_audience(state, record.did, record.kind, record.credential_type)
    value = encode(_message(record, context))
    timeout_s = context.time_ms // 1_000 + TIMEOUT_AHEAD_S_MAX
    for told in audience.told:
        try:
            sequence, action = send(told.client_id, PORT, value, timeout_s, context, state).sequence, "announce"
        except Rejected:  # a frozen or full client must not keep the accreditation alive here
            sequence, action = 0, "fail"
        after = Told(told.client_id, ANNOUNCEMENT.step(told.status, action), sequence, True, context.height)
        audience = _tell(audience, after, context, state)


def _message(record: AccreditationRecord, context: Context) -> AccreditationMessage:
    return AccreditationMessage(
        height=context.height,
        did=record.did,
        kind=record.kind,
        credential_type=record.credential_type,
        jurisdiction=record.jurisdiction,
        valid_from_ms=record.valid_from_ms,
        valid_until_ms=record.valid_until_ms,
        ended_ms=record.ended_ms,
        accredited_by=record.accredited_by,
        reason=record.reason,
    )


def _told_to(audience: Audience, client_id: str) -> Told | None:
    return next((told for told in audience.told if told.client_id == client_id), None)


def _tell(audience: Audience, told: Told, context: Context, state: State) -> Audience:
    """Write what one client is being told."""
    after = _with(audience, told, state)
    context.emit(
        AccreditationAnnounced(
            client_id=told.client_id,
            did=audience.did,
            kind=audience.kind,
            credential_type=audience.credential_type,
            ended=told.ended,
            sequence=told.sequence,
            status=told.status,
        )
    )
    return after


def _with(audience: Audience, told: Told, state: State) -> Audience:
    if _told_to(audience, told.client_id) is None:
        entries = (*audience.told, told)
    else:
        entries = tuple(told if one.client_id == told.client_id else one for one in audience.told)
    after = msgspec.structs.replace(audience, told=entries)
    write_audience(state, after)
    return after


def receive(arrival: Arrival, context: Context, state: State) -> bytes:
    """Write down how an accreditation stands on the sender's chain.

    Raises:
        OperationFailed: ``relay-value-malformed``, ``relay-name-foreign``, ``relay-message-height`` or
            ``relay-message-overtaken``.
    """
    message: AccreditationMessage = read_message(_decode, arrival.payload.value)
    check_height(message.height, arrival)
    check_names(arrival, message.did, message.accredited_by)
    if (message.kind == "issuer") != bool(message.credential_type):
        raise OperationFailed("relay-value-malformed", "an issuer has a credential type, and nobody else")
    origin = Origin(arrival.client_id, arrival.chain_id, arrival.packet.sequence, arrival.proof_height)
    write_recognition(message, origin, context, state)
    return DONE


def write_recognition(message: AccreditationMessage, origin: Origin, context: Context, state: State) -> None:
    """Put what the other chain said in the place of what it said before, if it is newer.

    Raises:
        OperationFailed: ``relay-message-overtaken``.
    """
    client_id, chain_id, sequence, proof_height = origin
    did, kind, scope = message.did, message.kind, message.credential_type
    before = read_recognised(state, client_id, did, kind, scope)
    check_newer(message.height, sequence, None if before is None else (before.origin_height, before.sequence))
    action = "end" if message.ended_ms else "recognise"
    record = RecognisedAccreditation(
        client_id=client_id,
        did=did,
        kind=kind,
        credential_type=scope,
        chain_id=chain_id,
        jurisdiction=message.jurisdiction,
        status=RECOGNITION.step(None if before is None else before.status, action),
        valid_from_ms=message.valid_from_ms,
        valid_until_ms=message.valid_until_ms,
        ended_ms=message.ended_ms,
        accredited_by=message.accredited_by,
        reason=message.reason,
        origin_height=message.height,
        sequence=sequence,
        proof_height=proof_height,
        recognised_height=context.height if before is None else before.recognised_height,
        recognised_ms=context.time_ms if before is None else before.recognised_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(recognised_key(client_id, did, kind, scope), encode(record))
    if action == "end":
        context.emit(
            RecognitionEnded(client_id, did, kind, scope, chain_id, message.ended_ms, message.reason)
        )
    else:
        context.emit(
            AccreditationRecognised(
                client_id, did, kind, scope, chain_id, message.valid_from_ms, message.valid_until_ms
            )
        )


def _settle(departure: Departure, action: str, context: Context, state: State) -> None:
    message: AccreditationMessage = read_message(_decode, departure.payload.value)
    audience = read_audience(state, message.did, message.kind, message.credential_type)
    told = _told_to(audience, departure.client_id)
    if told is None or told.sequence != departure.packet.sequence:
        return  # a newer packet is under way, and its answer counts
    after = msgspec.structs.replace(told, status=ANNOUNCEMENT.step(told.status, action))
    _with(audience, after, state)
    context.emit(
        AudienceSettled(
            departure.client_id, message.did, message.kind, message.credential_type, told.sequence, after.status
        )
    )


PORT: Final = telling_port("identity", "identity-1", receive, _settle)

OPERATIONS: Final = (
    OperationSpec(
        AnnounceAccreditation,
        announce,
        EVERYONE,
        (
            "accreditation-type",
            "accreditation-unknown",
            "relay-accreditation-over",
            "relay-announce-not-yours",
            "relay-audience-full",
            "relay-announcement-same",
            *SENDING_CODES,
        ),
        work=4,
    ),
)
