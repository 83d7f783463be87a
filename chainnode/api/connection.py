"""Open connections: how many, and which of them only hold their place.

A client that sends half a header and falls silent would cost a descriptor for as long as it likes: the HTTP library
times connections that are idle between requests, but not those. So the last sign of progress of each connection is
kept, and a sweep closes the ones that show none.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from chainnode.clock import Clock


class HttpServer(Protocol):
    """What is needed of aiohttp's low-level server: a protocol factory that knows its connections."""

    @property
    def connections(self) -> Iterable[asyncio.BaseProtocol]:
        """The open ones."""

    def __call__(self) -> asyncio.BaseProtocol:
        """A protocol for one new connection."""


class _Refusal(asyncio.Protocol):
    """Hangs up on what connects."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class Connections:
    """Protocol factory of one listener, with a bound and a memory."""

    def __init__(self, server: HttpServer, connections_max: int, idle_timeout_ms: int, clock: Clock) -> None:
        self._server = server
        self._connections_max = connections_max
        self._idle_timeout_ms = idle_timeout_ms
        self._clock = clock
        self._idle_since_ms: dict[asyncio.BaseProtocol, int] = {}
        self._busy: set[asyncio.BaseProtocol] = set()

    def __len__(self) -> int:
        return len(list(self._server.connections))

    def __call__(self) -> asyncio.BaseProtocol:
        """The protocol of a new connection; one that hangs up when there are too many."""
        return _Refusal() if len(self) >= self._connections_max else self._server()

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """A request's headers are complete."""
        self._busy.add(protocol)

    def end(self, protocol: asyncio.BaseProtocol) -> None:
        """Its answer is ready."""
        self._busy.discard(protocol)
        self._idle_since_ms[protocol] = self._clock.monotonic_ms()

    def sweep(self) -> list[asyncio.BaseProtocol]:
        """The connections that made no progress for too long; forgets the closed ones."""
        now_ms = self._clock.monotonic_ms()
        known = self._idle_since_ms
        self._idle_since_ms = {protocol: known.get(protocol, now_ms) for protocol in self._server.connections}
        self._busy &= self._idle_since_ms.keys()
        return [
            protocol
            for protocol, since_ms in self._idle_since_ms.items()
            if protocol not in self._busy and now_ms - since_ms > self._idle_timeout_ms
        ]
