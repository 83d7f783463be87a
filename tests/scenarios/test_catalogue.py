"""The table of all fifty scenarios tells the truth."""

import pytest

from tests.scenarios import __main__ as command
from tests.scenarios.catalogue import catalogue
from tests.scenarios.script import Script, scripts
from tests.support.shared import ROOT


def test_every_scenario_has_its_row() -> None:
    """Named scenarios S01-S50 as tests, or a line that says why not."""
    assert [entry.number for entry in catalogue()] == [f"S{number:02}" for number in range(1, 51)]


def test_every_test_that_a_row_names_exists() -> None:
    """A test that is renamed takes its row along."""
    for entry in catalogue():
        assert entry.status == "tested", entry.number
        for path, test in entry.tests:
            assert (ROOT / path).is_file(), f"{entry.number}: {path}"
            assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8") or not test, f"{entry.number}: {test}"


def test_every_script_has_its_row_and_its_name() -> None:
    """A script is in the table, and its first line begins with its scenario's id and name."""
    named = {path: entry for entry in catalogue() for path, _ in entry.tests}
    for path in scripts():
        entry = named[str(path.relative_to(ROOT))]
        assert Script.read(path).title.startswith(f"{entry.number} {entry.name}"), path.name


def test_list_shows_them_all(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m tests.scenarios --list``."""
    monkeypatch.setattr("sys.argv", ["scenarios", "--list"])

    assert command.main() == 0
    assert len(capsys.readouterr().out.splitlines()) == 50


def test_playing_names_what_differs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m tests.scenarios S18`` plays the scripts of one scenario; a changed trace is an error."""
    monkeypatch.setattr("sys.argv", ["scenarios", "S18"])
    assert command.main() == 0
    assert capsys.readouterr().out.split() == ["S18_commit_after_vc", "same"]

    monkeypatch.setattr("tests.scenarios.stage.Stage.readable", lambda self, line: line)
    assert command.main() == 1
    assert "DIFFERS" in capsys.readouterr().out
