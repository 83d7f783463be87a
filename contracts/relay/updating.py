"""A client learns of more of its chain, from whoever shows it: nothing is taken on trust, so anybody may.

What brings nothing new is refused before a signature is checked. What contradicts a kept header, though it verifies,
freezes the client instead: its chain has two histories, and no proof under either is worth anything.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.lightclient.attestation import AttestationOptions, verify_state_attestation
from chainnode.lightclient.client_state import ConsensusState, Untrusted, decode_untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.misbehaviour import conflict
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.lightclient.verification import check_nearest, verify, verify_past
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay.client import options_of
from contracts.relay.consensus_state import (
    attested_state,
    kept_list,
    kept_state,
    neighbours,
    read_consensus,
    with_list,
    with_state,
)
from contracts.relay.operations import AddPastHeader, UpdateClient
from contracts.relay.outcome import ClientFrozen, ClientUpdated
from contracts.relay.record import CLIENT, ClientRecord, client_key
from contracts.relay.refusal import ATTESTATION_CODES, UPDATE_CODES, refusal_of
from contracts.relay.standing import active_client


def update(operation: UpdateClient, context: Context, state: State) -> None:
    """Verify another header, or another height, and keep it.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-frozen``, ``relay-client-expired``,
            ``relay-height-unknown``, ``relay-update-known``, ``relay-update-stale``, or one of ``UPDATE_CODES`` and
            ``ATTESTATION_CODES``.
    """
    client = active_client(operation.client_id, context, state)
    if client.kind == "attestation":
        found = _attested(client, operation.update, context)
    else:
        client, found = _verified(client, operation, context, state)
    learn(client, found, context, state)


def add_past(operation: AddPastHeader, context: Context, state: State) -> None:
    """Keep a header that a kept one's history holds.

    Raises:
        OperationFailed: as ``update``, or ``relay-client-kind``.
    """
    client = active_client(operation.client_id, context, state)
    if client.kind != "chainnode":
        raise OperationFailed("relay-client-kind", f"{client.client_id} has no headers, only heights")
    trusted = kept_state(client, operation.trusted_height, state)
    try:
        found = verify_past(trusted, operation.header, operation.path, options_of(client), context.time_ms)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    learn(client, found, context, state)


def learn(client: ClientRecord, found: ConsensusState, context: Context, state: State) -> None:
    """Keep what was verified, or freeze the client over what it contradicts.

    Raises:
        OperationFailed: ``relay-update-known`` or ``relay-update-stale``.
    """
    for kept in neighbours(client, found.height, state):
        if kept == found:
            raise _known(client, found.height)
        if conflict(kept, found) or (kept.height == found.height and kept.time_ms != found.time_ms):
            freeze(client, found.height, context, state)
            return
    client = with_state(client, found, state)
    state.put(client_key(client.client_id), encode(client))
    context.emit(ClientUpdated(client.client_id, found.height, found.time_ms))


def freeze(client: ClientRecord, height: int, context: Context, state: State) -> None:
    """From now on the client refuses everything but its recovery.

    Raises:
        OperationFailed: ``relay-client-frozen``: it does so already.
    """
    status = CLIENT.step(client.status, "freeze")
    state.put(client_key(client.client_id), encode(msgspec.structs.replace(client, status=status)))
    context.emit(ClientFrozen(client.client_id, height, context.sender))


def read_untrusted(data: bytes) -> Untrusted:
    """A header with what shows that it was decided.

    Raises:
        OperationFailed: ``relay-update-malformed``.
    """
    try:
        return decode_untrusted(data)
    except DecodeError as error:
        raise OperationFailed("relay-update-malformed", f"the update does not read: {error.code}") from error


def with_kept_lists(
    untrusted: Untrusted, found: ConsensusState, trusted: ConsensusState, client: ClientRecord, state: State
) -> Untrusted:
    """The update with the lists that it left empty and the client keeps."""
    lists = {}
    if not untrusted.validators:
        lists["validators"] = kept_list(client, found.validators_hash, state)
    if not untrusted.trusted_validators and found.validators_hash != trusted.next_validators_hash:
        lists["trusted_validators"] = kept_list(client, trusted.next_validators_hash, state)
    return msgspec.structs.replace(untrusted, **lists)


def check_place(client: ClientRecord, claimed: ConsensusState, trusted: ConsensusState, state: State) -> None:
    """Hold a header against the nearest that the client keeps: members who left since vouch for nothing.

    Raises:
        LightClientError: ``set-outdated``.
    """
    kept = neighbours(client, claimed.height, state)
    below = [found for found in kept if found.height <= claimed.height]
    above = [found for found in kept if found.height > claimed.height]
    check_nearest(claimed, trusted, below[-1] if below else None, above[0] if above else None)


def attestation_options(client: ClientRecord, context: Context) -> AttestationOptions:
    """Whose word counts for an attestation client."""
    return AttestationOptions(client.chain_id, context.chain_id, client.client_id, client.attestors, client.threshold)


def _verified(
    client: ClientRecord, operation: UpdateClient, context: Context, state: State
) -> tuple[ClientRecord, ConsensusState]:
    untrusted = read_untrusted(operation.update)
    trusted = kept_state(client, operation.trusted_height, state)
    try:
        claimed = consensus_state_of(untrusted.header)
        if read_consensus(state, client.client_id, claimed.height) == claimed and claimed.height in client.heights:
            raise _known(client, claimed.height)
        check_place(client, claimed, trusted, state)
        full = with_kept_lists(untrusted, claimed, trusted, client, state)
        found = verify(trusted, full, options_of(client), context.time_ms)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    return with_list(client, found.validators_hash, full.validators, state), found


def _attested(client: ClientRecord, data: bytes, context: Context) -> ConsensusState:
    try:
        statement = verify_state_attestation(data, attestation_options(client, context))
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    if statement.time_ms >= context.time_ms + client.clock_drift_ms:
        raise OperationFailed("relay-header-ahead", f"{client.client_id}: {statement.time_ms} is in the future")
    return attested_state(statement.height, statement.time_ms)


def _known(client: ClientRecord, height: int) -> OperationFailed:
    return OperationFailed("relay-update-known", f"{client.client_id} keeps the header of height {height}")


STANDING: Final = ("relay-client-unknown", "relay-client-frozen", "relay-client-expired")
_KEEPING: Final = (*STANDING, "relay-height-unknown", "relay-update-known", "relay-update-stale")

OPERATIONS: Final = (
    OperationSpec(UpdateClient, update, EVERYONE, (*_KEEPING, *UPDATE_CODES, *ATTESTATION_CODES), work=64),
    OperationSpec(
        AddPastHeader,
        add_past,
        EVERYONE,
        (
            *_KEEPING,
            "relay-client-kind",
            "relay-header-malformed",
            "relay-header-expired",
            "relay-header-chain",
            "relay-header-order",
            "relay-header-history",
        ),
        work=2,
    ),
)
