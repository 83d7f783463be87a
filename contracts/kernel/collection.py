"""Kinds of records that readers can list and filter: what a family declares, and nodes answer ``GET /v1/<name>`` from.

A filter asks for equality. What decides is always the record as it stands now. A filter
with ``indexes`` is found through events instead of a walk over all records, so its
promise is about completeness: **whenever an operation gives the field a value, it emits
one of the listed events, with that value in the attribute, and with the record's ids**.
The tests hold every transaction they run to it. Genesis emits no events that are kept:
records that can begin there are not indexed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from chainnode.errors import Misuse, Rejected
from chainnode.state.keys import Part, key, prefix
from chainnode.types.receipt import Scalar
from contracts.kernel.event import TypedEvent

RESERVED: Final = ("after", "limit")
"""Names of query parameters that every list has."""
Index = tuple[type[TypedEvent], str]
"""An event, and which of its ``INDEXED`` attributes carries the field's value."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One field that readers may ask for."""

    path: str
    """Field of the record, dotted into structs; through a list it means any of its items: ``grants.role``."""
    indexes: tuple[Index, ...] = ()
    """Every event by which the field gets a value; none = records are walked over."""
    choices: tuple[str, ...] = ()
    """Values that a text field can have, so that a misspelt one is refused; a Literal brings its own."""
    name: str = field(init=False)
    """Of the query parameter: the last part of ``path``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.path.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of record.

    The state key of a record is ``namespace`` followed by the values of ``ids``. All ids but
    the last are filters by themselves, and a question that gives the first ones reads only
    the keys below them.
    """

    name: str
    """As it stands in ``/v1/<name>``; a plural."""
    namespace: tuple[str, ...]
    """What every key begins with: ``("asset",)``, ``("governance", "roles")``."""
    ids: tuple[str, ...]
    """What names a record, in the key's order: fields of the record, and attributes of its filters' events."""
    record: type[msgspec.Struct]
    summary: str
    """What the list holds, for the reference."""
    filters: tuple[Filter, ...] = ()
    id_types: Mapping[str, Any] = field(default_factory=dict)
    """Types of the ids that the key alone holds, such as ``{"custodian": Did}``."""
    missing: str = "record-not-found"
    """How a reader is told that there is no such record."""
    by_name: Mapping[str, Filter] = field(init=False)
    decode: Any = field(init=False)
    """The record from a state value."""

    def __post_init__(self) -> None:
        declared = {found.name for found in self.filters}
        implied = tuple(Filter(name) for name in self.ids[:-1] if name not in declared)
        object.__setattr__(self, "filters", (*implied, *self.filters))
        known = {found.name: found for found in self.filters}
        if len(known) != len(self.filters) or any(name in known for name in RESERVED):
            raise Misuse("collection", f"filters of {self.name} share a name, or take {' or '.join(RESERVED)}")
        for found in self.filters:
            self.type_of(found.path)
            for event, attribute in found.indexes:
                fields = event.__struct_fields__
                if attribute not in event.INDEXED or any(one not in fields for one in self.ids):
                    raise Misuse("collection", f"{event.NAME} cannot find {self.name} by {attribute}")
        object.__setattr__(self, "by_name", known)
        object.__setattr__(self, "decode", msgspec.msgpack.Decoder(self.record).decode)

    def type_of(self, path: str) -> inspect.Type:
        """The scalar type of an id, or at ``path`` of a record.

        Raises:
            Misuse: ``collection``: there is none.
        """
        if path in self.id_types:
            return _item(inspect.type_info(self.id_types[path]))
        return _type_at(self.record, path)

    def key(self, *ids: Part) -> bytes:
        """The state key of the record with these ids.

        Raises:
            Rejected: ``state-key``: no record can have them.
        """
        return key(self.namespace[0], *self.namespace[1:], *ids)

    def range_prefix(self, wanted: Mapping[str, Scalar]) -> bytes:
        """What the keys of all records that can match begin with.

        Raises:
            Rejected: ``state-key``: no record can have such ids.
        """
        leading: list[Part] = []
        for name in self.ids[:-1]:
            value = wanted.get(name)
            if not isinstance(value, str | bytes | int):
                break
            leading.append(value)
        return prefix(self.namespace[0], *self.namespace[1:], *leading)

    def owns(self, state_key: bytes) -> bool:
        """Whether a key below ``range_prefix`` is a record's own, not one of something kept below it."""
        return state_key.count(b"/") == len(self.namespace) + len(self.ids) - 1

    def ids_of(self, state_key: bytes) -> dict[str, Scalar]:
        """The ids in a record's own key."""
        parts = state_key.decode().split("/")[len(self.namespace) :]
        return {name: _id_of(self.type_of(name), part) for name, part in zip(self.ids, parts, strict=True)}

    def locate(self, attributes: Mapping[str, Scalar]) -> bytes | None:
        """The key of the record that an event names; None where it names none."""
        ids = [attributes.get(name) for name in self.ids]
        if not all(isinstance(part, str | bytes | int) for part in ids):
            return None
        try:
            return self.key(*ids)  # type: ignore[arg-type]
        except Rejected:
            return None

    def index_for(self, wanted: Mapping[str, Scalar]) -> Filter | None:
        """The first declared filter with indexes that the question gives a value for; declare the sharpest first."""
        return next((found for found in self.filters if found.indexes and found.name in wanted), None)

    def matches(self, state_key: bytes, value: bytes, wanted: Mapping[str, Scalar]) -> bool:
        """Whether the record has every value that is asked for."""
        if not wanted:
            return True
        ids = self.ids_of(state_key)
        record = self.decode(value)
        return all(
            ids[name] == asked if name in ids else asked in values_at(record, self.by_name[name].path)
            for name, asked in wanted.items()
        )


def values_at(record: Any, path: str) -> tuple[Scalar, ...]:
    """The values at ``path``: one, or through lists any number."""
    return tuple(_walk(record, path.split(".")))


def _walk(value: Any, names: list[str]) -> Iterator[Scalar]:
    if isinstance(value, tuple):
        for item in value:
            yield from _walk(item, names)
    elif not names:
        yield value
    elif value is not None:
        yield from _walk(getattr(value, names[0]), names[1:])


def _id_of(info: inspect.Type, part: str) -> Scalar:
    match info:
        case inspect.BytesType():
            return bytes.fromhex(part)
        case inspect.IntType():
            return int(part, 16)
    return part.replace("%2F", "/").replace("%25", "%")


@cache
def _type_at(record: type[msgspec.Struct], path: str) -> inspect.Type:
    found: inspect.Type = inspect.type_info(record)
    for name in path.split("."):
        fields = {one.name: one.type for one in found.fields} if isinstance(found, inspect.StructType) else {}
        if name not in fields:
            raise Misuse("collection", f"{record.__name__} has no {path}")
        found = _item(fields[name])
    if isinstance(found, inspect.StructType):
        raise Misuse("collection", f"{path} of {record.__name__} is no single value")
    return found


def _item(info: inspect.Type) -> inspect.Type:
    """The type of one item, through lists, notes and what may be absent."""
    match info:
        case inspect.Metadata(type=inner) | inspect.VarTupleType(item_type=inner):
            return _item(inner)
        case inspect.UnionType(types=members):
            return _item(next(member for member in members if not isinstance(member, inspect.NoneType)))
    return info
