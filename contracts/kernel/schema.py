"""JSON Schema (2020-12) of operations and records in their JSON form, where bytes are lower-case hex.

A pattern that the ledger gives a name to appears as that name under ``format``: ``line``
(no control characters), ``text`` (paragraphs), ``uri``, ``did``, ``hex``. ``line`` and
``text`` are our own words; a validator that does not know a format skips it, as the
standard says, so the pattern stands beside it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import inspect

from chainnode.errors import Misuse
from contracts.kernel import text
from contracts.kernel.document import Document, shown

Notes = Callable[[type], Mapping[str, str]]
"""What the fields of a struct mean, by name; from outside, because the words stand in its source."""

_FORMATS: Final = MappingProxyType(
    {
        text.LINE_PATTERN: "line",
        text.TEXT_PATTERN: "text",
        text.URI_PATTERN: "uri",
        text.DID_PATTERN: "did",
    }
)


def no_notes(_kind: type) -> Mapping[str, str]:
    """For a caller that needs forms and bounds only."""
    return {}


class SchemaBook:
    """Schemas of structs, each written once and referred to by ``#/$defs/<room>.<Name>``."""

    __slots__ = ("definitions", "notes")

    def __init__(self, notes: Notes = no_notes) -> None:
        self.notes: Final = notes
        self.definitions: dict[str, Document] = {}
        """By name, in the order in which they were first needed."""

    def object_schema(self, kind: type[msgspec.Struct], skip: tuple[str, ...] = ()) -> Document:
        """The schema of one struct's JSON form, in full.

        Raises:
            Misuse: ``schema-type``: a field's type has no JSON form here.
        """
        info = inspect.type_info(kind)
        if not isinstance(info, inspect.StructType):
            raise Misuse("schema-type", f"{kind!r} is not a struct")
        notes = self.notes(kind)
        properties: Document = {}
        required = []
        for field in info.fields:
            if field.name in skip:
                continue
            found = self.schema_of(field.type)
            if field.required:
                required.append(field.name)
            else:
                found = {**found, "default": default_document(field)}
            if field.name in notes:
                found = {**found, "description": notes[field.name]}
            properties[field.name] = found
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def schema_of(self, info: inspect.Type) -> Document:
        """The schema of one field's type; a struct becomes a reference.

        Raises:
            Misuse: ``schema-type``: the type has no JSON form here.
        """
        match info:
            case inspect.Metadata(type=inner):
                return self.schema_of(inner)
            case inspect.UnionType(types=members):
                return {"anyOf": [self.schema_of(member) for member in members]}
            case inspect.StructType(cls=kind):
                return {"$ref": f"#/$defs/{self._defined(kind)}"}
            case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
                return _bounded(
                    {"type": "array", "items": self.schema_of(item)},
                    minItems=info.min_length,
                    maxItems=info.max_length,
                )
            case inspect.TupleType(item_types=items):
                forms = [self.schema_of(item) for item in items]
                return {"type": "array", "prefixItems": forms, "minItems": len(forms), "maxItems": len(forms)}
        return _scalar(info)

    def _defined(self, kind: type[msgspec.Struct]) -> str:
        name = definition_name(kind)
        if name not in self.definitions:
            self.definitions[name] = {}
            found = self.object_schema(kind)
            self.definitions[name] = {"description": summary_of(kind), **found}
        return name


def definition_name(kind: type) -> str:
    """``<room>.<Name>``: the family, or the package below ``chainnode``, and the struct."""
    return f"{kind.__module__.split('.')[1]}.{kind.__name__}"


def summary_of(kind: type) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((kind.__doc__ or "").partition("\n\n")[0].replace("``", "`").split())


def default_document(field: inspect.Field) -> Any:
    """The default of an optional field in JSON form."""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return shown(value)


def _scalar(info: inspect.Type) -> Document:
    match info:
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.NoneType():
            return {"type": "null"}
        case inspect.IntType():
            return _bounded(
                {"type": "integer"},
                minimum=info.ge,
                exclusiveMinimum=info.gt,
                maximum=info.le,
                exclusiveMaximum=info.lt,
                multipleOf=info.multiple_of,
            )
        case inspect.StrType():
            return _string(info)
        case inspect.BytesType():
            return _hex(info)
        case inspect.LiteralType(values=values):
            return {"enum": list(values)}
    raise Misuse("schema-type", f"{type(info).__name__} has no JSON form here")


def _string(info: inspect.StrType) -> Document:
    found: Document = {"type": "string"}
    pattern = info.pattern
    if pattern is not None:
        if pattern in _FORMATS:
            found["format"] = _FORMATS[pattern]
        # JSON Schema's expressions are those of ECMA-262, which know no \A and \Z.
        found["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    return _bounded(found, minLength=info.min_length, maxLength=info.max_length)


def _hex(info: inspect.BytesType) -> Document:
    found: Document = {"type": "string", "format": "hex", "pattern": "^(?:[0-9a-f]{2})*$"}
    doubled = {
        "minLength": None if info.min_length is None else 2 * info.min_length,
        "maxLength": None if info.max_length is None else 2 * info.max_length,
    }
    return _bounded(found, **doubled)


def _bounded(found: Document, **bounds: int | None) -> Document:
    return {**found, **{name: bound for name, bound in bounds.items() if bound is not None}}
