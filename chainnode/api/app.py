"""The application: the route tables of all parts, behind one border, over one node."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aiohttp import web

from chainnode.api import (
    blocks,
    collections,
    export,
    governance,
    identifiers,
    light,
    lineage,
    market,
    proofs,
    rights,
    state,
    status,
    transactions,
)
from chainnode.api.answer import accepted_type
from chainnode.api.border import Border, Next
from chainnode.api.capacity import Capacity
from chainnode.api.meter import ApiMeter
from chainnode.api.rate import RateLimiter
from chainnode.api.routes import Call, Route, parse_query
from chainnode.api.settings import ApiSettings
from chainnode.clock import Clock
from chainnode.limits import REQUEST_BYTES_MAX
from chainnode.node.service import NodeService

ROUTES: Final[tuple[Route, ...]] = (
    *status.ROUTES,
    *transactions.ROUTES,
    *blocks.ROUTES,
    *state.ROUTES,
    *lineage.ROUTES,
    *export.ROUTES,
    *rights.ROUTES,
    *identifiers.ROUTES,
    *collections.ROUTES,
    *proofs.ROUTES,
    *light.ROUTES,
    *market.ROUTES,
    *governance.ROUTES,
)
"""Everything that is served."""


class BuiltApp(NamedTuple):
    """An application and the border in front of it."""

    app: web.Application
    border: Border


def build_app(
    service: NodeService, settings: ApiSettings, clock: Clock, *, host_names: frozenset[str] | None
) -> BuiltApp:
    """The aiohttp application that serves ``service``.

    Args:
        service: the node.
        settings: bounds.
        clock: monotonic time, for rates and durations.
        host_names: names accepted in the Host header beside IP addresses; None accepts any.
    """
    meter = ApiMeter(service.metrics)
    capacity = Capacity(settings.requests_max)
    handlers: dict[Callable[..., object], Route] = {}
    app = web.Application(client_max_size=REQUEST_BYTES_MAX)
    for route in ROUTES:
        handler = _handler(route, service, capacity, meter, settings.body_timeout_ms)
        handlers[handler] = route
        if route.method == "GET":
            app.router.add_get(route.path, handler)
        else:
            app.router.add_route(route.method, route.path, handler)
    border = Border(
        routes=handlers,
        limiter=RateLimiter(settings.rate_per_second, settings.rate_burst),
        capacity=capacity,
        meter=meter,
        clock=clock,
        host_names=host_names,
    )

    @web.middleware
    async def pass_border(request: web.Request, handler: Next) -> web.StreamResponse:
        return await border(request, handler)

    app.middlewares.append(pass_border)
    return BuiltApp(app, border)


def _handler(
    route: Route, service: NodeService, capacity: Capacity, meter: ApiMeter, body_timeout_ms: int
) -> Callable[[web.Request], Any]:
    """One route as aiohttp calls it: its query is read strictly and its media type agreed before it runs."""

    async def handle(request: web.Request) -> web.StreamResponse:
        call = Call(
            service=service,
            capacity=capacity,
            meter=meter,
            body_timeout_ms=body_timeout_ms,
            request=request,
            path=request.match_info,
            query={} if route.foreign else parse_query(route, request.query.items()),
            media_type=accepted_type("" if route.foreign else request.headers.get("Accept", ""), route.media_types),
        )
        response = await route.handler(call)
        if route.guarded:
            response.headers["X-Chain-Height"] = str(service.queries.tip().height)
        return response

    return handle
