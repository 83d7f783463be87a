"""Proofs of equivocation that this node holds and no block carries yet (SPEC R10).

Whoever saw both payloads keeps the proof until it leads: every member that leads will, so the guilty are named as soon
as one honest witness has its turn. Nothing is gossiped: a proof is worth a block's place, not the network's.
"""

from collections.abc import Callable, Sequence
from typing import Final

from chainnode.types.block import MISBEHAVIOUR_MAX
from consensus.equivocation import Equivocation, encode_equivocation, make_equivocation
from consensus.outputs import Evidence

ACCUSATIONS_MAX: Final = 128
"""One for each validator of the largest set: more of one sender say nothing new."""


class Accusations:
    """At most one proof for each accused, the first one seen."""

    def __init__(self) -> None:
        self._by_accused: dict[tuple[int, int], Equivocation] = {}

    def __len__(self) -> int:
        return len(self._by_accused)

    def add(self, evidence: Evidence) -> bool:
        """Keep what the core reported; False if it proves nothing or its sender is accused already."""
        found = make_equivocation(evidence.first, evidence.second)
        if found is None or (found.epoch, found.accused) in self._by_accused:
            return False
        if len(self._by_accused) >= ACCUSATIONS_MAX:
            return False
        self._by_accused[found.epoch, found.accused] = found
        return True

    def select(self, fault: Callable[[Sequence[bytes]], str | None]) -> list[bytes]:
        """Items for the next block.

        ``fault`` judges as the voters will. What it finds fault with stands on the chain already, is too old, or its
        accused has left: none of it can be used any more, so it goes.
        """
        chosen: list[bytes] = []
        for place, found in list(self._by_accused.items()):
            if len(chosen) == MISBEHAVIOUR_MAX:
                break
            item = encode_equivocation(found)
            if fault((item,)) is None:
                chosen.append(item)
            else:
                del self._by_accused[place]
        return chosen
