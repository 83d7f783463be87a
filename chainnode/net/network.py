"""The node's links to its peers: exactly one per peer, kept up, and what may be done with them.

``PeerNetwork`` owns every task and timer of this package. Its supervisor ends when
``close`` is called or when our own code failed; ``wait`` tells which.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Literal

from chainnode import limits
from chainnode.errors import Misuse, PeerError, RequestFailed
from chainnode.net.channel import Channel, Form, encode_message
from chainnode.net.connection import Link
from chainnode.net.counter import NetworkCounters
from chainnode.net.dialer import Dialer, failure_code
from chainnode.net.handshake import INSTANCE_BYTES, NONCE_BYTES, Handshake, Hello, TlsBinding
from chainnode.net.link_table import LinkTable
from chainnode.net.listener import Listener, bind
from chainnode.net.peer import AllowList, NetworkHandler, NodeIdentity, PeerAddress, PeerInfo
from chainnode.net.tls import TlsMaterial, load_material

_logger = logging.getLogger(__name__)
Recipients = Literal["validators", "observers", "all"] | Iterable[bytes]


class PeerNetwork:
    """Links to every configured and every admitted peer."""

    def __init__(
        self,
        identity: NodeIdentity,
        listen: tuple[str, int],
        peers: Iterable[PeerAddress],
        allowed: AllowList,
        handler: NetworkHandler,
        *,
        tip_height: Callable[[], int] = lambda: 0,
    ) -> None:
        """Nothing is opened before ``start``. ``allowed`` is asked again for every live link, twice a second."""
        self._identity = identity
        self._own_key = identity.node_key.public_key
        self._listen = listen
        self._allowed = allowed
        self._tip_height = tip_height
        self._instance = secrets.token_bytes(INSTANCE_BYTES)
        self._tls: TlsMaterial | None = None
        self._group: asyncio.TaskGroup | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._crash: asyncio.Future[BaseException] | None = None
        self._connections: set[Link] = set()
        self.counters = NetworkCounters()
        self.port = listen[1]
        """The port listened on; known after ``start`` if 0 was asked for."""
        self._table = LinkTable(
            self._own_key, allowed, handler, self.counters, spawn=self._spawn, crashed=self._crashed
        )
        for peer in peers:
            if peer.node_key != self._own_key:
                self._table.dialers[peer.node_key] = Dialer(peer, self._dial, self._table.may_dial)

    # Life.

    async def start(self) -> None:
        """Load the certificate, listen, and begin to dial; returns at once after that.

        Raises:
            ConfigError: the TLS files or the address cannot be used.
            Misuse: ``network-started``: it runs already, or ran.
        """
        if self._supervisor is not None:
            raise Misuse("network-started", "a network starts once")
        self._tls = load_material(self._identity.tls, self._own_key)
        listening = await bind(*self._listen)
        self.port = int(listening.getsockname()[1])
        self._crash = asyncio.get_running_loop().create_future()
        self._supervisor = asyncio.create_task(self._supervise(listening, self._crash), name="network")
        # Not in the task: one that is cancelled before its first step never runs.
        self._supervisor.add_done_callback(lambda _: listening.close())

    async def wait(self) -> None:
        """Return when the network is closed; raise what ended it otherwise. Await it beside the node's own work."""
        if self._supervisor is None:
            raise Misuse("network-started", "the network was not started")
        await asyncio.wait({self._supervisor})
        if self._supervisor.cancelled():
            return
        error = self._supervisor.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            raise error

    async def close(self) -> None:
        """Close every link and the listening socket; returns when the descriptors are free."""
        if self._supervisor is None:
            return
        self._supervisor.cancel()
        await asyncio.wait({self._supervisor})

    def reload_certificate(self) -> None:
        """Read the TLS files again; links that are up stay, later ones use the new certificate.

        Raises:
            ConfigError: the new files cannot be used; the old certificate stays in use.
        """
        self._tls = load_material(self._identity.tls, self._own_key)

    # Use.

    def broadcast(self, channel: Channel, payload: bytes, to: Recipients = "validators") -> int:
        """Queue one message for several peers without copying it; the number of links that accepted it.

        Raises:
            Misuse: ``message-size``.
        """
        frames = encode_message(Form.MESSAGE, channel, payload)
        if isinstance(to, str):
            wanted = (True, False) if to == "all" else (to == "validators",)
            links = [
                link
                for link in self._table.links.values()
                if link.peer is not None and link.peer.role.is_validator in wanted
            ]
        else:
            links = [self._table.links[key] for key in to if key in self._table.links]
        return sum([link.send(channel, frames) for link in links])

    def send(self, node_key: bytes, channel: Channel, payload: bytes) -> bool:
        """Queue one message; False if there is no link or its queue refused it.

        Raises:
            Misuse: ``message-size``.
        """
        link = self._table.links.get(node_key)
        return link is not None and link.send_form(Form.MESSAGE, channel, payload)

    async def request(self, node_key: bytes, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """Ask one peer and wait for its answer.

        Raises:
            RequestFailed: ``no-link``, or as ``Exchange.request``.
            Misuse: ``request-size`` or ``request-kind``.
        """
        link = self._table.links.get(node_key)
        if link is None:
            self.counters.requests_failed["no-link"] += 1
            raise RequestFailed("no-link", "there is no link to this peer", node_key=node_key.hex())
        return await link.request(kind, payload, timeout_ms)

    def penalise(self, node_key: bytes, code: str) -> None:
        """Close the link to a peer that broke the rules, and refuse it for a while: longer each time."""
        self._table.penalise(node_key, code)

    def is_linked(self, node_key: bytes) -> bool:
        """Whether a link to this node is up."""
        return node_key in self._table.links

    def connected(self) -> list[PeerInfo]:
        """Every link that is up, in the order of node keys."""
        found = []
        for key in sorted(self._table.links):
            link = self._table.links[key]
            if link.peer is not None:
                peer = link.peer
                info = PeerInfo(
                    node_key=key,
                    role=peer.role,
                    address=peer.address,
                    outbound=peer.outbound,
                    since_ms=peer.since_ms,
                    rtt_ms=peer.rtt_ms,
                    tip_height=peer.tip_height,
                    queue_messages=link.queue.depths(),
                    queue_bytes=tuple(link.queue.bytes_waiting(channel) for channel in Channel),
                )
                found.append(info)
        return found

    def banned(self) -> dict[bytes, str]:
        """Node keys that are refused at present, with the code of the reason."""
        return self._table.bans.active(self._table.now_ms())

    def certificate_not_after_ms(self) -> int | None:
        """When our TLS certificate ends (wall clock); None before ``start``."""
        return None if self._tls is None else self._tls.validity.not_after_ms

    # Tasks.

    async def _supervise(self, listening: socket.socket, crash: asyncio.Future[BaseException]) -> None:
        listener = Listener(listening, self._open_inbound, self.counters)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(listener.run(group), name="network-listener")
                group.create_task(self._tick_forever(), name="network-tick")
                group.create_task(self._raise_crash(crash), name="network-crash")
                for dialer in self._table.dialers.values():
                    group.create_task(dialer.run(), name="network-dialer")
                await self._until_cancelled()
        finally:
            await self._close_links()

    async def _until_cancelled(self) -> None:
        """Wait for ``close``; then end the links first, so that their tasks end by themselves."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            for link in list(self._connections):
                link.close("shutting-down")

    async def _close_links(self) -> None:
        """Wait until every descriptor is free."""
        for link in list(self._connections):
            link.close("shutting-down")
        gone = [link.closed for link in self._connections]
        if gone:
            await asyncio.wait(gone, timeout=2 * limits.LINK_CLOSE_TIMEOUT_MS / 1000)

    async def _raise_crash(self, crash: asyncio.Future[BaseException]) -> None:
        raise await crash

    async def _tick_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before_s = loop.time()
            await asyncio.sleep(limits.LINK_TICK_MS / 1000)
            late_ms = (loop.time() - before_s) * 1000 - limits.LINK_TICK_MS
            if late_ms <= limits.LINK_TICK_LATE_MS_MAX:
                self._table.tick(loop.time())

    def _crashed(self, error: BaseException) -> None:
        if self._crash is not None and not self._crash.done():
            self._crash.set_result(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._group is None:
            raise Misuse("network-started", "the network was not started")
        return self._group.create_task(work)

    # Bringing links up.

    def _new_link(self, tls: TlsMaterial, dialled: PeerAddress | None) -> Link:
        def begin(peer_fingerprint: bytes, certified_key: bytes | None) -> Handshake:
            role = self._allowed(self._own_key)
            own = Hello(
                chain_id=self._identity.chain_id,
                genesis_hash=self._identity.genesis_hash,
                node_key=self._own_key,
                validator=role is not None and role.is_validator,
                listen=f"{self._listen[0]}:{self.port}",
                nonce=secrets.token_bytes(NONCE_BYTES),
                instance=self._instance,
                tip_height=self._tip_height(),
            )
            return Handshake(
                self._identity.node_key,
                own,
                TlsBinding(tls.fingerprint, peer_fingerprint, certified_key),
                self._allowed,
                outbound=dialled is not None,
                expected_key=None if dialled is None else dialled.node_key,
            )

        return Link(self._table, begin, self.counters)

    async def _open_inbound(self, connection: socket.socket, address: str) -> Link | None:
        """Bring an accepted connection up; None if it was refused."""
        tls = self._material()
        link = self._new_link(tls, None)
        try:
            async with asyncio.timeout((limits.TLS_TIMEOUT_MS + limits.HELLO_TIMEOUT_MS) / 1000):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: link,
                    connection,
                    ssl=tls.server,
                    ssl_handshake_timeout=limits.TLS_TIMEOUT_MS / 1000,
                    ssl_shutdown_timeout=limits.LINK_CLOSE_TIMEOUT_MS / 1000,
                )
            return await self._handshaken(link)
        except (OSError, PeerError) as error:
            code = failure_code(error)
            self.counters.refused[code] += 1
            level = logging.WARNING if code == "node-key-in-use" else logging.INFO
            _logger.log(level, "refused a connection from %s: %s (%s)", address, code, error)
            return None

    async def _dial(self, peer: PeerAddress) -> None:
        """One attempt to reach a peer; a failure is counted."""
        tls = self._material()
        link = self._new_link(tls, peer)
        try:
            async with asyncio.timeout((limits.CONNECT_TIMEOUT_MS + limits.TLS_TIMEOUT_MS) / 1000):
                await asyncio.get_running_loop().create_connection(
                    lambda: link,
                    peer.host,
                    peer.port,
                    ssl=tls.client,
                    server_hostname="",
                    ssl_handshake_timeout=limits.TLS_TIMEOUT_MS / 1000,
                    ssl_shutdown_timeout=limits.LINK_CLOSE_TIMEOUT_MS / 1000,
                )
            await self._handshaken(link)
        except (OSError, PeerError) as error:
            code = failure_code(error)
            self.counters.dials_failed[code] += 1
            _logger.info("cannot link to %s:%d: %s (%s)", peer.host, peer.port, code, error)

    async def _handshaken(self, link: Link) -> Link:
        """Wait until the peer is proven; ends the connection if it is not, in time."""
        self._connections.add(link)
        link.closed.add_done_callback(lambda _: self._connections.discard(link))
        try:
            async with asyncio.timeout(limits.HELLO_TIMEOUT_MS / 1000):
                error = await link.established
        except TimeoutError:
            link.abort("hello-timeout", "no HELLO in time")
            raise PeerError("hello-timeout", "the peer did not prove itself in time") from None
        except asyncio.CancelledError:
            link.abort("shutting-down", "the network is closing")
            raise
        if error is not None:
            raise error
        return link

    def _material(self) -> TlsMaterial:
        if self._tls is None:
            raise Misuse("network-started", "the network was not started")
        return self._tls
