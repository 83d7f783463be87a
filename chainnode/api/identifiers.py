"""DID resolution over HTTP: what a Universal Resolver asks its drivers, and what any resolver's client may ask.

``GET /1.0/identifiers/{did or DID URL}``. The Accept header chooses between the bare document (``application/did``),
the resolution result (``application/did-resolution``, also where nothing is asked for) and the result of dereferencing
(``application/did-url-dereferencing``). Clients of the time before 1.1 ask for ``application/did+json``,
``application/did+ld+json`` or JSON-LD, and get errors under their old short names.

Errors are those of the standard and not this API's problems, because they are what such clients read. An identity that
was deactivated is 410, with its body.

Source: DID Resolution 1.0, sections 4, 6 and 7.1 (HTTPS binding); Universal Resolver, driver development.
"""

from typing import Any, Final

import msgspec
from aiohttp import web

from chainnode.api.answer import FRESH, document_response
from chainnode.api.routes import Call, Parameter, Route, parse_did
from chainnode.errors import NotFound
from chainnode.state.view import State
from contracts.identity.did_url import (
    DID_URL_CHARS_MAX,
    Dereferenced,
    dereference,
    dereferencing_result,
    refused,
    split_did_url,
)
from contracts.identity.record import read_identity, read_identity_version
from contracts.identity.resolution import (
    CONTENT_TYPE,
    Problem,
    did_document,
    document_metadata,
    resolution_result,
)
from contracts.kernel.document import to_document

RESULT: Final = "application/did-resolution"
DEREFERENCED: Final = "application/did-url-dereferencing"
_OLD_RESULT: Final = 'application/ld+json;profile="https://w3id.org/did-resolution"'
_OLD_DOCUMENTS: Final = ("application/did+json", "application/did+ld+json", "application/ld+json", "application/json")
_ANY: Final = ("*/*", "application/*")
STATUSES: Final[dict[Problem, int]] = {
    "INVALID_DID": 400,
    "INVALID_DID_URL": 400,
    "INVALID_OPTIONS": 400,
    "NOT_FOUND": 404,
    "REPRESENTATION_NOT_SUPPORTED": 406,
    "METHOD_NOT_SUPPORTED": 501,
    "FEATURE_NOT_SUPPORTED": 501,
}
_OLD_NAMES: Final[dict[Problem, str]] = {
    "INVALID_DID": "invalidDid",
    "INVALID_DID_URL": "invalidDidUrl",
    "INVALID_OPTIONS": "invalidOptions",
    "NOT_FOUND": "notFound",
    "REPRESENTATION_NOT_SUPPORTED": "representationNotSupported",
    "METHOD_NOT_SUPPORTED": "methodNotSupported",
    "FEATURE_NOT_SUPPORTED": "featureNotSupported",
}
_DEACTIVATED: Final = 410
VERSIONS_MAX: Final = 100


async def identifier(call: Call) -> web.StreamResponse:
    """A DID resolved, or a DID URL dereferenced."""
    media_type = chosen_type(call.request.headers.get("Accept", ""))
    text = call.path["did"]
    url = split_did_url(text[:DID_URL_CHARS_MAX])
    options = tuple((name, value) for name, value in call.request.query.items() if name in _QUERY_NAMES)
    url = url._replace(query=url.query + options)
    if media_type is None:
        found = refused("REPRESENTATION_NOT_SUPPORTED", f"{CONTENT_TYPE}, {RESULT} or {DEREFERENCED}")
        media_type = RESULT
    elif len(text) > DID_URL_CHARS_MAX:
        found = refused("INVALID_DID_URL", f"a DID URL has at most {DID_URL_CHARS_MAX} characters")
    else:
        state: State = call.service.queries.committed_state()
        found = dereference(state, url)
    whole = url.fragment is None and all(name != "service" for name, _ in url.query)
    return _answer(found, media_type, whole=whole)


