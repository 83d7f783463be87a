"""What commands say: text for people, one line of JSON for programs.

Results go to stdout, progress and failures to stderr, so that a pipe gets results only. ``--json`` may stand before
the command's name or among its own options.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import click

from chainnode.cli.failure import Failure, document, lines

_JSON: Final = "chainnode.json"
Command = TypeVar("Command", bound=Callable[..., Any])


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().meta[_JSON] = True


def json_option(command: Command) -> Command:
    """Gives a command ``--json``."""
    return click.option(
        "--json", is_flag=True, expose_value=False, is_eager=True, callback=_remember, help="Print JSON for programs."
    )(command)


def examples(*lines: str) -> str:
    r"""The end of a command's help; ``\b`` keeps click from joining the lines."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


def wants_json() -> bool:
    """Whether this start was asked for JSON."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().meta.get(_JSON))


def emit(result: Mapping[str, Any] | Sequence[Any], text: Iterable[str]) -> None:
    """Print a result: as one line of JSON where that was asked for, else the lines of ``text``."""
    if wants_json():
        click.echo(dump(result))
    else:
        for line in text:
            click.echo(line)


def note(text: str) -> None:
    """Tell a person something that is not a result."""
    if not wants_json():
        click.echo(text, err=True)


def dump(value: object) -> str:
    """Compact JSON of one line; bytes as hexadecimal."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def print_failure(failure: Failure, *, as_json: bool) -> None:
    """Tell a failure on stderr."""
    for line in [dump(document(failure))] if as_json else lines(failure):
        click.echo(line, err=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Columns as wide as their longest cell, two spaces apart, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(list(headings), *cells, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    numeric = [len(column) > 1 and all(cell.replace(".", "").isdigit() for cell in column[1:]) for column in columns]
    return ["  ".join(_aligned(line, widths, numeric)).rstrip() for line in [list(headings), *cells]]


def counted(number: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def fields(document: Mapping[str, object]) -> list[str]:
    """``name  value`` lines; empty values are left out."""
    shown = {name: value for name, value in document.items() if value not in (None, "", [], {}, ())}
    width = max((len(name) for name in shown), default=0)
    return [f"{name:<{width}}  {_text(value)}" for name, value in shown.items()]


def _aligned(line: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    return [
        f"{cell:>{width}}" if right else f"{cell:<{width}}"
        for cell, width, right in zip(line, widths, numeric, strict=True)
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else dump(value)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
