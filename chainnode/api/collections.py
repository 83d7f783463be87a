"""Lists of records, and one record by its ids: a pair of routes for every collection that a family declares."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from msgspec import inspect

from chainnode.api.answer import document_response
from chainnode.api.cursor import read_cursor, write_cursor
from chainnode.api.routes import AFTER, INTEGER_MAX, LIMIT, Call, Handler, Parameter, Route, parse_hex
from chainnode.api.view import record_document
from chainnode.errors import NotFound, Rejected
from chainnode.types.receipt import Scalar
from contracts.kernel.collection import Collection, Filter
from contracts.kernel.registry import COLLECTIONS

_ID_TEXT_CHARS_MAX: Final = 256


def list_route(collection: Collection) -> Route:
    """``GET /v1/<name>``: each filter is a query parameter."""
    parameters = tuple(parameter_of(collection, found) for found in collection.filters)
    flags = frozenset(
        found.name for found in collection.filters if isinstance(collection.type_of(found.path), inspect.BoolType)
    )

    async def handle(call: Call) -> web.StreamResponse:
        """A page of records that have every value asked for."""
        wanted: dict[str, Scalar] = {}
        for parameter in parameters:
            value = call.query[parameter.name]
            if value is not None:
                wanted[parameter.name] = value == "true" if parameter.name in flags else value
        return _page(call, collection, wanted)

    summary = f"{collection.summary} Filtered by equality"
    return Route("GET", f"/v1/{collection.name}", handle, summary, parameters=(*parameters, AFTER, LIMIT), cost=5)


def record_route(collection: Collection) -> Route:
    """``GET /v1/<name>/{id}...``: the record with these ids."""
    path = "/".join([f"/v1/{collection.name}", *(f"{{{name}}}" for name in collection.ids)])
    return Route("GET", path, _reader(collection), f"One of {collection.name} by {' and '.join(collection.ids)}")


def _reader(collection: Collection) -> Handler:
    async def handle(call: Call) -> web.StreamResponse:
        """The record, or a problem."""
        ids = [parse_id(collection.type_of(name), name, call.path[name]) for name in collection.ids]
        missing = f"there is none of {collection.name} under {'/'.join(call.path[name] for name in collection.ids)}"
        try:
            key = collection.key(*ids)
        except Rejected as error:
            raise NotFound(collection.missing, missing[:512]) from error
        value = call.service.queries.state(key)
        if value is None:
            raise NotFound(collection.missing, missing[:512])
        return document_response(call, record_document(key, value, collection))

    return handle


def _page(call: Call, collection: Collection, wanted: Mapping[str, Scalar]) -> web.Response:
    genesis_hash = call.service.genesis_hash
    question = repr((collection.name, sorted(wanted.items())))
    after = call.query["after"]
    position = None if after is None else read_cursor(after, genesis_hash, question)
    page = call.service.queries.collection(collection, wanted, position, call.query["limit"])
    following = None if page.position is None else write_cursor(page.position, genesis_hash, question)
    items = [record_document(key, value, collection) for key, value in page.records]
    return document_response(call, {"items": items, "next": following})


def parameter_of(collection: Collection, found: Filter) -> Parameter:
    """A filter as a strict query parameter."""
    meaning = f"records whose {found.path} is this"
    match collection.type_of(found.path):
        case inspect.BytesType(min_length=least, max_length=most):
            return Parameter(found.name, "hex", meaning, least=max(least or 1, 1), most=most or INTEGER_MAX)
        case inspect.IntType(ge=low, le=high):
            return Parameter(found.name, "integer", meaning, least=_bound(low, 0), most=_bound(high, INTEGER_MAX))
        case inspect.BoolType():
            return Parameter(found.name, "choice", meaning, choices=("true", "false"))
        case inspect.LiteralType(values=values):
            return Parameter(found.name, "choice", meaning, choices=tuple(str(value) for value in values))
    if found.choices:
        return Parameter(found.name, "choice", meaning, choices=found.choices)
    return Parameter(found.name, "text", meaning)


def parse_id(info: inspect.Type, name: str, text: str) -> str | bytes | int:
    """One part of a path as the id that it stands for.

    Raises:
        Rejected: ``path-invalid``.
    """
    match info:
        case inspect.BytesType(min_length=least, max_length=most):
            return parse_hex(text, name, least or 1, most or _ID_TEXT_CHARS_MAX, code="path-invalid")
        case inspect.IntType():
            if not (text.isascii() and text.isdigit() and len(text) <= 19):
                raise Rejected("path-invalid", f"{name} is a whole number", found=text[:64])
            return int(text)
    if len(text) > _ID_TEXT_CHARS_MAX:
        raise Rejected("path-invalid", f"{name} has at most {_ID_TEXT_CHARS_MAX} characters", found=len(text))
    return text


def _bound(found: Any, other: int) -> int:
    return other if found is None else int(found)


ROUTES: Final = tuple(
    route for collection in COLLECTIONS.values() for route in (list_route(collection), record_route(collection))
)
