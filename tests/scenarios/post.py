"""The network of a scripted run: every message takes the same time, unless a rule holds it back or drops it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from consensus.messages import Commit, Decided, Message, Prepare, PrePrepare, Status, ViewChange, decode_message
from tests.simulation.network import Network, Schedule

LATENCY_MS = 10

TYPES: dict[str, type] = {
    "PRE_PREPARE": PrePrepare,
    "PREPARE": Prepare,
    "COMMIT": Commit,
    "VIEW_CHANGE": ViewChange,
    "DECIDED": Decided,
    "STATUS": Status,
}
"""Names of the messages as SPEC.md writes them."""


class Steady(Random):
    """No chance at all: the shortest delay, no loss, nothing of a torn write survives."""

    def random(self) -> float:
        return 0.99

    def randint(self, a: int, b: int) -> int:
        return a

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return 0 if stop is None else start


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to the messages it matches; ``None`` matches everything."""

    verb: Literal["hold", "drop"]
    types: tuple[type, ...]
    origins: frozenset[int] | None
    receivers: frozenset[int] | None
    view: int | None

    def matches(self, origin: int, to: int, message: Message) -> bool:
        return (
            isinstance(message, self.types)
            and (self.origins is None or origin in self.origins)
            and (self.receivers is None or to in self.receivers)
            and (self.view is None or getattr(message, "view", None) == self.view)
        )


class Post(Network):
    """Delivers in the order of sending, ``LATENCY_MS`` later; the first rule that matches a message decides on it."""

    def __init__(self, schedule: Schedule, size: int, watch: Callable[[int, Message], None]) -> None:
        super().__init__(schedule, Steady(), size)
        self.rules: list[Rule] = []
        self.receiver = 0
        """Whom the message that is being delivered goes to."""
        self._held: list[tuple[int, int, bytes]] = []
        self._watch = watch

    def send(self, origin: int, to: int, data: bytes) -> None:
        message = decode_message(data)
        self._watch(origin, message)
        rule = next((rule for rule in self.rules if rule.matches(origin, to, message)), None)
        if rule is None:
            self.inject(origin, to, data)
        elif rule.verb == "hold":
            self._held.append((origin, to, data))

    def inject(self, origin: int, to: int, data: bytes) -> None:
        """Put bytes on the wire past all rules."""
        self._schedule.after(LATENCY_MS, lambda: self._hand_over(origin, to, data))

    def _hand_over(self, origin: int, to: int, data: bytes) -> None:
        self.receiver = to
        self._deliver(origin, to, data)

    def release(self) -> int:
        """Send off what was held back, in its order, and forget the rules; how many messages those were."""
        held, self._held, self.rules = self._held, [], []
        for origin, to, data in held:
            self.inject(origin, to, data)
        return len(held)

    def lose(self) -> int:
        """Forget what was held back, and the rules."""
        lost, self._held, self.rules = len(self._held), [], []
        return lost
