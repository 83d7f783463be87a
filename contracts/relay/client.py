"""Clients begin, are connected, and are set on their feet again: by vote of the consortium.

Everything that a client later believes rests on the header, or the keys, that it begins with; so people agree on them.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import ClientOptions, ConsensusState
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.verification import begin
from chainnode.state.view import State
from chainnode.types.validator_set import decode_validators, validators_hash
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import BY_VOTE
from contracts.relay.consensus_state import attested_state, with_list, with_state, without_states
from contracts.relay.operations import (
    CreateAttestationClient,
    CreateClient,
    RecoverAttestationClient,
    RecoverClient,
    RegisterCounterparty,
)
from contracts.relay.outcome import ClientCreated, ClientRecovered, CounterpartyRegistered
from contracts.relay.record import (
    CLIENT,
    CLIENT_COUNT_KEY,
    CLIENTS_MAX,
    ClientKind,
    ClientRecord,
    client_key,
    read_client_count,
)
from contracts.relay.refusal import refusal_of
from contracts.relay.standing import existing_client, has_expired


def create(operation: CreateClient, context: Context, state: State) -> None:
    """Begin to follow a chain of this software.

    Raises:
        OperationFailed: ``relay-clients-full``, ``relay-client-chain``, ``relay-header-malformed``,
        ``relay-header-chain``, ``relay-header-history``, ``relay-header-ahead``, ``relay-header-expired`` or
        ``relay-validators-differ``.
    """
    client = _new_client("chainnode", operation.chain_id, context, state)
    client = msgspec.structs.replace(
        client,
        trusting_period_ms=operation.trusting_period_ms,
        clock_drift_ms=operation.clock_drift_ms,
        genesis_hash=operation.genesis_hash,
        keep_all=operation.keep_all,
    )
    _created(_with_header(client, operation, context, state), context, state)


def create_attested(operation: CreateAttestationClient, context: Context, state: State) -> None:
    """Begin to follow a chain through a foreign institution.

    Raises:
        OperationFailed: ``relay-clients-full``, ``relay-client-chain``, ``relay-header-ahead`` or
        ``relay-header-expired``.
    """
    client = _new_client("attestation", operation.chain_id, context, state)
    client = msgspec.structs.replace(
        client,
        trusting_period_ms=operation.trusting_period_ms,
        clock_drift_ms=operation.clock_drift_ms,
        keep_all=operation.keep_all,
    )
    _created(_with_attestors(client, operation, context, state), context, state)


def register_counterparty(operation: RegisterCounterparty, context: Context, state: State) -> None:
    """Connect the client with its opposite.

    Raises:
        OperationFailed: ``relay-client-unknown`` or ``relay-counterparty-registered``.
    """
    client = existing_client(operation.client_id, state)
    if client.counterparty_client:
        raise OperationFailed(
            "relay-counterparty-registered", f"the counterparty of {client.client_id} is {client.counterparty_client}"
        )
    theirs, prefix = operation.counterparty_client, operation.counterparty_prefix
    _put(msgspec.structs.replace(client, counterparty_client=theirs, counterparty_prefix=prefix), state)
    context.emit(CounterpartyRegistered(client.client_id, theirs, prefix))


def recover(operation: RecoverClient, context: Context, state: State) -> None:
    """Give a client of a chain of this software a fresh header.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-kind``, ``relay-client-alive``, or as ``create`` about
            the header.
    """
    client = _to_recover(operation.client_id, "chainnode", context, state)
    _recovered(_with_header(client, operation, context, state), context, state)


def recover_attested(operation: RecoverAttestationClient, context: Context, state: State) -> None:
    """Give an attestation client its keys anew.

    Raises:
        OperationFailed: as ``recover``.
    """
    client = _to_recover(operation.client_id, "attestation", context, state)
    _recovered(_with_attestors(client, operation, context, state), context, state)


def _new_client(kind: ClientKind, chain_id: str, context: Context, state: State) -> ClientRecord:
    number = read_client_count(state) + 1
    if number > CLIENTS_MAX:
        raise OperationFailed("relay-clients-full", f"this chain has {CLIENTS_MAX} clients")
    if chain_id == context.chain_id:
        raise OperationFailed("relay-client-chain", f"{chain_id} is this chain's own name")
    state.put(CLIENT_COUNT_KEY, encode(number))
    return ClientRecord(
        client_id=f"{kind}-{number}",
        kind=kind,
        chain_id=chain_id,
        status=CLIENT.step(None, "create"),
        latest_height=0,
        latest_ms=0,
        trusting_period_ms=0,
        clock_drift_ms=0,
        genesis_hash=b"",
        attestors=(),
        threshold=0,
        keep_all=False,
        heights=(),
        lists=(),
        counterparty_client="",
        counterparty_prefix=b"",
        created_height=context.height,
        recovered_height=0,
    )


def _to_recover(client_id: str, kind: ClientKind, context: Context, state: State) -> ClientRecord:
    client = existing_client(client_id, state)
    if client.kind != kind:
        raise OperationFailed("relay-client-kind", f"{client_id} is of kind {client.kind}")
    status = CLIENT.step(client.status, "recover")
    if client.status != "FROZEN" and not has_expired(client, context):
        raise OperationFailed("relay-client-alive", f"{client_id} is neither frozen nor expired")
    cleared = without_states(client, state)
    return msgspec.structs.replace(cleared, status=status, recovered_height=context.height)


def options_of(client: ClientRecord) -> ClientOptions:
    """The rules of a client of a chain of this software, as its light client takes them."""
    return ClientOptions(client.chain_id, client.genesis_hash, client.trusting_period_ms, client.clock_drift_ms)


def _with_header(
    client: ClientRecord, operation: CreateClient | RecoverClient, context: Context, state: State
) -> ClientRecord:
    try:
        found = begin(operation.header, operation.genesis_path, options_of(client))
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    client = _begun(client, found, context, state)
    if operation.validators:
        _check_list(operation.validators, found.validators_hash)
        client = with_list(client, found.validators_hash, operation.validators, state)
    return client


def _with_attestors(
    client: ClientRecord, operation: CreateAttestationClient | RecoverAttestationClient, context: Context, state: State
) -> ClientRecord:
    client = msgspec.structs.replace(client, attestors=operation.attestors, threshold=operation.threshold)
    return _begun(client, attested_state(operation.height, operation.time_ms), context, state)


def _begun(client: ClientRecord, found: ConsensusState, context: Context, state: State) -> ClientRecord:
    if found.time_ms >= context.time_ms + client.clock_drift_ms:
        raise OperationFailed("relay-header-ahead", f"{client.client_id} would begin at {found.time_ms}, in the future")
    client = with_state(client, found, state)
    if has_expired(client, context):
        raise OperationFailed("relay-header-expired", f"{client.client_id} would have expired at {client.expires_ms()}")
    return client


def _check_list(data: bytes, hash_: bytes) -> None:
    try:
        found = validators_hash(decode_validators(data))
    except DecodeError as error:
        raise OperationFailed("relay-validators-differ", f"no validator list: {error.code}") from error
    if found != hash_:
        raise OperationFailed("relay-validators-differ", "the list is not the one that the header names as its own")


def _created(client: ClientRecord, context: Context, state: State) -> None:
    _put(client, state)
    context.emit(ClientCreated(client.client_id, client.kind, client.chain_id, client.latest_height))


def _recovered(client: ClientRecord, context: Context, state: State) -> None:
    _put(client, state)
    context.emit(ClientRecovered(client.client_id, client.latest_height))


def _put(client: ClientRecord, state: State) -> None:
    state.put(client_key(client.client_id), encode(client))


_BEGINNING: Final = ("relay-header-ahead", "relay-header-expired")
_HEADER: Final = (
    *_BEGINNING,
    "relay-header-malformed",
    "relay-header-chain",
    "relay-header-history",
    "relay-validators-differ",
)
_CREATING: Final = ("relay-clients-full", "relay-client-chain")
_RECOVERING: Final = ("relay-client-unknown", "relay-client-kind", "relay-client-alive")

OPERATIONS: Final = (
    OperationSpec(CreateClient, create, BY_VOTE, (*_CREATING, *_HEADER), by_proposal=True, work=8),
    OperationSpec(
        CreateAttestationClient,
        create_attested,
        BY_VOTE,
        ("relay-attestors", *_CREATING, *_BEGINNING),
        by_proposal=True,
    ),
    OperationSpec(
        RegisterCounterparty,
        register_counterparty,
        BY_VOTE,
        ("relay-client-unknown", "relay-counterparty-registered"),
        by_proposal=True,
    ),
    OperationSpec(RecoverClient, recover, BY_VOTE, (*_RECOVERING, *_HEADER), by_proposal=True, work=8),
    OperationSpec(
        RecoverAttestationClient,
        recover_attested,
        BY_VOTE,
        ("relay-attestors", *_RECOVERING, *_BEGINNING),
        by_proposal=True,
        work=8,
    ),
)
