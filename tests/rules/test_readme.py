"""READMEs tell the truth: what they show can be typed, what they link exists, and every folder has one.

A command in a block is parsed by the command line itself. Where the output is shown too, a comment directly above the
block binds it to the test that runs it: ``<!-- tested by tests/integration/test_demo.py::test_name -->``.
"""

import re
from pathlib import Path

import click
import pytest

from tests.rules import commands
from tests.rules.commands import blocks, fault
from tests.rules.source import files, report
from tests.support.shared import ROOT

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|<img[^>]+src=\"([^\"]+)\"")
FOLDERS = ("chainnode", "consensus", "contracts", "tests", "benchmarks", "configs")
LEAVES = ("tests/unit", "tests/property", "tests/integration", "tests/support")
"""tests/README.md says it all about these and what is below them."""


def pages() -> list[Path]:
    return list(files(".md"))


def test_every_folder_has_a_readme() -> None:
    """Each folder's README is its documentation: what it is, reading order, decisions and why."""
    homes = {path.parent for path in files() if path.relative_to(ROOT).parts[0] in FOLDERS and path.suffix != ".md"}
    homes = {home for home in homes if any(home.glob("*.py"))} | {ROOT / name for name in FOLDERS}
    leaves = {home for home in homes for leaf in LEAVES if home.is_relative_to(ROOT / leaf)}
    homes = {home for home in homes - leaves if home.is_dir()} | {ROOT}
    bare = sorted(f"{home.relative_to(ROOT)}/" for home in homes if not (home / "README.md").is_file())
    assert not bare, report("folders without a README.md:", bare)


def test_commands_in_readmes_can_be_typed() -> None:
    """What even the best got wrong: README commands nobody runs."""
    wrong = [
        f"{block.place} $ {command}: {reason}"
        for page in pages()
        for block in blocks(page)
        for command in block.commands
        if (reason := fault(command))
    ]
    assert not wrong, report("commands in READMEs that do not work:", wrong)


def test_block_is_bound_to_a_test_that_exists() -> None:
    """A marker names a test that is really there; renaming the test moves the marker."""
    wrong = []
    for page in pages():
        for block in blocks(page):
            place, _, name = block.test.partition("::")
            if block.test and not (_is_file(place) and f"def {name}(" in (ROOT / place).read_text()):
                wrong.append(f"{block.place} says it is tested by {block.test}")
    assert not wrong, report("no such test:", wrong)


def test_links_lead_somewhere() -> None:
    """Links to files of the project resolve; what lies beside the checkout or on the web is not ours to check."""
    wrong = []
    for page in pages():
        prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for match in LINK.finditer(prose):
            target = (match[1] or match[2]).partition("#")[0]
            if re.match(r"[a-z]+:", target) or not target:
                continue
            path = (page.parent / target).resolve()
            if path.is_relative_to(ROOT) and not path.exists():
                wrong.append(f"{page.relative_to(ROOT)} links {target}")
    assert not wrong, report("broken links:", wrong)


@click.group()
def program() -> None:
    """Stands for the command line while its reader is tested."""


@program.command()
@click.option("--count", type=click.IntRange(1, 9))
@click.option("--kind", type=click.Choice(["a", "b"]))
@click.option("--flag", is_flag=True)
@click.argument("name")
@click.argument("paths", nargs=-1, type=click.Path(exists=True))
def show(**_: object) -> None:
    """A command with one parameter of each sort."""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("chainnode show x --count 3 --kind a --flag", ""),
        ("chainnode show x not/there also-not", ""),
        ("./run chainnode show x | jq .height > out.json 2>&1", ""),
        ("HOME=here ./run show x && curl -s localhost:1/livez", ""),
        ("./run test -k codec", ""),
        ("./run help", ""),
        ("chainnode --help", ""),
        ("./run show --help", ""),
        ("chainnode show", "Missing"),
        ("chainnode show x --cuont 3", "No such option"),
        ("chainnode show x --count 99", "range"),
        ("chainnode show x --count", "requires an argument"),
        ("chainnode show x --kind z", "is not one of"),
        ("./run shwo x", "No such command"),
        ("chainnode show x; chainnode gone", "No such command"),
        ("ls && frobnicate", "neither"),
        ("python -m chainnode.nowhere", "no such module"),
        ("echo 'open", "closing quotation"),
    ],
)
def test_command_is_judged_as_the_command_line_would(
    command: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader itself: a rule that cannot fail is no rule."""
    monkeypatch.setattr(commands, "command_line", lambda: program)
    reason = fault(command)
    assert expected in reason
    assert bool(reason) == bool(expected)


def test_block_is_read_with_its_prompt_continuation_and_marker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a console block only what follows the prompt is typed; in a sh block every line is."""
    page = tmp_path / "README.md"
    page.write_text(
        "<!-- tested by tests/a.py::test_b -->\n```console\n$ ./run demo \\\n    --once\noutput\n```\n"
        "```sh\n# why\nls\n```\n```python\n$ no\n```\n"
    )
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    first, second = blocks(page)
    assert (first.place, first.test, second.test) == ("README.md:2", "tests/a.py::test_b", "")
    assert [" ".join(command.split()) for command in first.commands] == ["./run demo --once"]
    assert second.commands == ("ls",)


def _is_file(place: str) -> bool:
    return bool(place) and (ROOT / place).is_file()
