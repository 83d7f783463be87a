"""Blocks under discussion: built here, or proposed by others and made complete.

The core talks about blocks by hash; this desk holds the bodies, for one height at a
time. What the pool already has is completed at once; what is missing is brought forward from what
waits here, or fetched, by one task per proposal, and those tasks end when the height does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial

from chainnode.chain.candidate import CANDIDATES_MAX, Candidate, Held, OpenProposal, complete, open_proposal
from chainnode.chain.ledger import Ledger
from chainnode.clock import Clock
from chainnode.errors import ChainError
from chainnode.mempool.pool import Pool
from chainnode.node.accusation import Accusations
from chainnode.sync.body_fetcher import BodyFetcher
from chainnode.types.transaction import Transaction
from consensus.inputs import BlockBuilt, BlockFetched, BuildFailed, Input, ProposalChecked
from consensus.outputs import BuildBlock, CheckProposal, FetchBlock


class ProposalDesk:
    """Answers the core's requests about blocks."""

    def __init__(
        self, ledger: Ledger, pool: Pool, fetcher: BodyFetcher, clock: Clock,
        answer: Callable[[Input], None], on_defect: Callable[[BaseException], None],
        bring: Callable[[Sequence[bytes], Held], Awaitable[None]],
    ) -> None:
        """``answer`` takes each reply to the core, perhaps at once; ``on_defect`` what no peer could have caused.

        ``bring`` hurries what is on its way into the pool; it returns soon, whether all is there or not.
        """
        self._ledger = ledger
        self._pool = pool
        self._fetcher = fetcher
        self._clock = clock
        self._answer = answer
        self._on_defect = on_defect
        self._bring = bring
        self.accusations = Accusations()
        """Proofs of equivocation that wait for a block of ours."""
        self._candidates: dict[bytes, Candidate] = {}
        self._locked: bytes | None = None
        self._fetches: dict[tuple[str, bytes], asyncio.Task[None]] = {}
        self._open: dict[bytes, OpenProposal] = {}
        """Proposals being completed, so that a decision for one need not fetch it whole."""

    def candidate(self, block_hash: bytes) -> Candidate | None:
        """The complete block with this hash, if it is under discussion here."""
        return self._candidates.get(block_hash)

    def candidates(self) -> list[Candidate]:
        """Every complete block under discussion, oldest first."""
        return list(self._candidates.values())

    def lock(self, block_hash: bytes) -> None:
        """Never let go of this block while its height lasts: it is prepared here."""
        self._locked = block_hash

    def restore(self, candidates: Sequence[Candidate], locked: bytes | None) -> None:
        """Hold blocks that the journal kept across a restart, oldest first; the locked one whatever their number.

        Were it let go here, this node could not propose it again, which its lock demands.
        """
        self._locked = locked
        for candidate in candidates:
            self._keep(candidate)

    def _keep(self, candidate: Candidate) -> None:
        if len(self._candidates) >= CANDIDATES_MAX and candidate.block_hash not in self._candidates:
            # The lock stays: this node may have to commit it. Others can be fetched from who prepared them.
            del self._candidates[next(held for held in self._candidates if held != self._locked)]
        self._candidates[candidate.block_hash] = candidate

    def build(self, request: BuildBlock, own_index: int) -> None:
        """Assemble a fresh block of the oldest pending transactions."""
        around = self._ledger.surroundings
        if request.parent_hash != around.tip.block_hash:
            self._answer(BuildFailed(request.height, request.view))
            return
        parameters = around.parameters
        chosen = self._pool.select(
            request.height, parameters.block_transactions_max, parameters.block_bytes_max, parameters.block_work_max
        )
        if not chosen and not request.empty_allowed:
            self._answer(BuildFailed(request.height, request.view))
            return
        items = self.accusations.select(self._ledger.misbehaviour_fault)
        candidate = self._ledger.build(own_index, chosen, self._clock.wall_ms(), items)
        self._keep(candidate)
        self._answer(BlockBuilt(request.height, request.view, candidate.block_hash, candidate.proposal_bytes()))

    def check(self, request: CheckProposal) -> None:
        """Judge a proposal: at once if every body is here, else once they are."""
        candidate = self._candidates.get(request.block_hash)
        if candidate is not None:
            self._judge(request, candidate)
            return
        try:
            proposal = open_proposal(request.block_hash, request.proposal)
        except ChainError as error:
            self._reply(request, error.code)
            return
        candidate = self._completed(proposal)
        if candidate is not None:
            self._judge(request, candidate)
            return
        # The same block proposed again in a later view must be answered for that view.
        key = ("check", request.block_hash)
        if (earlier := self._fetches.pop(key, None)) is not None:
            earlier.cancel()
        if self._start(key, self._complete_and_judge(request, proposal)):
            self._open[request.block_hash] = proposal

    def _held(self, proposal: OpenProposal) -> dict[bytes, Transaction]:
        found = ((leaf, self._pool.by_leaf(leaf)) for leaf in proposal.leaf_hashes)
        return {leaf: transaction for leaf, transaction in found if transaction is not None}

    def _completed(self, proposal: OpenProposal) -> Candidate | None:
        """The block of the proposal, if every body is in the pool."""
        held = self._held(proposal)
        if any(leaf not in held for leaf in proposal.leaf_hashes):
            return None
        return complete(proposal, [held[leaf] for leaf in proposal.leaf_hashes])

    async def _brought(self, proposal: OpenProposal) -> Candidate | None:
        """The block of the proposal, if what is on its way completes it."""
        await self._bring(
            [leaf for leaf in proposal.leaf_hashes if self._pool.by_leaf(leaf) is None], self._pool.by_leaf
        )
        return self._candidates.get(proposal.block_hash) or self._completed(proposal)

    async def _complete_and_judge(self, request: CheckProposal, proposal: OpenProposal) -> None:
        try:
            candidate = await self._brought(proposal)
            if candidate is None:
                candidate = await self._fetcher.complete(proposal, self._held(proposal), (request.proposer,))
        except ChainError as error:
            self._reply(request, error.code)
            return
        self._judge(request, candidate)

    def _judge(self, request: CheckProposal, candidate: Candidate) -> None:
        code = None
        if request.fresh:
            code = self._ledger.fresh_fault(candidate, request.proposer, self._clock.wall_ms())
        if code is None:
            self._keep(candidate)
            if (fetch := self._fetches.pop(("fetch", request.block_hash), None)) is not None:
                fetch.cancel()
                self._answer(BlockFetched(candidate.block_hash, candidate.proposal_bytes()))
        self._reply(request, code)

    def _reply(self, request: CheckProposal, code: str | None) -> None:
        self._answer(ProposalChecked(request.height, request.view, request.block_hash, code))

    def fetch(self, request: FetchBlock) -> None:
        """Get hold of a block that others have durably."""
        candidate = self._candidates.get(request.block_hash)
        if candidate is not None:
            self._answer(BlockFetched(request.block_hash, candidate.proposal_bytes()))
            return
        key = ("fetch", request.block_hash)
        if key not in self._fetches:
            self._start(key, self._fetch_block(request))

    async def _fetch_block(self, request: FetchBlock) -> None:
        proposal = self._open.get(request.block_hash)
        candidate = None if proposal is None else await self._brought(proposal)
        if candidate is None:
            candidate = await self._fetcher.block(request.block_hash, request.holders)
        self._keep(candidate)
        self._answer(BlockFetched(request.block_hash, candidate.proposal_bytes()))

    def _start(self, key: tuple[str, bytes], work: Coroutine[None, None, None]) -> bool:
        """Whether there was a place for it."""
        if len(self._fetches) >= 2 * CANDIDATES_MAX:
            # More proposals than a height can honestly have. The oldest that nobody decided goes: its view is over,
            # whereas without a body that was decided, or must be proposed again, this node is stuck at the height.
            oldest = next((held for held in self._fetches if held[0] == "check"), None)
            if oldest is None:
                work.close()
                return False
            self._fetches.pop(oldest).cancel()
            self._open.pop(oldest[1], None)
        task = asyncio.get_running_loop().create_task(work)
        self._fetches[key] = task
        task.add_done_callback(partial(self._ended, key))
        return True

    def _ended(self, key: tuple[str, bytes], task: asyncio.Task[None]) -> None:
        if self._fetches.get(key) is task:
            del self._fetches[key]
            if key[0] == "check":
                self._open.pop(key[1], None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_defect(error)

    def advance(self) -> None:
        """The height was decided: nothing of it is under discussion any more."""
        self._candidates.clear()
        self._locked = None
        self.close()

    def close(self) -> None:
        """End every fetch."""
        fetches, self._fetches = self._fetches, {}
        self._open.clear()
        for task in fetches.values():
            task.cancel()
