"""The command as a whole: listing, examples, JSON, exit statuses."""

import json
import resource
import shlex
import subprocess
import sys

import click
import pytest

from chainnode.cli import main as module
from chainnode.cli.failure import Exit
from chainnode.cli.group import ENTRIES
from chainnode.cli.main import command, main
from chainnode.errors import ConfigError, InvariantBroken, NotFound, Rejected, StoreError
from chainnode.sdk.errors import Unsettled
from tests.support.shared import ROOT

HEAVY = ("aiohttp", "asyncio", "cryptography", "msgspec", "nacl", "plyvel", "rich", "structlog", "uvloop")


def commands(group: click.Group = command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, with its path; groups themselves too."""
    context = click.Context(group)
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(context):
        sub = group.get_command(context, name)
        assert sub is not None, name
        found.append(((*path, name), sub))
        if isinstance(sub, click.Group):
            found += commands(sub, (*path, name))
    return found


ALL = commands()
IDS = [" ".join(path) for path, _ in ALL]


def test_help_lists_every_command_in_its_section(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == Exit.OK

    shown = capsys.readouterr().out
    for entry in ENTRIES:
        assert f"{entry.section}:\n" in shown
        assert f"  {entry.name} " in shown
        assert entry.help in shown


def test_help_imports_nothing_heavy_and_answers_quickly():
    """service.md: `chainnode --help` under 150 ms; processor time, with room, for a machine that is busy otherwise."""
    code = (
        "import sys\nfrom chainnode.cli.main import main\nmain(['--help'])\n"
        f"sys.stderr.write(','.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    seconds, loaded = [], ""
    for _ in range(3):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime)
        loaded = done.stderr

    assert loaded in ("", "msgspec"), "these were imported for a mere listing"
    assert min(seconds) < 0.6


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_table_says_what_the_command_says_of_itself(entry):
    found = command.get_command(click.Context(command), entry.name)

    assert found is not None
    assert found.get_short_help_str(200).rstrip(".") == entry.help.rstrip(".")


@pytest.mark.parametrize(("path", "found"), ALL, ids=IDS)
def test_command_shows_an_example_that_parses(path: tuple[str, ...], found: click.Command):
    """service.md: each with an example in its help."""
    assert found.epilog is not None, "no example"
    examples = [line.strip() for line in found.epilog.splitlines() if line.strip().startswith("chainnode ")]
    assert examples
    for example in examples:
        words = shlex.split(example)[1:]
        assert tuple(words[: len(path)]) == path
        parse(words)


def parse(words: list[str]) -> None:
    """Let click read a command line without running it; files need not exist."""
    current: click.Command = command
    context = click.Context(command)
    while isinstance(current, click.Group):
        name, words = words[0], words[1:]
        sub = current.get_command(context, name)
        assert sub is not None, name
        current = sub
    try:
        current.make_context(current.name or "", words)
    except click.BadParameter as error:
        assert "does not exist" in error.message  # the files of an example are the reader's own


@pytest.mark.parametrize(
    ("path", "found"), [pair for pair in ALL if not isinstance(pair[1], click.Group)], ids=lambda part: str(part)[:40]
)
def test_command_offers_json(path: tuple[str, ...], found: click.Command):
    assert "--json" in [name for parameter in found.params for name in parameter.opts], " ".join(path)


@pytest.mark.parametrize(
    ("words", "nearest"), [(["testnet", "statsu"], "status"), (["evidencee"], "evidence")], ids=["inner", "top"]
)
def test_unknown_command_is_answered_with_the_nearest_one(
    words: list[str], nearest: str, capsys: pytest.CaptureFixture[str]
):
    assert main(words) == Exit.USAGE

    assert f"Did you mean '{nearest}'?" in capsys.readouterr().err


def test_failure_is_one_json_object_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]):
    assert main(["config", "check", "--config", "absent.toml", "--json"]) == Exit.USAGE

    found = json.loads(capsys.readouterr().err)["error"]
    assert found["code"] == "config-missing"
    assert found["exit_status"] == Exit.USAGE


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError("config-value", "wrong"), Exit.USAGE),
        (ConfigError("port-taken", "in use"), Exit.ENVIRONMENT),
        (StoreError("disk-full", "full"), Exit.ENVIRONMENT),
        (Rejected("file-missing", "there is no such file"), Exit.ENVIRONMENT),
        (OSError(28, "No space left on device", "/data"), Exit.ENVIRONMENT),
        (NotFound("block-not-found", "none"), Exit.NOT_FOUND),
        (Unsettled("not-yet-committed", "not seen"), Exit.NO_ANSWER),
        (ExceptionGroup("tasks", [ExceptionGroup("inner", [NotFound("a", "b")])]), Exit.NOT_FOUND),
        (ZeroDivisionError("a bug"), Exit.BUG),
        (InvariantBroken("two leaders"), Exit.BUG),
        (BaseExceptionGroup("tasks", [InvariantBroken("two leaders")]), Exit.BUG),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (BrokenPipeError(), Exit.OK),
    ],
    ids=lambda value: type(value).__name__,
)
def test_failure_ends_with_its_documented_status(monkeypatch, capfd, error: BaseException, status: Exit):
    """Exit statuses are an interface; `failure` documents them."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module.command, "main", fail)

    assert main([]) == status
    shown = capfd.readouterr().err
    assert ("Traceback" in shown) == (status is Exit.BUG)


def test_result_goes_to_stdout_and_progress_to_stderr(tmp_path, capsys: pytest.CaptureFixture[str]):
    assert main(["--json", "key", "new", str(tmp_path / "k.json"), "--development"]) == Exit.OK

    shown = capsys.readouterr()
    assert json.loads(shown.out)["kind"] == "development"
    assert shown.err == ""
