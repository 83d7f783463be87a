"""Every scenario file: its claims hold, its invariants held after every step, and its trace is the stored one."""

from pathlib import Path

import pytest

from tests.scenarios.player import Failed, Player
from tests.scenarios.script import Script, scripts


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.stem)
def test_scenario_goes_as_written(path: Path) -> None:
    """Readable scenarios; ``python -m tests.scenarios --rewrite`` stores the traces of an intended change."""
    script = Script.read(path)

    traces = Player(script).play()

    for command, trace in zip(script.commands, traces, strict=True):
        assert trace == command.trace, f"{path.name}:{command.number}: {command.line}"


@pytest.mark.parametrize(
    "line",
    [
        "expect height 2",
        "expect decided b1.1",
        "expect view 1",
        "expect phase VIEW_CHANGING",
        "expect lock b1.0@1",
        "expect accused 2",
        "expect dropped not_leader",
        "expect signed PRE_PREPARE b1.0 by 2",
        "expect unsigned PREPARE b1.0 by 2",
        "expect once 2",
        "expect halted 1",
        "reach height 9 within 100",
        "release",
        "say 1 PREPARE b1.0",
        "forge 3 DECIDED b1.0 with b1.0@1 by 0,1,2",
    ],
)
def test_claim_that_does_not_hold_fails(tmp_path: Path, line: str) -> None:
    """No test that cannot fail: each claim, wrong once; and the script cannot speak for the honest."""
    path = tmp_path / "S00.txt"
    path.write_text(f"validators 4 byzantine 3\nsubmit 1\nrun 40\n{line}\n", encoding="utf-8")

    with pytest.raises(Failed, match=r"S00\.txt:4"):
        Player(Script.read(path)).play()


def test_rewriting_keeps_what_was_written(tmp_path: Path) -> None:
    """Comments, blank lines and claims stay; traces are replaced."""
    path = tmp_path / "S00.txt"
    path.write_text("# a title\n\nvalidators 1\nsubmit 1\nrun 20\n    0: old trace\n# end\n", encoding="utf-8")
    script = Script.read(path)
    for command, trace in zip(script.commands, Player(script).play(), strict=True):
        command.trace = trace

    text = script.text()

    assert text.startswith("# a title\n\nvalidators 1\nsubmit 1\nrun 20\n    0: BuildBlock")
    assert text.endswith("\n# end\n")
    assert "old trace" not in text
