"""Where things are: tests beside what they test by name, no module that nobody needs, nothing of one machine."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

from tests.rules.source import PURE, Module, files, modules, parse, report
from tests.support.shared import ROOT

FOREIGN = re.compile(
    r"(?<![\w.])/(?:[w]ork|[t]mp|[r]oot|[h]ome|[U]sers)/"  # someone's folders
    r"|(?<![\w.])/[o]pt/wheels|\.[l]ibrary/"
    r"|py[p]i\.org|pythonhost[e]d|npm[j]s\.(?:org|com)|crates\.[i]o|proxy\.go[l]ang"  # registries
)
"""One machine's paths, and package registries; the brackets keep the pattern from matching its own text."""


def test_module_of_a_pure_package_has_its_own_test() -> None:
    """Tests mirror modules: tests/unit/<package>/test_<module>.py; a module without a function needs none."""
    wrong = []
    for module in modules(*PURE):
        if module.path.name == "__init__.py" or not _has_function(module):
            continue
        folder = Path(*module.name.split(".")[:-1])
        homes = {folder, folder.relative_to("chainnode") if folder.parts[0] == "chainnode" else folder}
        tests = [ROOT / "tests" / "unit" / home / f"test_{module.path.stem}.py" for home in homes]
        if not any(test.is_file() for test in tests):
            wrong.append(f"{module.place}: no {min(tests, key=lambda t: len(t.parts)).relative_to(ROOT)}")
    assert not wrong, report("modules without the test that mirrors them:", wrong)


def test_every_module_is_used() -> None:
    """No dead module: each is imported, or named as an entry point, by something other than its own unit test."""
    wrong = [m.place for m in modules() if m.path.stem not in {"__init__", "__main__"} and not _users(m)]
    assert not wrong, report("modules that nothing uses:", wrong)


def test_nothing_names_one_machine_or_a_registry() -> None:
    """The project runs anywhere: no absolute path of somebody's machine, no registry's host."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number} {found[0]}"
        for path in files()
        for number, line in enumerate(_text(path).splitlines(), 1)
        if (found := FOREIGN.search(line))
    ]
    assert not wrong, report("machine paths or registry hosts:", wrong)


def test_foreign_names_are_recognised() -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    for text in ("cd |work|main", "'|tmp|x'", "https:||py~pi.org|simple", "..|.li~brary|x"):
        assert FOREIGN.search(text.replace("|", "/").replace("~", "")), text
    for text in ("GET /v1/work/items", "tests/tmp/x", "~/chain", "/var/lib/chainnode"):
        assert not FOREIGN.search(text), text


def _has_function(module: Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(module.tree))


def _users(module: Module) -> set[Path]:
    own_test = f"test_{module.path.stem}.py"
    users = _uses().get(module.name, frozenset())
    return {path for path in users if path != module.path and path.name != own_test}


@cache
def _uses() -> dict[str, frozenset[Path]]:
    """Module -> files that import it, or name it in text as lazy commands and worker processes do."""
    uses: dict[str, set[Path]] = {}
    for path in files(".py"):
        module = Module(".".join(path.relative_to(ROOT).with_suffix("").parts), path, parse(path))
        for imported in module.imports:
            uses.setdefault(imported.module, set()).add(path)
        constants = _text_constants(module.tree)
        for node in ast.walk(module.tree):
            uses.setdefault(_named(node, constants).partition(":")[0], set()).add(path)
    pyproject = ROOT / "pyproject.toml"
    for entry in tomllib.loads(pyproject.read_text())["project"]["scripts"].values():
        uses.setdefault(entry.partition(":")[0], set()).add(pyproject)
    return {name: frozenset(paths) for name, paths in uses.items()}


def _text_constants(tree: ast.Module) -> dict[str, str]:
    """Top-level names of a module that stand for a text."""
    found = {}
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text)))
            ):
                found[name] = text
    return found


def _named(node: ast.AST, constants: dict[str, str]) -> str:
    """The text that a node spells: a literal, or an f-string such as ``f"{ROOM}.module"`` over a constant."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Name(id=name)):
            return constants.get(name, "?")
        case ast.JoinedStr(values=parts):
            return "".join(_named(part, constants) for part in parts)
    return ""


def _text(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")
