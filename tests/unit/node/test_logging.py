"""One line per fact, to standard error, bound to the node's name."""

import json
import subprocess
import sys

import pytest

from tests.support.shared import ROOT

PROGRAM = """
import logging, structlog
from chainnode.node.logging import configure_logging
configure_logging({level!r}, {form!r}, node="validator-7")
structlog.get_logger("a").info("view changed", height=4)
structlog.get_logger("a").debug("hidden")
logging.getLogger("b").warning("from %s", "a library")
try:
    raise ValueError("broken")
except ValueError:
    structlog.get_logger("a").error("failed", exc_info=True)
"""


def _run(level: str, form: str) -> tuple[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(level=level, form=form)],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=20,
    )
    return done.stdout, done.stderr.splitlines()


def test_json_lines_carry_level_time_node_and_fields() -> None:
    """For a collector: each line one object, those of libraries too."""
    out, lines = _run("info", "json")
    assert out == ""
    found = [json.loads(line) for line in lines]
    assert [entry["event"] for entry in found] == ["view changed", "from a library", "failed"]
    assert {entry["node"] for entry in found} == {"validator-7"}
    assert (found[0]["height"], found[0]["level"]) == (4, "info")
    assert all(entry["timestamp"].endswith("Z") for entry in found)
    assert "ValueError: broken" in found[2]["exception"]


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("warning", 2), ("error", 1)])
def test_level_decides_what_is_written(level: str, count: int) -> None:
    """Below the level nothing is formatted or written."""
    assert len(_run(level, "json")[1]) == count


def test_console_lines_are_for_people() -> None:
    """Plain text without colour codes: the terminal may be a file."""
    _, lines = _run("info", "console")
    assert "view changed" in lines[0]
    assert "height=4" in lines[0]
    assert "\x1b" not in "".join(lines)


def test_stranger_cannot_forge_a_line() -> None:
    """Messages of libraries may quote what a peer or client sent."""
    program = PROGRAM.replace('"from %s", "a library"', r'"bad request %s", "a\n2026 [error] forged \x1b[31m"')
    done = subprocess.run(
        [sys.executable, "-c", program.format(level="info", form="console")],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=20,
    )
    assert "bad request a?2026 [error] forged ?[31m" in done.stderr
    assert "\x1b" not in done.stderr
