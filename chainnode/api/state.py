"""What the ledger holds now: state values, evidence by its id, and the events that led there."""

from typing import Final

from aiohttp import web

from chainnode.api.answer import bytes_response, document_response, wants_bytes
from chainnode.api.cursor import read_cursor, write_cursor
from chainnode.api.routes import AFTER, JSON, LIMIT, MSGPACK, Call, Parameter, Route, parse_did, parse_hex
from chainnode.api.view import logged_event_document, record_document, state_document
from chainnode.chain.queries import SUBMITTERS_MAX, EventView, LedgerQueries
from chainnode.errors import NotFound, Rejected
from chainnode.limits import STATE_KEY_BYTES_MAX
from chainnode.types.receipt import Scalar
from contracts.evidence.record import evidence_key
from contracts.kernel.registry import EVENTS

_INT_VALUE: Final = Parameter("value", "integer", "", least=-(2**63))


async def state_value(call: Call) -> web.StreamResponse:
    """One state value, raw and as a document.

    Raises:
        NotFound: ``state-not-found``.
    """
    key = parse_state_key(call.path["key"])
    queries: LedgerQueries = call.service.queries
    value = queries.state(key)
    if value is None:
        raise NotFound("state-not-found", f"the state holds nothing under {call.path['key'][:128]!r}")
    if wants_bytes(call):
        return bytes_response(call, value, MSGPACK)
    return document_response(call, state_document(key, value, queries.tip().height))


def parse_state_key(text: str) -> bytes:
    """A state key as the ledger writes it, or ``0x`` and its hex.

    Raises:
        Rejected: ``state-key``.
    """
    if text.startswith("0x"):
        return parse_hex(text[2:], "key", 1, STATE_KEY_BYTES_MAX, code="state-key")
    try:
        key = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Rejected("state-key", "the key is not Unicode text") from error
    if not 1 <= len(key) <= STATE_KEY_BYTES_MAX:
        raise Rejected("state-key", f"a state key has 1 to {STATE_KEY_BYTES_MAX} bytes", found=len(key))
    return key


async def evidence(call: Call) -> web.StreamResponse:
    """The evidence of an id; of one submitter, where several chose the same id.

    Raises:
        NotFound: ``evidence-not-found``.
        Rejected: ``evidence-ambiguous``: several did, and the request names none.
    """
    evidence_id = parse_hex(call.path["id"], "id", 16, 32, code="path-invalid")
    missing = f"no evidence {evidence_id.hex()} is recorded"
    submitter = call.query["submitter"]
    if submitter is None:
        found, _ = call.service.queries.events("evidence.recorded", "evidence_id", evidence_id, None, SUBMITTERS_MAX)
        submitters = list(dict.fromkeys(str(view.event.attributes["submitter"]) for view in found))
        if not submitters:
            raise NotFound("evidence-not-found", missing)
        if len(submitters) > 1:
            raise Rejected("evidence-ambiguous", f"recorded by {', '.join(submitters)}", submitters=len(submitters))
        submitter = submitters[0]
    return _record(call, evidence_key(parse_did(submitter), evidence_id), "evidence-not-found", missing)


async def events(call: Call) -> web.StreamResponse:
    """Events of one name, oldest first; of one value of an indexed attribute, if asked.

    Raises:
        Rejected: ``query-invalid``: an event or attribute that is not indexed, or a value of no known form.
    """
    name, attribute = call.query["name"], call.query["attribute"]
    known = EVENTS.get(name or "")
    if known is None:
        raise Rejected("query-invalid", f"name is one of {', '.join(sorted(EVENTS))}", found=(name or "")[:64])
    if (attribute is None) != (call.query["value"] is None):
        raise Rejected("query-invalid", "attribute and value are given together or not at all")
    if attribute is not None and attribute not in known.INDEXED:
        raise Rejected("query-invalid", f"attribute is one of {', '.join(known.INDEXED)}", found=attribute[:64])
    found, following = _events(call, known.NAME, attribute or "", _value(call))
    return document_response(call, {"items": [logged_event_document(view) for view in found], "next": following})


def _events(call: Call, name: str, attribute: str, value: Scalar) -> tuple[list[EventView], str | None]:
    genesis_hash = call.service.genesis_hash
    question = repr((name, attribute, value))
    after = call.query["after"]
    position = None if after is None else read_cursor(after, genesis_hash, question)
    found, following = call.service.queries.events(name, attribute, value, position, call.query["limit"])
    return found, None if following is None else write_cursor(following, genesis_hash, question)


def _value(call: Call) -> Scalar:
    """The attribute value a query asks for, by its ``type``."""
    text, kind = call.query["value"], call.query["type"]
    if text is None or kind == "string":
        return str(text or "")
    if kind == "bytes":
        return parse_hex(text.removeprefix("0x"), "value", 1, 256, code="query-invalid")
    if kind == "bool" and text in {"true", "false"}:
        return bool(text == "true")
    return int(_INT_VALUE.parse(text))


def _record(call: Call, key: bytes, code: str, missing: str) -> web.Response:
    value = call.service.queries.state(key)
    if value is None:
        raise NotFound(code, missing)
    return document_response(call, record_document(key, value))


_SUBMITTER: Final = Parameter("submitter", "text", "DID of who recorded it")
_EVENT_QUERY: Final = (
    Parameter("name", "text", "event, such as asset.registered"),
    Parameter("attribute", "text", "indexed attribute to filter by"),
    Parameter("value", "text", "its value; hex for bytes"),
    Parameter("type", "choice", "of the value", default="string", choices=("string", "bytes", "int", "bool")),
    AFTER,
    LIMIT,
)

ROUTES: Final = (
    Route(
        "GET", "/v1/state/{key:.+}", state_value, "A state value by its key, or 0x<hex>", media_types=(JSON, MSGPACK)
    ),
    Route("GET", "/v1/evidence/{id}", evidence, "Evidence by its id", parameters=(_SUBMITTER,)),
    Route("GET", "/v1/events", events, "Events by name and indexed attribute", parameters=_EVENT_QUERY, cost=5),
)
