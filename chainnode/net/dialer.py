"""Who dials whom, how often, and what a failed attempt is called."""

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable

from chainnode import limits
from chainnode.errors import PeerError
from chainnode.net.peer import PeerAddress, PeerRole


def dials_first(own_key: bytes, own_role: PeerRole | None, peer_key: bytes, peer_role: PeerRole | None) -> bool:
    """Whether we, not the peer, are the one to dial; the same answer on both sides.

    Observers dial validators; among equals the smaller node key dials. A node that the
    chain does not know (yet) counts as an observer.
    """
    own_votes = own_role is not None and own_role.is_validator
    peer_votes = peer_role is not None and peer_role.is_validator
    return own_key < peer_key if own_votes == peer_votes else peer_votes


def replaces_link(*, old_outbound: bool, new_outbound: bool, same_instance: bool, we_dial_first: bool) -> bool:
    """Whether a new link of the same peer replaces the one that is up; both ends come to the same decision.

    Another instance: the peer restarted, the old link is dead. Dialled by the same
    side: it would not dial had it not lost the old one. Otherwise both dialled at
    once, and the attempt of the side that dials first stands.
    """
    return not same_instance or new_outbound in (old_outbound, we_dial_first)


def failure_code(error: OSError | PeerError) -> str:
    """The stable code of an attempt that did not become a link."""
    match error:
        case PeerError():
            return error.code
        case ssl.SSLCertVerificationError():
            return "tls-certificate"
        case ssl.SSLError():
            # An SSLError that did not come from OpenSSL has no reason at all.
            missing = getattr(error, "reason", None) == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
            return "tls-no-certificate" if missing else "tls"
        case TimeoutError() | ConnectionAbortedError():
            return "timeout"
        case ConnectionResetError() | BrokenPipeError():
            return "connection-reset"
        case _:
            return "unreachable"


class Backoff:
    """Doubling waits with jitter, so that peers of a restarted node do not dial in step."""

    __slots__ = ("_next_ms",)

    def __init__(self) -> None:
        self._next_ms = limits.RECONNECT_MS_MIN

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._next_ms = limits.RECONNECT_MS_MIN

    def wait_s(self) -> float:
        """Seconds to wait now: half to all of the present step; the next step is twice as long, up to the bound."""
        step_ms = self._next_ms
        self._next_ms = min(2 * step_ms, limits.RECONNECT_MS_MAX)
        return (step_ms // 2 + secrets.randbelow(step_ms // 2 + 1)) / 1000


class Dialer:
    """Keeps one configured peer linked."""

    def __init__(
        self,
        address: PeerAddress,
        dial: Callable[[PeerAddress], Awaitable[None]],
        may_dial: Callable[[bytes], bool | None],
    ) -> None:
        """``may_dial(node key)``: True now, False after the peer had its chance, None not at present."""
        self.address = address
        self._dial = dial
        self._may_dial = may_dial
        self._unlinked = asyncio.Event()
        self._unlinked.set()
        self._backoff = Backoff()
        self._up_since_s = 0.0

    def link_up(self) -> None:
        """A link to the peer is up, whoever dialled."""
        self._unlinked.clear()
        self._up_since_s = asyncio.get_running_loop().time()

    def link_down(self) -> None:
        """The link is gone. One that held for a while earns a quick first attempt."""
        if asyncio.get_running_loop().time() - self._up_since_s >= limits.BAN_MS_MIN / 1000:
            self._backoff.reset()
        self._unlinked.set()

    async def run(self) -> None:
        """Dial whenever there is no link, until cancelled."""
        first = True
        while True:
            await self._unlinked.wait()
            now = self._may_dial(self.address.node_key)
            if now is False:
                await asyncio.sleep(limits.DIAL_YIELD_MS / 1000)
            if not first or now is None:
                await asyncio.sleep(self._backoff.wait_s())
            first = False
            if now is not None and self._unlinked.is_set():
                await self._dial(self.address)
