"""Who may catch everything: only the few borders where any failure at all must be turned into an answer."""

import ast

import pytest

from tests.rules.source import modules, report
from tests.support.shared import ROOT

BORDERS: dict[str, str] = {
    "chainnode/api/border.py": "whatever a route fails with, the client gets a problem and the log the trace",
    "chainnode/cli/main.py": "whatever ends a command becomes a message and an exit status; a bug shows its trace",
    "chainnode/node/seal_worker.py": "compiled code that panics must not stop a validator: seals are a service",
    "chainnode/net/exchange.py": "a bug met while answering one peer must not stop a validator; it is logged",
}
"""File -> why it must catch whatever comes. A handler ending in a bare ``raise`` needs no entry: it hides nothing."""


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    blind = handler.type is None or bool(names & {"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"})
    last = handler.body[-1]
    return blind and not (isinstance(last, ast.Raise) and last.exc is None)


def test_only_borders_catch_everything() -> None:
    """Failures are typed; ``except Exception`` swallows the bug beside the failure."""
    found = [
        (module.place, node.lineno)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    wrong = [f"{place}:{line}" for place, line in found if place not in BORDERS]
    assert not wrong, report("`except Exception` outside the BORDERS of tests/rules/test_exceptions.py:", wrong)
    stale = sorted(set(BORDERS) - {place for place, _ in found})
    assert not stale, report("BORDERS names files that catch nothing blindly any more:", stale)
    assert all((ROOT / place).is_file() and reason for place, reason in BORDERS.items())


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("except Exception: pass", True),
        ("except (OSError, BaseException) as e: log(e)", True),
        ("except: pass", True),
        ("except Exception: undo(); raise", False),
        ("except OSError: pass", False),
    ],
)
def test_blind_handler_is_recognised(clause: str, expected: bool) -> None:
    """The finder itself: a rule that cannot fail is no rule."""
    tree = ast.parse(f"try:\n  act()\n{clause}")
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    assert [catches_everything(handler) for handler in handlers] == [expected]
