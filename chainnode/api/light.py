"""What light clients of this chain on other chains are shown. Whoever carries it needs no trust: they verify it."""

from typing import Final

from aiohttp import web

from chainnode.api.answer import bytes_response, document_response, wants_bytes
from chainnode.api.routes import JSON, MSGPACK, Call, Parameter, Route
from chainnode.api.state import parse_state_key
from chainnode.api.view import struct_document
from chainnode.codec.canonical import encode
from chainnode.errors import Rejected
from chainnode.lightclient.client_state import PlacedHeader, Untrusted
from chainnode.types.seal import decode_seal

_HEIGHT_MAX: Final = 2**53


async def light_update(call: Call) -> web.StreamResponse:
    """A decided header for a client whose newest header is the one at ``trusted``.

    Raises:
        NotFound: ``block-not-found``, ``height-pruned`` or ``seal-not-found``.
        Rejected: ``query-invalid``; ``light-heights``: ``trusted`` is not below ``height``.
    """
    light = call.service.queries.light
    return _answer(call, light.update(_needed(call, "trusted"), _needed(call, "height"), call.query["decision"]))


async def newest_seal(call: Call) -> web.StreamResponse:
    """The seal of the highest block that has one here.

    Raises:
        NotFound: ``seal-not-found``.
    """
    return _seal(call, call.service.queries.seal())


async def seal(call: Call) -> web.StreamResponse:
    """The seal of the block at a height; other nodes may hold one with other signers.

    Raises:
        NotFound: ``seal-not-found``.
        Rejected: ``path-invalid``.
    """
    text = call.path["height"]
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Rejected("path-invalid", "a height is a whole number", found=text[:80])
    return _seal(call, call.service.queries.seal(int(text)))


def _seal(call: Call, data: bytes) -> web.Response:
    if wants_bytes(call):
        return bytes_response(call, data, MSGPACK)
    found = decode_seal(data)
    return document_response(call, struct_document(found) | {"signers": found.signer_indexes()})


async def light_header(call: Call) -> web.StreamResponse:
    """A header with its path in the history of the one at ``within``; by default, with the genesis block's path in it.

    Raises:
        NotFound: ``block-not-found`` or ``height-pruned``.
        Rejected: ``query-invalid``; ``light-heights``: ``within`` is not above ``height``.
    """
    light = call.service.queries.light
    height, within = _needed(call, "height"), call.query["within"]
    return _answer(call, PlacedHeader(*(light.beginning(height) if within is None else light.past(height, within))))


async def light_proofs(call: Call) -> web.StreamResponse:
    """State proofs of several keys, in the order of the request, under the header at ``height``.

    Raises:
        NotFound: ``state-version``.
        Rejected: ``query-invalid``, ``state-key`` or ``proof-pending``.
    """
    keys = [parse_state_key(f"0x{text}") for text in str(_needed_text(call, "keys")).split(",")]
    height = _needed(call, "height")
    found = [encode(proof) for proof in call.service.queries.prove_paths(keys, height - 1)]
    if wants_bytes(call):
        return bytes_response(call, encode(found), MSGPACK)
    return document_response(call, {"height": height, "proofs": [proof.hex() for proof in found]})


def _needed_text(call: Call, name: str) -> str:
    found = call.query[name]
    if found is None:
        raise Rejected("query-invalid", f"{name} is missing", expected="state keys in hex, commas between")
    return str(found)


def _needed(call: Call, name: str) -> int:
    found = call.query[name]
    if found is None:
        raise Rejected("query-invalid", f"{name} is missing", expected="a height")
    return int(found)


def _answer(call: Call, found: Untrusted | PlacedHeader) -> web.Response:
    # Certificates of one header may differ between nodes, so only a node's own answer is the same for ever.
    if wants_bytes(call):
        return bytes_response(call, encode(found), MSGPACK)
    return document_response(call, struct_document(found) | {"ancestry": [item.hex() for item in found.ancestry]})


_BOTH: Final = (JSON, MSGPACK)
_HEIGHT: Final = Parameter("height", "integer", "of the header", most=_HEIGHT_MAX)
_TRUSTED: Final = Parameter("trusted", "integer", "height of the client's newest header", most=_HEIGHT_MAX)
_WITHIN: Final = Parameter("within", "integer", "a later height, whose history holds this header", most=_HEIGHT_MAX)
_KEYS: Final = Parameter("keys", "text", "state keys in hex, commas between; 2,048 characters together")

_DECISION: Final = Parameter(
    "decision", "choice", "what shows that the header was decided", default="certificate",
    choices=("certificate", "seal"),
)

ROUTES: Final = (
    Route("GET", "/v1/seals", newest_seal, "Newest seal", (), _BOTH),
    Route("GET", "/v1/seals/{height}", seal, "Seal of a block", (), _BOTH),
    Route(
        "GET", "/v1/light/updates", light_update, "Update for a light client", (_TRUSTED, _HEIGHT, _DECISION), _BOTH,
        cost=5,
    ),
    Route("GET", "/v1/light/proofs", light_proofs, "State proofs under a header", (_HEIGHT, _KEYS), _BOTH, cost=5),
    Route("GET", "/v1/light/headers", light_header, "Header and path in history", (_HEIGHT, _WITHIN), _BOTH, cost=5),
)