def chosen_type(accept: str) -> str | None:
    """The media type of the answer to this Accept header, the client's own order deciding; None for none of ours.

    A weight of 0 refuses; other weights are not weighed against each other.
    """
    for item in accept[:512].split(","):
        name, *extras = (part.strip().lower() for part in item.split(";"))
        if any(extra.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for extra in extras):
            continue
        if name in {"", *_ANY}:
            return RESULT
        if "did-resolution" in item and name == "application/ld+json":
            return _OLD_RESULT
        if name in {CONTENT_TYPE, RESULT, DEREFERENCED, *_OLD_DOCUMENTS}:
            return name
    return None


def _answer(found: Dereferenced, media_type: str, *, whole: bool) -> web.Response:
    """``found`` in the form that ``media_type`` stands for; ``whole`` where a DID and no part of it was asked for."""
    resolution = found.resolution
    status = _DEACTIVATED if resolution.deactivated else 200
    if resolution.problem is not None:
        status = STATUSES[resolution.problem]
    body: Any
    if media_type == DEREFERENCED or (media_type == RESULT and not whole and resolution.problem is None):
        body, media_type = dereferencing_result(found), DEREFERENCED
    elif media_type in {RESULT, _OLD_RESULT} or resolution.problem is not None:
        body = resolution_result(resolution)
        if media_type == CONTENT_TYPE:
            media_type = RESULT
    else:
        body = found.content
    if media_type in {_OLD_RESULT, *_OLD_DOCUMENTS} and isinstance(body, dict) and "didResolutionMetadata" in body:
        metadata = {"contentType": "application/did+ld+json"}
        if resolution.problem is not None:
            metadata = {"error": _OLD_NAMES[resolution.problem], "message": resolution.detail}
        body["didResolutionMetadata"] = metadata
    # Set by hand: the library takes no parameters in a content type.
    headers = {"Content-Type": media_type, "Cache-Control": FRESH, "Vary": "Accept"}
    if found.content_type == "text/uri-list" and media_type == CONTENT_TYPE and resolution.problem is None:
        headers["Content-Type"] = found.content_type
        return web.Response(status=status, body=f"{found.content}\r\n".encode(), headers=headers)
    return web.Response(status=status, body=msgspec.json.encode(body), headers=headers)


async def versions(call: Call) -> web.StreamResponse:
    """The versions of an identity, oldest first, each with its document and what only the ledger knows.

    Raises:
        NotFound: ``identity-not-found``.
    """
    did = parse_did(call.path["did"])
    state: State = call.service.queries.committed_state()
    latest = read_identity(state, did)
    if latest is None:
        raise NotFound("identity-not-found", f"no identity {did} exists here")
    first = call.query["after"] + 1
    last = min(latest.version, first + call.query["limit"] - 1)
    items = []
    record = read_identity_version(state, did, first)
    for number in range(first, last + 1):
        following = read_identity_version(state, did, number + 1) if number < latest.version else None
        if record is not None:
            metadata = document_metadata(record, latest, following)
            items.append({"record": to_document(record), "document": did_document(record), "metadata": metadata})
        record = following
    return document_response(call, {"items": items, "next": last if last < latest.version else None})


_QUERY: Final = (
    Parameter("versionId", "text", "number of a version"),
    Parameter("versionTime", "text", "XML dateTime in UTC; the version in force then"),
    Parameter("service", "text", "name of a service whose endpoint is asked for"),
)
_QUERY_NAMES: Final = frozenset(parameter.name for parameter in _QUERY)
_PAGE: Final = (
    Parameter("after", "integer", "version after which to begin", default=0, most=2**53),
    Parameter("limit", "integer", "versions at most", default=20, least=1, most=VERSIONS_MAX),
)

ROUTES: Final = (
    Route(
        "GET",
        "/1.0/identifiers/{did:.+}",
        identifier,
        "A DID resolved, or a DID URL dereferenced, as DID Resolution 1.0 has it",
        parameters=_QUERY,
        media_types=(RESULT, CONTENT_TYPE, DEREFERENCED),
        foreign=True,
    ),
    Route("GET", "/v1/identities/{did}/versions", versions, "Versions of an identity", parameters=_PAGE, cost=5),
)
