"""Fetching a snapshot and what a node needs beside it (SPEC R9).

An offer proves itself down to the genesis hash. Then come the chunks, each proved alone by
its root in the manifest; the headers of the replay window, bound by parent hashes to the
certified header; and their bodies, bound by those headers. Everything is asked of all peers
at once. Peers that lie are reported, those that stall are named, and what was verified stays on
disk: whenever it is interrupted, it goes on.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from chainnode.codec.canonical import encode
from chainnode.errors import DecodeError, Rejected, RequestFailed
from chainnode.proofs.errors import ProofInvalid
from chainnode.store.snapshot import open_chunk
from chainnode.store.snapshot_export import chunk_name
from chainnode.sync.catch_up import REQUEST_TIMEOUT_MS, Sources, refusal
from chainnode.sync.certified_range import TrustedBlock
from chainnode.sync.snapshot_content import SnapshotContent, open_recent
from chainnode.sync.snapshot_offer import OFFER_NAME, OpenedOffer, open_offer
from chainnode.sync.snapshot_parts import SnapshotParts, block_name, headers_name
from chainnode.sync.spread import Spread
from chainnode.sync.wire import (
    GET_BLOCKS,
    GET_CHUNK,
    GET_HEADERS,
    GET_SNAPSHOT,
    HEADERS_PER_ANSWER_MAX,
    BlocksWanted,
    ChunkWanted,
    SnapshotWanted,
    decode_blocks,
    decode_headers,
)
from chainnode.types.block import block_hash, decode_header

OFFER_TIMEOUT_MS: Final = 5_000
OFFERS_MAX: Final = 3
"""Snapshots tried before giving up: peers let old ones go while they are fetched."""
BLOCKS_PER_PIECE: Final = 16


class SnapshotFetch:
    """One node's way to a snapshot."""

    def __init__(
        self, network: Sources, parts: SnapshotParts, genesis_hash: bytes, trusted: TrustedBlock | None = None
    ) -> None:
        """Keep progress in ``parts``; believe what leads to ``genesis_hash`` and, if given, holds ``trusted``."""
        self._network = network
        self._parts = parts
        self._genesis_hash = genesis_hash
        self._trusted = trusted
        self._spread = Spread(network)
        self._refused: set[bytes] = set()

    async def run(self) -> OpenedOffer | None:
        """Fetch everything; the snapshot that is now whole on disk, or None if no peer leads to one.

        Raises:
            StoreError: the disk failed.
        """
        for _ in range(OFFERS_MAX):
            offer = self._resumed() or await self._choose()
            if offer is None:
                return None
            try:
                if await self._chunks(offer) and await self._recent(offer):
                    return offer
            except Rejected:
                # What was kept is damaged on disk: it was dropped and is fetched anew.
                continue
            # Peers have let it go, or nobody but a liar ever had it.
            self._refused.add(offer.manifest_hash)
            self._parts.clear()
        return None

    # The offer.

    def _resumed(self) -> OpenedOffer | None:
        data = self._parts.read(OFFER_NAME)
        if data is None:
            return None
        try:
            return open_offer(data, self._genesis_hash, self._trusted)
        except (DecodeError, Rejected, ProofInvalid):
            self._parts.clear()
            return None

    async def _choose(self) -> OpenedOffer | None:
        """The newest snapshot that any connected peer proves."""
        offers = await asyncio.gather(*(self._offer(source) for source in self._network.sources(())))
        proved = [offer for offer in offers if offer is not None and offer.manifest_hash not in self._refused]
        best = max(proved, key=lambda offer: offer.manifest.height, default=None)
        if best is not None:
            self._parts.clear()
            self._parts.keep(OFFER_NAME, best.data)
        return best

    async def _offer(self, source: bytes) -> OpenedOffer | None:
        wanted = encode(SnapshotWanted(None if self._trusted is None else self._trusted.height))
        try:
            answer = await self._network.request(source, GET_SNAPSHOT, wanted, OFFER_TIMEOUT_MS)
            return open_offer(answer, self._genesis_hash, self._trusted) if answer else None
        except (DecodeError, Rejected, ProofInvalid) as error:
            # An honest peer may have nothing newer than the block we trust.
            if error.code != "snapshot-too-old":
                self._network.report(source, error.code)
        except RequestFailed as error:
            self._network.note_slow(source, refusal(error))
        return None

    # Chunks.

    async def _chunks(self, offer: OpenedOffer) -> bool:
        chunks = offer.manifest.chunks

        async def fetch(source: bytes, index: int) -> Sequence[int] | None:
            wanted = encode(ChunkWanted(offer.manifest_hash, index))
            answer = await self._network.request(source, GET_CHUNK, wanted, REQUEST_TIMEOUT_MS)
            if not answer:
                return None
            open_chunk(chunks[index], answer)
            self._parts.keep(chunk_name(index), answer)
            return ()

        missing = [index for index in range(len(chunks)) if not self._parts.has(chunk_name(index))]
        return await self._spread.run(missing, fetch)

    # The replay window.

    async def _recent(self, offer: OpenedOffer) -> bool:
        headers = await self._headers(offer, SnapshotContent(offer, self._parts).lowest())
        return headers is not None and await self._blocks(offer, headers)

    async def _headers(self, offer: OpenedOffer, low: int) -> dict[int, bytes] | None:
        """Headers ``low`` .. the snapshot's by height, each bound to the one above."""
        height = offer.manifest.height
        found = {height: offer.header_bytes}
        while height > low:
            first = max(low, height - HEADERS_PER_ANSWER_MAX)
            if not await self._spread.run([first], _HeaderWork(self._network, self._parts, found, height).fetch):
                return None
            height = first
        return found

    async def _blocks(self, offer: OpenedOffer, headers: dict[int, bytes]) -> bool:
        missing = [height for height in sorted(headers) if not self._parts.has(block_name(height))]
        ranges = list(ranges_of(missing))

        async def fetch(source: bytes, piece: tuple[int, int]) -> Sequence[tuple[int, int]] | None:
            first, last = piece
            wanted = encode(BlocksWanted(first, last))
            answer = decode_blocks(await self._network.request(source, GET_BLOCKS, wanted, REQUEST_TIMEOUT_MS))
            if len(answer) > last - first + 1:
                raise Rejected("sync-surplus", "a peer served more blocks than asked", found=len(answer))
            for height, data in enumerate(answer, first):
                open_recent(offer, headers, height, data)
                self._parts.keep(block_name(height), data)
                await asyncio.sleep(0)
            rest = first + len(answer)
            return None if not answer else ((rest, last),) if rest <= last else ()

        return await self._spread.run(ranges, fetch)


