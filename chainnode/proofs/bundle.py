"""The proof bundle: one portable document that a stranger can check offline.

    Bundle     [tag 9, version, claim, headers, history, authority]
    claim      ["transaction-included", envelope, index, path, receipt | nil]
               ["evidence-existed", evidence_id, digest, operation, item | nil, envelope, index, path, receipt]
               ["block-opened", receipt, path]
               ["state-present", key, value, proof]
               ["state-absent", key, key_hash, proof]
    receipt    [receipt, path]
    history    [header, path] | nil
    authority  [certificate, genesis_header, genesis_validators, [[header, certificate, validators], ...]] | nil

``headers`` is what the claim speaks of, each the parent of the next:

- a transaction without receipt: the header of its block;
- with a receipt, also the block's own: that header and the next one, which commits to the results;
- state after block H: the header of H+1, which commits to it.

``history`` leads from the last of them to a later header, by the tree of all block
hashes. ``authority`` shows that the consortium agreed: the quorum certificate over the
last header (the later one if ``history`` is there), and the validator sets from
genesis on, each handed over by a header that the set before certified. A bundle for a
reader who already trusts that last header by its hash carries no authority.

Ordered is not applied: ``evidence-existed`` always carries the receipt.

Source: ledger format, "Proofs"; the JSON form is ``proofs.document``.
"""

from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.proofs.evidence import OPERATION_INDEX_MAX, BatchItem, Digest, EvidenceId
from chainnode.proofs.merkle import PATH_HASHES_MAX
from chainnode.proofs.sparse import StateProof
from chainnode.types.block import HEADER_BYTES_MAX, CertificateBytes, Hash

BUNDLE_TAG: Final = 9
BUNDLE_VERSION: Final = 1
BUNDLE_BYTES_MAX: Final = 4 * limits.MIB
"""Envelope (260 KiB), receipt (1 MiB) and some tens of validator sets; a verifier reads no more."""
EPOCH_LINKS_MAX: Final = 1_024

HeaderBytes = Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)]
Path = Annotated[tuple[Hash, ...], msgspec.Meta(max_length=PATH_HASHES_MAX)]
_Envelope = Annotated[bytes, msgspec.Meta(max_length=limits.ENVELOPE_BYTES_MAX)]
_Index = Annotated[int, msgspec.Meta(ge=0, lt=limits.BLOCK_TRANSACTIONS_MAX)]
_Key = Annotated[bytes, msgspec.Meta(min_length=1, max_length=limits.STATE_KEY_BYTES_MAX)]
_Value = Annotated[bytes, msgspec.Meta(min_length=1, max_length=limits.STATE_VALUE_BYTES_MAX)]
_Validators = Annotated[bytes, msgspec.Meta(max_length=64 * limits.KIB)]


class ReceiptProof(msgspec.Struct, frozen=True, array_like=True):
    """A transaction's receipt in the results of its block, at the leaf after the transaction's index."""

    receipt: Annotated[bytes, msgspec.Meta(max_length=limits.MIB)]
    path: Path


class TransactionIncluded(msgspec.Struct, frozen=True, array_like=True, tag="transaction-included"):
    """The block at ``headers[0]`` holds this envelope at this index; with a receipt also: what became of it."""

    envelope: _Envelope
    index: _Index
    path: Path
    receipt: ReceiptProof | None


class EvidenceExisted(msgspec.Struct, frozen=True, array_like=True, tag="evidence-existed"):
    """The digest was recorded, and the record applied, by the time of the block at ``headers[0]``."""

    evidence_id: EvidenceId
    digest: Digest
    operation: Annotated[int, msgspec.Meta(ge=0, le=OPERATION_INDEX_MAX)]
    """Which operation of the transaction records it."""
    item: BatchItem | None
    """Its place, if it was recorded as one of a batch."""
    envelope: _Envelope
    index: _Index
    path: Path
    receipt: ReceiptProof


class BlockOpened(msgspec.Struct, frozen=True, array_like=True, tag="block-opened"):
    """Opening the block at ``headers[0]`` did this, before its first transaction."""

    receipt: Annotated[bytes, msgspec.Meta(max_length=limits.MIB)]
    """The block's own: the first leaf of the results tree, which has one more than the block has transactions."""
    path: Path


class StatePresent(msgspec.Struct, frozen=True, array_like=True, tag="state-present"):
    """After the block before ``headers[0]`` the key had this value."""

    key: _Key
    value: _Value
    proof: StateProof


class StateAbsent(msgspec.Struct, frozen=True, array_like=True, tag="state-absent"):
    """After the block before ``headers[0]`` the key had no value."""

    key: _Key
    key_hash: Hash
    """``SHA-256(key)``. One proof fits every absent key of its corner of the tree; this ties the bundle to one."""
    proof: StateProof


Claim = TransactionIncluded | EvidenceExisted | BlockOpened | StatePresent | StateAbsent


class HistoryLink(msgspec.Struct, frozen=True, array_like=True):
    """A later header whose history tree holds the last of the bundle's headers."""

    header: HeaderBytes
    path: Path


class EpochLink(msgspec.Struct, frozen=True, array_like=True):
    """The handing over from one validator set to the next, certified by the first."""

    header: HeaderBytes
    """Last header of the epoch; its ``next_validators_hash`` names the next set."""
    certificate: CertificateBytes
    validators: _Validators
    """Canonical bytes of the next set."""


class Authority(msgspec.Struct, frozen=True, array_like=True):
    """Why the last header is the consortium's, for somebody who knows only the genesis hash."""

    certificate: CertificateBytes
    genesis_header: HeaderBytes
    genesis_validators: _Validators
    """Canonical bytes of the set that the genesis header names."""
    links: Annotated[tuple[EpochLink, ...], msgspec.Meta(max_length=EPOCH_LINKS_MAX)]


class Bundle(msgspec.Struct, frozen=True, array_like=True, tag=BUNDLE_TAG):
    """A claim and everything needed to check it, except the one hash the reader trusts."""

    version: int
    claim: Claim
    headers: Annotated[tuple[HeaderBytes, ...], msgspec.Meta(min_length=1, max_length=2)]
    history: HistoryLink | None
    authority: Authority | None


decode_bundle: Final = Decoder(Bundle, BUNDLE_BYTES_MAX)


def encode_bundle(bundle: Bundle) -> bytes:
    """Canonical MessagePack of the bundle."""
    return encode(bundle)


def without_authority(bundle: Bundle) -> Bundle:
    """The same claim for a reader who trusts the hash of its last header."""
    return msgspec.structs.replace(bundle, authority=None)


def kind_of(claim: Claim) -> str:
    """The claim's kind, such as ``state-present``."""
    return str(claim.__struct_config__.tag)
