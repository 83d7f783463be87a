"""What every request passes, whatever its route: the outermost middleware.

In this order: request id, host and origin, rate, capacity, the route itself; then the answer's headers, counters and
one log line at debug level. Every failure leaves here as a problem: refusals with their code, the library's own
(no such route, wrong method) translated, and the unexpected as ``internal``, logged with the request's id and without
a word about it to the client.
"""

import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from chainnode.api.capacity import Capacity
from chainnode.api.connection import Connections
from chainnode.api.meter import ApiMeter
from chainnode.api.problems import error_response, problem_of, problem_response
from chainnode.api.rate import Grant, RateLimiter
from chainnode.api.routes import Route
from chainnode.clock import Clock
from chainnode.errors import ChainError, Rejected
from chainnode.limits import KIB, REQUEST_BYTES_MAX

_log = structlog.get_logger("chainnode.api")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LIBRARY_CODES: Final = {
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    415: "media-type",
}
BODY_BYTES_PER_TOKEN: Final = 64 * KIB
"""A body costs its address tokens as well: reading the largest costs this node as much as a hundred plain requests."""
ANSWER_BYTES_PER_TOKEN: Final = 32 * KIB
"""An answer does too, once its size is known: the receipts of one full block take as long as fifty plain requests."""
PROBES_PER_SECOND: Final = 20
"""Of one address on the unguarded routes: theirs whatever else it does, and far more than any monitor asks."""
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "chainnode",
}

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Border:
    """The middleware of one application."""

    def __init__(
        self,
        *,
        routes: Mapping[Callable[..., object], Route],
        limiter: RateLimiter,
        capacity: Capacity,
        meter: ApiMeter,
        clock: Clock,
        host_names: frozenset[str] | None,
    ) -> None:
        """Guard ``routes``, keyed by the handler aiohttp finds; ``host_names`` None accepts any Host."""
        self._routes = routes
        self._limiter = limiter
        self._probes = RateLimiter(PROBES_PER_SECOND, 2 * PROBES_PER_SECOND)
        self._capacity = capacity
        self._meter = meter
        self._clock = clock
        self._host_names = host_names
        self.connections: Connections | None = None
        """Told of each request's beginning and end; set by the server that owns them."""

    async def __call__(self, request: web.Request, following: Next) -> web.StreamResponse:
        """Answer one request; never raises but for a cancelled one."""
        began_ms = self._clock.monotonic_ms()
        request_id = _request_id(request)
        route = self._routes.get(request.match_info.handler)
        if self.connections is not None:
            self.connections.begin(request.protocol)
        self._meter.in_flight.inc()
        try:
            response = await self._answer(request, following, route, request_id)
        finally:
            self._meter.in_flight.dec()
            if self.connections is not None:
                self.connections.end(request.protocol)
        response.headers.update(HEADERS)
        response.headers["X-Request-Id"] = request_id
        self._record(request, route, response.status, request_id, self._clock.monotonic_ms() - began_ms)
        return response

    async def _answer(
        self, request: web.Request, following: Next, route: Route | None, request_id: str
    ) -> web.StreamResponse:
        grant: Grant | None = None
        try:
            self._check_host(request)
            if route is not None and not route.guarded:
                self._spend(request, route, self._probes)
                return await following(request)
            grant = self._spend(request, route, self._limiter)
            with self._capacity.request():
                response = await following(request)
            if isinstance(response, web.Response) and isinstance(response.body, bytes):
                tokens = len(response.body) // ANSWER_BYTES_PER_TOKEN
                self._limiter.charge(request.remote or "", tokens, self._clock.monotonic_ms())
        except ChainError as error:
            response = self._refuse(error, request, request_id)
        except web.HTTPException as error:
            response = self._translate(error, request, request_id)
        except Exception:  # noqa: BLE001 - whatever a route fails with, the client gets a problem and the log the trace
            _log.exception("request failed", request_id=request_id, method=request.method, path=request.path)
            self._meter.problems.labels("internal").inc()
            response = problem_response("internal", "the node failed in a way it did not expect", {}, request_id)
        if grant is not None and self._limiter.rate_per_second:
            response.headers["RateLimit-Limit"] = str(self._limiter.burst)
            response.headers["RateLimit-Remaining"] = str(grant.remaining)
            response.headers["RateLimit-Reset"] = str(-(-grant.wait_ms // 1000))
        return response

    def _spend(self, request: web.Request, route: Route | None, limiter: RateLimiter) -> Grant:
        cost = (1 if route is None else route.cost) + _body_bytes(request) // BODY_BYTES_PER_TOKEN
        grant = limiter.spend(request.remote or "", cost, self._clock.monotonic_ms())
        if not grant.allowed:
            wait_s = max(1, -(-grant.wait_ms // 1000))
            rate = limiter.rate_per_second
            raise Rejected("rate-limited", f"more than {rate} requests a second", retry_after_s=wait_s)
        return grant

    def _check_host(self, request: web.Request) -> None:
        """Refuse names this node does not go by, and what a page of another origin makes a browser send."""
        host = request.headers.get("Host", "")
        if self._host_names is not None and not _is_own_host(host, self._host_names):
            raise Rejected("host-not-allowed", f"this node does not answer for {host[:128]!r}")
        origin = request.headers.get("Origin")
        if origin is not None and request.method not in {"GET", "HEAD"} and origin.partition("://")[2] != host:
            raise Rejected("cross-origin", "this request comes from a page of another origin", found=origin[:128])

    def _refuse(self, error: ChainError, request: web.Request, request_id: str) -> web.Response:
        code, problem = problem_of(error)
        self._meter.problems.labels(code).inc()
        if problem.status == 500 or code == "store-failed":
            _log.error("request failed", request_id=request_id, path=request.path, code=error.code, reason=str(error))
        return error_response(error, request_id)

    def _translate(self, error: web.HTTPException, request: web.Request, request_id: str) -> web.Response:
        code = _LIBRARY_CODES.get(error.status, "body-malformed" if error.status < 500 else "internal")
        self._meter.problems.labels(code).inc()
        response = problem_response(code, f"{request.method} {request.path[:256]}: {error.reason}", {}, request_id)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response

    def _record(self, request: web.Request, route: Route | None, status: int, request_id: str, took_ms: int) -> None:
        path = "none" if route is None else route.path
        method = request.method if request.method in {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"} else "other"
        self._meter.requests.labels(path, method, str(status)).inc()
        self._meter.seconds.labels(path).observe(took_ms / 1000)
        _log.debug(
            "request",
            method=method,
            path=request.path,
            status=status,
            took_ms=took_ms,
            request_id=request_id,
            address=request.remote,
        )


def _request_id(request: web.Request) -> str:
    """The client's own id if it is fit for a log, else a fresh one."""
    given = request.headers.get("X-Request-Id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _body_bytes(request: web.Request) -> int:
    """What the body may have; one that does not say counts as the largest."""
    if request.content_length is not None:
        return min(request.content_length, REQUEST_BYTES_MAX)
    return REQUEST_BYTES_MAX if request.can_read_body else 0


def _is_own_host(host: str, names: frozenset[str]) -> bool:
    name = _host_name(f"//{host}")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


def _host_name(url: str) -> str:
    """The host of a URL in lower case; empty where there is none to find."""
    try:
        return urlsplit(url[:512]).hostname or ""
    except ValueError:
        return ""
