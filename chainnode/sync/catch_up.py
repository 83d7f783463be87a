"""Catching up by certified blocks (SPEC R9).

Peers are not believed: a block counts when a quorum certificate of its own hash
verifies, its parts match its header, its transactions' signatures verify, and the next
header's roots equal what executing it here gave. A peer that serves anything else is
reported and passed over. Interrupted anywhere, it goes on from the tip.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from chainnode.chain.candidate import Candidate, open_stored
from chainnode.chain.certificate import open_certificate, require_certificate
from chainnode.chain.ledger import Ledger
from chainnode.codec.canonical import encode
from chainnode.errors import ChainError, DecodeError, Rejected
from chainnode.mempool.verifier import Verifier
from chainnode.sync.body_fetcher import Requester, check_signatures
from chainnode.sync.wire import BLOCKS_PER_ANSWER_MAX, GET_BLOCKS, BlocksWanted, decode_blocks
from chainnode.types.block import decode_stored_block
from consensus.certificates import QuorumCertificate

REQUEST_TIMEOUT_MS: Final = 5_000
IDLE_ROUNDS_MAX: Final = 3
"""Rounds over all sources without a new block before giving up; a later certificate starts anew."""
ROUND_PAUSE_SECONDS: Final = 0.3

Decided = tuple[Candidate, bytes, QuorumCertificate]


class Sources(Requester, Protocol):
    """The network, with a place to report those who served what cannot be."""

    def report(self, node_key: bytes, code: str) -> None:
        """Note that this peer broke the protocol."""
        ...


class CatchUp:
    """Brings the ledger to the newest block any peer can prove."""

    def __init__(
        self,
        ledger: Ledger,
        network: Sources,
        verifier: Verifier,
        apply: Callable[[Candidate, bytes, QuorumCertificate], None],
    ) -> None:
        """``apply`` commits one verified block (it must follow the tip) and tells the rest of the node."""
        self._ledger = ledger
        self._network = network
        self._verifier = verifier
        self._apply = apply

    async def run(self, target_height: int, hints: Sequence[int]) -> None:
        """Fetch and apply blocks until ``target_height`` is reached and the source that led there has no further one.

        Nobody else is asked then: a silent peer must not keep a validator from voting that knows enough.
        """
        idle_rounds = 0
        while idle_rounds < IDLE_ROUNDS_MAX:
            progressed = False
            for node_key in self._network.sources(hints):
                helpful = False
                while await self._advance(node_key):
                    helpful = progressed = True
                if helpful and self._ledger.tip.height >= target_height:
                    return
            if progressed:
                idle_rounds = 0
            elif self._ledger.tip.height >= target_height:
                return
            else:
                idle_rounds += 1
                await asyncio.sleep(ROUND_PAUSE_SECONDS)

    async def _advance(self, node_key: bytes) -> bool:
        """Apply one answer of this source; False when it brought nothing new."""
        first = self._ledger.tip.height + 1
        wanted = encode(BlocksWanted(first, first + BLOCKS_PER_ANSWER_MAX - 1))
        try:
            answer = await self._network.request(node_key, GET_BLOCKS, wanted, REQUEST_TIMEOUT_MS)
        except ChainError:
            return False
        try:
            decided = [self._open(first + offset, data) for offset, data in enumerate(decode_blocks(answer))]
            await check_signatures([t for candidate, _, _ in decided for t in candidate.transactions], self._verifier)
        except (DecodeError, Rejected) as error:
            self._network.report(node_key, error.code)
            return False
        for candidate, data, certificate in decided:
            # The node's own agreement may have decided some of them meanwhile.
            if candidate.header.height == self._ledger.tip.height + 1:
                try:
                    self._certify(candidate, certificate)
                except Rejected as error:
                    self._network.report(node_key, error.code)
                    return False
                self._apply(candidate, data, certificate)
                await asyncio.sleep(0)
        return bool(decided)

    def _open(self, height: int, data: bytes) -> Decided:
        stored = decode_stored_block(data)
        candidate = open_stored(stored)
        if candidate.header.height != height:
            raise Rejected("sync-height", "a peer served another height than asked", expected=height)
        return candidate, stored.certificate, open_certificate(stored.certificate)

    def _certify(self, candidate: Candidate, certificate: QuorumCertificate) -> None:
        """E4: the set that counts is the one that the block before has led to, so this comes right before applying."""
        around = self._ledger.surroundings
        require_certificate(
            certificate, chain_id=around.chain_id, validators=around.validators,
            height=candidate.header.height, block_hash=candidate.block_hash,
        )
