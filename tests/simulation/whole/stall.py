"""Heights that last: somebody between the machines lets most words through and just enough not, for many views.

Whatever a view brings in such a height (a lock here, a proposal nobody else saw, votes of views that were left) has to
be carried into the next ones. Nothing of it is seen where every height is decided in its first views.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final

from chainnode.net.channel import Channel

if TYPE_CHECKING:
    from tests.simulation.whole.world import World

PRE_PREPARE, PREPARE, COMMIT, VIEW_CHANGE, DECIDED = (bytes((tag,)) for tag in range(1, 6))
DURATION_MS = (2_000, 16_000)
SLICE_MS: Final = 600
"""How long one choice of whom to silence holds."""

Silenced = Callable[[int, int, bytes], bool]
"""Origin, destination and tag of a message: whether it is lost."""


def stall(world: "World") -> None:
    """Silence some words for a while, in one of several ways."""
    random = world.random
    addresses = [machine.address for machine in world.machines]
    way = random.choice((_kind(random), _mixture(world, addresses), _deaf(random, addresses)))
    until_ms = world.loop.now_ms + random.randint(*DURATION_MS)

    def silenced(origin: int, to: int, channel: Channel, payload: bytes) -> bool:
        # The tag is the second byte of the array: no need to decode what is only lost.
        if channel is not Channel.CONSENSUS or world.loop.now_ms >= until_ms:
            return False
        lost = way(origin, to, payload[1:2])
        if lost:
            world.fired("stall")
        return lost

    world.network.silenced = silenced


def _kind(random: Random) -> Silenced:
    """Nobody hears one kind of vote: every view prepares and none commits, or every view proposes and none prepares."""
    kind = random.choice((COMMIT, COMMIT, PREPARE))
    return lambda origin, to, tag: tag == kind


def _mixture(world: "World", addresses: list[int]) -> Silenced:
    """Some miss proposals, some votes, some the change of view, and others a moment later."""
    drawn: dict[int, frozenset[tuple[int, bytes]]] = {}
    places = [(to, tag) for to in addresses for tag in (PRE_PREPARE, PREPARE, COMMIT, VIEW_CHANGE)]

    def silenced(origin: int, to: int, tag: bytes) -> bool:
        now = world.loop.now_ms // SLICE_MS
        if now not in drawn:
            drawn.clear()
            drawn[now] = frozenset(place for place in places if world.random.random() < 0.4)
        return (to, tag) in drawn[now]

    return silenced


def _deaf(random: Random, addresses: list[int]) -> Silenced:
    """One hears votes of views that it does not know of, while the others never get enough of them."""
    victim = random.choice(addresses)
    return lambda origin, to, tag: tag in ((PRE_PREPARE, VIEW_CHANGE, DECIDED) if to == victim else (PREPARE,))
