"""What was fetched of a snapshot, read back from disk and verified again: nothing else reaches a ledger."""

from collections.abc import Iterator

from chainnode.chain.candidate import open_stored
from chainnode.errors import DecodeError, Misuse, Rejected
from chainnode.proofs.authority import check_commit
from chainnode.proofs.errors import ProofInvalid
from chainnode.store.ledger_store import CHECKED_BLOCKS
from chainnode.store.snapshot import CHUNK_BITS_MAX, Pair, key_prefix, open_chunk
from chainnode.store.snapshot_export import chunk_name
from chainnode.store.snapshot_import import RecentBlock
from chainnode.sync.snapshot_offer import OpenedOffer
from chainnode.sync.snapshot_parts import SnapshotParts, block_name
from chainnode.types.block import (
    Header,
    StoredBlock,
    block_hash,
    certificate_hash,
    decode_header,
    decode_stored_block,
)
from contracts.governance.queries import read_parameters


class SnapshotContent:
    """The parts of one offered snapshot."""

    def __init__(self, offer: OpenedOffer, parts: SnapshotParts) -> None:
        self._offer = offer
        self._parts = parts

    def lowest(self) -> int:
        """The first height whose block is kept: the replay rule looks back this far.

        Raises:
            Rejected: ``part-damaged``: a chunk is torn or gone; it was dropped, so fetch again.
            StoreError: the disk failed.
        """
        parameters = read_parameters(_StateOfParts(self._offer, self._parts))
        kept = max(parameters.validity_window, CHECKED_BLOCKS + 1)
        return max(1, self._offer.manifest.height - kept + 1)

    def chunks(self) -> Iterator[tuple[Pair, ...]]:
        """Every chunk from disk, verified again.

        Raises:
            Rejected: ``part-damaged``: one is torn or gone; it was dropped, so fetch again.
            StoreError: the disk failed.
        """
        for index in range(len(self._offer.manifest.chunks)):
            yield _chunk_from_disk(self._offer, self._parts, index)

    def recent_blocks(self) -> Iterator[RecentBlock]:
        """The kept blocks in order, verified again.

        Raises:
            Rejected: ``part-damaged``; StoreError.
        """
        low = self.lowest()
        headers = {self._offer.manifest.height: self._offer.header_bytes}
        for height in range(self._offer.manifest.height, low, -1):
            parent = decode_header(headers[height]).parent_hash
            below = self._block_from_disk(height - 1)
            if block_hash(below.header) != parent:
                raise _damaged(self._parts, block_name(height - 1))
            headers[height - 1] = below.header
        for height in range(low, self._offer.manifest.height + 1):
            data = self._parts.read(block_name(height)) or b""
            try:
                yield open_recent(self._offer, headers, height, data)
            except (DecodeError, Rejected, ProofInvalid) as error:
                raise _damaged(self._parts, block_name(height)) from error

    def _block_from_disk(self, height: int) -> StoredBlock:
        try:
            return decode_stored_block(self._parts.read(block_name(height)) or b"")
        except DecodeError as error:
            raise _damaged(self._parts, block_name(height)) from error


class _StateOfParts:
    """Single reads of the snapshot's state, chunk by chunk."""

    def __init__(self, offer: OpenedOffer, parts: SnapshotParts) -> None:
        self._offer = offer
        self._parts = parts

    def get(self, key: bytes) -> bytes | None:
        place = key_prefix(key)
        for index, chunk in enumerate(self._offer.manifest.chunks):
            if place >> (CHUNK_BITS_MAX - chunk.bits) == chunk.prefix:
                return dict(_chunk_from_disk(self._offer, self._parts, index)).get(key)
        return None

    def put(self, key: bytes, value: bytes) -> None:
        raise Misuse("state-read-only", "a snapshot is only read")

    def delete(self, key: bytes) -> None:
        raise Misuse("state-read-only", "a snapshot is only read")


def _chunk_from_disk(offer: OpenedOffer, parts: SnapshotParts, index: int) -> tuple[Pair, ...]:
    try:
        return open_chunk(offer.manifest.chunks[index], parts.read_chunk(index) or b"")
    except (DecodeError, Rejected) as error:
        raise _damaged(parts, chunk_name(index)) from error


def _damaged(parts: SnapshotParts, name: str) -> Rejected:
    parts.drop(name)
    return Rejected("part-damaged", f"{name} was damaged on disk and is to be fetched again")


def open_recent(offer: OpenedOffer, headers: dict[int, bytes], height: int, data: bytes) -> RecentBlock:
    """A block of the replay window, bound by its header; its certificate is the one that its child names, or verified.

    Raises:
        DecodeError, Rejected, ProofInvalid: it is another block, its body another body, or it has no quorum.
    """
    stored = decode_stored_block(data)
    if stored.header != headers[height]:
        raise Rejected("sync-header", "a block has another header than its child names", height=height)
    candidate = open_stored(stored)
    child: Header = decode_header(headers[height + 1]) if height + 1 in headers else offer.header_after
    if child.last_certificate_hash != certificate_hash(stored.certificate):
        validators = offer.validators.get(candidate.header.validators_hash)
        if validators is None:
            raise Rejected("header-validators", "a block names validators that never were", height=height)
        check_commit(stored.header, candidate.header, stored.certificate, validators)
    return RecentBlock(height, stored, [transaction.tx_id for transaction in candidate.transactions])
