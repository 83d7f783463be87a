"""A snapshot as one node offers it to another: its manifest, and why its state is the consortium's.

The header of the next height certifies the state root and the history; the authority leads
from the genesis hash through each epoch's last header to the set that certified it. An offer is
believed when all of this holds, before anything else is fetched.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from chainnode.chain.proof_builder import authority_of
from chainnode.codec.canonical import Decoder, encode
from chainnode.errors import Rejected
from chainnode.proofs.authority import check_authority, read_header
from chainnode.proofs.bundle import Authority
from chainnode.proofs.history import history_path
from chainnode.proofs.merkle import leaf_hash, root_from_path
from chainnode.store.ledger_reader import LedgerReader
from chainnode.store.snapshot import MANIFEST_BYTES_MAX, Manifest, manifest_hash, open_frontier, open_manifest
from chainnode.sync.certified_range import TrustedBlock
from chainnode.sync.wire import ANSWER_BYTES_MAX
from chainnode.types.block import HEADER_BYTES_MAX, Hash, Header, block_hash
from chainnode.types.validator_set import decode_validators, voting_set
from consensus.quorum import ValidatorSet

OFFER_NAME: Final = "offer"
"""The file that keeps an offer beside the parts it is about."""
_HeaderBytes = Annotated[bytes, msgspec.Meta(max_length=HEADER_BYTES_MAX)]


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """What is sent."""

    manifest: Annotated[bytes, msgspec.Meta(max_length=MANIFEST_BYTES_MAX)]
    header: _HeaderBytes
    """Of the snapshot's block."""
    header_after: _HeaderBytes
    """Of the next block: it certifies the state."""
    authority: Authority
    """For ``header_after``."""
    path: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=64)]
    """From the block that was to be shown to the history root of ``header_after``; empty if none was."""


decode_offer: Final = Decoder(Offer, ANSWER_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class OpenedOffer:
    """An offer that proved itself."""

    data: bytes
    manifest: Manifest
    manifest_hash: bytes
    header_bytes: bytes
    header: Header
    header_after: Header
    validators: dict[bytes, ValidatorSet]
    """Every set from genesis on, by its hash."""
    boundaries: tuple[tuple[bytes, bytes], ...]
    """Header and certificate of the last block of each past epoch."""


def make_offer(store: LedgerReader, manifest: bytes, height: int, shown_height: int | None) -> bytes:
    """The offer of the snapshot at ``height``, below the tip; empty if this node cannot show what is asked."""
    header, header_after = store.header(height), store.header(height + 1)
    if header is None or header_after is None:
        return b""
    path: tuple[bytes, ...] = ()
    if shown_height is not None:
        shown = _path(store, shown_height, height + 1)
        if shown is None:
            return b""
        path = shown
    return encode(Offer(manifest, header, header_after, authority_of(store, height + 1), path))


def _path(store: LedgerReader, index: int, size: int) -> tuple[bytes, ...] | None:
    missing = False

    def node(level: int, at: int) -> bytes:
        nonlocal missing
        found = store.history_node(level, at)
        missing = missing or found is None
        return found or bytes(32)

    path = tuple(history_path(index, size, node)) if index < size else ()
    return None if missing or index >= size else path


def open_offer(data: bytes, genesis_hash: bytes, trusted: TrustedBlock | None = None) -> OpenedOffer:
    """Check an offer down to the genesis hash.

    Raises:
        DecodeError: malformed.
        ProofInvalid: as ``check_authority``.
        Rejected: as ``open_manifest``; ``snapshot-height``, ``snapshot-block``, ``snapshot-state``,
            ``snapshot-history``: the manifest is not what the certified header says; ``sync-untrusted``.
    """
    offer = decode_offer(data)
    header, after = read_header(offer.header), read_header(offer.header_after)
    check_authority(offer.authority, offer.header_after, after, genesis_hash)
    manifest = open_manifest(offer.manifest)
    hash_ = block_hash(offer.header)
    if (header.height, after.height) != (manifest.height, manifest.height + 1):
        raise Rejected("snapshot-height", "a snapshot is offered with headers of other heights")
    if hash_ != after.parent_hash or hash_ != manifest.block_hash or manifest.chain_id != after.chain_id:
        raise Rejected("snapshot-block", "a snapshot is offered with another block")
    if manifest.state_root != after.prev_state_root:
        raise Rejected("snapshot-state", "a snapshot's state is not the certified one", height=manifest.height)
    if open_frontier(manifest).root() != after.history_root:
        raise Rejected("snapshot-history", "a snapshot's history is not the certified one", height=manifest.height)
    if trusted is not None:
        _check_trusted(offer, after, trusted)
    authority = offer.authority
    lists = [authority.genesis_validators, *(link.validators for link in authority.links)]
    sets = {found.hash: found for found in (voting_set(decode_validators(encoded)) for encoded in lists)}
    boundaries = tuple((link.header, link.certificate) for link in authority.links)
    return OpenedOffer(data, manifest, manifest_hash(offer.manifest), offer.header, header, after, sets, boundaries)


def _check_trusted(offer: Offer, after: Header, trusted: TrustedBlock) -> None:
    if trusted.height >= after.height:
        raise Rejected("snapshot-too-old", "a snapshot is older than the trusted block", height=after.height - 1)
    shown = root_from_path(leaf_hash(trusted.block_hash), trusted.height, after.height, offer.path)
    if shown != after.history_root:
        raise Rejected("sync-untrusted", "the chain is not that of the trusted block", height=trusted.height)
