"""One link: a TLS connection from its first byte to its last.

An asyncio protocol, no task: what the socket gives is cut into frames and handed on
in the same call; what is to be sent waits in the queue and is joined into one write
per turn of the event loop. Time-outs are checked by the network's ``tick``.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, Protocol, cast

from chainnode import limits
from chainnode.codec.framing import FrameParser, encode_frame
from chainnode.crypto.tls import fingerprint, node_key_of
from chainnode.errors import DecodeError, PeerError, RequestFailed
from chainnode.net.channel import BOUNDS, LINK_TAG, Assembler, Channel, Form, encode_message
from chainnode.net.counter import NetworkCounters
from chainnode.net.exchange import Exchange, read_code
from chainnode.net.handshake import Handshake, Hello, LinkMessage
from chainnode.net.peer import Peer
from chainnode.net.queue import Frames, SendQueue
from chainnode.net.rate import TokenBucket
from chainnode.net.tls import ALPN

_PING_BYTES: Final = 8
_RTT_WEIGHT: Final = 0.2
"""Of the newest ping in the smoothed round trip."""


class LinkOwner(Protocol):
    """What a link tells the network. Only links whose peer is proven call these."""

    def link_offered(self, link: "Link", peer: Peer, hello: Hello) -> Exchange:
        """Make the exchange of a link that may come up; a ``PeerError`` refuses it."""

    def link_up(self, link: "Link", peer: Peer) -> None:
        """The link is ready to use."""

    def link_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        """One message from the peer."""

    def link_broken(self, link: "Link", code: str) -> None:
        """The peer broke the protocol: close and ban."""

    def link_down(self, link: "Link", reason: str) -> None:
        """The link ended. Called once if ``link_offered`` accepted it."""

    def link_crashed(self, error: BaseException) -> None:
        """Our own code failed while it handled the peer's bytes."""


