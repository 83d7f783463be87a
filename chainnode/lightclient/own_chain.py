"""Headers of this software's own chains.

Source: chainnode/types/block.py (Header); consensus/SPEC.md, Certificates; chainnode/types/seal.py.
"""

from collections.abc import Mapping
from typing import Final

from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import ConsensusState, DecisionKind, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.proofs import merkle
from chainnode.proofs.authority import check_commit, read_header
from chainnode.proofs.errors import ProofInvalid
from chainnode.proofs.seal import check_seal
from chainnode.types.block import Header, block_hash
from chainnode.types.seal import decode_seal
from chainnode.types.validator_set import (
    Validator,
    ValidatorList,
    check_seal_proof,
    decode_validators,
    voting_set,
)
from consensus.certificates import decode_certificate

SEAL_STRANGERS_MAX: Final = 2
"""Signers of a seal whose keys the trusted list does not vouch for: 3 ms for each. Few members change at a time."""


def _header(data: bytes) -> Header:
    try:
        return read_header(data)
    except ProofInvalid as error:
        raise LightClientError(f"header-{error.code}", error.message) from error


def _state(data: bytes, header: Header) -> ConsensusState:
    return ConsensusState(
        height=header.height,
        time_ms=header.time_ms,
        block_hash=block_hash(data),
        state_root=header.prev_state_root,
        history_root=header.history_root,
        epoch=header.epoch,
        validators_hash=header.validators_hash,
        next_validators_hash=header.next_validators_hash,
    )


def consensus_state_of(header: bytes) -> ConsensusState:
    """What a client keeps of a header. Nothing is verified: for a header agreed on by people, or by ``verify``.

    Raises:
        LightClientError: ``header-too-large``, ``header-malformed``, ``header-not-canonical`` or
            ``header-block-version``.
    """
    return _state(header, _header(header))


def _list(data: bytes, expected_hash: bytes) -> ValidatorList:
    try:
        found = decode_validators(data)
    except DecodeError as error:
        raise LightClientError(f"validators-{error.code}", error.message) from error
    if voting_set(found).hash != expected_hash:
        raise LightClientError("validators-hash", "the validator list is not the one that the header names")
    return found


def _deciding_key(member: Validator, kind: DecisionKind) -> bytes:
    """The key by which two lists are compared; who has no seal key has a vote all the same, and never signs a seal."""
    return member.seal_key if kind == "seal" and member.seal_key else member.consensus_key


class OwnChain:
    """Header format of this software: canonical MessagePack, certificates or seals, one vote for each member."""

    def read(self, header: bytes) -> tuple[str, ConsensusState]:
        """See ``HeaderFormat.read``; codes as ``consensus_state_of``."""
        found = _header(header)
        return found.chain_id, _state(header, found)

    def weights(self, validators: bytes, expected_hash: bytes, kind: DecisionKind) -> Mapping[bytes, int]:
        """Every member has one vote.

        Raises:
            LightClientError: ``validators-hash``, or ``validators-`` and a code of ``decode_validators``.
        """
        return {_deciding_key(member, kind): 1 for member in _list(validators, expected_hash).validators}

    def check_decision(self, update: Untrusted, found: ConsensusState) -> frozenset[bytes]:
        """A quorum certificate or a seal over exactly this header by exactly this list.

        Raises:
            LightClientError: as ``weights``, or a code of ``proofs.authority.check_commit`` or
                ``proofs.seal.check_seal``.
        """
        members = _list(update.validators, found.validators_hash)
        header = _header(update.header)
        try:
            if update.decision_kind == "seal":
                check_seal(update.header, header, update.decision, members)
                indexes = decode_seal(update.decision).signer_indexes()
            else:
                check_commit(update.header, header, update.decision, voting_set(members))
                indexes = decode_certificate(update.decision).signer_indexes()
        except ProofInvalid as error:
            raise LightClientError(error.code, error.message, height=found.height) from error
        return frozenset(_deciding_key(members.validators[index], update.decision_kind) for index in indexes)

    def check_keys(self, update: Untrusted, keys: frozenset[bytes]) -> None:
        """An Ed25519 signature shows by itself that its key is its signer's; a seal's keys come with proofs of it.

        One pairing check for each of ``keys``, of which there are few: whoever is in neither list pays nothing for
        making us check a hundred. Where more members are new, a certificate does, or a header between.

        Raises:
            LightClientError: ``seal-strangers`` (more than ``SEAL_STRANGERS_MAX``) or ``seal-proof``.
        """
        if update.decision_kind != "seal":
            return
        if len(keys) > SEAL_STRANGERS_MAX:
            raise LightClientError("seal-strangers", "the trusted list knows too few of the signers", found=len(keys))
        for member in decode_validators(update.validators).validators:
            if member.seal_key in keys and not check_seal_proof(member):
                raise LightClientError("seal-proof", f"nothing shows that {member.name} holds its seal key")

    def check_ancestry(self, older: ConsensusState, newer: ConsensusState, path: tuple[bytes, ...]) -> None:
        """The older block is a leaf of the newer header's history.

        Raises:
            LightClientError: ``ancestry``.
        """
        leaf = merkle.leaf_hash(older.block_hash)
        try:
            merkle.verify_inclusion(leaf, older.height, newer.height, path, newer.history_root)
        except ProofInvalid as error:
            raise LightClientError(
                "ancestry", f"the header does not stand on the trusted block: {error.message}", height=newer.height
            ) from error


OWN_CHAIN: Final = OwnChain()
