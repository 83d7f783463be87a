"""Catching up by certified blocks (SPEC R9).

Peers are not believed: a block counts when a quorum certificate of its own hash
verifies, its parts match its header, its transactions' signatures verify, and the next
header's roots equal what executing it here gave. Ranges are fetched from several peers at
once and verified while earlier ones are applied. A peer that serves anything else is
reported, one that is slow is named and rested. Interrupted anywhere, it goes on from the tip.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from chainnode.chain.candidate import Candidate, Held, nothing_held
from chainnode.chain.ledger import Ledger
from chainnode.codec.canonical import encode
from chainnode.errors import ChainError, DecodeError, Rejected, RequestFailed
from chainnode.mempool.verification import Verification
from chainnode.sync.body_fetcher import Requester
from chainnode.sync.certified_range import Decided, OpenedRange, RangeVerifier, TrustedBlock
from chainnode.sync.stripe import HEDGE_SECONDS, Order, Stripe
from chainnode.sync.wire import BLOCKS_PER_ANSWER_MAX, BUSY, GET_BLOCKS, PEER_SHARE, BlocksWanted
from consensus.certificates import QuorumCertificate

REQUEST_TIMEOUT_MS: Final = 8_000
"""An answer of 6 MiB at 6 Mbit/s; one that takes longer makes later requests smaller."""
IDLE_ROUNDS_MAX: Final = 3
"""Rounds over all sources without a new block before giving up; a later certificate starts anew."""
ROUND_PAUSE_SECONDS: Final = 0.3
SOURCES_SECONDS: Final = 5.0
"""How long one list of connected peers is used."""
REST_SECONDS: Final = 10.0
"""A slow source is asked again after this, or earlier if there is no other."""


class Sources(Requester, Protocol):
    """The network, with a place to name those who hinder."""

    def report(self, node_key: bytes, code: str) -> None:
        """Note that this peer broke the protocol."""
        ...

    def note_slow(self, node_key: bytes, code: str) -> None:
        """Note that this peer held a catch-up up; that breaks no rule."""
        ...


@dataclass(slots=True)
class _Round:
    """One striped run and what is under way in it."""

    stripe: Stripe[Decided]
    sources: list[bytes]
    listed_s: float
    tasks: dict[asyncio.Task[OpenedRange], Order] = field(default_factory=dict)
    helper: bytes = b""
    """Who brought the highest block."""
    highest: int = 0


class CatchUp:
    """Brings the ledger to the newest block any peer can prove."""

    def __init__(
        self,
        ledger: Ledger,
        network: Sources,
        verification: Verification,
        apply: Callable[[Candidate, bytes, QuorumCertificate], None],
        *,
        trusted: TrustedBlock | None = None,
        held: Held = nothing_held,
    ) -> None:
        """``apply`` commits one verified block (it must follow the tip) and tells the rest of the node.

        ``held`` gives what is verified here already.
        """
        self._ledger = ledger
        self._network = network
        self._apply = apply
        self._ranges = RangeVerifier(
            ledger.chain_id, lambda: ledger.surroundings.validators, verification, trusted, held
        )
        self._resting: dict[bytes, float] = {}

    async def run(self, target_height: int, hints: Sequence[int]) -> None:
        """Fetch and apply blocks until ``target_height`` is reached and the source that led there has no further one.

        Nobody else is asked then: a silent peer must not keep a validator from voting that knows enough.

        Raises:
            LedgerDiverged, StoreError: as ``apply``; what was applied before stays.
        """
        idle_rounds = 0
        while idle_rounds < IDLE_ROUNDS_MAX:
            before = self._ledger.tip.height
            if before >= target_height:
                return
            sources = self._rested(self._network.sources(hints))
            helper = await self._stripe(target_height, sources, hints)
            while helper and self._ledger.tip.height >= target_height:
                goal = self._ledger.tip.height + BLOCKS_PER_ANSWER_MAX
                helper = await self._stripe(goal, [helper], None)
            if self._ledger.tip.height > before:
                idle_rounds = 0
            else:
                idle_rounds += 1
                await asyncio.sleep(ROUND_PAUSE_SECONDS)

    async def _stripe(self, goal: int, sources: list[bytes], hints: Sequence[int] | None) -> bytes:
        """Apply blocks up to ``goal`` as long as ``sources`` bring any; returns who brought the highest, or nothing.

        With ``hints`` the list of sources is renewed on the way.
        """
        loop = asyncio.get_running_loop()
        stripe: Stripe[Decided] = Stripe(self._ledger.tip.height + 1, goal)
        round_ = _Round(stripe, sources, loop.time())
        try:
            while not stripe.done:
                if hints is not None and loop.time() - round_.listed_s > SOURCES_SECONDS:
                    round_.sources, round_.listed_s = self._rested(self._network.sources(hints)), loop.time()
                self._send_orders(round_, loop.time())
                if self._apply_next(stripe):
                    await asyncio.sleep(0)
                elif round_.tasks:
                    done, _ = await asyncio.wait(
                        round_.tasks, timeout=HEDGE_SECONDS / 2, return_when=asyncio.FIRST_COMPLETED
                    )
                    # In the order asked, not in the set's, which differs from run to run.
                    for task in [task for task in round_.tasks if task in done]:
                        self._settle(round_, task, loop.time())
                else:
                    break
            # An answer may reach beyond the goal: what is here is not fetched again.
            while self._apply_next(stripe):  # noqa: ASYNC110 - nothing is waited for: others get their turn
                await asyncio.sleep(0)
        finally:
            for task in round_.tasks:
                task.cancel()
            await asyncio.gather(*round_.tasks, return_exceptions=True)
        return round_.helper

    def _apply_next(self, stripe: Stripe[Decided]) -> bool:
        # The node's own agreement may have decided some of them meanwhile.
        stripe.skip_to(self._ledger.tip.height + 1)
        decided = stripe.pop()
        around = self._ledger.surroundings
        if decided is not None and decided.candidate.header.validators_hash != around.validators.hash:
            # Certified by a set whose epoch has ended since: who serves it again is found to lie.
            stripe.again_from(around.tip.height + 1)
            return False
        if decided is not None:
            self._apply(decided.candidate, decided.certificate_bytes, decided.certificate)
        return decided is not None

    def _send_orders(self, round_: _Round, now_s: float) -> None:
        stripe = round_.stripe
        while (order := stripe.order([s for s in round_.sources if s not in self._resting], now_s)) is not None:
            task = asyncio.create_task(self._fetch(order), name=f"catch-up from {order.first}")
            round_.tasks[task] = order

    async def _fetch(self, order: Order) -> OpenedRange:
        wanted = encode(BlocksWanted(order.first, order.last))
        answer = await self._network.request(order.source, GET_BLOCKS, wanted, REQUEST_TIMEOUT_MS)
        return await self._ranges.open(order.first, order.last, answer)

    def _settle(self, round_: _Round, task: asyncio.Task[OpenedRange], now_s: float) -> None:
        order = round_.tasks.pop(task, None)
        if order is None or task.cancelled():
            return
        try:
            opened = task.result()
            self._check_epoch(order, opened)
        except (DecodeError, Rejected) as error:
            self._network.report(order.source, error.code)
            self._drop(round_, order.source)
            round_.stripe.failed(order)
        except ChainError as error:
            slow = error.code == "request-timeout"
            round_.stripe.failed(order, slow=slow)
            self._rest(round_, order.source, now_s, refusal(error))
        else:
            blocks = opened.blocks
            if opened.cut:
                round_.stripe.hold(order.first + len(blocks))
            if blocks and order.first + len(blocks) > round_.highest:
                round_.helper, round_.highest = order.source, order.first + len(blocks)
            if opened.cut and not blocks:
                round_.stripe.failed(order)
                return
            for beaten in round_.stripe.delivered(order, blocks, opened.size_bytes, now_s):
                self._cancel(round_, beaten)
                self._rest(round_, beaten.source, now_s, "sync-slow")

    def _check_epoch(self, order: Order, opened: OpenedRange) -> None:
        around = self._ledger.surroundings
        known = opened.validators_hash == around.validators.hash and order.first <= around.tip.height + 1
        if opened.cut and not opened.blocks and known:
            raise Rejected("header-validators", "a peer served a block of other validators", height=order.first)

    def _cancel(self, round_: _Round, order: Order) -> None:
        for task, held in round_.tasks.items():
            if held is order:
                task.cancel()

    def _drop(self, round_: _Round, source: bytes) -> None:
        round_.sources = [other for other in round_.sources if other != source]

    def _rest(self, round_: _Round, source: bytes, now_s: float, code: str) -> None:
        self._drop(round_, source)
        self._resting[source] = now_s + REST_SECONDS
        self._network.note_slow(source, code)

    def _rested(self, sources: list[bytes]) -> list[bytes]:
        """``sources`` without those at rest; all of them if no other is left."""
        now_s = asyncio.get_running_loop().time()
        self._resting = {source: until_s for source, until_s in self._resting.items() if until_s > now_s}
        awake = [source for source in sources if source not in self._resting]
        if not awake:
            self._resting.clear()
        return awake or sources


def refusal(error: ChainError) -> str:
    """Why a source did not answer, as a code of ours (``net`` names its own): what the peer wrote is only compared."""
    if isinstance(error, RequestFailed) and error.details.get("answer") in {BUSY, PEER_SHARE}:
        return "sync-busy"
    return "sync-stalled" if error.code == "request-timeout" else f"sync-{error.code}"
