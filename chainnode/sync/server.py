"""Answering peers that lack something.

Every answer is bounded in bytes before it is built, and costs reads only; how many
requests a peer may have under way is ``net``'s bound, what one may cost a second the node's. History
(ranges of blocks, snapshots) is served within a budget for all peers together, so that many who
catch up cannot keep a validator from voting; what a block under discussion lacks is always served.
"""

from collections.abc import Callable
from typing import Final

from chainnode.chain.candidate import Candidate
from chainnode.clock import Clock, SystemClock
from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import HASH_BYTES
from chainnode.errors import PeerError, Rejected
from chainnode.mempool.pool import Pool
from chainnode.net.rate import TokenBucket
from chainnode.store.ledger_reader import LedgerReader
from chainnode.sync.snapshot_offer import make_offer
from chainnode.sync.snapshot_shelf import SnapshotShelf
from chainnode.sync.wire import (
    ANSWER_BYTES_MAX,
    BLOCKS_PER_ANSWER_MAX,
    BUSY,
    GET_BLOCK,
    GET_BLOCKS,
    GET_CHUNK,
    GET_HEADERS,
    GET_RECEIPTS,
    GET_SEALS,
    GET_SNAPSHOT,
    GET_TRANSACTIONS,
    HEADERS_PER_ANSWER_MAX,
    HISTORY_BYTES_PER_S_MAX,
    SEALS_PER_ANSWER_MAX,
    decode_block_wanted,
    decode_blocks_wanted,
    decode_chunk_wanted,
    decode_receipts_wanted,
    decode_seals_wanted,
    decode_snapshot_wanted,
    decode_transactions_wanted,
)
from chainnode.types.transaction import Transaction

_NOTHING: Final = b""
HISTORY: Final = frozenset({GET_BLOCKS, GET_HEADERS, GET_SNAPSHOT, GET_CHUNK, GET_RECEIPTS, GET_SEALS})
"""Requests that can wait."""


