"""Which links are up: one per peer, by the chain's allow list and the bans in force."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from chainnode.errors import PeerError
from chainnode.net.ban import BanList
from chainnode.net.channel import Channel
from chainnode.net.connection import Link
from chainnode.net.counter import NetworkCounters
from chainnode.net.dialer import Dialer, dials_first, replaces_link
from chainnode.net.exchange import Exchange, Spawn
from chainnode.net.handshake import Hello
from chainnode.net.peer import AllowList, NetworkHandler, Peer

_logger = logging.getLogger(__name__)


class LinkTable:
    """The links that are up, by node key; the ``LinkOwner`` of all links."""

    def __init__(
        self,
        own_key: bytes,
        allowed: AllowList,
        handler: NetworkHandler,
        counters: NetworkCounters,
        *,
        spawn: Spawn,
        crashed: Callable[[BaseException], None],
    ) -> None:
        """``spawn`` owns the tasks that work on requests; ``crashed`` is told when our own code failed."""
        self._own_key = own_key
        self._allowed = allowed
        self._handler = handler
        self._counters = counters
        self._spawn = spawn
        self._crashed = crashed
        self.links: dict[bytes, Link] = {}
        self.bans = BanList()
        self.dialers: dict[bytes, Dialer] = {}

    def now_ms(self) -> int:
        """Monotonic time of the event loop in milliseconds."""
        return int(asyncio.get_running_loop().time() * 1000)

    def may_dial(self, node_key: bytes) -> bool | None:
        """True: dial now; False: only if the peer does not dial us; None: not at present."""
        role, own_role = self._allowed(node_key), self._allowed(self._own_key)
        if role is None or node_key in self.links or self.bans.reason(node_key, self.now_ms()) is not None:
            return None
        if dials_first(self._own_key, own_role, node_key, role):
            return True
        # A validator waits for its observers: it need not reach them, and they may be behind an address translator.
        return False if role.is_validator == (own_role is not None and own_role.is_validator) else None

    def penalise(self, node_key: bytes, code: str) -> None:
        """Close the link and ban the node."""
        link = self.links.get(node_key)
        role = link.peer.role if link is not None and link.peer is not None else self._allowed(node_key)
        validator = role is not None and role.is_validator
        length_ms = self.bans.add(node_key, code, validator=validator, now_ms=self.now_ms())
        self._counters.bans[code] += 1
        _logger.warning("banned %s for %d ms: %s", node_key.hex(), length_ms, code)
        if link is not None:
            link.close(code)

    def tick(self, now_s: float) -> None:
        """Ask the chain again about every peer, and let every link check its time-outs."""
        for key, link in list(self.links.items()):
            role = self._allowed(key)
            if role is None:
                link.close("node-unknown", "the chain no longer knows this node")
            elif link.peer is not None:
                link.peer.role = role
            link.tick(now_s)

    # What a link calls.

    def link_offered(self, link: Link, peer: Peer, hello: Hello) -> Exchange:
        """Decide about a proven peer: not banned, and not a second link."""
        banned_for = self.bans.reason(peer.node_key, self.now_ms())
        if banned_for is not None:
            raise PeerError("banned", f"this node is refused for a while: {banned_for}")
        old = self.links.get(peer.node_key)
        if old is not None:
            if not self._replaces(old, peer, hello):
                raise PeerError("duplicate-link", "there is a link to this node already")
            old.close("duplicate-link", "another link of the same peer took its place")
        return Exchange(
            send=link.send_form,
            serve=partial(self._handler.on_request, peer),
            spawn=self._spawn,
            broken=partial(self.link_broken, link),
            counters=self._counters,
        )

    def link_up(self, link: Link, peer: Peer) -> None:
        """Enter the link and tell the node."""
        self.links[peer.node_key] = link
        dialer = self.dialers.get(peer.node_key)
        if dialer is not None:
            dialer.link_up()
        self._handler.on_connected(peer)

    def link_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        """Hand a message to the node."""
        self._handler.on_message(peer, channel, payload)

    def link_broken(self, link: Link, code: str) -> None:
        """Ban the peer behind the link, and close it."""
        if link.peer is not None:
            self.penalise(link.peer.node_key, code)
        link.close(code)

    def link_down(self, link: Link, reason: str) -> None:
        """Take the link out and tell the node."""
        peer = link.peer
        if peer is None or self.links.get(peer.node_key) is not link:
            return
        del self.links[peer.node_key]
        self._counters.closed[reason] += 1
        dialer = self.dialers.get(peer.node_key)
        if dialer is not None:
            dialer.link_down()
        try:
            self._handler.on_disconnected(peer, reason)
        except BaseException as error:
            self._crashed(error)
            raise

    def link_crashed(self, error: BaseException) -> None:
        """End the network: the handler's state is unknown."""
        self._crashed(error)

    def _replaces(self, old: Link, peer: Peer, hello: Hello) -> bool:
        if old.peer is None or old.hello is None:
            return True
        return replaces_link(
            old_outbound=old.peer.outbound,
            new_outbound=peer.outbound,
            same_instance=old.hello.instance == hello.instance,
            we_dial_first=dials_first(self._own_key, self._allowed(self._own_key), peer.node_key, peer.role),
        )
