"""The table of all fifty scenarios, read from README.md: one place says where each is tested or why not."""

import re
from typing import NamedTuple

from tests.scenarios.script import FOLDER

_ROW = re.compile(r"^\| (S\d\d) \| (\w+) \| (.+?) \|$", re.MULTILINE)
_PLACE = re.compile(r"`(?P<path>[\w/.]+\.(?:py|txt))(?:::(?P<test>\w+))?`")


class Entry(NamedTuple):
    """One row."""

    number: str
    name: str
    place: str

    @property
    def status(self) -> str:
        return "tested" if _PLACE.search(self.place) else "no test"

    @property
    def tests(self) -> list[tuple[str, str]]:
        """Files from the top of the project, with a test's name or nothing."""
        return [(found["path"], found["test"] or "") for found in _PLACE.finditer(self.place)]


def catalogue() -> list[Entry]:
    """All rows, in their order."""
    return [Entry(*row) for row in _ROW.findall((FOLDER / "README.md").read_text(encoding="utf-8"))]
