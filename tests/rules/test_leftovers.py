"""Nothing unfinished is called done: no reminders, stubs or stray prints, and no skip without its reason."""

import ast
import re
import tomllib

from tests.rules.source import PACKAGES, Module, files, modules, parse, report
from tests.support.shared import ROOT

REMINDERS = re.compile("|".join(rf"\b{a}{b}\b" for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))))
TEXT = (".py", ".md", ".toml", ".yml", ".yaml", ".sh", ".service", ".js", ".css", ".html", "/run")
RUFF_NEEDED = {"ERA", "T20", "BLE", "F", "ASYNC"}


def is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a body is only a docstring and ``...``, ``pass`` or ``raise NotImplementedError``."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    hollow = [s for s in body if isinstance(s, ast.Pass) or "NotImplementedError" in _raised(s)]
    said = any(isinstance(s, ast.Expr) and getattr(s.value, "value", None) is ... for s in function.body)
    return len(hollow) == len(body) and (bool(hollow) or said)


def test_no_reminder_is_left() -> None:
    """What is missing is an issue or a sentence in a README, never a marker in the code."""
    paths = [path for path in files() if str(path).endswith(TEXT)]
    wrong = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if REMINDERS.search(line)
    ]
    assert not wrong, report("reminders are left in the tree:", wrong)


def test_no_function_is_a_stub() -> None:
    """An empty body belongs to a Protocol, an abstract method or an overload, and is nowhere called done."""
    wrong = [f"{m.place}:{line} {name}" for m in modules() for line, name in _stubs(m)]
    assert not wrong, report("functions without a body:", wrong)


def test_packages_do_not_print() -> None:
    """A library logs or returns; the command line writes through click and rich."""
    wrong = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not wrong, report("print() in a package:", wrong)


def test_skip_says_why() -> None:
    """A skip or an expected failure names a reason that a reader can check."""
    wrong = []
    for path in files(".py"):
        nodes = list(ast.walk(parse(path)))
        called = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
        attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
        for mark in (a for a in attributes if re.fullmatch(r"pytest\.(mark\.)?(skip|skipif|xfail)", ast.unparse(a))):
            call = called.get(id(mark))
            if not call or not (call.args or any(k.arg == "reason" for k in call.keywords)):
                wrong.append(f"{path.relative_to(ROOT)}:{mark.lineno}")
    assert not wrong, report("skipped without a reason:", wrong)


def test_ruff_looks_for_commented_code_prints_and_blind_excepts() -> None:
    """Commented-out code is found by ruff: nobody switches that off quietly, nor for one folder."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert set(lint["select"]) >= RUFF_NEEDED
    assert not RUFF_NEEDED & {code.rstrip("0123456789") for code in lint["ignore"]}
    loosened = [folder for folder in lint["per-file-ignores"] if folder.startswith(PACKAGES)]
    assert not loosened, f"the product's own folders follow every ruff rule: {loosened}"


def test_stub_is_recognised() -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    bodies = {"...": True, "pass": True, "raise NotImplementedError": True, "'Says.'; ...": True, "return 1": False}
    for body, expected in bodies.items():
        function = ast.parse(f"def f(): {body}").body[0]
        assert isinstance(function, ast.FunctionDef)
        assert is_stub(function) is expected, body


def _stubs(module: Module) -> list[tuple[int, str]]:
    promises = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
    ]
    promised = {id(item) for node in promises for item in ast.walk(node)}
    return [
        (node.lineno, node.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and id(node) not in promised
        and is_stub(node)
        and not any(re.search(r"abstractmethod|overload", ast.unparse(d)) for d in node.decorator_list)
    ]


def _raised(statement: ast.stmt) -> str:
    return ast.unparse(statement.exc) if isinstance(statement, ast.Raise) and statement.exc else ""
