"""What the validators agree on.

A block's hash covers its header only; the header commits to everything else. It
never depends on the view in which, or the validator by whom, a block was
re-proposed: ``proposer`` is the one who first built it.

``prev_state_root`` and ``prev_results_root`` describe the state and the receipts after
the *previous* block: order first, then execute. After the last non-empty block
one more block follows at once, so every result is certified within a block time.

    Header    [tag 2, version, chain_id, epoch, height, ...]
    Body      [tag 3, [envelope, ...], last_certificate, [misbehaviour, ...]]
    Proposal  [tag 4, header, leaf hashes, last_certificate, [misbehaviour, ...]]

A proposal names its transactions by their 32-byte leaf hashes, which rebuild
``tx_root`` exactly: the header binds every byte of a body before it is fetched.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.hashing import HASH_BYTES, tagged_hash
from chainnode.types.transaction import Height

HEADER_TAG: Final = 2
BODY_TAG: Final = 3
PROPOSAL_TAG: Final = 4
BLOCK_VERSION: Final = 1
CERTIFICATE_BYTES_MAX: Final = 16 * limits.KIB
"""100 signatures of 64 bytes with framing take 6.6 KiB."""
MISBEHAVIOUR_MAX: Final = 16

Hash = Annotated[bytes, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
CertificateBytes = Annotated[bytes, msgspec.Meta(max_length=CERTIFICATE_BYTES_MAX)]
Misbehaviour = Annotated[
    tuple[Annotated[bytes, msgspec.Meta(max_length=4 * limits.KIB)], ...], msgspec.Meta(max_length=MISBEHAVIOUR_MAX)
]

_block_hash = tagged_hash("block")
certificate_hash = tagged_hash("certificate")
"""Digest of a quorum certificate's canonical bytes, as ``last_certificate_hash`` holds it."""


class Header(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=HEADER_TAG):
    """Everything a block commits to."""

    version: int
    chain_id: Annotated[str, msgspec.Meta(max_length=limits.CHAIN_ID_BYTES_MAX)]
    epoch: Height
    height: Height
    parent_hash: Hash
    time_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    """Milliseconds since 1970 UTC by the proposer's clock, above the parent's, within the voters' drift limits."""
    proposer: Annotated[int, msgspec.Meta(ge=0, lt=limits.VALIDATORS_MAX)]
    """Index in the epoch's validator set."""
    tx_root: Hash
    """RFC 6962 tree over the envelopes."""
    tx_count: Annotated[int, msgspec.Meta(ge=0, le=limits.BLOCK_TRANSACTIONS_MAX)]
    body_bytes: Annotated[int, msgspec.Meta(ge=0, le=limits.BLOCK_BYTES_MAX)]
    """Sum of the envelopes' sizes."""
    evidence_root: Hash
    """RFC 6962 tree over the misbehaviour items."""
    prev_state_root: Hash
    """State tree after the previous block."""
    prev_results_root: Hash
    """RFC 6962 tree over the previous block's own receipt and those of its transactions (``types.receipt``)."""
    history_root: Hash
    """RFC 6962 tree over the hashes of blocks 0 .. height-1."""
    validators_hash: Hash
    next_validators_hash: Hash
    last_certificate_hash: Hash
    """``H("certificate", ...)`` of the certificate of the previous block; zero at heights 0 and 1."""


class Body(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=BODY_TAG):
    """What a header's roots commit to."""

    transactions: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(max_length=limits.ENVELOPE_BYTES_MAX)], ...],
        msgspec.Meta(max_length=limits.BLOCK_TRANSACTIONS_MAX),
    ]
    last_certificate: CertificateBytes
    misbehaviour: Misbehaviour


class Proposal(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=PROPOSAL_TAG):
    """A block whose bodies the receiver probably has."""

    header: Annotated[bytes, msgspec.Meta(max_length=limits.KIB)]
    leaf_hashes: Annotated[bytes, msgspec.Meta(max_length=limits.BLOCK_TRANSACTIONS_MAX * HASH_BYTES)]
    """32 bytes for each transaction, in block order."""
    last_certificate: CertificateBytes
    misbehaviour: Misbehaviour


HEADER_BYTES_MAX: Final = limits.KIB
BODY_BYTES_MAX: Final = limits.BLOCK_BYTES_MAX + limits.BLOCK_TRANSACTIONS_MAX * 5 + 128 * limits.KIB
"""Envelopes, five bytes of framing each, certificate and misbehaviour."""

decode_header: Final = Decoder(Header, HEADER_BYTES_MAX)
decode_body: Final = Decoder(Body, BODY_BYTES_MAX)
decode_proposal: Final = Decoder(Proposal, limits.BLOCK_TRANSACTIONS_MAX * HASH_BYTES + 128 * limits.KIB)


def block_hash(header: bytes) -> bytes:
    """The hash of the block with these canonical header bytes."""
    return _block_hash(header)


class StoredBlock(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decided block as stored and as served to peers that catch up."""

    header: Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)]
    body: Annotated[bytes, msgspec.Meta(max_length=BODY_BYTES_MAX)]
    certificate: CertificateBytes
    """Quorum certificate over this block's hash; empty for the genesis block."""


decode_stored_block: Final = Decoder(StoredBlock, BODY_BYTES_MAX + CERTIFICATE_BYTES_MAX + 2 * limits.KIB)


def encode_header(header: Header) -> bytes:
    """Canonical header bytes."""
    return encode(header)
