"""The contracts say the same on every machine and under every version of Python that is supported."""

import ast

import pytest

from tests.rules.determinism import findings
from tests.rules.source import modules, report

READERS = (
    "contracts/assets/dcat/",
    "contracts/kernel/document.py",
    "contracts/kernel/reference.py",
    "contracts/kernel/reference_page.py",
    "contracts/kernel/schema.py",
)
"""What clients and readers run; nothing of it runs in a block."""
MAPPING = "iterates over a mapping: sort it, or keep a sequence beside it"
REVIEWED = {
    ("contracts/assets/graph.py", MAPPING): "a walk from one asset, filled in the order of lists on the ledger",
    ("contracts/assets/lineage.py", MAPPING): "the edges of one record, in their order",
    ("contracts/assets/measures.py", "changes case by Unicode tables"): "a status, which is ASCII",
    ("contracts/income/allocation.py", MAPPING): "a walk upwards, filled in the order of lists on the ledger",
    ("contracts/kernel/enactment.py", MAPPING): "what a simulation shows a reader",
    ("contracts/market/statistics.py", MAPPING): "what readers are told, filled in the order of events",
}
"""Findings that were looked at: why the order, or the answer, is the same everywhere."""


def test_contracts_depend_on_nothing_that_differs_between_machines_or_versions() -> None:
    """No unsorted mapping's order, interpreter's tables, float, or library's words where validators must agree."""
    found = [
        (module.place, line, reason)
        for module in modules("contracts")
        if not module.place.startswith(READERS)
        for line, reason in findings(module.tree)
    ]
    wrong = [f"{place}:{line} {reason}" for place, line, reason in found if (place, reason) not in REVIEWED]
    assert not wrong, report("contracts could differ between machines (tests/rules/determinism.py):", wrong)
    stale = set(REVIEWED) - {(place, reason) for place, _, reason in found}
    assert not stale, report("no longer found, so take it out of REVIEWED:", sorted(map(str, stale)))


IN_FUNCTION = "def f(a: dict[str, int], b, **c):\n    "


@pytest.mark.parametrize(
    "code",
    [
        "import datetime",
        "from datetime import date",
        "import unicodedata",
        "import math",
        "from math import sqrt",
        "text = repr(value)",
        "text = f'{value!r}'",
        "part = round(x)",
        "part = pow(a, b)",
        "fit = name.isprintable()",
        "fit = name.isalnum()",
        "words = name.split()",
        "name = name.strip()",
        "lines = text.splitlines()",
        "same = a.lower() == b",
        "pattern = r'\\w+'",
        "pattern = r'[0-9]\\s'",
        "found = re.compile('a', re.IGNORECASE)",
        IN_FUNCTION + "return [x for x in a]",
        IN_FUNCTION + "return tuple(a.items())",
        IN_FUNCTION + "return ','.join(b.keys())",
        IN_FUNCTION + "for x in c: g(x)",
        IN_FUNCTION + "d = {x: 1 for x in b}\n    return [*d]",
        IN_FUNCTION + "d: dict[int, int] = {}\n    for x in d.values(): g(x)",
        IN_FUNCTION + "return b.popitem()",
        IN_FUNCTION + "return [y for y in Counter(b)]",
        "try:\n    f()\nexcept ValueError as error:\n    raise OperationFailed('code', f'because {error}')",
        "try:\n    f()\nexcept ValueError as error:\n    raise OperationFailed('code', str(error))",
    ],
)
def test_code_that_could_differ_is_found(code: str) -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    assert findings(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "from math import isqrt",
        "text = f'{value!a}'",
        "part = pow(a, b, p)",
        "words = name.split('/')",
        "name = digest.hex().upper()",
        "pattern = r'[a-z]+\\Z'",
        "total = sum(found.values())",
        IN_FUNCTION + "return sorted(a.items())",
        IN_FUNCTION + "return max(a.values(), default=0)",
        IN_FUNCTION + "return {x: 1 for x in a}",
        IN_FUNCTION + "return [x for x in TABLE.items()]",
        IN_FUNCTION + "return [x for x in cls.TABLE.values()]",
        IN_FUNCTION + "return [x for x in sorted(a)]",
        "NAMES = tuple(name for name in table.values())",
        "try:\n    f()\nexcept Rejected as error:\n    raise OperationFailed(error.code, f'{error.message}')",
        "try:\n    f()\nexcept ValueError as error:\n    raise OperationFailed('code', 'why') from error",
    ],
)
def test_code_that_cannot_differ_is_left_alone(code: str) -> None:
    """A rule that cries wolf is soon switched off."""
    assert not findings(ast.parse(code))
