r"""A foreign institution's word for a chain that we cannot verify: m of its n keys sign what that chain holds.

    StateAttestation   [chain_id, host_chain_id, client_id, height, time_ms]
    PacketAttestation  [chain_id, host_chain_id, client_id, height, [[path, commitment], ...]]
    Attested           [statement, [[public_key, signature], ...]]

What is signed is ``chainnode/attestation/<type>/v1\0`` and the statement's canonical bytes: a word about time is none
about packets, and a word for one client of one host is none for another. A path's zero commitment says that it is
absent. Both speak of the foreign state *after* block ``height``, whose time is ``time_ms``.

Source: attestation light client of cosmos/solidity-ibc-eureka, with the domain separation that it lacks.
"""

from itertools import pairwise
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto import ed25519
from chainnode.crypto.hashing import HASH_BYTES, ZERO_HASH, domain
from chainnode.errors import DecodeError
from chainnode.lightclient.client_state import TimeMs
from chainnode.lightclient.errors import LightClientError
from chainnode.types.block import Hash
from chainnode.types.transaction import Height
from chainnode.types.validator_set import PublicKey

ATTESTORS_MAX: Final = 32
"""Each signature costs a check of 60 us in every validator."""
ATTESTED_PATHS_MAX: Final = 128
"""As many packets as one transaction delivers."""
PATH_BYTES_MAX: Final = limits.STATE_KEY_BYTES_MAX
CLIENT_ID_BYTES_MAX: Final = 64

_STATE: Final = domain("attestation/state")
_PACKETS: Final = domain("attestation/packets")

_Chain = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.CHAIN_ID_BYTES_MAX)]
_Client = Annotated[str, msgspec.Meta(min_length=1, max_length=CLIENT_ID_BYTES_MAX)]
_Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class AttestationOptions(msgspec.Struct, frozen=True, array_like=True):
    """Whose word counts, about what, for whom."""

    chain_id: _Chain
    """The foreign chain."""
    host_chain_id: _Chain
    """The chain that keeps this client; its client ids begin again at zero on every chain."""
    client_id: _Client
    keys: Annotated[tuple[PublicKey, ...], msgspec.Meta(min_length=1, max_length=ATTESTORS_MAX)]
    """Ed25519 keys in ascending order."""
    required: Annotated[int, msgspec.Meta(ge=1, le=ATTESTORS_MAX)]
    """So many of them must sign."""


class StateAttestation(msgspec.Struct, frozen=True, array_like=True):
    """The foreign chain reached this height, at this time of its own."""

    chain_id: _Chain
    host_chain_id: _Chain
    client_id: _Client
    height: Height
    time_ms: TimeMs


class AttestedPath(msgspec.Struct, frozen=True, array_like=True):
    """What stands under one path."""

    path: Annotated[bytes, msgspec.Meta(min_length=1, max_length=PATH_BYTES_MAX)]
    commitment: Hash
    """32 zero bytes: nothing."""


class PacketAttestation(msgspec.Struct, frozen=True, array_like=True):
    """What the foreign chain holds after the block at this height, paths ascending."""

    chain_id: _Chain
    host_chain_id: _Chain
    client_id: _Client
    height: Height
    paths: Annotated[tuple[AttestedPath, ...], msgspec.Meta(min_length=1, max_length=ATTESTED_PATHS_MAX)]


class AttestorSignature(msgspec.Struct, frozen=True, array_like=True):
    """One attestor's signature of the statement."""

    public_key: PublicKey
    signature: _Signature


class Attested(msgspec.Struct, frozen=True, array_like=True):
    """A statement with its signatures, ascending by key."""

    statement: Annotated[bytes, msgspec.Meta(max_length=128 * limits.KIB)]
    signatures: Annotated[tuple[AttestorSignature, ...], msgspec.Meta(max_length=ATTESTORS_MAX)]


_decode_attested: Final = Decoder(Attested, 136 * limits.KIB)
_decode_state: Final = Decoder(StateAttestation, limits.KIB)
_decode_packets: Final = Decoder(PacketAttestation, 128 * limits.KIB)


def state_signed_bytes(statement: StateAttestation) -> bytes:
    """What an attestor signs about height and time."""
    return _STATE + encode(statement)


def packet_signed_bytes(statement: PacketAttestation) -> bytes:
    """What an attestor signs about paths."""
    return _PACKETS + encode(statement)


def check_attestors(options: AttestationOptions) -> None:
    """Refuse options under which an attestation could never, or too easily, be accepted.

    Raises:
        LightClientError: ``attestors-order`` (keys not strictly ascending) or ``attestors-required``.
    """
    if any(left >= right for left, right in pairwise(options.keys)):
        raise LightClientError("attestors-order", "attestors' keys are listed in strictly ascending order")
    if options.required > len(options.keys):
        raise LightClientError("attestors-required", "more signatures are required than there are keys")


