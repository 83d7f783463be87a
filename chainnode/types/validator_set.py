"""Who agrees, and which nodes may connect.

The set's hash stands in every header and every consensus message; a light client
that knows one header can check the full list against it.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.errors import DecodeError
from chainnode.types.transaction import Did, Height
from consensus.quorum import ValidatorSet

VALIDATORS_TAG: Final = 6
PublicKey = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

_set_hash = tagged_hash("validators")


class Validator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One voting member."""

    name: Name
    did: Did
    """The institution that operates it."""
    consensus_key: PublicKey
    """Ed25519 key that signs votes."""
    node_key: PublicKey
    """Ed25519 key that signs the HELLO of its links."""


class ObserverNode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A node that may connect and follow, never vote."""

    name: Name
    did: Did
    node_key: PublicKey


class ValidatorList(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=VALIDATORS_TAG):
    """The validators of one epoch, in voting order."""

    epoch: Height
    validators: Annotated[tuple[Validator, ...], msgspec.Meta(min_length=1, max_length=limits.VALIDATORS_MAX)]


_decode_list = Decoder(ValidatorList, 64 * limits.KIB)


def decode_validators(data: bytes) -> ValidatorList:
    """Read a validator list.

    Raises:
        DecodeError: not canonical, or ``duplicate-key``: a key occurs twice.
    """
    found = _decode_list(data)
    for keys in ([v.consensus_key for v in found.validators], [v.node_key for v in found.validators]):
        if len(set(keys)) != len(keys):
            raise DecodeError("duplicate-key", "two validators share a key")
    return found


def validators_hash(validators: ValidatorList) -> bytes:
    """The hash that headers and votes carry."""
    return _set_hash(encode(validators))


def voting_set(validators: ValidatorList) -> ValidatorSet:
    """The set as the agreement core sees it: keys by index."""
    keys = tuple(validator.consensus_key for validator in validators.validators)
    return ValidatorSet(validators.epoch, validators_hash(validators), keys)
