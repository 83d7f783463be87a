"""What the other chain holds, proved under a header that the client keeps."""

from functools import lru_cache
from typing import Final

from chainnode.lightclient.attestation import (
    verify_attested_membership,
    verify_attested_non_membership,
    verify_packet_attestation,
)
from chainnode.lightclient.client_state import ConsensusState
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.membership import verify_membership, verify_non_membership
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.relay.consensus_state import kept_state
from contracts.relay.record import ClientRecord
from contracts.relay.refusal import refusal_of
from contracts.relay.updating import attestation_options

# A relayer's batch repeats one attestation for each packet; equal bytes under equal options mean an equal verdict.
_attestation: Final = lru_cache(16)(verify_packet_attestation)


def prove_present(
    client: ClientRecord, path: bytes, value: bytes, height: int, proof: bytes, context: Context, state: State
) -> ConsensusState:
    """Check that the other chain held ``value`` under ``path``; returns the kept state under which it did.

    Raises:
        OperationFailed: one of ``PROOF_CODES``.
    """
    kept = kept_state(client, height, state)
    key = client.counterparty_prefix + path
    try:
        if client.kind == "attestation":
            statement = _attestation(proof, attestation_options(client, context))
            verify_attested_membership(statement, height, key, value)
        else:
            verify_membership(kept, key, value, proof)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    return kept


def prove_absent(
    client: ClientRecord, path: bytes, height: int, proof: bytes, context: Context, state: State
) -> ConsensusState:
    """Check that the other chain held nothing under ``path``; returns the kept state under which it did not.

    Raises:
        OperationFailed: one of ``PROOF_CODES``.
    """
    kept = kept_state(client, height, state)
    key = client.counterparty_prefix + path
    try:
        if client.kind == "attestation":
            statement = _attestation(proof, attestation_options(client, context))
            verify_attested_non_membership(statement, height, key)
        else:
            verify_non_membership(kept, key, proof)
    except LightClientError as error:
        raise refusal_of(error, client.client_id) from error
    return kept
