"""What ``asyncio.wait`` hands back is a set: its order follows from addresses, and with it what a node does next."""

import ast
from collections.abc import Iterator

import pytest

from tests.rules.source import modules, report


def walked_sets(tree: ast.Module) -> Iterator[int]:
    """Lines of loops over what ``asyncio.wait`` found done (or pending), by name."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.AsyncFunctionDef):
            names = {name for node in ast.walk(scope) for name in _waited(node)}
            for node in ast.walk(scope):
                walked = node.iter if isinstance(node, ast.For | ast.comprehension) else None
                if isinstance(walked, ast.Name) and walked.id in names:
                    yield walked.lineno


def _waited(node: ast.AST) -> list[str]:
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=targets)],
            value=ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="wait"))),
        ):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def test_finished_tasks_are_taken_in_an_order_of_our_own() -> None:
    """Two answers that come at once are settled as they were asked for; else no seed of the simulator repeats."""
    wrong = [f"{module.place}:{line}" for module in modules() for line in walked_sets(module.tree)]
    assert not wrong, report("loops over a set of tasks; go through the list or mapping that was waited for:", wrong)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("done, _ = await asyncio.wait(tasks)\n  for task in done: settle(task)", [3]),
        ("done, left = await asyncio.wait(tasks, timeout=1)\n  return [task for task in left]", [3]),
        ("done, _ = await asyncio.wait(tasks)\n  for task in [task for task in tasks if task in done]: act(task)", []),
        ("await asyncio.wait(tasks)\n  for task in tasks: act(task)", []),
    ],
)
def test_walked_set_is_recognised(body: str, expected: list[int]) -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    assert list(walked_sets(ast.parse(f"async def act():\n  {body}"))) == expected