class SyncServer:
    """Serves transactions and blocks from pool, desk and store."""

    def __init__(
        self,
        store: LedgerReader,
        pool: Pool,
        candidates: Callable[[], list[Candidate]],
        *,
        shelf: SnapshotShelf | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``candidates`` lists the undecided blocks held complete right now; without ``shelf`` it has no snapshots."""
        self._store = store
        self._pool = pool
        self._candidates = candidates
        self._proposed: dict[bytes, dict[bytes, Transaction]] = {}
        """Bodies by leaf hash of each block under discussion; made once a block, so that many requests stay cheap."""
        self._shelf = shelf
        self._answers = {
            GET_TRANSACTIONS: self._transactions,
            GET_BLOCK: self._block,
            GET_BLOCKS: self._blocks,
            GET_HEADERS: self._headers,
            GET_SNAPSHOT: self._snapshot,
            GET_CHUNK: self._chunk,
            GET_RECEIPTS: self._receipts,
            GET_SEALS: self._seals,
        }
        self._clock = clock or SystemClock()
        self._budget = TokenBucket(HISTORY_BYTES_PER_S_MAX, HISTORY_BYTES_PER_S_MAX, self._now_s())

    def answer(self, kind: int, payload: bytes) -> bytes:
        """The answer to one request.

        Raises:
            PeerError: ``request-kind``: no such request.
            DecodeError: the request is malformed.
            Rejected: ``busy``: enough history was served for now.
        """
        answer = self._answers.get(kind)
        if answer is None:
            raise PeerError("request-kind", f"request kind {kind} is unknown")
        if kind not in HISTORY:
            return answer(payload)
        if self._budget.charge(0, self._now_s()) > 0:
            raise Rejected(BUSY, "enough was served for now; ask another node, or later")
        found = answer(payload)
        self._budget.charge(len(found), self._now_s())
        return found

    def _now_s(self) -> float:
        return self._clock.monotonic_ms() / 1000

    def _transactions(self, payload: bytes) -> bytes:
        leaves = decode_transactions_wanted(payload).leaf_hashes
        proposed = self._bodies()
        found: list[bytes] = []
        total = 0
        for start in range(0, len(leaves) - HASH_BYTES + 1, HASH_BYTES):
            leaf = leaves[start : start + HASH_BYTES]
            transaction = self._pool.by_leaf(leaf)
            if transaction is None:
                transaction = next((bodies[leaf] for bodies in proposed if leaf in bodies), None)
            if transaction is None:
                break
            total += len(transaction.envelope)
            if found and total > ANSWER_BYTES_MAX:
                break
            found.append(transaction.envelope)
        return encode(found)

    def _bodies(self) -> list[dict[bytes, Transaction]]:
        """Bodies that the pool may have let go and that still stand in a block under discussion."""
        held = {candidate.block_hash: candidate for candidate in self._candidates()}
        kept = self._proposed
        self._proposed = {
            hash_: kept.get(hash_) or {transaction.leaf_hash: transaction for transaction in candidate.transactions}
            for hash_, candidate in held.items()
        }
        return list(self._proposed.values())

    def _block(self, payload: bytes) -> bytes:
        wanted = decode_block_wanted(payload).block_hash
        for candidate in self._candidates():
            if candidate.block_hash == wanted:
                return encode(candidate.stored(_NOTHING))
        height = self._store.height_of(wanted)
        stored = None if height is None else self._store.block(height)
        return _NOTHING if stored is None else encode(stored)

    def _blocks(self, payload: bytes) -> bytes:
        wanted = decode_blocks_wanted(payload)
        last = min(wanted.last, wanted.first + BLOCKS_PER_ANSWER_MAX - 1, self._store.tip().height)
        found: list[bytes] = []
        total = 0
        for height in range(wanted.first, last + 1):
            stored = self._store.block(height)
            if stored is None:
                break
            data = encode(stored)
            total += len(data)
            if found and total > ANSWER_BYTES_MAX:
                break
            found.append(data)
        return encode(found)

    def _headers(self, payload: bytes) -> bytes:
        wanted = decode_blocks_wanted(payload)
        found: list[bytes] = []
        for height in range(wanted.first, min(wanted.last, wanted.first + HEADERS_PER_ANSWER_MAX - 1) + 1):
            header = self._store.header(height)
            if header is None:
                break
            found.append(header)
        return encode(found)

    def _receipts(self, payload: bytes) -> bytes:
        wanted = decode_receipts_wanted(payload)
        first = max(wanted.first, 1)
        last = min(wanted.last, wanted.first + BLOCKS_PER_ANSWER_MAX - 1, self._store.tip().height)
        found: list[tuple[bytes, ...]] = []
        total = read = 0
        for height in range(first, last + 1):
            if height < self._store.floor():
                break
            receipts = (self._store.block_receipt(height) or b"", *self._store.receipts(height))
            read += sum(map(len, receipts))
            if height == first:
                receipts = _fitting(receipts[wanted.skipped :])
            size = sum(map(len, receipts))
            if not receipts or (found and total + size > ANSWER_BYTES_MAX):
                break
            total += size
            found.append(receipts)
        # Receipts of a block can be longer than an answer; what is read for nothing is work too.
        self._budget.charge(read - total, self._now_s())
        return encode(found)

    def _seals(self, payload: bytes) -> bytes:
        return encode(self._store.seals(decode_seals_wanted(payload).first, SEALS_PER_ANSWER_MAX))

    def _snapshot(self, payload: bytes) -> bytes:
        wanted = decode_snapshot_wanted(payload)
        newest = None if self._shelf is None else self._shelf.newest(below=self._store.tip().height)
        if newest is None:
            return _NOTHING
        height, manifest = newest
        return make_offer(self._store, manifest, height, wanted.shown_height)

    def _chunk(self, payload: bytes) -> bytes:
        wanted = decode_chunk_wanted(payload)
        found = None if self._shelf is None else self._shelf.chunk(wanted.manifest_hash, wanted.index)
        return _NOTHING if found is None else found


def _fitting(receipts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """As many as one answer holds, at least one: what one block did can be longer than the block."""
    total = 0
    for count, receipt in enumerate(receipts):
        total += len(receipt)
        if count and total > ANSWER_BYTES_MAX:
            return receipts[:count]
    return receipts
