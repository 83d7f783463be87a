"""The floors of the house: a module imports only its own room and rooms on lower floors.

Imports inside functions and under ``TYPE_CHECKING`` count too: what a module names, its reader has to know.
"""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.rules.source import PURE, Import, Module, inside, modules, report
from tests.support.shared import ROOT

FLOORS: dict[str, int] = {
    "consensus": -1,  # stands alone; its InvariantBroken is everybody's
    "chainnode": 0,  # errors, limits and clock: the ground that every other room of chainnode stands on
    "chainnode.crypto": 1,
    "chainnode.codec": 1,
    "chainnode.types": 2,
    "chainnode.proofs": 2,
    "chainnode.state": 3,
    "chainnode.lightclient": 3,
    "contracts": 4,
    "chainnode.store": 4,
    "chainnode.chain": 5,
    "chainnode.mempool": 6,
    "chainnode.net": 6,
    "chainnode.sync": 7,
    "chainnode.node": 8,
    "chainnode.api": 9,
    "chainnode.sdk": 9,
    "chainnode.sinks": 9,
    "chainnode.relayer": 10,
    "chainnode.web": 10,
    "chainnode.cli": 11,
    "chainnode.__main__": 12,
}
GROUND = ("chainnode.errors", "chainnode.limits", "chainnode.clock", "chainnode.version")
NEIGHBOURS = {
    ("chainnode.codec", "chainnode.crypto"),
    ("chainnode.crypto", "chainnode.codec"),
    ("chainnode.proofs", "chainnode.types"),
}
"""Pairs on one floor whose first room may import the second; the test for cycles keeps codec and crypto apart."""
THIRD_PARTY = {
    "consensus": {"msgspec"},
    "contracts": {"msgspec"},
    "chainnode.codec": {"msgspec"},
    "chainnode.types": {"msgspec"},
    "chainnode.proofs": {"msgspec"},
    "chainnode.state": {"msgspec"},
    "chainnode.lightclient": {"msgspec"},
    "chainnode.crypto": {"msgspec", "nacl", "cryptography", "py_arkworks_bls12381", "py_ecc"},
}
"""What the pure packages may import from others; any other room may import what pyproject.toml declares."""


def room(name: str) -> str:
    """The room of a module: the longest known prefix; a room unknown to FLOORS is answered by its own name."""
    parts = name.split(".")
    if parts[0] == "chainnode" and len(parts) > 1 and name not in GROUND:
        return ".".join(parts[:2])
    return parts[0]


def own_imports() -> list[tuple[Module, Import]]:
    roots = {name.partition(".")[0] for name in FLOORS}
    return [(m, i) for m in modules() for i in m.imports if i.module.partition(".")[0] in roots]


def foreign_imports() -> list[tuple[Module, Import, str]]:
    roots = {name.partition(".")[0] for name in FLOORS} | sys.stdlib_module_names
    found = [(m, i, i.module.partition(".")[0]) for m in modules() for i in m.imports]
    return [(m, i, root) for m, i, root in found if root not in roots]


def test_every_module_lives_in_a_known_room() -> None:
    """A new room is given its floor before anything imports it."""
    lost = sorted({m.place for m in modules() if room(m.name) not in FLOORS})
    assert not lost, report("these modules are in no room of FLOORS (tests/rules/test_imports.py):", lost)


def test_imports_go_down_or_stay_in_the_room() -> None:
    """A file imports only from lower floors or its own folder."""
    wrong = []
    for module, imported in own_imports():
        here, there = room(module.name), room(imported.module)
        down = FLOORS.get(there, 99) < FLOORS.get(here, 99)
        if here != there and not down and (here, there) not in NEIGHBOURS:
            floors = f"floor {FLOORS.get(here, '?')} imports floor {FLOORS.get(there, '?')}"
            wrong.append(f"{module.place}:{imported.line} imports {imported.module} ({floors})")
    assert not wrong, report("imports point up or sideways:", wrong)


def test_consensus_knows_nothing_of_the_node() -> None:
    """Consensus is a library of its own: standard library and msgspec, no chainnode import, not even the ground."""
    wrong = [f"{m.place}:{i.line} imports {i.module}" for m, i in own_imports() if room(m.name) == "consensus"]
    wrong = [text for text in wrong if not text.partition(" imports ")[2].startswith("consensus")]
    assert not wrong, report("consensus imports chainnode or contracts:", wrong)


def test_pure_packages_import_only_their_allowed_libraries() -> None:
    """The agreement and the contracts stay free of I/O, so do the libraries below them."""
    wrong = [
        f"{module.place}:{imported.line} imports {root}"
        for module, imported, root in foreign_imports()
        if inside(module.name, PURE) and root not in THIRD_PARTY[room(module.name)]
    ]
    assert not wrong, report("pure packages import other libraries:", wrong)


def test_libraries_are_declared_when_they_are_imported() -> None:
    """A library that merely comes along with another one may leave with it: each imported one is declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {}).values()
    declared = {_normal(line) for lines in (project["dependencies"], *extras) for line in lines}
    providers = packages_distributions()
    wrong = [
        f"{module.place}:{imported.line} imports {root}"
        for module, imported, root in foreign_imports()
        if not declared & {_normal(name) for name in providers.get(root, [root])}
    ]
    assert not wrong, report("libraries imported but not declared in [project] of pyproject.toml:", wrong)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    """No cycles, neither between modules nor between rooms: each part can be read before what builds on it."""
    edges: dict[str, set[str]] = {}
    for module, imported in own_imports():
        edges.setdefault(module.name, set()).add(imported.module)
        if room(module.name) != room(imported.module):
            edges.setdefault(f"room {room(module.name)}", set()).add(f"room {room(imported.module)}")
    circle = _circle(edges)
    assert not circle, "imports form a circle: " + " -> ".join(circle)


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"a"}}, ["a", "a"]),
    ],
)
def test_circle_is_found_when_there_is_one(edges: dict[str, set[str]], expected: list[str]) -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    assert _circle(edges) == expected


def test_import_is_resolved_when_it_is_relative_or_names_a_module() -> None:
    """``from .wire import Frame`` and ``from consensus import quorum`` name modules of their own package."""
    tree = ast.parse("from .. import errors\nfrom . import canonical\nimport a.b")
    module = Module("chainnode.codec.framing", ROOT / "chainnode" / "codec" / "framing.py", tree)
    assert [i.module for i in module.imports] == ["chainnode.errors", "chainnode.codec.canonical", "a.b"]


def _normal(requirement: str) -> str:
    name = requirement
    for mark in " <>=!~;[(":
        name = name.partition(mark)[0]
    return name.lower().replace("_", "-")


def _circle(edges: dict[str, set[str]]) -> list[str]:
    """One circle of a directed graph as a path that ends where it began, or nothing."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for following in sorted(edges.get(node, ())):
            if found := visit(following, [*path, node]):
                return found
        done.add(node)
        return []

    for start in sorted(edges):
        if found := visit(start, []):
            return found
    return []
