"""What the rules look at: every file of the checkout, and the Python modules with their imports.

Files count whether git knows them yet or not, so a rule bites before the first commit; hidden folders (but
``.ci``), caches and what a test network wrote do not count.
"""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.shared import ROOT

PACKAGES = ("consensus", "chainnode", "contracts")
PURE = (
    "consensus",
    "contracts",
    *(f"chainnode.{name}" for name in ("codec", "crypto", "types", "proofs", "state", "lightclient")),
)
"""Packages whose results depend on their arguments alone."""
GENERATED = frozenset({"__pycache__", "testnet", "build", "dist", "node_modules"})


@dataclass(frozen=True, slots=True)
class Import:
    module: str
    """Absolute dotted name of the imported module, or of what was imported from it where that is itself a module."""
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self))


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Every file of the checkout with one of the suffixes (all files without any), sorted."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(d for d in folders if d not in GENERATED and (d == ".ci" or not d.startswith(".")))
        found += [Path(folder, name) for name in sorted(names) if not suffixes or name.endswith(suffixes)]
    # In a linked worktree .git is a file, and names a folder of this machine.
    found = [path for path in found if path.name != ".git" and not path.name.startswith(".venv")]
    return tuple(path for path in found if path.is_file())


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    """The modules below dotted packages, such as ``chainnode.codec``; of the whole product if none is named."""
    return tuple(
        Module(name, path, parse(path))
        for path in files(".py")
        if (name := _dotted(path)) and inside(name, packages or PACKAGES)
    )


def inside(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@cache
def module_names() -> frozenset[str]:
    return frozenset(_dotted(path) for path in files(".py"))


def report(rule: str, findings: list[str]) -> str:
    """The message of a broken rule: the rule, then each place that breaks it."""
    return "\n  ".join([rule, *findings])


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: Module) -> Iterator[Import]:
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                deeper = f"{source}.{alias.name}"
                yield Import(deeper if deeper in module_names() else source, node.lineno)
