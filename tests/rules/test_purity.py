"""The agreement, the contracts and what they stand on are pure: same bytes in, same bytes out, on every machine."""

import ast

import pytest

from tests.rules.purity import findings
from tests.rules.source import PURE, modules, report


def test_pure_packages_reach_for_nothing_outside() -> None:
    """No asyncio, sockets, files, clock, randomness, logging or floats, and no arbitrary order."""
    wrong = [
        f"{module.place}:{line} {reason}" for module in modules(*PURE) for line, reason in findings(module.tree)
    ]
    assert not wrong, report("pure packages (PURE in tests/rules/source.py) are not pure:", wrong)


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio",
        "import os.path",
        "from time import monotonic",
        "from chainnode import clock",
        "from chainnode.clock import Clock",
        "RATE = 0.5",
        "half = total / 2",
        "total /= 2",
        "at = datetime.now()",
        "key = SigningKey.generate()",
        "order = hash('name')",
        "async def step(): ...",
        "def weigh(x: float): ...",
        "for x in {1, 2}: ...",
        "names = list(set(names))",
        "text = ','.join({str(x) for x in xs})",
        "def f(voters: set[int]):\n    return [v for v in voters]",
        "def f(a, b):\n    both = set(a)\n    return tuple(x for x in both)",
        "def f(a: frozenset[int], b):\n    for x in a | b: ...",
        "class Votes:\n    seen: set[int]\n    def all(self):\n        return [*self.seen]",
        "class A:\n    def __init__(self):\n        self.seen = set()\n    def f(self):\n        yield from self.seen",
    ],
)
def test_impure_code_is_found(code: str) -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    assert findings(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "half = total // 2",
        "import hashlib, struct, itertools",
        "from chainnode.errors import DecodeError",
        "for x in sorted({1, 2}): ...",
        "count = len(set(xs))",
        "seen = x in {1, 2}",
        "def f(voters: set[int]):\n    return sorted(v + 1 for v in voters)",
        "def f(voters: tuple[int, ...]):\n    return [v for v in voters]",
        "def f(a):\n    keys = set(a)\n    return len(keys)\ndef g(keys):\n    return tuple(keys)",
        "def f(now_ms: int):\n    return now_ms",
    ],
)
def test_pure_code_is_left_alone(code: str) -> None:
    """A rule that cries wolf is soon switched off."""
    assert not findings(ast.parse(code))
