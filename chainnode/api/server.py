"""The listener: binds, serves, sweeps idle connections, and closes without losing an answer that is on its way.

    server = ApiServer(service, "127.0.0.1", 8100)
    await server.start()
    ...
    await server.close()

Plain HTTP, or HTTPS (TLS 1.2 and newer) when the settings name a certificate.
"""

import asyncio
import errno
import ipaddress
import ssl
from typing import Final

import structlog
from aiohttp import web

from chainnode.api.app import build_app
from chainnode.api.connection import Connections
from chainnode.api.settings import ApiSettings
from chainnode.clock import Clock, SystemClock
from chainnode.errors import ConfigError, Misuse
from chainnode.node.service import NodeService

SWEEP_S: Final = 2.0
SHUTDOWN_S: Final = 2.0
"""Requests being answered have this long after ``close``; those that wait for a commit are cut off."""
LINGER_S: Final = 1.0
"""What still arrives of a refused body is read for this long, so that the client sees the refusal."""
BACKLOG: Final = 512

_log = structlog.get_logger("chainnode.api")


class ApiServer:
    """One node's API on one address."""

    def __init__(
        self,
        service: NodeService,
        host: str,
        port: int,
        settings: ApiSettings | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        """Prepare to serve; nothing is bound yet. Port 0 takes a free one.

        One server per service: it registers its metrics in the service's registry.
        """
        self._settings = settings or ApiSettings()
        self._clock = clock or SystemClock()
        self._host = host
        self._port = port
        names = frozenset(name.lower() for name in self._settings.host_names)
        accepted = names | {"localhost"} if names or _is_loopback(host) else None
        self._app, self._border = build_app(service, self._settings, self._clock, host_names=accepted)
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The bound port.

        Raises:
            Misuse: ``not-started``.
        """
        if self._listener is None:
            raise Misuse("not-started", "the API server is not listening")
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Base URL to reach it from this machine; raises as ``port``."""
        scheme = "http" if self._settings.tls_cert_file is None else "https"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigError: ``port-taken``, ``listen-address`` or ``api-tls``.
        """
        tls = self._tls_context()
        runner = web.AppRunner(
            self._app,
            handle_signals=False,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self._settings.idle_timeout_ms / 1000,
            lingering_time=LINGER_S,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        if runner.server is None:
            raise Misuse("not-started", "the HTTP library made no server")
        connections = Connections(
            runner.server, self._settings.connections_max, self._settings.idle_timeout_ms, self._clock
        )
        self._border.connections = connections
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                connections, self._host, self._port, ssl=tls, backlog=BACKLOG, start_serving=True
            )
        except OSError as error:
            await runner.cleanup()
            raise self._bind_failure(error) from error
        self._runner = runner
        self._sweeper = asyncio.create_task(self._sweep(connections), name="api-sweeper")
        self._sweeper.add_done_callback(_notice)

    async def close(self) -> None:
        """Stop listening, let running answers finish for two seconds, close the rest. May be called twice."""
        listener, self._listener = self._listener, None
        runner, self._runner = self._runner, None
        sweeper, self._sweeper = self._sweeper, None
        if listener is not None:
            listener.close()
        if sweeper is not None:
            sweeper.cancel()
        if runner is not None:
            await runner.cleanup()

    async def _sweep(self, connections: Connections) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for protocol in connections.sweep():
                transport = getattr(protocol, "transport", None)
                if transport is not None:
                    transport.abort()

    def _tls_context(self) -> ssl.SSLContext | None:
        certificate, key = self._settings.tls_cert_file, self._settings.tls_key_file
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise ConfigError("api-tls", "HTTPS needs both a certificate and a key file")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError("api-tls", f"{certificate} and {key} cannot serve HTTPS: {error}") from error
        return context

    def _bind_failure(self, error: OSError) -> ConfigError:
        where = f"{self._host}:{self._port}"
        if error.errno == errno.EADDRINUSE:
            return ConfigError(
                "port-taken", f"{where} is used by another process; choose another port", port=self._port
            )
        return ConfigError("listen-address", f"cannot listen on {where}: {error.strerror or error}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _notice(task: asyncio.Task[None]) -> None:
    """A sweeper that died would let connections pile up unseen; the bound on them still holds."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the sweep of idle connections ended", reason=repr(error))
