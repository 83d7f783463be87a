"""Features that the consortium has scheduled and this program does not know.

From a feature's height on blocks mean what only a newer program can tell. A node without it stops before that height:
going on would end in another state than everybody else's, or in a vote for it.
"""

from typing import NamedTuple

from chainnode.state.view import State
from contracts.kernel.policy import read_features
from contracts.kernel.registry import FEATURES


class Upgrade(NamedTuple):
    """Why this program cannot follow the chain for ever."""

    feature: str
    height: int
    """The first block that it cannot execute."""


def pending_upgrade(state: State) -> Upgrade | None:
    """The unknown feature that comes first, by the chain's own word; None while this program knows all of them."""
    unknown = [Upgrade(name, height) for name, height in read_features(state) if name not in FEATURES]
    return min(unknown, key=lambda found: found.height) if unknown else None
