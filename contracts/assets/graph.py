"""The lineage of an asset as one graph: where it comes from, what was made of it, or all that hangs together.

Walks breadth first, so that what is near is never crowded out by what is far, and looks at
a bounded number of assets and edges. What the bounds cut off is said asset by asset.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from contracts.assets.lineage import GENERATIONS_MAX, Edge

Direction = Literal["ancestors", "descendants", "both", "whole"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("ancestors", "descendants", "both", "whole")
"""``both``: ancestors and descendants of the asset. ``whole``: also those of every asset met on the way."""
NODES_MAX: Final = 400
"""Below the number of keys that one range read gives, so that a further child is always noticed."""
EDGES_PER_NODE_MAX: Final = 4
"""Looked at on average: dense graphs end at this bound, not after millions of reads."""
DEPTH_MAX: Final = 4 * GENERATIONS_MAX
"""Steps from the asset. Ancestors end after 32; a walk that turns round goes further."""
_UP: Final = 1
_DOWN: Final = 2
_WAYS: Final[dict[Direction, int]] = {"ancestors": _UP, "descendants": _DOWN, "both": _UP | _DOWN, "whole": _UP | _DOWN}

Parents = Callable[[bytes], Sequence[Edge]]
"""The edges above an asset."""
Children = Callable[[bytes, int], Sequence[tuple[bytes, Edge]]]
"""Up to so many children of an asset in the order of their ids, each with its edge to the asset."""


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One asset of the graph."""

    asset_id: bytes
    distance: int
    """Steps from the asset asked about."""
    complete: bool
    """Whether every neighbour in the direction asked is in the answer too."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """A part of the graph of all assets."""

    nodes: tuple[LineageNode, ...]
    """Nearest first; the asset asked about leads."""
    edges: tuple[tuple[bytes, Edge], ...]
    """Child and its edge to the parent, both among the nodes."""
    truncated: bool
    """Whether a bound left something out."""


@dataclass(slots=True)
class _Walk:
    nodes_max: int
    depth_max: int
    edges_left: int
    distances: dict[bytes, int] = field(default_factory=dict)
    incomplete: set[bytes] = field(default_factory=set)
    edges: dict[tuple[bytes, bytes], Edge] = field(default_factory=dict)
    waiting: deque[tuple[bytes, int]] = field(default_factory=deque)

    def meet(self, asset_id: bytes, from_id: bytes, ways: int) -> bool:
        """Add a neighbour of ``from_id`` if the bounds allow; whether it is in the graph."""
        if asset_id in self.distances:
            return True
        distance = self.distances[from_id] + 1
        if distance > self.depth_max or len(self.distances) >= self.nodes_max:
            self.incomplete.add(from_id)
            return False
        self.distances[asset_id] = distance
        self.waiting.append((asset_id, ways))
        return True


def walk_lineage(
    asset_id: bytes, direction: Direction, parents: Parents, children: Children, *, depth_max: int, nodes_max: int
) -> Lineage:
    """The graph around ``asset_id``: at most ``nodes_max`` (1-400) assets up to ``depth_max`` steps away.

    The answer is the same on every node that holds the same state.
    """
    walk = _Walk(nodes_max, depth_max, EDGES_PER_NODE_MAX * nodes_max)
    walk.distances[asset_id] = 0
    walk.waiting.append((asset_id, _WAYS[direction]))
    while walk.waiting:
        found, ways = walk.waiting.popleft()
        if ways & _UP:
            _climb(walk, found, parents, ways if direction == "whole" else _UP)
        if ways & _DOWN:
            _descend(walk, found, children, ways if direction == "whole" else _DOWN)
    nodes = tuple(
        LineageNode(known, distance, known not in walk.incomplete) for known, distance in walk.distances.items()
    )
    edges = tuple((child, edge) for (child, _), edge in walk.edges.items())
    return Lineage(nodes, edges, bool(walk.incomplete))


def _climb(walk: _Walk, asset_id: bytes, parents: Parents, ways: int) -> None:
    for edge in parents(asset_id):
        _follow(walk, asset_id, edge.parent_id, asset_id, edge, ways)


def _descend(walk: _Walk, asset_id: bytes, children: Children, ways: int) -> None:
    limit = max(1, min(walk.edges_left, walk.nodes_max + 1))
    found = children(asset_id, limit)
    for child_id, edge in found:
        _follow(walk, asset_id, child_id, child_id, edge, ways)
    if len(found) == limit:
        walk.incomplete.add(asset_id)


def _follow(walk: _Walk, from_id: bytes, to_id: bytes, child_id: bytes, edge: Edge, ways: int) -> None:
    if (child_id, edge.parent_id) in walk.edges:
        return
    if walk.edges_left <= 0:
        walk.incomplete.add(from_id)
        return
    walk.edges_left -= 1
    if walk.meet(to_id, from_id, ways):
        walk.edges[child_id, edge.parent_id] = edge
