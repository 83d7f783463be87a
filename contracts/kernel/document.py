"""Structs as JSON documents with field names, and back.

On the wire a struct is an array; a person reads and writes names. Bytes are lower-case
hex. Only what the ledger's types use is handled: structs, tuples, bytes, text,
integers, booleans, nil, literals and unions of one of these with nil.
"""

import re
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from chainnode.errors import Misuse, Rejected

Document = dict[str, Any]
Built = TypeVar("Built", bound=msgspec.Struct)
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_PLACE: Final = re.compile(r"(?P<what>.*) - at `\$(?P<path>(?:\[[0-9.]+\])+)`", re.DOTALL)
_STEP: Final = re.compile(r"\[(?:([0-9]+)|\.\.\.)\]")


def to_document(value: msgspec.Struct) -> Document:
    """Field names and values, ready for a JSON encoder."""
    return {name: shown(getattr(value, name)) for name in value.__struct_fields__}


def shown(value: Any) -> Any:
    """A value of any of the ledger's types as JSON holds it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, msgspec.Struct):
        return to_document(value)
    if isinstance(value, tuple | list):
        return [shown(item) for item in value]
    return value


def from_document(kind: type[Built], document: Any) -> Built:
    """The struct that ``document`` describes; fields with defaults may be left out.

    Raises:
        Rejected: ``operation-malformed``; the message names the field at fault.
    """
    info = _type_info(kind)
    positional = _struct_array(info, document, kind.__name__)
    try:
        return msgspec.convert(positional, type=kind, builtin_types=(bytes,))
    except (msgspec.ValidationError, RecursionError) as error:
        raise Rejected("operation-malformed", named_reason(kind, str(error))) from error


def named_reason(kind: type[msgspec.Struct], reason: str) -> str:
    """What msgspec says of a struct's array form, with the field's name where it counts positions.

    ``Expected `int`, got `str` - at `$[3][0]``` becomes ``Asset.fields[0]: Expected `int`, got `str```.
    Never part of a receipt: the library words it.
    """
    found = _PLACE.fullmatch(reason)
    if found is None:
        return f"{kind.__name__}: {reason}"
    where: list[str] = [kind.__name__]
    info: inspect.Type = _type_info(kind)
    for step in _STEP.findall(found["path"]):
        info = _present(info)
        match info:
            case inspect.StructType(fields=fields, tag=tag):
                place = int(step or 0) - (tag is not None)
                if not step or not 0 <= place < len(fields):
                    break
                where.append(f".{fields[place].name}")
                info = fields[place].type
            case inspect.VarTupleType(item_type=item):
                where.append(f"[{step or '...'}]")
                info = item
            case inspect.TupleType(item_types=items):
                where.append(f"[{step or '...'}]")
                info = items[int(step or 0)]
    what = found["what"]
    known = _present(info)
    if isinstance(known, inspect.LiteralType):
        what += f"; it is one of {', '.join(str(value) for value in known.values)}"
    return f"{''.join(where)}: {what}"


def _present(info: inspect.Type) -> inspect.Type:
    """The type behind notes, and beside nothing."""
    match info:
        case inspect.Metadata(type=inner):
            return _present(inner)
        case inspect.UnionType(types=members):
            return _present(next(member for member in members if not isinstance(member, inspect.NoneType)))
    return info


@cache
def _type_info(kind: type[msgspec.Struct]) -> inspect.StructType:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise Misuse("document-type", f"{kind!r} is not a struct")
    return info


def _struct_array(info: inspect.StructType, document: Any, where: str) -> list[Any]:
    """The array form, with names checked and bytes read; values are left to msgspec to check."""
    if not isinstance(document, dict):
        raise Rejected("operation-malformed", f"{where} must be an object with field names")
    names = [field.name for field in info.fields]
    for name in document:
        if name not in names:
            raise Rejected("operation-malformed", f"{where} has no field {str(name)[:64]!a}")
    values: list[Any] = [] if info.tag is None else [info.tag]
    for field in info.fields:
        if field.name in document:
            values.append(_parsed(field.type, document[field.name], f"{where}.{field.name}"))
        elif field.required:
            raise Rejected("operation-malformed", f"{where}.{field.name} is missing")
        else:
            values.append(msgspec.to_builtins(field.default, builtin_types=(bytes,)))
    return values


def _parsed(info: inspect.Type, value: Any, where: str) -> Any:
    if isinstance(info, inspect.Metadata):
        return _parsed(info.type, value, where)
    if isinstance(info, inspect.UnionType):
        inner = [member for member in info.types if not isinstance(member, inspect.NoneType)]
        return None if value is None else _parsed(inner[0], value, where)
    if isinstance(info, inspect.BytesType):
        return _bytes(value, where)
    if isinstance(info, inspect.StructType):
        return _struct_array(info, value, where)
    if isinstance(info, inspect.VarTupleType):
        if not isinstance(value, list | tuple):
            raise Rejected("operation-malformed", f"{where} must be a list")
        return [_parsed(info.item_type, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(info, inspect.TupleType):
        if not isinstance(value, list | tuple) or len(value) != len(info.item_types):
            raise Rejected("operation-malformed", f"{where} must be a list of {len(info.item_types)}")
        pairs = enumerate(zip(info.item_types, value, strict=True))
        return [_parsed(kind, item, f"{where}[{index}]") for index, (kind, item) in pairs]
    return value


def _bytes(value: Any, where: str) -> bytes:
    if isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value)
    raise Rejected("operation-malformed", f"{where} must be lower-case hex")
