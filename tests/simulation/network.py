"""Virtual time and a lossy network, both drawn from one seed."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


class Schedule:
    """Events in order of virtual time; equal times keep the order in which they were planned."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._queue, (self.now_ms + max(0, delay_ms), self._planned, action))

    def run_until(self, end_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Run events up to ``end_ms``; True as soon as ``done``."""
        while self._queue and self._queue[0][0] <= end_ms:
            if done():
                return True
            self.now_ms, _, action = heapq.heappop(self._queue)
            action()
        self.now_ms = max(self.now_ms, end_ms)
        return done()


@dataclass(slots=True)
class Faults:
    """How badly the network behaves."""

    loss: float = 0.0
    duplication: float = 0.0
    straggling: float = 0.0
    """Share of messages that take up to ``straggle_ms``, so that they overtake and outlive views."""
    straggle_ms: int = 3_000
    delay_ms: tuple[int, int] = (1, 20)


class Network:
    """Delivers bytes between node indexes; what it drops or repeats is decided by the seed."""

    def __init__(self, schedule: Schedule, random: Random, size: int) -> None:
        self.faults = Faults()
        self.delivered = 0
        self._schedule = schedule
        self._random = random
        self._size = size
        self._group = [0] * size
        self.receive: Callable[[int, int, bytes], None] = lambda origin, to, data: None
        self.drop: Callable[[int, int, bytes], bool] = lambda origin, to, data: False
        """A test's own rule: messages for which it answers True are lost."""

    def partition(self, groups: list[int]) -> None:
        """Nodes of different groups cannot hear each other."""
        self._group = list(groups)

    def heal(self) -> None:
        self._group = [0] * self._size
        self.faults = Faults()
        self.drop = lambda origin, to, data: False

    def connected(self, one: int, other: int) -> bool:
        return self._group[one] == self._group[other]

    def send(self, origin: int, to: int, data: bytes) -> None:
        copies = 2 if self._random.random() < self.faults.duplication else 1
        for _ in range(copies):
            if self._random.random() >= self.faults.loss and not self.drop(origin, to, data):
                self._schedule.after(self._delay_ms(), lambda: self._deliver(origin, to, data))

    def _delay_ms(self) -> int:
        if self._random.random() < self.faults.straggling:
            return self._random.randint(0, self.faults.straggle_ms)
        return self._random.randint(*self.faults.delay_ms)

    def _deliver(self, origin: int, to: int, data: bytes) -> None:
        if self.connected(origin, to):
            self.delivered += 1
            self.receive(origin, to, data)
