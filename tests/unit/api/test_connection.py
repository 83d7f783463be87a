"""Connections are bounded, and those that make no progress are found."""

import asyncio

from chainnode.api.connection import Connections


class Time:
    """A clock that is set."""

    now_ms = 0

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_ms(self) -> int:
        return self.now_ms


class Server:
    """A protocol factory that knows its open connections, as aiohttp's does."""

    def __init__(self) -> None:
        self.connections: list[asyncio.BaseProtocol] = []

    def __call__(self) -> asyncio.BaseProtocol:
        protocol = asyncio.Protocol()
        self.connections.append(protocol)
        return protocol


class Transport(asyncio.Transport):
    """Remembers that it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def made(connections_max: int = 10) -> tuple[Connections, Server, Time]:
    server, clock = Server(), Time()
    return Connections(server, connections_max, 1_000, clock), server, clock


def test_a_connection_beyond_the_bound_is_closed_at_once() -> None:
    connections, server, _ = made(connections_max=2)
    connections(), connections()
    refused = connections()
    assert refused not in server.connections
    transport = Transport()
    refused.connection_made(transport)
    assert transport.closed
    server.connections.pop()
    assert connections() in server.connections


def test_a_connection_that_sends_no_whole_request_is_found() -> None:
    """A half header holds a descriptor; its time runs from the first sweep that saw it."""
    connections, _, clock = made()
    silent = connections()
    assert connections.sweep() == []
    clock.now_ms = 1_001
    assert connections.sweep() == [silent]


def test_a_connection_being_answered_is_left_alone() -> None:
    connections, _, clock = made()
    busy = connections()
    connections.begin(busy)
    connections.sweep()
    clock.now_ms = 60_000
    assert connections.sweep() == []
    connections.end(busy)
    clock.now_ms = 60_999
    assert connections.sweep() == []
    clock.now_ms = 61_001
    assert connections.sweep() == [busy]


def test_closed_connections_are_forgotten() -> None:
    connections, server, clock = made()
    gone = connections()
    connections.begin(gone)
    connections.sweep()
    server.connections.clear()
    connections.sweep()
    assert len(connections) == 0
    assert not connections._idle_since_ms
    assert not connections._busy
    clock.now_ms = 10_000
    assert connections.sweep() == []
