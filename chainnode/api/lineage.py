"""Where an asset comes from and what was made of it, in one request."""

from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import document_response
from chainnode.api.routes import Call, Parameter, Route
from chainnode.api.snapshot import SnapshotState
from chainnode.chain.queries import LedgerQueries
from chainnode.errors import NotFound
from chainnode.state.keys import prefix
from contracts.assets.graph import DEPTH_MAX, DIRECTIONS, NODES_MAX, Lineage, walk_lineage
from contracts.assets.lineage import Edge, decode_edge, edges_of
from contracts.assets.record import read_asset
from contracts.kernel.document import to_document


async def lineage(call: Call) -> web.StreamResponse:
    """The graph around one asset, each asset with the head of its record.

    Raises:
        NotFound: ``asset-not-found``.
    """
    queries: LedgerQueries = call.service.queries
    asset_id = _known_asset(call, queries)
    state = SnapshotState(queries)
    found = walk_lineage(
        asset_id,
        call.query["direction"],
        lambda wanted: edges_of(state, wanted),
        lambda wanted, limit: _children(queries, wanted, limit),
        depth_max=call.query["depth"],
        nodes_max=call.query["limit"],
    )
    return document_response(call, lineage_document(found, state))


def lineage_document(found: Lineage, state: SnapshotState) -> dict[str, Any]:
    """The graph as JSON: ids in hex, the nearest asset first."""
    nodes = []
    for node in found.nodes:
        record = read_asset(state, node.asset_id)
        head = {} if record is None else {
            "name": record.description.name,
            "kind": record.description.kind,
            "holder": record.holder,
            "registrar": record.registrar,
            "status": record.status,
            "certificate": record.certificate,
        }
        nodes.append(
            {"asset_id": node.asset_id.hex(), "distance": node.distance, "complete": node.complete, **head}
        )
    edges = [_edge_document(*item) for item in found.edges]
    return {"nodes": nodes, "edges": edges, "truncated": found.truncated}


def _edge_document(child_id: bytes, edge: Edge) -> dict[str, Any]:
    return {"child_id": child_id.hex(), **to_document(edge)}


def _children(queries: LedgerQueries, asset_id: bytes, limit: int) -> list[tuple[bytes, Edge]]:
    below = prefix("lineage-child", asset_id)
    pairs = queries.state_range(below, None, limit)
    return [(bytes.fromhex(key[len(below) :].decode()), decode_edge(value)) for key, value in pairs]


def _known_asset(call: Call, queries: LedgerQueries) -> bytes:
    asset_id = call.hash_of()
    if read_asset(SnapshotState(queries), asset_id) is None:
        raise NotFound("asset-not-found", f"no asset {asset_id.hex()} is registered")
    return asset_id


_DIRECTION: Final = Parameter("direction", "choice", "which way to walk", default="both", choices=DIRECTIONS)
_DEPTH: Final = Parameter("depth", "integer", "steps from the asset", default=32, least=1, most=DEPTH_MAX)
_NODES: Final = Parameter("limit", "integer", "assets in the answer", default=100, least=1, most=NODES_MAX)

ROUTES: Final = (
    Route(
        "GET",
        "/v1/assets/{id}/lineage",
        lineage,
        "Ancestors, descendants or the whole graph of an asset",
        parameters=(_DIRECTION, _DEPTH, _NODES),
        cost=20,
    ),
)
