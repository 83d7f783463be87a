"""Failures as RFC 9457 answers: ``application/problem+json``.

    {"type": "/problems/expired", "title": "Expired", "status": 409, "detail": "valid until height 7, ...",
     "code": "expired", "hint": "...", "retryable": false, "instance": "<request id>", "details": {...}}

``detail`` and ``details`` are the words and values of the error itself; the rest comes from the catalogue. What is not
in the catalogue is our own fault and leaves no trace of itself in the answer but the request's id.

Source: RFC 9457, section 3.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from chainnode.api.catalogue import PROBLEMS, Problem
from chainnode.errors import ChainError, DecodeError, Detail, NotFound, Rejected, StoreError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
"""Asked of clients whose request failed for a reason that passes, when nothing better is known."""


def problem_of(error: ChainError) -> tuple[str, Problem]:
    """The code and catalogue entry to answer for ``error``.

    Failures of the disk are one problem to a client, whatever their code; anything that is neither a refusal nor in
    the catalogue is ``internal``.
    """
    if isinstance(error, StoreError):
        return "store-failed", PROBLEMS["store-failed"]
    if isinstance(error, Rejected | DecodeError | NotFound) and error.code in PROBLEMS:
        return error.code, PROBLEMS[error.code]
    return "internal", PROBLEMS["internal"]


def error_response(error: ChainError, request_id: str) -> web.Response:
    """The answer to a request that failed with ``error``."""
    code, problem = problem_of(error)
    if code == "internal" or isinstance(error, StoreError):
        return problem_response(code, problem.meaning, {}, request_id)
    return problem_response(code, error.message, error.details, request_id)


def problem_response(
    code: str, detail: str, details: Mapping[str, Detail], request_id: str, *, retryable: bool | None = None
) -> web.Response:
    """One problem of the catalogue as an HTTP answer; ``retryable`` overrides the catalogue's word."""
    problem = PROBLEMS[code]
    again = problem.retryable if retryable is None else retryable
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": code,
        "hint": problem.hint,
        "retryable": again,
        "instance": request_id,
    }
    if details:
        document["details"] = dict(details)
    headers = {"Cache-Control": "no-store"}
    if problem.status in {429, 503}:
        headers["Retry-After"] = str(details.get("retry_after_s", RETRY_AFTER_S))
    return web.Response(
        status=problem.status, body=msgspec.json.encode(document), content_type=MEDIA_TYPE, headers=headers
    )


def problem_document(code: str) -> dict[str, Any]:
    """The page of one code.

    Raises:
        NotFound: ``problem-not-found``.
    """
    problem = PROBLEMS.get(code)
    if problem is None:
        raise NotFound("problem-not-found", f"no problem has the code {code[:64]!r}")
    return {"type": f"/problems/{code}", "code": code, **problem._asdict()}


def problem_index() -> list[dict[str, Any]]:
    """All codes in alphabetical order."""
    return [problem_document(code) for code in sorted(PROBLEMS)]