def verify_state_attestation(attested: bytes, options: AttestationOptions) -> StateAttestation:
    """The height and time that enough attestors signed.

    Raises:
        LightClientError: an ``attestation-`` code of decoding, ``attestation-other`` (chain, host or client),
            ``attestor-unknown``, ``attestors-order`` (also a key twice), ``attestors-few``, ``attestor-signature``.
    """
    outer = _outer(attested)
    try:
        found = _decode_state(outer.statement)
    except DecodeError as error:
        raise LightClientError(f"attestation-{error.code}", error.message) from error
    _check_names(found, options)
    _check_signatures(_STATE + outer.statement, outer.signatures, options)
    return found


def verify_packet_attestation(attested: bytes, options: AttestationOptions) -> PacketAttestation:
    """The paths that enough attestors signed.

    Raises:
        LightClientError: as ``verify_state_attestation``, or ``attestation-paths``: not strictly ascending.
    """
    outer = _outer(attested)
    try:
        found = _decode_packets(outer.statement)
    except DecodeError as error:
        raise LightClientError(f"attestation-{error.code}", error.message) from error
    _check_names(found, options)
    if any(left.path >= right.path for left, right in pairwise(found.paths)):
        raise LightClientError("attestation-paths", "attested paths are listed once, in ascending order")
    _check_signatures(_PACKETS + outer.statement, outer.signatures, options)
    return found


def attested_commitment(statement: PacketAttestation, height: int, path: bytes) -> bytes | None:
    """The 32 bytes under ``path`` after block ``height``; None where the attestors say that nothing is there.

    Raises:
        LightClientError: ``attestation-height`` or ``attestation-path``: they say nothing about it.
    """
    if statement.height != height:
        raise LightClientError("attestation-height", "the attestation is of another height", found=statement.height)
    for item in statement.paths:
        if item.path == path:
            return None if item.commitment == ZERO_HASH else item.commitment
    raise LightClientError("attestation-path", "the attestation says nothing about this path")


def verify_attested_membership(statement: PacketAttestation, height: int, path: bytes, commitment: bytes) -> None:
    """Check that the attestors saw exactly ``commitment`` (32 bytes, not zero) under ``path``.

    Raises:
        LightClientError: as ``attested_commitment``, or ``attestation-value``.
    """
    if len(commitment) != HASH_BYTES or attested_commitment(statement, height, path) != commitment:
        raise LightClientError("attestation-value", "the attestors saw another value under this path")


def verify_attested_non_membership(statement: PacketAttestation, height: int, path: bytes) -> None:
    """Check that the attestors saw nothing under ``path``.

    Raises:
        LightClientError: as ``attested_commitment``, or ``attestation-value``.
    """
    if attested_commitment(statement, height, path) is not None:
        raise LightClientError("attestation-value", "the attestors saw a value under this path")


def states_conflict(first: StateAttestation, second: StateAttestation) -> bool:
    """Whether two verified statements contradict each other: one height and two times, or a higher one not later."""
    if first.height == second.height:
        return first.time_ms != second.time_ms
    lower, higher = (first, second) if first.height < second.height else (second, first)
    return higher.time_ms <= lower.time_ms


def packets_conflict(first: PacketAttestation, second: PacketAttestation) -> bool:
    """Whether two verified statements name two values for one path at one height."""
    if first.height != second.height:
        return False
    known = {item.path: item.commitment for item in first.paths}
    return any(known.get(item.path, item.commitment) != item.commitment for item in second.paths)


def _outer(attested: bytes) -> Attested:
    try:
        return _decode_attested(attested)
    except DecodeError as error:
        raise LightClientError(f"attestation-{error.code}", error.message) from error


def _check_names(statement: StateAttestation | PacketAttestation, options: AttestationOptions) -> None:
    found = (statement.chain_id, statement.host_chain_id, statement.client_id)
    if found != (options.chain_id, options.host_chain_id, options.client_id):
        raise LightClientError("attestation-other", "the attestation is of another chain or for another client")


def _check_signatures(signed: bytes, signatures: tuple[AttestorSignature, ...], options: AttestationOptions) -> None:
    if any(left.public_key >= right.public_key for left, right in pairwise(signatures)):
        raise LightClientError("attestors-order", "every attestor signs once, in ascending order of keys")
    if any(item.public_key not in options.keys for item in signatures):
        raise LightClientError("attestor-unknown", "a signature is by a key that this client does not know")
    if len(signatures) < options.required:
        raise LightClientError("attestors-few", "too few attestors signed", found=len(signatures))
    if not all(ed25519.verify(item.public_key, signed, item.signature) for item in signatures):
        raise LightClientError("attestor-signature", "a signature of the attestation is wrong")
