"""What JSON an option takes, as an example that can be typed: what is required, by the field's own type."""

from typing import Any

from msgspec import inspect

from contracts.kernel.document import shown
from contracts.kernel.text import DID_PATTERN


def form_of(info: inspect.Type, name: str = "") -> Any:
    """A value of this type in JSON form, as small as may be; of a struct without required fields its plain defaults."""
    match info:
        case inspect.Metadata(type=inner):
            return form_of(inner, name)
        case inspect.UnionType(types=members):
            return form_of(next(one for one in members if not isinstance(one, inspect.NoneType)), name)
        case inspect.StructType(fields=fields):
            required = {field.name: form_of(field.type, field.name) for field in fields if field.required}
            return required or {field.name: shown(field.default) for field in fields if _is_plain(field)}
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return [form_of(item, name)]
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.BytesType():
            return "HEX"
        case inspect.BoolType():
            return False
        case inspect.IntType(ge=low):
            return low or 1
        case inspect.StrType(pattern=pattern):
            return "DID" if pattern == DID_PATTERN else name.replace("_", "-")
    return None


def others_of(info: inspect.Type) -> list[str]:
    """Fields that ``form_of`` leaves out: of the struct, or of the items of a list."""
    match info:
        case inspect.Metadata(type=inner) | inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
            return others_of(inner)
        case inspect.UnionType(types=members):
            return others_of(next(one for one in members if not isinstance(one, inspect.NoneType)))
        case inspect.StructType(fields=fields):
            told = form_of(info)
            return [field.name for field in fields if field.name not in told]
    return []


def _is_plain(field: inspect.Field) -> bool:
    return isinstance(field.default, str | int)
