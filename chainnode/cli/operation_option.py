"""The fields of an operation as options of a command.

| field | option |
|---|---|
| bytes | hexadecimal digits; `0x` and upper case are taken too |
| hash of a document (`..._hash`, `..._digest`) | the same, or `@FILE`: hashed here |
| DID | the DID, or a development identity's name |
| time (`..._ms`) | milliseconds, or a date and time, `+2h`; for a length of time `12h` |
| time-out (`timeout_s`) | seconds since 1970, or a date and time, `+2h` |
| one of several words | a choice |
| integer | an integer within the field's bounds |
| true or false | `--name` and `--no-name` |
| text | the text |
| list of any of these | the option, repeated |
| everything else, and a list that may be absent | JSON, or `@FILE` with JSON in it |

Bounds of texts and what concerns several fields are left to the operation's own checks, whose refusals name the field.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import click
import msgspec
from msgspec import inspect

from chainnode.cli.field_note import notes_of
from chainnode.cli.json_form import form_of, others_of
from chainnode.cli.operation_value import ContentHash, DidText, HexBytes, JsonValue, Moment, MomentSeconds, Period
from chainnode.cli.output import dump
from contracts.kernel.operation import Operation
from contracts.kernel.reference_page import type_words
from contracts.kernel.schema import SchemaBook
from contracts.kernel.text import DID_PATTERN

_PREFIX: Final = "field_"
_MOMENT_MAX: Final = 2**53
"""The bound of ``Time``; what has another one is a length of time."""
_SALTED: Final = ("agreement_hash", "reference_hash")
"""Of what can be guessed: prices, names, numbers of a bank."""
_MADE_HERE: Final = ("description_hash",)
"""A hash of the record's own bytes, which `draft` and `propose-change` print; no file has it."""


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
    kind, many = _kind(field.type, field.name)
    parameter = click.Argument(
        [_PREFIX + field.name], type=kind, metavar=field.name.upper(), nargs=-1 if many else 1, required=field.required
    )
    return FieldOption(field.name, parameter, (_example(field, kind),) if field.required else ())


def _option(
    field: inspect.Field, notes: Mapping[str, str], *, required: bool, taken: Collection[str]
) -> FieldOption:
    kind, many = _kind(field.type, field.name)
    flag = flag_of(field.name)
    flag = "--field-" + flag[2:] if flag in taken else flag
    words, example = [flag, _PREFIX + field.name], [flag]
    if isinstance(kind, click.types.BoolParamType):
        words[0] = f"{flag}/--no-{flag[2:]}"
    else:
        example.append(_example(field, kind))
    meaning = _help(field, notes, many=many, fresh=field.required and not required)
    # A default of our own would count as given: click could not miss the option. None is for what may be left out.
    default: dict[str, Any] = {} if required else {"default": None}
    option = click.Option(words, type=kind, multiple=many, required=required, help=meaning, **default)
    return FieldOption(field.name, option, tuple(example) if required else ())


def _kind(info: inspect.Type, name: str) -> tuple[click.ParamType[Any], bool]:
    """How a value is read, and whether the option may be repeated."""
    match info:
        case inspect.Metadata(type=inner):
            return _kind(inner, name)
        case inspect.UnionType(types=members):
            present = [member for member in members if not isinstance(member, inspect.NoneType)]
            kind, many = _kind(present[0], name) if len(present) == 1 else (JsonValue(), False)
            # A repeated option cannot tell an empty list from none at all.
            return (JsonValue(), False) if many else (kind, False)
        case inspect.VarTupleType(item_type=item):
            kind, many = _kind(item, name)
            plain = not many and not isinstance(kind, JsonValue | click.types.BoolParamType)
            return (kind, True) if plain else (JsonValue(), False)
        case inspect.BytesType(min_length=least, max_length=most):
            hashed = _is_content_hash(info, name)
            return (ContentHash(salted=name in _SALTED) if hashed else HexBytes(least, most)), False
        case inspect.IntType(ge=low, le=high):
            return _range(name, low, high), False
        case inspect.BoolType():
            return click.BOOL, False
        case inspect.LiteralType(values=values):
            return click.Choice([str(value) for value in values]), False
        case inspect.StrType(pattern=pattern):
            return (DidText() if pattern == DID_PATTERN else click.STRING), False
    return JsonValue(), False


def _is_content_hash(info: inspect.BytesType, name: str) -> bool:
    whole = info.min_length == 32 and info.max_length == 32
    return whole and name.endswith(("_hash", "_digest")) and name not in _MADE_HERE


def _range(name: str, low: int | None, high: int | None) -> click.IntRange:
    if name == "timeout_s":
        return MomentSeconds(low, high)
    if not name.endswith("_ms"):
        return click.IntRange(low, high)
    return Moment(low, high) if high == _MOMENT_MAX else Period(low, high)


def _example(field: inspect.Field, kind: click.ParamType[Any]) -> str:
    match kind:
        case ContentHash():
            return "@document.pdf"
        case HexBytes(least=least):
            return "00" * max(least, 1)
        case click.Choice():
            return str(kind.choices[0])
        case Moment() | MomentSeconds():
            return "+2h"
        case Period():
            return "7d"
        case click.IntRange():
            return str(kind.min or 1)
        case DidText():
            return "did:cnode:CHAIN:ID"
        case JsonValue():
            return f"'{dump(form_of(field.type, field.name))}'"
    return field.name.replace("_", "-")


def _help(field: inspect.Field, notes: Mapping[str, str], *, many: bool, fresh: bool) -> str:
    note = notes.get(field.name, "")
    kind, _ = _kind(field.type, field.name)
    forms = {
        ContentHash: "Hex, or @FILE to hash it" + (" under FILE.salt." if field.name in _SALTED else "."),
        DidText: "DID, or a development identity.",
        Moment: "+2h, a date and time, or ms since 1970.",
        MomentSeconds: "+2h, a date and time, or seconds since 1970.",
        Period: "12h, 7d, or milliseconds.",
        JsonValue: _json_note(field),
    }
    if type(kind) in forms:
        note = f"{note} {forms[type(kind)]}".strip()
    elif not (isinstance(kind, click.Choice | click.IntRange) or kind is click.BOOL):
        form = type_words(SchemaBook().schema_of(field.type)).replace(" or nothing", "")
        note = f"{note} ({form})".strip()
    default = None if field.required else field.default
    if default not in (None, "", b"", (), msgspec.NODEFAULT) and not isinstance(default, msgspec.Struct):
        note += f" [default: {str(default).lower() if isinstance(default, bool) else default}]"
    if fresh:
        note = f"{note} [default: random]".strip()
    return f"{note} May be repeated.".strip() if many else note


def _json_note(field: inspect.Field) -> str:
    others = ", ".join(others_of(field.type))
    more = f" It also takes {others}." if others else ""
    # With spaces, so that the help can break the line.
    return f"JSON or @FILE, as {json.dumps(form_of(field.type, field.name))}.{more}"
