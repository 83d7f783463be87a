"""Reads the commands that a README shows, and says of each what is wrong with it.

A reader copies what stands after ``$ `` in a ``console`` block, and whole lines of ``sh`` and ``bash`` blocks.
Commands of this project are parsed by the command line itself, options, arguments and all, short of running them.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import click

from tests.support.shared import ROOT

OTHERS = frozenset(
    {"bash", "cat", "cd", "cp", "curl", "diff", "docker", "export", "git", "head", "jq", "kill", "ls", "mkdir"}
    | {"openssl", "podman", "rm", "sudo", "systemctl", "tail", "wc"}
)
"""Programs of others that a README may use; their arguments are theirs to check."""
BLOCK = re.compile(
    r"(?:<!-- tested by (?P<test>[^\n]+?) -->\n+)?^```(?P<language>console|sh|bash)\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    place: str
    """README and line."""
    commands: tuple[str, ...]
    test: str
    """The test that runs these commands, as ``tests/...::name``, or nothing."""


def blocks(readme: Path) -> Iterator[Block]:
    text = readme.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        commands = tuple(_commands(match["body"], prompted=match["language"] == "console"))
        yield Block(f"{readme.relative_to(ROOT)}:{line}", commands, match["test"] or "")


def fault(command: str) -> str:
    """What is wrong with a command line, or nothing; each part of a pipe or sequence is looked at."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        return str(error)
    part: list[str] = []
    for word in [*words, ";"]:
        if not set(word) <= set("|&;()"):
            part.append(word)
        elif part:
            if wrong := _part_fault(part):
                return wrong
            part = []
    return ""


def _part_fault(words: list[str]) -> str:
    while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]):
        words = words[1:]
    words = _without_redirections(words)
    if not words or words[0] in OTHERS:
        return ""
    program, *arguments = words
    if program in {"./run", "run"}:
        if not arguments or arguments[0] in run_words():
            return ""
        if arguments[0] == "chainnode":
            arguments = arguments[1:]
    elif program in {"python", "python3"} and arguments[:1] == ["-m"]:
        module = ROOT.joinpath(*arguments[1].split("."))
        return "" if module.with_suffix(".py").is_file() or (module / "__main__.py").is_file() else "no such module"
    elif program.rpartition("/")[2] != "chainnode":
        return f"{program} is neither a command of this project nor in OTHERS (tests/rules/commands.py)"
    command = command_line()
    return _click_fault(command, arguments) if command else ""


@cache
def run_words() -> frozenset[str]:
    """The sub-commands that ``./run`` handles itself, from its own help."""
    done = subprocess.run([ROOT / "run", "help"], check=True, text=True, capture_output=True)
    shown = re.findall(r"^  \./run ([a-z]+) ", done.stdout, re.MULTILINE)
    return frozenset({*shown, "help", "--help"}) - {"demo"}


@cache
def command_line() -> click.Command | None:
    """The click command behind ``chainnode``, named ``command`` in its module; None before there is one."""
    if not (ROOT / "chainnode" / "cli" / "main.py").exists():
        return None
    command = import_module("chainnode.cli.main").command
    assert isinstance(command, click.Command), "chainnode.cli.main.command is not a click command"
    return command


def _click_fault(command: click.Command, arguments: list[str]) -> str:
    """Parses arguments as click would, without types that look at the disk and without running anything."""
    context = click.Context(command, info_name="chainnode")
    try:
        while True:
            if {"--help", "--version"} & set(arguments[:1]):
                return ""
            values, rest, _ = command.make_parser(context).parse_args(list(arguments))
            _check_values(command, context, values)
            if not isinstance(command, click.Group):
                return f"unexpected {rest}" if rest else ""
            if not rest:
                return ""
            name, found, arguments = command.resolve_command(context, rest)
            if found is None:
                return f"no command {name}"
            command, context = found, click.Context(found, info_name=name, parent=context)
    except click.UsageError as error:
        return error.format_message()
    except ImportError as error:
        return f"its command cannot be imported: {error}"


def _check_values(command: click.Command, context: click.Context, values: dict[str, object]) -> None:
    for parameter in command.params:
        given = values.get(parameter.name or "")
        missing = given is None or given == () or type(given).__name__ == "Sentinel"
        if missing:
            if parameter.required:
                raise click.MissingParameter(ctx=context, param=parameter)
        elif isinstance(parameter.type, click.Choice | click.types.IntParamType | click.types.FloatParamType):
            parameter.type_cast_value(context, given)


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif re.fullmatch(r"\d?[<>]+&?\d?", word):
            skip = not word[-1].isdigit()
        else:
            kept.append(word)
    return kept


def _commands(body: str, *, prompted: bool) -> Iterator[str]:
    lines = iter(body.replace("\\\n", " ").splitlines())
    for line in lines:
        command = line[2:] if line.startswith("$ ") else "" if prompted else line
        if command.strip() and not command.lstrip().startswith("#"):
            yield command.strip()
