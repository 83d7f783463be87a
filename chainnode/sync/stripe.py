"""Which heights to ask of whom: the plan of one catch-up, without any I/O.

Ranges of heights are spread over all sources, lowest first, a few under way at each, and
come back in any order; they are handed out in order. What a source answers short is asked
again of anybody. The lowest missing range holds everybody up, so it is asked a second time
when its source takes long. Blocks and bytes waiting here are bounded, whoever sends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from chainnode import limits
from chainnode.sync.wire import ANSWER_BYTES_MAX, BLOCKS_PER_ANSWER_MAX

ORDERS_PER_SOURCE_MAX: Final = 2
"""One being answered while the next is on its way."""
ORDERS_MAX: Final = 8
"""Under way in all; an answer is at most one frame of 8 MiB."""
WINDOW_BYTES_MAX: Final = 40 * limits.MIB
"""Encoded bytes waiting for an earlier range, with those under way counted in full."""
WINDOW_BLOCKS_MAX: Final = 1_024
"""How far ahead of the next height is asked."""
HEDGE_SECONDS: Final = 1.0
"""The lowest range is asked of a second source after this."""
SPAN_MIN: Final = 1
SPAN_START: Final = 16
"""Blocks of a first request: its answer tells how fast the network is."""

Item = TypeVar("Item")


@dataclass(slots=True, eq=False)
class Order:
    """A range asked of one source."""

    source: bytes
    first: int
    last: int
    since_s: float


class Stripe(Generic[Item]):
    """The way from height ``first`` to ``goal``; items are what the caller made of each block."""

    def __init__(self, first: int, goal: int) -> None:
        self.next_height = first
        """What ``pop`` hands out next."""
        self.goal: Final = goal
        self._edge = first
        """Nothing was asked from here on."""
        self._missing: set[int] = set()
        """Heights below the edge that nobody brings."""
        self._orders: list[Order] = []
        self._arrived: dict[int, tuple[Item, int]] = {}
        self._arrived_bytes = 0
        self._lagging: dict[bytes, int] = {}
        """The lowest height each source was found not to have."""
        self._span = SPAN_START
        self._horizon: int | None = None

    @property
    def done(self) -> bool:
        """Everything up to the goal was handed out."""
        return self.next_height > self.goal

    @property
    def bytes_held(self) -> int:
        """Waiting here, and expected at most from what is under way."""
        return self._arrived_bytes + ANSWER_BYTES_MAX * len(self._orders)

    def order(self, sources: Sequence[bytes], now_s: float) -> Order | None:
        """The next range to ask, and of whom; None when nothing can or need be asked now."""
        if len(self._orders) >= ORDERS_MAX:
            return None
        first, last, busy_with = self._wanted() or self._overdue(now_s) or (0, -1, None)
        if last < first:
            return None
        if self._horizon is not None:
            if self.next_height < self._horizon <= first:
                return None
            if self.next_height >= self._horizon:
                self._horizon = None
        # The lowest range is always asked: what waits for it is let go only when it is here.
        if first != self.next_height and self.bytes_held + ANSWER_BYTES_MAX > WINDOW_BYTES_MAX:
            return None
        source = self._idlest(sources, first, busy_with)
        if source is None:
            return None
        order = Order(source, first, last, now_s)
        self._missing.difference_update(range(first, last + 1))
        self._edge = max(self._edge, last + 1)
        self._orders.append(order)
        return order

    def _wanted(self) -> tuple[int, int, bytes | None] | None:
        if self._missing:
            first = last = min(self._missing)
            while last + 1 in self._missing and last + 1 < first + self._span:
                last += 1
            return first, last, None
        if self._edge > self.goal or self._edge >= self.next_height + WINDOW_BLOCKS_MAX:
            return None
        return self._edge, self._edge + self._span - 1, None

    def _overdue(self, now_s: float) -> tuple[int, int, bytes | None] | None:
        late = [order for order in self._orders if order.first <= self.next_height <= order.last]
        if len(late) == 1 and now_s - late[0].since_s >= HEDGE_SECONDS:
            return self.next_height, late[0].last, late[0].source
        return None

    def _idlest(self, sources: Sequence[bytes], first: int, but: bytes | None) -> bytes | None:
        load = {source: 0 for source in sources if source != but and self._lagging.get(source, first + 1) > first}
        for order in self._orders:
            if order.source in load:
                load[order.source] += 1
        # min keeps the order of the sources among equals: those named first are asked first.
        best = min(load, key=lambda source: load[source], default=None)
        return best if best is not None and load[best] < ORDERS_PER_SOURCE_MAX else None

    def hold(self, height: int) -> None:
        """Ask for nothing from ``height`` on until everything below it was handed out."""
        self._horizon = min(height, self._horizon or height)

    def delivered(self, order: Order, items: Sequence[Item], size_bytes: int, now_s: float) -> list[Order]:
        """An answer: the blocks from ``order.first`` on, perhaps fewer than asked.

        Returns the orders that it makes superfluous: their sources were slower.
        """
        if order not in self._orders:
            return []
        self._orders.remove(order)
        if not items:
            self._lagging[order.source] = min(order.first, self._lagging.get(order.source, order.first))
        elif now_s - order.since_s < HEDGE_SECONDS:
            self._span = min(2 * self._span, BLOCKS_PER_ANSWER_MAX)
        share = size_bytes // max(1, len(items))
        for height, item in enumerate(items, order.first):
            self._missing.discard(height)
            if height >= self.next_height and height not in self._arrived:
                self._arrived[height] = (item, share)
                self._arrived_bytes += share
        beaten = [other for other in self._orders if self._is_covered(other)]
        self._orders = [other for other in self._orders if other not in beaten]
        self._ask_again(order)
        return beaten

    def _is_covered(self, order: Order) -> bool:
        heights = range(max(order.first, self.next_height), min(order.last, self.goal) + 1)
        return all(height in self._arrived for height in heights)

    def failed(self, order: Order, *, slow: bool = False) -> None:
        """No answer to this order; somebody else is to be asked, for less if it was ``slow``."""
        if order in self._orders:
            self._orders.remove(order)
            self._ask_again(order)
        if slow:
            self._span = max(self._span // 2, SPAN_MIN)

    def _ask_again(self, order: Order) -> None:
        """What nobody brings any more of the heights of ``order`` is missing."""
        for height in range(max(order.first, self.next_height), min(order.last, self.goal) + 1):
            if height not in self._arrived and not any(o.first <= height <= o.last for o in self._orders):
                self._missing.add(height)

    def pop(self) -> Item | None:
        """The block at ``next_height`` if it is here."""
        held = self._arrived.pop(self.next_height, None)
        if held is None:
            return None
        self._arrived_bytes -= held[1]
        self.next_height += 1
        return held[0]

    def again_from(self, height: int) -> None:
        """Let go of everything from ``height`` on: it is to be fetched anew."""
        self._arrived.clear()
        self._arrived_bytes = 0
        self._missing.clear()
        self.next_height = self._edge = height

    def skip_to(self, height: int) -> None:
        """Blocks below ``height`` came another way."""
        while self.next_height < height:
            if self.pop() is None:
                self.next_height += 1
        self._missing = {missing for missing in self._missing if missing >= height}
        self._edge = max(self._edge, height)
