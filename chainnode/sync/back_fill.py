"""The blocks below a snapshot, fetched while the node works (SPEC R9): downward, until the genesis.

A node that began from a snapshot trusts one certified header. Every header below it is the parent of the one above;
bodies, certificates and receipts are what these headers name (a block's receipts by the results root of the next
header). So nobody is believed, and what is here afterwards is what any other node holds, indexes included, except old
versions of the state, which nobody keeps.

It has the lowest priority: it stands still while the node catches up, works at most half of the time and fetches at
most so many bytes a second. A round that is interrupted is fetched again.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from chainnode.chain.candidate import check_binding
from chainnode.chain.epochs import validators_at
from chainnode.chain.event_index import index_entries
from chainnode.chain.ledger import Ledger
from chainnode.codec.canonical import encode
from chainnode.errors import Rejected, StoreCorrupt
from chainnode.limits import MIB
from chainnode.proofs.authority import check_commit
from chainnode.proofs.merkle import leaf_hash
from chainnode.proofs.merkle import root as merkle_root
from chainnode.store.block_commit import OldBlock
from chainnode.sync.catch_up import REQUEST_TIMEOUT_MS, Sources
from chainnode.sync.snapshot_fetch import linked_headers, ranges_of
from chainnode.sync.spread import Spread
from chainnode.sync.wire import (
    GET_BLOCKS,
    GET_HEADERS,
    GET_RECEIPTS,
    BlocksWanted,
    ReceiptsWanted,
    decode_blocks,
    decode_headers,
    decode_receipts,
)
from chainnode.types.block import block_hash, certificate_hash, decode_body, decode_header, decode_stored_block
from chainnode.types.receipt import decode_block_receipt, decode_receipt, silent_block_receipt
from chainnode.types.validator_set import voting_set

ROUND_BLOCKS: Final = 256
"""Headers held in memory, and the most that an interruption costs."""
BYTES_PER_S_MAX: Final = 4 * MIB
"""On average: a tenth of what a peer gives to one asker."""
BUSY_SECONDS: Final = 1.0
"""Between looks whether the node has caught up."""
RECEIPT_ANSWERS_MAX: Final = 16
"""More for one block, each of 6 MiB: 24 times the largest block; and what a peer that lies may make us hold."""
RETRY_SECONDS: Final = 30.0
"""When nobody connected has what is missing: somebody may connect."""

log = structlog.get_logger(__name__)


class BackFill:
    """Brings the floor of one ledger down to 1."""

    def __init__(self, ledger: Ledger, network: Sources, busy: Callable[[], bool]) -> None:
        """While ``busy()`` nothing new is begun."""
        self._ledger = ledger
        self._network = network
        self._busy = busy
        self._spread = Spread(network)
        self._fetched_bytes = 0
        self._long = asyncio.Lock()
        """Held for the one block whose receipts take several answers: they are believed only when all are here."""

    async def run(self) -> None:
        """Return when everything down to the genesis is here.

        Raises:
            StoreError: the disk failed.
        """
        loop = asyncio.get_running_loop()
        store = self._ledger.store
        while (floor := store.floor()) > 1:
            # The block above a snapshot certifies what its own block did; it comes with the first that is decided.
            if self._busy() or self._ledger.tip.height < floor:
                await asyncio.sleep(BUSY_SECONDS)
                continue
            began, before = loop.time(), self._fetched_bytes
            if await self.fill(max(1, floor - ROUND_BLOCKS)):
                took = loop.time() - began
                await asyncio.sleep(max(took, (self._fetched_bytes - before) / BYTES_PER_S_MAX - took))
            else:
                log.info("nobody in reach has the blocks below", height=floor)
                await asyncio.sleep(RETRY_SECONDS)
        log.info("everything from the genesis on is here")

    async def fill(self, low: int) -> bool:
        """Fetch everything from ``low`` to the floor; False if nobody brings some of it.

        Raises:
            StoreError: the disk failed.
        """
        store = self._ledger.store
        floor = store.floor()
        above = store.header(floor)
        if above is None:
            raise StoreCorrupt("data-corrupt", f"the block at height {floor} is missing")
        headers = {floor: above}
        if not await self._spread.run([low], _Headers(self._network, headers, floor).fetch):
            return False
        if not await self._spread.run(list(ranges_of(range(low, floor))), lambda *of: self._piece(headers, *of)):
            return False
        store.lower_floor(low)
        return True

    async def _piece(
        self, headers: dict[int, bytes], source: bytes, piece: tuple[int, int]
    ) -> Sequence[tuple[int, int]] | None:
        """Fetch, verify and keep what one source has of a range; what is left of it, None if it has nothing."""
        first, last = piece
        wanted = encode(BlocksWanted(first, last))
        answer = await self._network.request(source, GET_BLOCKS, wanted, REQUEST_TIMEOUT_MS)
        blocks = decode_blocks(answer)
        self._fetched_bytes += len(answer)
        receipts = await self._receipts(source, first, last, decode_header(headers[first]).tx_count + 1)
        if max(len(blocks), len(receipts)) > last - first + 1:
            raise Rejected("sync-surplus", "a peer served more blocks than asked", height=first)
        count = 0
        for height, data, outcomes in zip(range(first, last + 1), blocks, receipts, strict=False):
            self._ledger.store.keep_old([self._opened(headers, height, data, outcomes)])
            count += 1
            await asyncio.sleep(0)
        rest = first + count
        return None if not count else ((rest, last),) if rest <= last else ()

    async def _receipts(self, source: bytes, first: int, last: int, needed: int) -> list[tuple[bytes, ...]]:
        """By block, not verified; of the first all ``needed``, in several answers where they are that long."""
        found = await self._some_receipts(source, ReceiptsWanted(first, last, 0))
        if len(found) != 1 or len(found[0]) >= needed:
            return found
        async with self._long:
            for _ in range(RECEIPT_ANSWERS_MAX):
                more = await self._some_receipts(source, ReceiptsWanted(first, first, len(found[0])))
                found[0] += more[0] if more else ()
                if not more or len(found[0]) >= needed:
                    break
        return found

    async def _some_receipts(self, source: bytes, wanted: ReceiptsWanted) -> list[tuple[bytes, ...]]:
        answer = await self._network.request(source, GET_RECEIPTS, encode(wanted), REQUEST_TIMEOUT_MS)
        self._fetched_bytes += len(answer)
        return list(decode_receipts(answer))

    def _opened(self, headers: dict[int, bytes], height: int, data: bytes, outcomes: tuple[bytes, ...]) -> OldBlock:
        """One block as its header and the next one name it.

        Raises:
            DecodeError, ProofInvalid: malformed, or without a quorum.
            Rejected: ``sync-header``, ``sync-receipts``, or a code of ``check_binding``.
        """
        stored = decode_stored_block(data)
        if stored.header != headers[height]:
            raise Rejected("sync-header", "a block has another header than its child names", height=height)
        header, child, body = decode_header(stored.header), decode_header(headers[height + 1]), decode_body(stored.body)
        leaves = [leaf_hash(envelope) for envelope in body.transactions]
        check_binding(header, leaves, body.last_certificate, body.misbehaviour)
        if child.last_certificate_hash != certificate_hash(stored.certificate):
            # Another good certificate of the same block: any quorum's will do.
            members = validators_at(self._ledger.surroundings.state, height)
            check_commit(stored.header, header, stored.certificate, voting_set(members))
        own = outcomes[0] or silent_block_receipt(height)
        if merkle_root([leaf_hash(outcome) for outcome in (own, *outcomes[1:])]) != child.prev_results_root:
            raise Rejected("sync-receipts", "receipts are not those the next header certifies", height=height)
        opened, receipts = decode_block_receipt(own), [decode_receipt(outcome) for outcome in outcomes[1:]]
        return OldBlock(
            height=height,
            block_hash=block_hash(stored.header),
            stored=stored,
            receipts=outcomes[1:],
            tx_ids=[receipt.tx_id for receipt in receipts],
            index_entries=index_entries(receipts, opened),
            block_receipt=own if opened.events else b"",
        )


class _Headers:
    """The headers of one round."""

    def __init__(self, network: Sources, found: dict[int, bytes], above: int) -> None:
        self._network = network
        self._found = found
        self._above = above

    async def fetch(self, source: bytes, first: int) -> Sequence[int] | None:
        """Ask ``source`` for all of them."""
        wanted = encode(BlocksWanted(first, self._above - 1))
        headers = decode_headers(await self._network.request(source, GET_HEADERS, wanted, REQUEST_TIMEOUT_MS))
        if len(headers) < self._above - first:
            return None
        self._found.update(linked_headers(headers, first, self._found[self._above]))
        return ()
