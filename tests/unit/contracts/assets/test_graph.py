import pytest

from chainnode import limits
from contracts.assets import graph
from contracts.assets.graph import DIRECTIONS, NODES_MAX, Direction, Lineage, walk_lineage
from contracts.assets.lineage import Edge

EDGES = (("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"), ("e", "d"), ("c", "x"), ("y", "x"))
"""Child and parent: a diamond over ``d``, below it ``e``; ``c`` has a second parent ``x`` with another child ``y``."""


def name(text: str) -> bytes:
    return text.encode().ljust(32, b".")


def edge(parent: str) -> Edge:
    return Edge(name(parent), "derived-from", 0, None)


def walk(
    start: str, direction: Direction, *, depth_max: int = 9, nodes_max: int = 400, edges: object = EDGES
) -> Lineage:
    assert isinstance(edges, tuple)

    def parents(asset_id: bytes) -> list[Edge]:
        return [edge(above) for below, above in edges if name(below) == asset_id]

    def children(asset_id: bytes, limit: int) -> list[tuple[bytes, Edge]]:
        return sorted((name(below), edge(above)) for below, above in edges if name(above) == asset_id)[:limit]

    return walk_lineage(name(start), direction, parents, children, depth_max=depth_max, nodes_max=nodes_max)


def names(found: Lineage) -> str:
    return "".join(sorted(node.asset_id.decode()[0] for node in found.nodes))


def pairs(found: Lineage) -> set[str]:
    return {child.decode()[0] + edge.parent_id.decode()[0] for child, edge in found.edges}


@pytest.mark.parametrize(
    ("start", "direction", "expected"),
    [
        ("d", "ancestors", "abcdx"),
        ("a", "descendants", "abcde"),
        ("d", "both", "abcdex"),
        ("d", "whole", "abcdexy"),
        ("y", "both", "xy"),
        ("e", "descendants", "e"),
    ],
)
def test_each_direction_is_one_query(start: str, direction: Direction, expected: str) -> None:
    """Ancestors and descendants are queryable, so one product's whole origin is one request."""
    found = walk(start, direction)
    assert names(found) == expected
    assert not found.truncated
    assert all(node.complete for node in found.nodes)
    assert found.nodes[0].asset_id == name(start)
    inside = {f"{child}{parent}" for child, parent in EDGES if child in expected and parent in expected}
    assert pairs(found) == inside


def test_diamond_is_met_once_and_nearest_come_first() -> None:
    found = walk("e", "ancestors")
    assert [node.distance for node in found.nodes] == [0, 1, 2, 2, 3, 3]


def test_depth_ends_the_walk_and_says_where() -> None:
    found = walk("e", "ancestors", depth_max=1)
    assert names(found) == "de"
    assert found.truncated
    assert [node.complete for node in found.nodes] == [True, False]
    assert not walk("a", "descendants", depth_max=3).truncated


def test_number_of_assets_ends_the_walk_and_says_where() -> None:
    found = walk("a", "descendants", nodes_max=3)
    assert names(found) == "abc"
    assert {node.asset_id.decode()[0]: node.complete for node in found.nodes} == {"a": True, "b": False, "c": False}
    assert pairs(found) == {"ba", "ca"}


def test_wide_node_reads_no_more_children_than_the_answer_holds() -> None:
    wide = tuple((f"{n:04}", "r") for n in range(900))
    found = walk("r", "descendants", nodes_max=400, edges=wide)
    assert len(found.nodes) == 400
    assert found.truncated and not found.nodes[0].complete


def test_dense_graph_ends_at_the_bound_of_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "EDGES_PER_NODE_MAX", 1)
    dense = tuple((chr(98 + low), chr(97 + high)) for low in range(10) for high in range(low + 1))
    found = walk("a", "descendants", nodes_max=12, edges=dense)
    assert found.truncated
    assert len(found.edges) <= 12


def test_range_read_of_a_node_always_shows_that_there_is_more() -> None:
    """One more child than the answer holds is asked for."""
    assert NODES_MAX + 1 <= limits.PAGE_ITEMS_MAX


def test_directions_are_all_known() -> None:
    assert set(graph._WAYS) == set(DIRECTIONS)