class Link(asyncio.Protocol):
    """Both directions of one connection."""

    def __init__(
        self,
        owner: LinkOwner,
        begin: Callable[[bytes, bytes | None], Handshake],
        counters: NetworkCounters,
    ) -> None:
        """``begin(peer certificate fingerprint, node key it names)`` makes the handshake once TLS is done."""
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._begin = begin
        self._counters = counters
        self._handshake: Handshake | None = None
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._parser = FrameParser(limits.HELLO_BYTES_MAX)
        self._assembler = Assembler()
        self.queue = SendQueue(counters)
        self._flush_planned = False
        self._writable = True
        self._reading_paused = False
        now_s = self._loop.time()
        rate = limits.CHANNEL_BYTES_PER_S_MAX
        self._channel_rates = [TokenBucket(rate, rate, now_s) for _ in BOUNDS]
        self._link_rate = TokenBucket(limits.LINK_BYTES_PER_S_MAX, limits.LINK_BYTES_PER_S_MAX, now_s)
        self._received_s = now_s
        self._frame_since_s: float | None = None
        self._stalled_since_s: float | None = None
        self._pinged_s = now_s
        self._timers: list[asyncio.TimerHandle] = []
        self._reason: str | None = None
        self.peer: Peer | None = None
        """Who it is; None until the link is up."""
        self.hello: Hello | None = None
        self.established: asyncio.Future[PeerError | None] = self._loop.create_future()
        """Done when the link is up (None) or has failed to come up (why)."""
        self.closed: asyncio.Future[None] = self._loop.create_future()
        """Done when the connection is gone and its descriptor free."""

    @property
    def is_ending(self) -> bool:
        """Whether the link was closed, by whomever."""
        return self._reason is not None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is done on our side: say HELLO."""
        # uvloop's transports have every method of asyncio.Transport but do not inherit from it.
        transport = cast(asyncio.Transport, transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=limits.WRITE_BATCH_BYTES)
        connection: socket.socket = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # What the kernel holds unsent no vote can overtake.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, limits.WRITE_BATCH_BYTES)
        session: ssl.SSLObject = transport.get_extra_info("ssl_object")
        certificate = session.getpeercert(binary_form=True) or b""
        if session.selected_alpn_protocol() != ALPN:
            self._refuse(PeerError("tls-alpn", "the TLS session is not for this protocol", expected=ALPN))
            return
        self._handshake = self._begin(fingerprint(certificate), node_key_of(certificate))
        self._write_link(self._handshake.opening())

    def data_received(self, data: bytes) -> None:
        """Cut into frames and hand on; a fault of the peer closes the link."""
        if self._reason is not None:
            return
        now_s = self._loop.time()
        self._received_s = now_s
        frames = 0
        try:
            for tag, payload in self._parser.feed(data):
                frames += 1
                self._received(tag, payload, now_s)
                if self.is_ending:
                    return
        except (PeerError, DecodeError) as error:
            self._fault(error)
            return
        except BaseException as error:
            self._owner.link_crashed(error)
            raise
        # By reads and frames, too: 2 MB of empty ones cost a second of our time.
        self._slow_down(self._link_rate.charge(len(data) + max(frames, 1) * limits.FRAME_COST_BYTES, now_s))
        if not self._parser.pending_bytes:
            self._frame_since_s = None
        elif frames or self._frame_since_s is None:
            self._frame_since_s = now_s

    def pause_writing(self) -> None:
        """The socket is full: keep what comes in our own bounded queue."""
        self._writable = False
        self._stalled_since_s = self._loop.time()

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable = True
        self._stalled_since_s = None
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The descriptor is closed."""
        if isinstance(exc, ssl.SSLError):
            self._end("tls-alert", f"the peer refused our TLS session: {exc}")
        else:
            self._end("link-lost", "the connection was lost")
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if not self.closed.done():
            self.closed.set_result(None)

    # What the network calls.

    def send(self, channel: Channel, frames: Frames) -> bool:
        """Queue a message made by ``encode_message``; False if it was not accepted."""
        if self._reason is not None:
            return False
        accepted = self.queue.push(channel, frames)
        if not self._flush_planned and self._writable:
            self._flush_planned = True
            self._loop.call_soon(self._flush)
        return accepted

    async def request(self, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """Ask the peer; the link must be up. Raises as ``Exchange.request``."""
        if self._exchange is None:
            raise RequestFailed("link-lost", "the link is not up")
        return await self._exchange.request(kind, payload, timeout_ms)

    def send_form(self, form: Form, channel: Channel, payload: bytes) -> bool:
        """Encode and queue one message; False if it was not accepted."""
        return self.send(channel, encode_message(form, channel, payload))

    def close(self, code: str, message: str = "closed on this side") -> None:
        """End the link: tell the peer why, then close. Without effect on a link that is ending."""
        if self._reason is not None:
            return
        transport = self._transport
        if transport is not None and not transport.is_closing():
            self._write_link(bytes((LinkMessage.CLOSE,)) + code.encode("ascii"))
        self._end(code, message)
        if transport is not None:
            transport.close()
            self._timers.append(self._loop.call_later(limits.LINK_CLOSE_TIMEOUT_MS / 1000, transport.abort))

    def abort(self, code: str, message: str) -> None:
        """End the link at once, without a word: the peer does not listen."""
        self._end(code, message)
        if self._transport is not None:
            self._transport.abort()

    def tick(self, now_s: float) -> None:
        """End the link if the peer is gone, stuck or dribbling; ping it if it is time."""
        if self._reason is not None:
            return
        frame_s, stalled_s = self._frame_since_s, self._stalled_since_s
        message_s = self._assembler.oldest_since()
        if now_s - self._received_s > limits.SILENCE_MS_MAX / 1000:
            self.abort("silent", "nothing was received for too long")
        elif stalled_s is not None and now_s - stalled_s > limits.STALL_MS_MAX / 1000:
            self.abort("stalled", "the peer takes nothing")
        elif frame_s is not None and now_s - frame_s > limits.FRAME_MS_MAX / 1000:
            self.abort("frame-timeout", "a frame took too long")
        elif message_s is not None and now_s - message_s > limits.MESSAGE_MS_MAX / 1000:
            self.abort("frame-timeout", "a message took too long")
        elif self._writable and self.peer is not None and now_s - self._pinged_s >= limits.PING_INTERVAL_MS / 1000:
            self._pinged_s = now_s
            self._write_link(bytes((LinkMessage.PING,)) + int(now_s * 1e6).to_bytes(_PING_BYTES, "big"))

    # Receiving.

    def _received(self, tag: int, payload: bytes, now_s: float) -> None:
        if tag == LINK_TAG:
            self._received_link(payload, now_s)
            return
        peer, exchange = self.peer, self._exchange
        if peer is None or exchange is None:
            raise PeerError("hello-order", "a message came before the handshake was done", tag=tag)
        whole = self._assembler.feed(tag, payload, now_s)
        if whole is None:
            return
        form, channel, message = whole
        size = len(message)
        self._counters.messages_in[channel] += 1
        self._counters.bytes_in[channel] += size
        asked_for = (form is Form.ANSWER or form is Form.ERROR) and exchange.expects(message)
        if not asked_for and not self._channel_rates[channel].take(size + limits.FRAME_COST_BYTES, now_s):
            self._counters.limited_in[channel] += 1
        elif form is Form.MESSAGE:
            self._owner.link_message(peer, channel, message)
        else:
            exchange.receive(form, message)

    def _received_link(self, payload: bytes, now_s: float) -> None:
        kind = payload[0] if payload else 0
        if kind == LinkMessage.CLOSE:
            code = read_code(payload[1:])
            if self.peer is None:
                self._refuse(PeerError("peer-refused", f"the peer refused: {code}", answer=code))
            else:
                self.close("peer-closed", f"the peer closed: {code}")
        elif self.peer is None:
            self._received_handshake(payload)
        elif len(payload) != 1 + _PING_BYTES:
            raise PeerError("ping-malformed", "neither a ping nor a pong", found=kind)
        elif not self._channel_rates[Channel.CONTROL].take(limits.FRAME_COST_BYTES, now_s):
            self._counters.limited_in[Channel.CONTROL] += 1
        elif kind == LinkMessage.PING:
            if self._writable:
                self._write_link(bytes((LinkMessage.PONG,)) + payload[1:])
        elif kind == LinkMessage.PONG:
            sent_ms = int.from_bytes(payload[1:], "big") / 1e3
            if 0 <= now_s * 1e3 - sent_ms <= limits.SILENCE_MS_MAX:
                sample_ms = now_s * 1e3 - sent_ms
                before_ms = self.peer.rtt_ms
                self.peer.rtt_ms = sample_ms if before_ms is None else before_ms + _RTT_WEIGHT * (sample_ms - before_ms)
        else:
            raise PeerError("hello-order", "a handshake message on a link that is up", found=kind)

    def _received_handshake(self, payload: bytes) -> None:
        handshake = self._handshake
        if handshake is None:
            raise PeerError("hello-order", "the handshake has not begun")
        reply, proven = handshake.receive(payload)
        if reply is not None:
            self._write_link(reply)
        hello, role, transport = handshake.hello, handshake.role, self._transport
        if not proven or hello is None or role is None or transport is None:
            return
        host, port = transport.get_extra_info("peername")[:2]
        peer = Peer(
            node_key=hello.node_key,
            role=role,
            address=f"{host}:{port}",
            outbound=handshake.outbound,
            since_ms=int(self._loop.time() * 1000),
            tip_height=hello.tip_height,
            listen=hello.listen,
        )
        self._exchange = self._owner.link_offered(self, peer, hello)
        self._handshake = None
        self._parser.allow(limits.FRAGMENT_BYTES_MAX + 1)
        self.peer, self.hello = peer, hello
        if not self.established.done():
            self.established.set_result(None)
        self._owner.link_up(self, peer)

    def _slow_down(self, debt_s: float) -> None:
        transport = self._transport
        if debt_s <= 0 or transport is None or self._reading_paused:
            return
        self._reading_paused = True
        self._counters.reading_paused += 1
        transport.pause_reading()
        self._timers = [timer for timer in self._timers if timer.when() > self._loop.time()]
        self._timers.append(self._loop.call_later(debt_s, self._read_on))

    def _read_on(self) -> None:
        self._reading_paused = False
        if self._reason is None and self._transport is not None:
            self._transport.resume_reading()

    # Sending and ending.

    def _flush(self) -> None:
        self._flush_planned = False
        transport = self._transport
        if self._reason is not None or not self._writable or transport is None or not self.queue:
            return
        transport.write(b"".join(self.queue.take(limits.WRITE_BATCH_BYTES)))
        if self.queue and not self._flush_planned:
            self._flush_planned = True
            self._loop.call_soon(self._flush)

    def _write_link(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.write(encode_frame(LINK_TAG, message))

    def _fault(self, error: PeerError | DecodeError) -> None:
        if self.peer is not None:
            self._owner.link_broken(self, error.code)
        else:
            self._refuse(error)

    def _refuse(self, error: PeerError | DecodeError) -> None:
        if not self.established.done():
            self.established.set_result(error if isinstance(error, PeerError) else PeerError(error.code, error.message))
        self.close(error.code, error.message)

    def _end(self, code: str, message: str) -> None:
        if self._reason is not None:
            return
        self._reason = code
        self.queue.clear()
        if not self.established.done():
            self.established.set_result(PeerError(code, message))
        if self._exchange is not None:
            self._exchange.close()
        if self.peer is not None:
            self._owner.link_down(self, code)
