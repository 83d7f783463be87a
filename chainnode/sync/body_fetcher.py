"""Getting the parts of a block this node lacks, from whoever has them.

Every answer is checked against the hash that was asked for, so a peer that lies only
wastes one request. Peers are asked in turn: those named first, then every other
connected validator; rounds repeat with a pause until the caller gives up (the
height was decided without us, or the node stops).
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from chainnode.chain.candidate import Candidate, Held, OpenProposal, complete, nothing_held, open_stored
from chainnode.codec.canonical import encode
from chainnode.errors import ChainError, Rejected
from chainnode.mempool.verification import Verification
from chainnode.proofs.merkle import leaf_hash
from chainnode.sync.wire import (
    GET_BLOCK,
    GET_TRANSACTIONS,
    BlockWanted,
    TransactionsWanted,
    decode_envelopes,
)
from chainnode.types.block import decode_stored_block
from chainnode.types.transaction import Transaction, decode_transaction
from contracts.kernel.registry import decode_operations

REQUEST_TIMEOUT_MS: Final = 1_000
ROUND_PAUSE_SECONDS: Final = 0.2


class Requester(Protocol):
    """The part of the network a fetcher needs."""

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """The answer of a peer.

        Raises:
            PeerError: no link, no answer in time, or a refusal.
        """
        ...

    def sources(self, first: Sequence[int]) -> list[bytes]:
        """Node keys to ask: validators with the indexes in ``first``, then every other connected one."""
        ...


async def check_signatures(
    transactions: Iterable[Transaction], verification: Verification, held: Held = nothing_held, *, urgent: bool = False
) -> None:
    """Check every signature of a block's transactions but those that ``held`` gave, which are verified.

    Raises:
        Rejected: ``bad-signature``, ``signature-scheme`` or ``signature-form``.
    """
    unknown = [item for item in transactions if held(item.leaf_hash) is not item]
    if not all(await verification.check(unknown, urgent=urgent)):
        raise Rejected("bad-signature", "a transaction of the block carries an invalid signature")


class BodyFetcher:
    """Fetches missing transactions and whole undecided blocks."""

    def __init__(
        self,
        network: Requester,
        verification: Verification,
        held: Held = nothing_held,
    ) -> None:
        """Ask through ``network``; have checked by ``verification`` what ``held`` (by leaf hash) does not give."""
        self._network = network
        self._verification = verification
        self._held = held

    async def complete(
        self, proposal: OpenProposal, held: dict[bytes, Transaction], first: Sequence[int]
    ) -> Candidate:
        """The candidate of ``proposal``; ``held`` maps leaf hashes to transactions already here.

        Raises:
            ChainError: the proposal commits to bytes that are no valid transaction; no correct
                leader proposes them.
        """
        found = dict(held)
        turn = 0
        while True:
            missing = [leaf for leaf in proposal.leaf_hashes if leaf not in found]
            if not missing:
                return complete(proposal, [found[leaf] for leaf in proposal.leaf_hashes])
            fetched = await self._some_transactions(missing, first, turn)
            new = [decode_transaction(envelope) for envelope in fetched]
            for transaction in new:
                decode_operations(transaction)
            await check_signatures(new, self._verification, urgent=True)
            found.update((transaction.leaf_hash, transaction) for transaction in new)
            # A leader may commit to 10,000 bodies of 260 KiB; what the header allows fits into memory.
            if sum(len(transaction.envelope) for transaction in found.values()) > proposal.header.body_bytes:
                raise Rejected("block-bytes", "the transactions are larger than the header says")
            turn += 1

    async def _some_transactions(self, missing: list[bytes], first: Sequence[int], turn: int) -> list[bytes]:
        """Envelopes for the beginning of ``missing``; at least one.

        Each turn begins with the next source, so that one which gives a single body at a time cannot make us
        ask thousands of times.
        """
        wanted = encode(TransactionsWanted(b"".join(missing)))
        while True:
            sources = self._network.sources(first)
            begin = turn % max(1, len(sources))
            for node_key in sources[begin:] + sources[:begin]:
                try:
                    answer = await self._network.request(node_key, GET_TRANSACTIONS, wanted, REQUEST_TIMEOUT_MS)
                    envelopes = decode_envelopes(answer)
                except ChainError:
                    continue
                matching = [
                    envelope for envelope, leaf in zip(envelopes, missing, strict=False) if leaf_hash(envelope) == leaf
                ]
                if matching:
                    return matching
            await asyncio.sleep(ROUND_PAUSE_SECONDS)

    async def block(self, block_hash: bytes, first: Sequence[int]) -> Candidate:
        """The whole block with this hash, every transaction verified; asks until somebody has it.

        What is held here already is taken from here.
        """
        wanted = encode(BlockWanted(block_hash))
        while True:
            for node_key in self._network.sources(first):
                try:
                    answer = await self._network.request(node_key, GET_BLOCK, wanted, REQUEST_TIMEOUT_MS)
                    if not answer:
                        continue
                    stored = decode_stored_block(answer)
                    candidate = open_stored(stored, self._held)
                    if candidate.block_hash != block_hash:
                        continue
                    await check_signatures(candidate.transactions, self._verification, self._held, urgent=True)
                except ChainError:
                    continue
                return candidate
            await asyncio.sleep(ROUND_PAUSE_SECONDS)
