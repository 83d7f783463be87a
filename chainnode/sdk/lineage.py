"""The lineage of an asset, also where it is larger than one answer.

found = await whole_lineage(client, asset_id, direction="ancestors")
for node in found.nodes:
    print(node.distance, node.name)
"""

from typing import Final
from urllib.parse import quote

import msgspec

from chainnode.errors import Rejected
from chainnode.sdk.client import Client, Id
from chainnode.sdk.transport import read_answer
from contracts.assets.description import Relation
from contracts.assets.graph import DEPTH_MAX, NODES_MAX, Direction

ASSETS_MAX: Final = 10_000
"""Of a lineage put together from several answers."""


class LineageAsset(msgspec.Struct, frozen=True):
    """One asset of a lineage, with the head of its record."""

    asset_id: str
    distance: int
    """Steps from the asset asked about."""
    complete: bool
    """Whether every neighbour in the direction asked is in the answer too."""
    name: str = ""
    kind: str = ""
    holder: str = ""
    registrar: str = ""
    status: str = ""
    certificate: str = ""


class LineageEdge(msgspec.Struct, frozen=True):
    """One asset was made from another."""

    child_id: str
    parent_id: str
    relation: Relation
    share_basis_points: int
    """What part of the child's income belongs to the parent."""
    process_hash: str | None = None


class LineageAnswer(msgspec.Struct, frozen=True):
    """Assets, the nearest first, and the edges between them."""

    nodes: tuple[LineageAsset, ...]
    edges: tuple[LineageEdge, ...]
    truncated: bool
    """Whether a bound left something out."""


async def lineage(
    client: Client, asset_id: Id, *, direction: Direction = "both", depth: int = 32, limit: int = 100
) -> LineageAnswer:
    """The graph around an asset in one request: up to ``limit`` (1-400) assets, ``depth`` (1-128) steps away.

    Raises:
        NotFound: ``asset-not-found``.
        Rejected: ``query-invalid``: a bound or direction that the API does not take.
    """
    query: dict[str, str | int] = {"direction": direction, "depth": depth, "limit": limit}
    answer = await client.request("GET", f"/v1/assets/{_text(asset_id)}/lineage", query=query)
    return read_answer(answer, LineageAnswer)


async def whole_lineage(client: Client, asset_id: Id, *, direction: Direction = "ancestors") -> LineageAnswer:
    """The whole graph in one ``direction``, asking on from wherever an answer was cut off.

    Raises:
        NotFound: ``asset-not-found``.
        Rejected: ``lineage-too-large``: more than 10,000 assets belong to it, or one of them has more direct children
            than one answer holds; the collection ``lineage-children`` lists those.
    """
    first = await lineage(client, asset_id, direction=direction, depth=DEPTH_MAX, limit=NODES_MAX)
    nodes = {node.asset_id: node for node in first.nodes}
    edges = {(edge.child_id, edge.parent_id): edge for edge in first.edges}
    waiting = [node for node in first.nodes if not node.complete]
    while waiting:
        at = waiting.pop()
        onward = direction if direction != "both" else _side(at.asset_id, first, edges)
        found = await lineage(client, at.asset_id, direction=onward, depth=DEPTH_MAX, limit=NODES_MAX)
        if not found.nodes[0].complete:
            raise Rejected("lineage-too-large", f"one answer does not hold all neighbours of {at.asset_id}")
        nodes[at.asset_id] = msgspec.structs.replace(at, complete=True)
        for node in found.nodes[1:]:
            known = nodes.get(node.asset_id)
            if known is None or (node.complete and not known.complete):
                distance = at.distance + node.distance if known is None else known.distance
                nodes[node.asset_id] = msgspec.structs.replace(node, distance=distance)
            if known is None and not node.complete:
                waiting.append(nodes[node.asset_id])
        edges |= {(edge.child_id, edge.parent_id): edge for edge in found.edges}
        waiting = [node for node in waiting if not nodes[node.asset_id].complete]
        if len(nodes) > ASSETS_MAX:
            raise Rejected("lineage-too-large", f"more than {ASSETS_MAX} assets belong to it")
    ordered = tuple(sorted(nodes.values(), key=lambda node: (node.distance, node.asset_id)))
    return LineageAnswer(ordered, tuple(edges.values()), truncated=False)


def _side(asset_id: str, first: LineageAnswer, edges: dict[tuple[str, str], LineageEdge]) -> Direction:
    """Whether an asset lies above or below the one asked about, or is it."""
    start = first.nodes[0].asset_id
    if asset_id == start:
        return "both"
    above, waiting = set[str](), [start]
    while waiting:
        child = waiting.pop()
        found = [parent for below, parent in edges if below == child and parent not in above]
        above.update(found)
        waiting.extend(found)
    return "ancestors" if asset_id in above else "descendants"


def _text(asset_id: Id) -> str:
    return asset_id.hex() if isinstance(asset_id, bytes) else quote(asset_id, safe="")
