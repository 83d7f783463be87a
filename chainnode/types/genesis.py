"""The beginning every node of a chain shares.

    Genesis  [tag 8, version, chain_id, time_ms, crypto_suite, validators, observers, operations]

The genesis *block* is a header at height 0 whose ``tx_root`` is the RFC 6962 root over
the one leaf ``genesis bytes`` and whose ``validators_hash`` names the first set. Its hash
is the genesis hash: the one value a court's expert needs to check any proof.

``operations`` set up identities, roles and parameters; they are applied with the
authority of the founders, who all hold the same genesis hash.
"""

from hashlib import sha256
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.hashing import ZERO_HASH
from chainnode.errors import DecodeError
from chainnode.types.block import BLOCK_VERSION, Header, block_hash
from chainnode.types.ids import is_chain_id
from chainnode.types.validator_set import (
    ObserverNode,
    ValidatorList,
    check_seal_proof,
    decode_validators,
    validators_hash,
)

GENESIS_TAG: Final = 8
GENESIS_VERSION: Final = 1
GENESIS_BYTES_MAX: Final = 4 * limits.MIB
SUITE_ED25519_SHA256: Final = "ed25519-sha256"
EMPTY_TREE_ROOT: Final = sha256(b"").digest()
"""RFC 6962, section 2.1: the hash of an empty tree."""


class Genesis(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=GENESIS_TAG):
    """What the founders agreed on before the first block."""

    version: int
    chain_id: Annotated[str, msgspec.Meta(max_length=limits.CHAIN_ID_BYTES_MAX)]
    time_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    crypto_suite: Annotated[str, msgspec.Meta(max_length=32)]
    validators: ValidatorList
    observers: Annotated[tuple[ObserverNode, ...], msgspec.Meta(max_length=1_000)]
    operations: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=10_000)]
    """Encoded operations of ``contracts``, applied in order to the empty state."""


_decode_genesis = Decoder(Genesis, GENESIS_BYTES_MAX)


def decode_genesis(data: bytes) -> Genesis:
    """Read a genesis document.

    Raises:
        DecodeError: not canonical, ``version``, ``chain-id``, ``crypto-suite`` or ``duplicate-key``.
    """
    genesis = _decode_genesis(data)
    if genesis.version != GENESIS_VERSION:
        raise DecodeError("version", f"genesis version {genesis.version} is unknown", expected=GENESIS_VERSION)
    if not is_chain_id(genesis.chain_id):
        raise DecodeError("chain-id", f"{genesis.chain_id!r} cannot name a chain")
    if genesis.crypto_suite != SUITE_ED25519_SHA256:
        raise DecodeError("crypto-suite", f"suite {genesis.crypto_suite!r} is unknown", expected=SUITE_ED25519_SHA256)
    decode_validators(encode(genesis.validators))
    return genesis


def check_genesis_keys(genesis: Genesis) -> None:
    """Check what ``decode_genesis`` leaves out because it takes 3 ms for each validator: once, where a chain begins.

    Raises:
        DecodeError: ``seal-proof``: a validator does not show that it holds its seal key.
    """
    for member in genesis.validators.validators:
        if not check_seal_proof(member):
            raise DecodeError("seal-proof", f"nothing shows that {member.name} holds its seal key")


def genesis_header(genesis: bytes) -> bytes:
    """Canonical header bytes of the block at height 0.

    Raises:
        DecodeError: as ``decode_genesis``.
    """
    document = decode_genesis(genesis)
    set_hash = validators_hash(document.validators)
    header = Header(
        version=BLOCK_VERSION,
        chain_id=document.chain_id,
        epoch=document.validators.epoch,
        height=0,
        parent_hash=ZERO_HASH,
        time_ms=document.time_ms,
        proposer=0,
        tx_root=sha256(b"\x00" + genesis).digest(),
        tx_count=1,
        body_bytes=0,
        evidence_root=EMPTY_TREE_ROOT,
        prev_state_root=ZERO_HASH,
        prev_results_root=EMPTY_TREE_ROOT,
        history_root=EMPTY_TREE_ROOT,
        validators_hash=set_hash,
        next_validators_hash=set_hash,
        last_certificate_hash=ZERO_HASH,
    )
    return encode(header)


def genesis_hash(genesis: bytes) -> bytes:
    """The hash of the block at height 0: the chain's identity.

    Raises:
        DecodeError: as ``decode_genesis``.
    """
    return block_hash(genesis_header(genesis))
