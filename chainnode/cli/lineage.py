"""``chainnode asset lineage``: where an asset comes from and what was made of it."""

from typing import Final

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.output import emit, examples, json_option
from chainnode.cli.tx import check_id
from chainnode.sdk.lineage import LineageAnswer, LineageAsset, LineageEdge, lineage, whole_lineage
from contracts.assets.graph import DEPTH_MAX, DIRECTIONS, NODES_MAX, Direction

LINES_MAX: Final = 400
"""Of a tree on a screen; a graph with many diamonds has more ways through it than assets."""


@click.command(
    name="lineage",
    epilog=examples(
        "chainnode asset lineage ASSET_ID", "chainnode asset lineage ASSET_ID --direction whole --dot"
    ),
)
@click.argument("asset_id")
@click.option("--direction", type=click.Choice(DIRECTIONS), default="both", show_default=True, help="Way to walk.")
@click.option("--depth", type=click.IntRange(1, DEPTH_MAX), default=32, show_default=True, help="Steps from the asset.")
@click.option("--limit", type=click.IntRange(1, NODES_MAX), default=100, show_default=True, help="Assets at most.")
@click.option("--all", "everything", is_flag=True, help="Ask on until nothing is left out.")
@click.option("--dot", is_flag=True, help="Print the graph in the DOT language, to be drawn by Graphviz.")
@node_option
@json_option
def command(
    asset_id: str, direction: Direction, depth: int, limit: int, everything: bool, dot: bool, nodes: tuple[str, ...]
) -> None:
    """Show what an asset was made from, and what was made of it."""
    wanted = check_id(asset_id)

    async def ask() -> LineageAnswer:
        async with connected(nodes) as client:
            if everything:
                return await whole_lineage(client, wanted, direction=direction)
            return await lineage(client, wanted, direction=direction, depth=depth, limit=limit)

    found = run(ask())
    emit(msgspec.to_builtins(found), dot_lines(found) if dot else tree_lines(found))


def tree_lines(found: LineageAnswer) -> list[str]:
    """The asset, what stands above it, and what stands below it; an asset met again is named without its branch."""
    named = {node.asset_id: node for node in found.nodes}
    start = found.nodes[0]
    above: dict[str, list[LineageEdge]] = {}
    below: dict[str, list[LineageEdge]] = {}
    for edge in found.edges:
        above.setdefault(edge.child_id, []).append(edge)
        below.setdefault(edge.parent_id, []).append(edge)
    text = [_label(start)]
    for title, edges, is_up in (("made from", above, True), ("made into", below, False)):
        branch = _branch(start.asset_id, edges, named, is_up=is_up, indent="  ", shown={start.asset_id})
        text += [f"{title}:", *branch] if branch else []
    if len(text) > LINES_MAX:
        text = [*text[:LINES_MAX], f"... {len(text) - LINES_MAX} more lines; --json and --dot have everything"]
    if found.truncated:
        text.append("incomplete: assets marked + have neighbours that are not shown; --all asks for them")
    return text


def _branch(
    asset_id: str,
    edges: dict[str, list[LineageEdge]],
    named: dict[str, LineageAsset],
    *,
    is_up: bool,
    indent: str,
    shown: set[str],
) -> list[str]:
    text: list[str] = []
    for edge in edges.get(asset_id, []):
        node = named[edge.parent_id if is_up else edge.child_id]
        again = node.asset_id in shown
        share = f", {edge.share_basis_points / 100:.2f} %" if edge.share_basis_points else ""
        text.append(f"{indent}{edge.relation}{share}: {_label(node)}{' (shown above)' if again else ''}")
        shown.add(node.asset_id)
        if not again:
            text += _branch(node.asset_id, edges, named, is_up=is_up, indent=indent + "  ", shown=shown)
    return text


def _label(node: LineageAsset) -> str:
    return f"{node.name or '(no record)'}  {node.asset_id[:16]}  {node.status}{'' if node.complete else ' +'}"


def dot_lines(found: LineageAnswer) -> list[str]:
    """The graph in the DOT language, arrows from parents to what was made of them."""
    text = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for node in found.nodes:
        style = "" if node.complete else ", style=dashed"
        text.append(f'  "{node.asset_id}" [label={_quoted(node.name or node.asset_id[:16])}{style}];')
    for edge in found.edges:
        share = f" {edge.share_basis_points / 100:.2f} %" if edge.share_basis_points else ""
        text.append(f'  "{edge.parent_id}" -> "{edge.child_id}" [label={_quoted(edge.relation + share)}];')
    return [*text, "}"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
