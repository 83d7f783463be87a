"""Successful answers: JSON or MessagePack by the Accept header, with the right caching.

MessagePack of a ledger object is the object's own canonical bytes (a block, an envelope, a proof bundle, the genesis
document), ready to be hashed or stored; of anything else it is the JSON document, value for value.

What a decided block says never changes, so it carries an ETag and may be cached for ever; what the tip says may not.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec
from aiohttp import web

from chainnode.api.routes import JSON, MSGPACK, Call
from chainnode.errors import Rejected

IMMUTABLE: Final = "public, max-age=31536000, immutable"
FRESH: Final = "no-cache"
_ETAG_CHARS: Final = 32

_json = msgspec.json.Encoder().encode
_msgpack = msgspec.msgpack.Encoder().encode


def accepted_type(accept: str, offered: tuple[str, ...]) -> str:
    """The first of the ``offered`` media types that an Accept header takes; the client's own order decides.

    Raises:
        Rejected: ``not-acceptable``.
    """
    if not accept:
        return offered[0]
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate(accept[:512].split(",")):
        name, *extras = (part.strip().lower() for part in item.split(";"))
        ranked.append((-_weight(extras), place, name))
    for weight, _, name in sorted(ranked):
        if weight == 0:
            continue
        for media_type in offered:
            if name in {media_type, "*/*", media_type.partition("/")[0] + "/*"}:
                return media_type
    raise Rejected("not-acceptable", f"this answer exists as {' or '.join(offered)}", found=accept[:128])


def _weight(extras: list[str]) -> float:
    for extra in extras:
        if extra.startswith("q="):
            digits = extra[2:]
            return (
                float(digits) if digits.replace(".", "", 1).isdigit() and digits.isascii() and len(digits) < 8 else 0.0
            )
    return 1.0


def document_response(
    call: Call, document: Any, *, immutable: bool = False, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """``document`` in the media type the client prefers."""
    media_type = call.media_type
    body = _msgpack(document) if media_type == MSGPACK else _json(document)
    return bytes_response(call, body, media_type, immutable=immutable, status=status, headers=headers)


def bytes_response(
    call: Call,
    body: bytes,
    media_type: str,
    *,
    immutable: bool = False,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """Bytes as they are; 304 when the client holds the same immutable ones."""
    found = dict(headers or {})
    found["Vary"] = "Accept"
    if not immutable:
        found["Cache-Control"] = FRESH
        return web.Response(body=body, status=status, content_type=media_type, headers=found)
    etag = f'"{sha256(body).hexdigest()[:_ETAG_CHARS]}"'
    found |= {"Cache-Control": IMMUTABLE, "ETag": etag}
    if etag in {tag.strip().removeprefix("W/") for tag in call.request.headers.get("If-None-Match", "").split(",")}:
        return web.Response(status=304, headers=found)
    return web.Response(body=body, status=status, content_type=media_type, headers=found)


def wants_bytes(call: Call) -> bool:
    """Whether the client asked for MessagePack."""
    return call.media_type == MSGPACK


__all__ = ["FRESH", "IMMUTABLE", "JSON", "accepted_type", "bytes_response", "document_response", "wants_bytes"]