class _HeaderWork:
    """Fetches the headers from a height up to the one whose child is known."""

    def __init__(self, network: Sources, parts: SnapshotParts, found: dict[int, bytes], above: int) -> None:
        self._network = network
        self._parts = parts
        self._found = found
        self._above = above

    async def fetch(self, source: bytes, first: int) -> Sequence[int] | None:
        """Ask ``source``, or the disk."""
        kept = self._parts.read(headers_name(first))
        if kept is not None:
            try:
                self._take(first, kept)
            except (DecodeError, Rejected):
                self._parts.drop(headers_name(first))
            else:
                return ()
        wanted = encode(BlocksWanted(first, self._above - 1))
        answer = await self._network.request(source, GET_HEADERS, wanted, REQUEST_TIMEOUT_MS)
        if len(decode_headers(answer)) < self._above - first:
            return None
        self._take(first, answer)
        self._parts.keep(headers_name(first), answer)
        return ()

    def _take(self, first: int, answer: bytes) -> None:
        self._found.update(linked_headers(decode_headers(answer), first, self._found[self._above]))


def linked_headers(headers: Sequence[bytes], first: int, above: bytes) -> dict[int, bytes]:
    """By height, the headers from ``first`` up to the parent of ``above``, each the parent of the next.

    Raises:
        DecodeError: a header is malformed.
        Rejected: ``sync-surplus``: another number of headers; ``sync-header``: one is not the parent.
    """
    child = decode_header(above)
    if len(headers) != child.height - first:
        raise Rejected("sync-surplus", "a peer served another number of headers than asked", found=len(headers))
    linked: dict[int, bytes] = {}
    expected = child.parent_hash
    for height in range(child.height - 1, first - 1, -1):
        data = headers[height - first]
        if block_hash(data) != expected:
            raise Rejected("sync-header", "a header is not the parent of the one above it", height=height)
        linked[height] = data
        expected = decode_header(data).parent_hash
    return linked


def ranges_of(heights: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of consecutive heights, each at most ``BLOCKS_PER_PIECE`` long."""
    at = 0
    while at < len(heights):
        stop = at + 1
        while stop < len(heights) and heights[stop] == heights[stop - 1] + 1 and stop - at < BLOCKS_PER_PIECE:
            stop += 1
        yield heights[at], heights[stop - 1]
        at = stop
