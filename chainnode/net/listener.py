"""The door: decides about a connection before it may cost a TLS handshake.

In this order: open connections in all and of the address, handshakes under way,
handshakes per second of the address and of everybody. Whoever is refused gets a
closed socket and no byte; a counter says why.
"""

import asyncio
import errno
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from chainnode import limits
from chainnode.errors import ConfigError
from chainnode.net.connection import Link
from chainnode.net.counter import NetworkCounters
from chainnode.net.rate import KeyedBuckets, TokenBucket

_BACKLOG: Final = 128
_ACCEPT_RETRY_S: Final = 0.1
"""After an accept failed, usually for want of descriptors."""
_logger = logging.getLogger(__name__)
OpenInbound = Callable[[socket.socket, str], Awaitable[Link | None]]
"""Bring an accepted connection up: None if it was refused. Takes the socket over."""


async def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose.

    Raises:
        ConfigError: ``listen-address`` (the host is unknown or not ours) or ``port-taken``.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError("listen-address", f"cannot resolve {host}: {error.strerror}") from error
    family, _, _, _, address = found[0]
    try:
        listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        code = (
            "port-taken" if isinstance(error, PermissionError) or error.errno == errno.EADDRINUSE else "listen-address"
        )
        raise ConfigError(code, f"cannot listen on {host}:{port}: {error.strerror}", port=port) from error
    listening.setblocking(False)
    return listening


class Listener:
    """Accepts, counts and bounds inbound connections."""

    def __init__(self, listening: socket.socket, open_inbound: OpenInbound, counters: NetworkCounters) -> None:
        self._socket = listening
        self._open_inbound = open_inbound
        self._counters = counters
        self._open: Counter[str] = Counter()
        self._half_open = 0
        now_s = asyncio.get_running_loop().time()
        self._rate = TokenBucket(limits.HANDSHAKES_PER_S_MAX, limits.HANDSHAKES_BURST, now_s)
        self._address_rates = KeyedBuckets(
            limits.HANDSHAKES_PER_S_PER_ADDRESS_MAX, limits.HANDSHAKES_BURST_PER_ADDRESS, limits.ADDRESSES_MAX
        )

    @property
    def half_open(self) -> int:
        """Connections whose handshake is under way."""
        return self._half_open

    @property
    def open(self) -> int:
        """Inbound connections with a descriptor."""
        return self._open.total()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Accept until cancelled; each connection is a task of ``group`` while it is open."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, remote = await loop.sock_accept(self._socket)
            except OSError as error:
                self._counters.refused["accept-failed"] += 1
                _logger.warning("cannot accept connections: %s", error)
                await asyncio.sleep(_ACCEPT_RETRY_S)
                continue
            self._counters.accepted += 1
            address = str(remote[0])
            code = self._judge(address, loop.time())
            if code is None:
                self._open[address] += 1
                self._half_open += 1
                group.create_task(self._serve(connection, address))
            else:
                self._counters.refused[code] += 1
                connection.close()

    def _judge(self, address: str, now_s: float) -> str | None:
        if self._open.total() >= limits.LINKS_MAX:
            return "links-max"
        if self._open[address] >= limits.LINKS_PER_ADDRESS_MAX:
            return "address-links-max"
        if self._half_open >= limits.HALF_OPEN_MAX:
            return "half-open-max"
        if not self._address_rates.take(address, 1, now_s):
            return "address-rate"
        if not self._rate.take(1, now_s):
            return "rate"
        return None

    async def _serve(self, connection: socket.socket, address: str) -> None:
        try:
            try:
                link = await self._open_inbound(connection, address)
            finally:
                self._half_open -= 1
            if link is not None:
                await asyncio.shield(link.closed)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
