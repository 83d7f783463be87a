"""Whether an accreditation of another chain counts here, and its end shown by that chain's state.

It counts while the client may be relied on: a chain that contradicted itself vouches for nobody, and one that nobody
has shown anything of for a trusting period may have ended it long ago.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.membership import verify_membership
from chainnode.state.view import State
from contracts.identity.accreditation import AccreditationRecord, Kind, accreditation_key
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay.consensus_state import kept_state
from contracts.relay.ports.accreditation import Origin, write_recognition
from contracts.relay.ports.message import AccreditationMessage, check_names_of, read_message
from contracts.relay.ports.operations import ProveAccreditation
from contracts.relay.ports.record import BY_PROOF, read_recognised
from contracts.relay.record import read_client
from contracts.relay.refusal import PROOF_CODES, refusal_of
from contracts.relay.standing import active_client, has_expired

_decode_message = msgspec.msgpack.Decoder(AccreditationMessage).decode
_decode_record = msgspec.msgpack.Decoder(AccreditationRecord).decode


def recognised(
    state: State, client_id: str, did: str, kind: Kind, context: Context, credential_type: str = ""
) -> bool:
    """Whether ``did`` of the chain behind ``client_id`` counts as accredited here and now."""
    client = read_client(state, client_id)
    if client is None or client.status != "ACTIVE" or has_expired(client, context):
        return False
    record = read_recognised(state, client_id, did, kind, credential_type)
    return record is not None and record.holds_at(context.time_ms)


def prove(operation: ProveAccreditation, context: Context, state: State) -> None:
    """Check that the other chain's state holds the record, and take it over.

    Raises:
        OperationFailed: one of the codes beside ``ProveAccreditation`` in ``OPERATIONS``.
    """
    client = active_client(operation.client_id, context, state)
    if client.kind != "chainnode":
        raise OperationFailed("relay-client-kind", f"{client.client_id} is of kind {client.kind}")
    did, kind, scope = operation.did, operation.kind, operation.credential_type
    if not did or read_recognised(state, client.client_id, did, kind, scope) is None:
        raise OperationFailed("relay-recognition-unknown", f"no accreditation of {did or 'nobody'} as {kind} is known")
    kept = kept_state(client, operation.proof_height, state)
    try:
        verify_membership(kept, accreditation_key(did, kind, scope), operation.value, operation.proof)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    record: AccreditationRecord = read_message(_decode_record, operation.value)
    message = AccreditationMessage(
        height=kept.height - 1,
        did=did,
        kind=kind,
        credential_type=scope,
        jurisdiction=record.jurisdiction,
        valid_from_ms=record.valid_from_ms,
        valid_until_ms=record.valid_until_ms,
        ended_ms=record.ended_ms,
        accredited_by=record.accredited_by,
        reason=record.reason,
    )
    read_message(_decode_message, encode(message))
    check_names_of(client.chain_id, message.accredited_by)
    origin = Origin(client.client_id, client.chain_id, BY_PROOF, kept.height)
    write_recognition(message, origin, context, state)


OPERATIONS: Final = (
    OperationSpec(
        ProveAccreditation,
        prove,
        EVERYONE,
        (
            "relay-client-unknown",
            "relay-client-frozen",
            "relay-client-expired",
            "relay-client-kind",
            "relay-recognition-unknown",
            "relay-value-malformed",
            "relay-name-foreign",
            "relay-message-overtaken",
            *PROOF_CODES,
        ),
        work=4,
    ),
)
