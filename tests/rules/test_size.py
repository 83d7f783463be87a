"""Files and functions stay small enough to be read whole. No exceptions are listed: split by rule, not by size."""

import ast

from tests.rules.source import files, parse, report
from tests.support.shared import ROOT

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def test_files_fit_a_sitting() -> None:
    """Files 100-350 lines, never above 400."""
    sizes = [(len(path.read_text().splitlines()), path) for path in (*files(".py"), ROOT / "run")]
    large = [f"{path.relative_to(ROOT)}: {lines} lines" for lines, path in sizes if lines > FILE_LINES_MAX]
    assert not large, report(f"files above {FILE_LINES_MAX} lines; give a part of the rule its own module:", large)


def test_functions_fit_a_screen() -> None:
    """Functions fit a screen: at most 60 lines, docstring included."""
    large = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines"
        for path in (*files(".py"), ROOT / "run")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not large, report(f"functions above {FUNCTION_LINES_MAX} lines:", large)
