"""Whoever finds that a chain has two histories shows both halves, and the client freezes.

It pays to look: a light client believes any header that a quorum signed, so the first to be shown a fork could be this
chain. Only members who break their word can make such evidence, so anybody may bring it.
"""

from typing import Final

from chainnode.lightclient.attestation import (
    packets_conflict,
    states_conflict,
    verify_packet_attestation,
    verify_state_attestation,
)
from chainnode.lightclient.client_state import Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.misbehaviour import check_misbehaviour
from chainnode.lightclient.own_chain import consensus_state_of
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.relay.client import options_of
from contracts.relay.consensus_state import kept_state
from contracts.relay.operations import SubmitMisbehaviour
from contracts.relay.record import ClientRecord
from contracts.relay.refusal import ATTESTATION_CODES, UPDATE_CODES, refusal_of
from contracts.relay.standing import active_client
from contracts.relay.updating import STANDING, attestation_options, check_place, freeze, read_untrusted, with_kept_lists


def submit(operation: SubmitMisbehaviour, context: Context, state: State) -> None:
    """Freeze the client if both halves verify and contradict each other.

    Raises:
        OperationFailed: ``relay-client-unknown``, ``relay-client-frozen``, ``relay-client-expired``,
            ``relay-client-kind``, ``relay-height-unknown``, ``relay-misbehaviour-none``, or one of ``UPDATE_CODES`` and
            ``ATTESTATION_CODES``.
    """
    client = active_client(operation.client_id, context, state)
    if (operation.subject == "headers") != (client.kind == "chainnode"):
        raise OperationFailed("relay-client-kind", f"{client.client_id}, of kind {client.kind}, has no such evidence")
    try:
        if operation.subject == "headers":
            height = _headers(client, operation, context, state)
        else:
            height = _attestations(client, operation, context)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    freeze(client, height, context, state)


def _headers(client: ClientRecord, operation: SubmitMisbehaviour, context: Context, state: State) -> int:
    trusted = kept_state(client, operation.trusted_height, state)
    halves: list[Untrusted] = []
    height = 0
    for data in (operation.first, operation.second):
        untrusted = read_untrusted(data)
        claimed = consensus_state_of(untrusted.header)
        check_place(client, claimed, trusted, state)
        halves.append(with_kept_lists(untrusted, claimed, trusted, client, state))
        height = max(height, claimed.height)
    check_misbehaviour(trusted, halves[0], halves[1], options_of(client), context.time_ms)
    return height


def _attestations(client: ClientRecord, operation: SubmitMisbehaviour, context: Context) -> int:
    options = attestation_options(client, context)
    if operation.subject == "states":
        states = [verify_state_attestation(data, options) for data in (operation.first, operation.second)]
        conflicts, height = states_conflict(states[0], states[1]), max(state.height for state in states)
    else:
        packets = [verify_packet_attestation(data, options) for data in (operation.first, operation.second)]
        conflicts, height = packets_conflict(packets[0], packets[1]), packets[0].height
    if not conflicts:
        raise OperationFailed("relay-misbehaviour-none", f"both can be true of {client.chain_id}")
    return height


OPERATIONS: Final = (
    OperationSpec(
        SubmitMisbehaviour,
        submit,
        EVERYONE,
        (
            *STANDING,
            "relay-client-kind",
            "relay-height-unknown",
            "relay-misbehaviour-none",
            *UPDATE_CODES,
            *ATTESTATION_CODES,
        ),
        work=64,
    ),
)
