"""The fields of an operation as options of a command.

| field | option |
|---|---|
| bytes | hexadecimal digits; `0x` and upper case are taken too |
| one of several words | a choice |
| integer | an integer within the field's bounds |
| true or false | `--name` and `--no-name` |
| text | the text |
| list of any of these | the option, repeated |
| everything else, and a list that may be absent | JSON, or `@FILE` with JSON in it |

Bounds of texts and what concerns several fields are left to the operation's own checks, whose refusals name the field.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import inspect

from chainnode.cli.field_note import notes_of
from chainnode.limits import MIB
from contracts.kernel.operation import Operation
from contracts.kernel.reference_page import type_words
from contracts.kernel.schema import SchemaBook

FILE_BYTES_MAX: Final = MIB
_PREFIX: Final = "field_"


class HexBytes(click.ParamType[str]):
    """Bytes in hexadecimal digits; the value is lower-case hex, as JSON forms hold it."""

    name = "hex"

    def __init__(self, least: int | None, most: int | None) -> None:
        self.least = least or 0
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        text = str(value).strip().lower().removeprefix("0x")
        if len(text) % 2 or set(text) - set("0123456789abcdef"):
            self.fail(f"{str(value)[:80]!r} is not hexadecimal", param, ctx)
        size = len(text) // 2
        if size < self.least or (self.most is not None and size > self.most):
            wanted = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            self.fail(f"{size} bytes where {wanted} belong", param, ctx)
        return text


class JsonValue(click.ParamType[Any]):
    """JSON, or ``@FILE`` with JSON in it."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click."""
        text = str(value)
        content = self._read(text[1:], param, ctx) if text.startswith("@") else text.encode()
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError) as error:
            self.fail(f"{text[:80]!r} is not JSON: {error}", param, ctx)

    def _read(self, name: str, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        path = Path(name)
        if not path.is_file():
            self.fail(f"file {name!r} does not exist", param, ctx)
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            self.fail(f"{name!r} has more than {FILE_BYTES_MAX} bytes", param, ctx)
        return content


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One field, the parameter that takes it, and a value to show in an example."""

    field: str
    parameter: click.Parameter
    example: tuple[str, ...]
    """Words of the command line; empty where the field may be left out."""


def field_options(
    kind: type[Operation], arguments: Collection[str] = (), fresh: Collection[str] = (), taken: Collection[str] = ()
) -> list[FieldOption]:
    """A parameter for each field of ``kind``.

    Args:
        kind: the operation.
        arguments: fields given by their place on the command line.
        fresh: required fields that are chosen at random when they are not given.
        taken: flags of the command itself; a required field of such a name becomes an argument, any other
            gets ``--field-`` before it.
    """
    info = inspect.type_info(kind)
    fields = {field.name: field for field in info.fields} if isinstance(info, inspect.StructType) else {}
    clashing = [n for n, field in fields.items() if field.required and flag_of(n) in taken and n not in arguments]
    placed = [*arguments, *clashing]
    notes = notes_of(kind)
    found = [_argument(fields[name]) for name in placed]
    for name, field in fields.items():
        if name not in placed:
            found.append(_option(field, notes, required=field.required and name not in fresh, taken=taken))
    return found


def flag_of(name: str) -> str:
    """``--evidence-id`` of ``evidence_id``."""
    return "--" + name.replace("_", "-")


def given_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON form of what was given, by field."""
    return {
        name.removeprefix(_PREFIX): list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if name.startswith(_PREFIX) and value not in (None, ())
    }


def _argument(field: inspect.Field) -> FieldOption:
    kind, many = _kind(field.type)
    parameter = click.Argument(
        [_PREFIX + field.name], type=kind, metavar=field.name.upper(), nargs=-1 if many else 1, required=field.required
    )
    return FieldOption(field.name, parameter, (_example(field.name, kind),) if field.required else ())


def _option(
    field: inspect.Field, notes: Mapping[str, str], *, required: bool, taken: Collection[str]
) -> FieldOption:
    kind, many = _kind(field.type)
    flag = flag_of(field.name)
    flag = "--field-" + flag[2:] if flag in taken else flag
    words, example = [flag, _PREFIX + field.name], [flag]
    if isinstance(kind, click.types.BoolParamType):
        words[0] = f"{flag}/--no-{flag[2:]}"
    else:
        example.append(_example(field.name, kind))
    # click shows no default of ours: what is left out is left to the operation.
    meaning = _help(field, notes, many=many, fresh=field.required and not required)
    option = click.Option(words, type=kind, multiple=many, required=required, default=None, help=meaning)
    return FieldOption(field.name, option, tuple(example) if required else ())


def _kind(info: inspect.Type) -> tuple[click.ParamType[Any], bool]:
    """How a value is read, and whether the option may be repeated."""
    match info:
        case inspect.Metadata(type=inner):
            return _kind(inner)
        case inspect.UnionType(types=members):
            present = [member for member in members if not isinstance(member, inspect.NoneType)]
            kind, many = _kind(present[0]) if len(present) == 1 else (JsonValue(), False)
            # A repeated option cannot tell an empty list from none at all.
            return (JsonValue(), False) if many else (kind, False)
        case inspect.VarTupleType(item_type=item):
            kind, many = _kind(item)
            plain = not many and not isinstance(kind, JsonValue | click.types.BoolParamType)
            return (kind, True) if plain else (JsonValue(), False)
        case inspect.BytesType(min_length=least, max_length=most):
            return HexBytes(least, most), False
        case inspect.IntType(ge=low, le=high):
            return click.IntRange(low, high), False
        case inspect.BoolType():
            return click.BOOL, False
        case inspect.LiteralType(values=values):
            return click.Choice([str(value) for value in values]), False
        case inspect.StrType():
            return click.STRING, False
    return JsonValue(), False


def _example(name: str, kind: click.ParamType[Any]) -> str:
    match kind:
        case HexBytes(least=least):
            return "00" * max(least, 1)
        case click.Choice():
            return str(kind.choices[0])
        case click.IntRange():
            return str(kind.min or 1)
        case JsonValue():
            return f"@{name.replace('_', '-')}.json"
    return name.replace("_", "-")


def _help(field: inspect.Field, notes: Mapping[str, str], *, many: bool, fresh: bool) -> str:
    note = notes.get(field.name, "")
    kind, _ = _kind(field.type)
    if isinstance(kind, JsonValue):
        note = f"{note} JSON or @FILE; `chainnode operations --json` has its schema.".strip()
    elif isinstance(kind, click.Choice | click.IntRange) or kind is click.BOOL:
        note = note or ""
    else:
        form = type_words(SchemaBook().schema_of(field.type)).replace(" or nothing", "")
        note = f"{note} ({form})".strip()
    default = None if field.required else field.default
    if default not in (None, "", b"", (), msgspec.NODEFAULT) and not isinstance(default, msgspec.Struct):
        note += f" [default: {str(default).lower() if isinstance(default, bool) else default}]"
    if fresh:
        note = f"{note} [default: random]".strip()
    return f"{note} May be repeated.".strip() if many else note
