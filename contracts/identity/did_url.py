"""DID URLs: an identity, a version of it, and a part of its document.

Source: DID Core 1.1, section 3.2; DID Resolution 1.0, section 6 (dereferencing).
"""

import re
from typing import Any, Final, NamedTuple

from chainnode.state.view import State
from contracts.identity.resolution import CONTENT_TYPE, Problem, Resolution, error_object, resolve

DID_URL_CHARS_MAX: Final = 1_024
_ENCODED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_OPTIONS: Final = ("versionId", "versionTime", "service")


class DidUrl(NamedTuple):
    """The parts of a DID URL; only the query's names and values are decoded."""

    did: str
    path: str
    """With its leading slash; empty where there is none."""
    query: tuple[tuple[str, str], ...]
    fragment: str | None


class Dereferenced(NamedTuple):
    """What a DID URL stands for, and the resolution it came from."""

    resolution: Resolution
    content: Any
    """Of the document, or the document itself; None where there is a problem."""
    content_type: str
    problem: Any = None
    """The error as the standard writes it; None where there is none."""


def split_did_url(text: str) -> DidUrl:
    """The parts of ``text``, whatever it is; only resolving the DID says whether it is one."""
    rest, mark, fragment = text.partition("#")
    rest, _, query = rest.partition("?")
    did, slash, path = rest.partition("/")
    parts = [part.partition("=") for part in query.split("&")] if query else []
    pairs = tuple((_decoded(name), _decoded(value)) for name, _, value in parts)
    return DidUrl(did, slash + path, pairs, fragment if mark else None)


def _decoded(text: str) -> str:
    """``text`` without percent-encoding; what is not UTF-8 below it matches nothing."""
    if "%" not in text:
        return text
    data = _ENCODED.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), text.encode("utf-8", "replace"))
    return data.decode("utf-8", "replace")


def dereference(state: State, url: DidUrl) -> Dereferenced:
    """The part of a document that ``url`` names: a key or service by its fragment, an endpoint by ``service``.

    Problems are those of ``resolve``; ``INVALID_DID_URL`` where a parameter stands twice,
    ``FEATURE_NOT_SUPPORTED`` for a path or a parameter unknown here.
    """
    options = dict(url.query)
    if len(options) != len(url.query):
        return refused("INVALID_DID_URL", "a parameter stands twice")
    unknown = sorted(name for name in options if name not in _OPTIONS)
    if url.path or unknown or ("service" in options and url.fragment is not None):
        return refused("FEATURE_NOT_SUPPORTED", "a fragment, a version or a service can be named")
    found = resolve(state, url.did, version_id=options.get("versionId"), version_time=options.get("versionTime"))
    if found.document is None:
        return _failed(found)
    if "service" in options:
        service = _named(found.document, f"{url.did}#{options['service']}", ("service",))
        endpoint = None if service is None else service["serviceEndpoint"]
        return _part(found, endpoint, "text/uri-list", "the document has no such service")
    if url.fragment is not None:
        part = _named(found.document, f"{url.did}#{url.fragment}", ("verificationMethod", "service"))
        return _part(found, part, CONTENT_TYPE, "the document has no such part")
    return Dereferenced(found, found.document, CONTENT_TYPE)


def refused(problem: Problem, detail: str) -> Dereferenced:
    """The answer to a question that is refused before anything is resolved."""
    return _failed(Resolution(None, {}, problem, detail))


def dereferencing_result(found: Dereferenced) -> dict[str, Any]:
    """The whole answer of a dereferencer."""
    metadata = {"contentType": found.content_type} if found.problem is None else {"error": found.problem}
    return {
        "content": found.content,
        "dereferencingMetadata": metadata,
        "contentMetadata": found.resolution.metadata,
    }


def _named(document: dict[str, Any], name: str, properties: tuple[str, ...]) -> dict[str, Any] | None:
    for found in properties:
        for part in document.get(found, ()):
            if part["id"] == name:
                return dict(part)
    return None


def _part(found: Resolution, part: Any, content_type: str, missing: str) -> Dereferenced:
    if part is None:
        return _failed(found._replace(document=None, problem="NOT_FOUND", detail=missing))
    return Dereferenced(found, part, content_type)


def _failed(found: Resolution) -> Dereferenced:
    problem = None if found.problem is None else error_object(found.problem, found.detail)
    return Dereferenced(found, None, CONTENT_TYPE, problem)
