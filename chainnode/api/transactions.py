"""Submitting transactions, and asking what became of them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import bytes_response, document_response, wants_bytes
from chainnode.api.body import Submitted, read_json, read_msgpack
from chainnode.api.routes import JSON, MSGPACK, Call, Parameter, Route
from chainnode.api.view import receipt_document, receipt_summary, transaction_document
from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.limits import REQUEST_BYTES_MAX, WAIT_MS_MAX
from chainnode.mempool.admission import Admission

BODY_TYPES: Final = (MSGPACK, JSON)
LOOK_MS: Final = 1_000
"""A waiting request looks this often whether its client is still there."""


async def submit(call: Call) -> web.StreamResponse:
    """Admit one envelope or many, and wait as long as asked.

    One envelope: 200 when it is committed, 202 when it is accepted (a duplicate is: the same bytes are the same
    transaction), a problem when it is refused, and ``not-yet-committed`` when the wait is over. Many: 200, or 207 when
    any was refused, with one result each; none of them fails the others.

    Raises:
        Rejected: the code of the refusal.
    """
    submitted = await _read_body(call)
    admissions = await call.service.submit(submitted.envelopes)
    for admission in admissions:
        call.meter.submitted.labels(admission.outcome).inc()
    results = [_result(admission) for admission in admissions]
    if call.query["wait"] == "committed":
        with call.capacity.wait():
            await _settle(call, admissions, results)
    if submitted.bulk:
        refused = any(result["outcome"] == "rejected" for result in results)
        return document_response(call, {"results": results}, status=207 if refused else 200)
    return _single(call, admissions[0], results[0])


def _single(call: Call, admission: Admission, result: dict[str, Any]) -> web.Response:
    tx_id = admission.tx_id.hex()
    if admission.outcome == "rejected":
        details = {name: value for name, value in admission.details.items() if name not in {"code", "message"}}
        raise Rejected(admission.code, admission.message, **(details | {"tx_id": tx_id} if tx_id else details))
    if result["outcome"] == "committed":
        return document_response(call, result)
    if call.query["wait"] == "committed":
        waited_ms = call.query["timeout_ms"]
        raise Rejected("not-yet-committed", f"no block with it within {waited_ms} ms", tx_id=tx_id)
    return document_response(call, result, status=202, headers={"Location": f"/v1/transactions/{tx_id}"})


def _result(admission: Admission) -> dict[str, Any]:
    result: dict[str, Any] = {"tx_id": admission.tx_id.hex(), "outcome": admission.outcome}
    if admission.outcome == "rejected":
        result |= {
            "code": admission.code,
            "message": admission.message,
            "details": admission.details,
            "retryable": admission.retryable,
        }
    return result


async def _settle(call: Call, admissions: Sequence[Admission], results: list[dict[str, Any]]) -> None:
    """Wait until everything that was not refused is durable here, or the time is over; fill in where it stands."""
    waited = [at for at, admission in enumerate(admissions) if admission.outcome != "rejected"]
    ids = [admissions[at].tx_id for at in waited]
    if not ids:
        return
    committed = await _wait(call, ids, call.query["timeout_ms"])
    for at in waited:
        if admissions[at].tx_id in committed:
            found = call.service.queries.receipt(admissions[at].tx_id)
            results[at] |= {
                "outcome": "committed",
                "height": found.height,
                "index": found.index,
                "receipt": receipt_summary(found),
            }


async def _wait(call: Call, tx_ids: Sequence[bytes], timeout_ms: int) -> set[bytes]:
    """Those of the transactions that are committed within the time; gives the place up when the client has gone.

    Raises:
        Rejected: ``request-timeout``: nobody is left to answer.
    """
    # One wait: to begin anew at every look would ask the store for thousands of ids a second, for each that waits.
    waiting = asyncio.create_task(call.service.wait_committed(tx_ids, timeout_ms), name="api-wait")
    try:
        while not waiting.done():
            if call.request.transport is None or call.request.transport.is_closing():
                raise Rejected("request-timeout", "the client closed the connection")
            await asyncio.wait({waiting}, timeout=LOOK_MS / 1000)
        return {tx_id for tx_id, place in waiting.result().items() if place is not None}
    finally:
        waiting.cancel()


async def _read_body(call: Call) -> Submitted:
    """The envelopes in the request.

    Raises:
        Rejected: ``media-type``, ``body-too-large``, ``request-timeout``, or what the body's reader raises.
    """
    body = await read_request(call, BODY_TYPES)
    return read_msgpack(body) if call.request.content_type == MSGPACK else read_json(body)


async def read_request(call: Call, media_types: tuple[str, ...]) -> bytes:
    """The bytes of a request of one of ``media_types``, within the bounds of size and time.

    Raises:
        Rejected: ``media-type``, ``body-too-large`` or ``request-timeout``.
    """
    request = call.request
    media_type = request.content_type
    if media_type not in media_types or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Rejected("media-type", f"the body is {media_type}; expected {' or '.join(media_types)}, uncompressed")
    if (request.content_length or 0) > REQUEST_BYTES_MAX:
        raise Rejected("body-too-large", f"at most {REQUEST_BYTES_MAX} bytes", found=request.content_length)
    try:
        async with asyncio.timeout(call.body_timeout_ms / 1000):
            return await request.read()
    except TimeoutError as error:
        raise Rejected("request-timeout", f"the body did not arrive within {call.body_timeout_ms} ms") from error
    except ConnectionError as error:
        # The request's stream keeps the error, whose frames keep the stream and what came of the body: a circle of
        # megabytes that only the search for cycles would end, which is rare (``node.heap``).
        error.__traceback__ = None
        raise Rejected("request-timeout", "the client closed the connection") from None


async def transaction(call: Call) -> web.StreamResponse:
    """A committed transaction, or the fact that it is pending; with ``wait_ms`` not before it is committed.

    Raises:
        NotFound: ``transaction-not-found``.
    """
    tx_id = call.hash_of()
    if call.query["wait_ms"]:
        with call.capacity.wait():
            await _wait(call, [tx_id], call.query["wait_ms"])
    try:
        found = call.service.queries.transaction(tx_id)
    except NotFound:
        if not call.service.is_pending(tx_id):
            raise
        return document_response(call, {"tx_id": tx_id.hex(), "state": "pending"}, status=202)
    if wants_bytes(call):
        return bytes_response(call, found.envelope, MSGPACK, immutable=True)
    return document_response(call, transaction_document(found), immutable=True)


async def receipt(call: Call) -> web.StreamResponse:
    """The certified outcome of a committed transaction.

    Raises:
        NotFound: ``receipt-not-found``.
    """
    try:
        found = call.service.queries.receipt(call.hash_of())
    except NotFound as error:
        if error.code != "transaction-not-found":
            raise
        raise NotFound("receipt-not-found", "no committed transaction has this id here") from error
    if wants_bytes(call):
        return bytes_response(call, encode(found), MSGPACK, immutable=True)
    return document_response(call, receipt_document(found), immutable=True)


_WAIT: Final = Parameter(
    "wait",
    "choice",
    "until the request is read and checked (none, checked), or until a block with it is durable here (committed)",
    default="checked",
    choices=("none", "checked", "committed"),
)
_TIMEOUT: Final = Parameter(
    "timeout_ms", "integer", "how long to wait for the block", default=10_000, least=1, most=WAIT_MS_MAX
)
_WAIT_MS: Final = Parameter("wait_ms", "integer", "wait this long for the block first", default=0, most=WAIT_MS_MAX)

ROUTES: Final = (
    Route(
        "POST",
        "/v1/transactions",
        submit,
        "Submit one transaction or many",
        parameters=(_WAIT, _TIMEOUT),
        media_types=(JSON, MSGPACK),
        body_types=BODY_TYPES,
    ),
    Route(
        "GET",
        "/v1/transactions/{id}",
        transaction,
        "A transaction by its id",
        parameters=(_WAIT_MS,),
        media_types=(JSON, MSGPACK),
    ),
    Route(
        "GET",
        "/v1/transactions/{id}/receipt",
        receipt,
        "What became of a committed transaction",
        media_types=(JSON, MSGPACK),
    ),
)
