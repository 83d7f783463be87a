"""The JSON form of a proof bundle: one text for one bundle.

Objects hold the bundle's fields by name and in order; bytes are lower-case hex; a
claim's ``kind`` is its first field. There is no white space, so the text is what
``JSON.stringify`` gives for the parsed document. ``parse`` renders what it read and
compares: other spacing, upper-case hex, double, unknown, missing or moved fields are all refused.
"""

import json
from typing import Final

import msgspec
from msgspec import inspect

from chainnode.errors import DecodeError
from chainnode.proofs.bundle import BUNDLE_BYTES_MAX, Bundle

TEXT_CHARACTERS_MAX: Final = 2 * BUNDLE_BYTES_MAX + 64 * 1024
"""Hex doubles every byte; names and punctuation take the rest."""

Document = dict[str, "Plain"]
Plain = None | int | str | list["Plain"] | Document
_BUNDLE: Final = inspect.type_info(Bundle)


def to_document(bundle: Bundle) -> Document:
    """The bundle as plain values, for embedding in a larger JSON answer."""
    document = _plain(bundle)
    return document if isinstance(document, dict) else {}


def _plain(value: object) -> Plain:
    if isinstance(value, msgspec.Struct):
        fields: Document = {}
        tag = value.__struct_config__.tag
        if isinstance(tag, str):
            fields["kind"] = tag
        for name in value.__struct_fields__:
            fields[name] = _plain(getattr(value, name))
        return fields
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, int | str):
        return value
    raise TypeError(f"no JSON form for {type(value).__name__}")


def render(bundle: Bundle) -> str:
    """The one JSON text of the bundle; ASCII, no white space, no line end."""
    return json.dumps(to_document(bundle), separators=(",", ":"))


def parse(text: str) -> Bundle:
    """The bundle whose JSON text is ``text``.

    Raises:
        DecodeError: ``too-large``, ``malformed`` or ``not-canonical``.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise DecodeError("too-large", "a proof bundle's text is too long", found=len(text))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DecodeError("malformed", f"not a JSON document: {error}") from error
    bundle = from_document(document)
    if render(bundle) != text:
        raise DecodeError("not-canonical", "this is not the one JSON text of a proof bundle")
    return bundle


def from_document(document: object) -> Bundle:
    """The bundle that ``to_document`` gave ``document`` for; the order of fields does not matter here.

    Raises:
        DecodeError: ``malformed``: a field is missing, unknown, or not of its form.
    """
    try:
        bundle: Bundle = msgspec.convert(_typed(document, _BUNDLE, "bundle"), Bundle)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DecodeError("malformed", f"not a proof bundle: {error}") from error
    if to_document(bundle) != document:
        raise DecodeError("not-canonical", "the document is not the one form of its bundle")
    return bundle


def _typed(value: object, kind: inspect.Type, where: str) -> object:
    """Plain values as msgspec expects them: structs as lists, hex as bytes; everything else is left to msgspec."""
    if isinstance(kind, inspect.UnionType):
        return _of_union(value, kind, where)
    if isinstance(kind, inspect.StructType):
        return _struct(value, kind, where)
    if isinstance(kind, inspect.VarTupleType):
        if not isinstance(value, list):
            raise DecodeError("malformed", f"{where} is not a list")
        return [_typed(item, kind.item_type, where) for item in value]
    if isinstance(kind, inspect.BytesType):
        if not isinstance(value, str):
            raise DecodeError("malformed", f"{where} is not hex text")
        try:
            return bytes.fromhex(value)
        except ValueError as error:
            raise DecodeError("malformed", f"{where} is not hex text") from error
    return value


def _of_union(value: object, kind: inspect.UnionType, where: str) -> object:
    if value is None:
        return None
    members = [member for member in kind.types if isinstance(member, inspect.StructType)]
    if len(members) > 1:
        named = value.get("kind") if isinstance(value, dict) else None
        members = [member for member in members if member.tag == named]
    if not members:
        raise DecodeError("malformed", f"{where} is of no known kind")
    return _struct(value, members[0], where)


def _struct(value: object, kind: inspect.StructType, where: str) -> list[object]:
    names = [field.name for field in kind.fields]
    expected = ["kind", *names] if isinstance(kind.tag, str) else names
    if not isinstance(value, dict) or set(value) != set(expected):
        raise DecodeError("malformed", f"{where} must have exactly the fields {', '.join(expected)}")
    items = [_typed(value[field.name], field.type, f"{where}.{field.name}") for field in kind.fields]
    return items if kind.tag is None else [kind.tag, *items]
