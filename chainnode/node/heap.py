"""Python's search for unreachable cycles, set for a node.

It stops the process to walk every object: after a start there are 200,000, of modules and classes that stay for ever,
and four nodes on two cores then stand still for a quarter of a second together. The node's own work leaves no cycles
behind (blocks, votes and transactions refer downwards only); a client's request leaves some, which may wait.
"""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 20_000
"""New objects between two searches among the new: a millisecond each, and most objects are gone before the first."""
YOUNG_SEARCHES: Final = 50
"""Searches among the new for each among what survived one, and of these for each among all: 50 million objects."""


def settle() -> None:
    """Leave what exists now out of every later search; call it once, when the node has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_SEARCHES, YOUNG_SEARCHES)
