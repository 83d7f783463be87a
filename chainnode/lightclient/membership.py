"""What a verified state holds: a key has this value, or has none, after block ``state.height - 1``.

Source: chainnode/proofs/sparse.py.
"""

from chainnode import limits
from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import ConsensusState
from chainnode.lightclient.errors import LightClientError
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.sparse import StateProof, decode_state_proof, verify_absent, verify_present


def _proof(state: ConsensusState, key: bytes, proof: bytes) -> StateProof:
    if state.height < 1:
        raise LightClientError("state-uncommitted", "the genesis header commits to no state")
    if not 0 < len(key) <= limits.STATE_KEY_BYTES_MAX:
        raise LightClientError("state-key", "no state has a key of this length", found=len(key))
    try:
        return decode_state_proof(proof)
    except DecodeError as error:
        raise LightClientError(f"proof-{error.code}", error.message) from error


def verify_membership(state: ConsensusState, key: bytes, value: bytes, proof: bytes) -> None:
    """Check that ``key`` had ``value``; ``proof`` is a canonical ``StateProof`` of at most 16 KiB.

    Raises:
        LightClientError: ``state-uncommitted``, ``state-key``, ``proof-too-large``, ``proof-malformed``,
            ``proof-not-canonical``, or a code of ``proofs.sparse.verify_present`` (``root-mismatch`` above all).
    """
    found = _proof(state, key, proof)
    try:
        verify_present(state.state_root, key, value, found)
    except ProofInvalid as error:
        raise LightClientError(error.code, error.message, height=state.height) from error


def verify_non_membership(state: ConsensusState, key: bytes, proof: bytes) -> None:
    """Check that ``key`` had no value.

    Raises:
        LightClientError: as ``verify_membership``, with the codes of ``proofs.sparse.verify_absent``.
    """
    found = _proof(state, key, proof)
    try:
        verify_absent(state.state_root, key, found)
    except ProofInvalid as error:
        raise LightClientError(error.code, error.message, height=state.height) from error
