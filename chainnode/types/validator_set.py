"""Who agrees, and which nodes may connect.

The set's hash stands in every header and every consensus message; a light client
that knows one header can check the full list against it. A validator may have a second key, a BLS key, with which it
seals decided blocks (``types.seal``); who knows the list knows that key too.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto import bls
from chainnode.crypto.ed25519 import SigningKey
from chainnode.crypto.hashing import tagged_hash
from chainnode.errors import DecodeError
from chainnode.types.transaction import Did, Height
from consensus.quorum import ValidatorSet

VALIDATORS_TAG: Final = 6
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
SealPublicKey = Annotated[bytes, msgspec.Meta(max_length=bls.PUBLIC_KEY_BYTES)]
SealProof = Annotated[bytes, msgspec.Meta(max_length=bls.SIGNATURE_BYTES)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

_set_hash = tagged_hash("validators")
_seal_seed = tagged_hash("seal-key")


class Validator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One voting member."""

    name: Name
    did: Did
    """The institution that operates it."""
    consensus_key: PublicKey
    """Ed25519 key that signs votes."""
    node_key: PublicKey
    """Ed25519 key that signs the HELLO of its links."""
    seal_key: SealPublicKey = b""
    """BLS key that seals decided blocks; empty for a validator that seals none."""
    seal_proof: SealProof = b""
    """Proof that it holds ``seal_key``; empty where that is."""


class ObserverNode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A node that may connect and follow, never vote."""

    name: Name
    did: Did
    node_key: PublicKey


class ValidatorList(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=VALIDATORS_TAG):
    """The validators of one epoch, in voting order."""

    epoch: Height
    validators: Annotated[tuple[Validator, ...], msgspec.Meta(min_length=1, max_length=limits.VALIDATORS_MAX)]


_SEAL_LENGTHS: Final = ((0, 0), (bls.PUBLIC_KEY_BYTES, bls.SIGNATURE_BYTES))
_decode_list = Decoder(ValidatorList, 64 * limits.KIB)


def decode_validators(data: bytes) -> ValidatorList:
    """Read a validator list.

    Raises:
        DecodeError: not canonical, ``duplicate-key``: a key occurs twice, or ``seal-key``: a seal key or its proof
            has a wrong length. Whether the proof is right, ``check_seal_proof`` says.
    """
    found = _decode_list(data)
    members = found.validators
    sealing = [member.seal_key for member in members if member.seal_key]
    for keys in ([member.consensus_key for member in members], [member.node_key for member in members], sealing):
        if len(set(keys)) != len(keys):
            raise DecodeError("duplicate-key", "two validators share a key")
    for member in members:
        if (len(member.seal_key), len(member.seal_proof)) not in _SEAL_LENGTHS:
            raise DecodeError("seal-key", "a seal key has 48 bytes and its proof 96, or there is neither")
    return found


def seal_key_of(key: SigningKey) -> bls.SealKey:
    """The seal key that belongs to a consensus key: derived from the same seed, so it is kept and replaced with it."""
    return bls.SealKey(_seal_seed(key.seed))


def validator_of(name: str, did: str, key: SigningKey, node_key: bytes) -> Validator:
    """The entry of a validator that votes with ``key`` and seals with the key derived from it."""
    sealing = seal_key_of(key)
    return Validator(name, did, key.public_key, node_key, sealing.public_key, sealing.prove_possession())


def check_seal_proof(entry: Validator) -> bool:
    """Whether the entry's seal key was shown to be held by whoever made the entry; without a key there is no doubt.

    One pairing check: 3 ms, about thirty signatures of Ed25519.
    """
    if not entry.seal_key:
        return not entry.seal_proof
    return bls.verify_possession(entry.seal_key, entry.seal_proof)


def validators_hash(validators: ValidatorList) -> bytes:
    """The hash that headers and votes carry."""
    return _set_hash(encode(validators))


def voting_set(validators: ValidatorList) -> ValidatorSet:
    """The set as the agreement core sees it: keys by index."""
    keys = tuple(validator.consensus_key for validator in validators.validators)
    return ValidatorSet(validators.epoch, validators_hash(validators), keys)
