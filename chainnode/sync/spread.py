"""Working a list of pieces off over all peers, each piece wherever it succeeds first."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from chainnode.errors import DecodeError, Rejected, RequestFailed
from chainnode.proofs.errors import ProofInvalid
from chainnode.sync.catch_up import Sources, refusal

PIECES_PER_SOURCE_MAX: Final = 2
PIECES_MAX: Final = 8
"""Under way in all; an answer is at most one frame of 8 MiB."""
IDLE_ROUNDS_MAX: Final = 3
"""Rounds over all sources in which no piece was done, before giving up."""
ROUND_PAUSE_SECONDS: Final = 0.5

Piece = TypeVar("Piece")
Work = Callable[[bytes, Piece], Coroutine[Any, Any, Sequence[Piece] | None]]
"""Asks one source for one piece: what is left of it, nothing when it is done, None when the source does not have it."""


@dataclass(slots=True)
class _Round(Generic[Piece]):
    sources: list[bytes]
    load: Counter[bytes] = field(default_factory=Counter)
    tasks: dict[asyncio.Task[Sequence[Piece] | None], tuple[bytes, Piece]] = field(default_factory=dict)
    progressed: bool = False


class Spread:
    """Spreads pieces over the sources of ``network``."""

    def __init__(self, network: Sources) -> None:
        self._network = network

    async def run(self, pieces: Sequence[Piece], work: Work[Piece]) -> bool:
        """Do all ``pieces``; False when nobody brings any of those that are left.

        A source that lies is reported, one that does not answer is named; neither is asked again
        in the same round. Failures of our own disk propagate.
        """
        left = deque(pieces)
        idle_rounds = 0
        while left:
            round_: _Round[Piece] = _Round(self._network.sources(()))
            await self._round(round_, left, work)
            idle_rounds = 0 if round_.progressed else idle_rounds + 1
            if left and idle_rounds >= IDLE_ROUNDS_MAX:
                return False
            if left:
                await asyncio.sleep(ROUND_PAUSE_SECONDS)
        return True

    async def _round(self, round_: "_Round[Piece]", left: deque[Piece], work: Work[Piece]) -> None:
        try:
            while True:
                while left and (source := self._idlest(round_)) is not None:
                    piece = left.popleft()
                    round_.load[source] += 1
                    round_.tasks[asyncio.create_task(work(source, piece))] = (source, piece)
                if not round_.tasks:
                    return
                done, _ = await asyncio.wait(round_.tasks, return_when=asyncio.FIRST_COMPLETED)
                # In the order asked, not in the set's, which differs from run to run.
                for task in [task for task in round_.tasks if task in done]:
                    self._settle(round_, task, left)
        finally:
            for task, (_, piece) in round_.tasks.items():
                task.cancel()
                left.append(piece)
            await asyncio.gather(*round_.tasks, return_exceptions=True)

    @staticmethod
    def _idlest(round_: "_Round[Piece]") -> bytes | None:
        if len(round_.tasks) >= PIECES_MAX:
            return None
        best = min(round_.sources, key=lambda source: round_.load[source], default=None)
        return best if best is not None and round_.load[best] < PIECES_PER_SOURCE_MAX else None

    def _settle(
        self, round_: "_Round[Piece]", task: "asyncio.Task[Sequence[Piece] | None]", left: deque[Piece]
    ) -> None:
        source, piece = round_.tasks.pop(task)
        round_.load[source] -= 1
        try:
            rest = task.result()
        except (DecodeError, Rejected, ProofInvalid) as error:
            self._network.report(source, error.code)
            rest = None
        except RequestFailed as error:
            self._network.note_slow(source, refusal(error))
            rest = None
        if rest is None:
            left.append(piece)
            round_.sources = [other for other in round_.sources if other != source]
        else:
            round_.progressed = True
            left.extendleft(reversed(rest))
