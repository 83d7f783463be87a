"""Requests and answers of one link.

    REQUEST = id (4 bytes) || kind (2 bytes) || payload      always on CONTROL
    ANSWER  = id || payload                                  on CONTROL, or on BLOCKS when it is long
    ERROR   = id || code in ASCII                            on CONTROL

Both directions are bounded: what we wait for, and what we work on for the peer. A
peer that does not read its answers is not worked for.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from chainnode import limits
from chainnode.errors import ChainError, DecodeError, Misuse, PeerError, RequestFailed
from chainnode.net.channel import ANSWER_BYTES_MAX, EXCHANGE_HEADER_BYTES, REQUEST_BYTES_MAX, Channel, Form
from chainnode.net.counter import NetworkCounters

_ID_BYTES: Final = 4
_CODE: Final = re.compile(rb"[a-z0-9-]{1,64}")
_logger = logging.getLogger(__name__)
Serve = Callable[[int, bytes], bytes | Awaitable[bytes]]
"""(kind, payload) -> answer."""
Send = Callable[[Form, Channel, bytes], bool]
Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


def read_code(payload: bytes) -> str:
    """A code that a peer sent.

    Raises:
        PeerError: ``code-malformed``: not 1 to 64 lower-case letters, digits and hyphens.
    """
    if _CODE.fullmatch(payload) is None:
        raise PeerError("code-malformed", "a peer sent a code that is none", found=len(payload))
    return payload.decode("ascii")


class Exchange:
    """The requests of both sides of one link."""

    __slots__ = ("_broken", "_counters", "_next_id", "_pending", "_send", "_serve", "_serving", "_spawn")

    def __init__(
        self, send: Send, serve: Serve, spawn: Spawn, broken: Callable[[str], None], counters: NetworkCounters
    ) -> None:
        """``broken`` is told the code when the peer broke the protocol outside of ``receive``."""
        self._send = send
        self._serve = serve
        self._spawn = spawn
        self._broken = broken
        self._counters = counters
        self._next_id = 0
        self._pending: dict[int, asyncio.Future[tuple[str, bytes]]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def request(self, kind: int, payload: bytes, timeout_ms: int) -> bytes:
        """Ask, and wait for the answer.

        Raises:
            RequestFailed: ``peer-busy`` (too many unanswered, or the queue is full),
                ``request-timeout``, ``link-lost``, or ``peer-error`` (details: ``answer``, the peer's code).
            Misuse: ``request-size``, or ``request-kind``: not 0 to 65,535.
        """
        if len(payload) > REQUEST_BYTES_MAX:
            raise Misuse("request-size", f"a request has at most {REQUEST_BYTES_MAX} bytes", found=len(payload))
        if not 0 <= kind <= 0xFFFF:
            raise Misuse("request-kind", "a kind is a number of two bytes", found=kind)
        if len(self._pending) >= limits.REQUESTS_OUTSTANDING_MAX:
            raise self._failed("peer-busy", "too many requests to this peer are unanswered")
        self._next_id = (self._next_id + 1) & 0xFFFFFFFF
        number = self._next_id
        header = number.to_bytes(_ID_BYTES, "big") + kind.to_bytes(EXCHANGE_HEADER_BYTES - _ID_BYTES, "big")
        answered: asyncio.Future[tuple[str, bytes]] = asyncio.get_running_loop().create_future()
        self._pending[number] = answered
        try:
            if not self._send(Form.REQUEST, Channel.CONTROL, header + payload):
                raise self._failed("peer-busy", "the queue of this peer is full")
            async with asyncio.timeout(timeout_ms / 1000):
                code, answer = await answered
        except TimeoutError as error:
            raise self._failed("request-timeout", "the peer did not answer in time", timeout_ms=timeout_ms) from error
        finally:
            del self._pending[number]
        if code == "link-lost":
            raise self._failed(code, "the link was lost before the answer came")
        if code:
            raise self._failed("peer-error", "the peer refused the request", answer=code)
        return answer

    def expects(self, payload: bytes) -> bool:
        """Whether ``payload`` answers something we asked and still wait for."""
        return int.from_bytes(payload[:_ID_BYTES], "big") in self._pending

    def receive(self, form: Form, payload: bytes) -> None:
        """Take a request, an answer or an error from the peer. A late answer is ignored.

        Raises:
            PeerError: ``exchange-malformed`` or ``code-malformed``, or what the handler found.
        """
        header = EXCHANGE_HEADER_BYTES if form is Form.REQUEST else _ID_BYTES
        if len(payload) < header:
            raise PeerError("exchange-malformed", "shorter than its header", found=len(payload))
        if form is Form.REQUEST:
            self._received_request(payload[:_ID_BYTES], payload)
            return
        code = read_code(payload[_ID_BYTES:]) if form is Form.ERROR else ""
        pending = self._pending.get(int.from_bytes(payload[:_ID_BYTES], "big"))
        if pending is not None and not pending.done():
            pending.set_result((code, payload[_ID_BYTES:]))

    def close(self) -> None:
        """Fail what we wait for and stop what we work on: the link is gone."""
        for pending in self._pending.values():
            if not pending.done():
                pending.set_result(("link-lost", b""))
        for task in self._serving:
            task.cancel()

    def _received_request(self, number: bytes, payload: bytes) -> None:
        if len(self._serving) >= limits.REQUESTS_SERVED_MAX:
            self._send(Form.ERROR, Channel.CONTROL, number + b"busy")
            return
        kind = int.from_bytes(payload[_ID_BYTES:EXCHANGE_HEADER_BYTES], "big")
        try:
            answer = self._serve(kind, payload[EXCHANGE_HEADER_BYTES:])
        except (PeerError, DecodeError):
            raise
        except ChainError as error:
            self._send(Form.ERROR, Channel.CONTROL, number + error.code.encode("ascii"))
        except Exception:
            _logger.exception("a request of kind %d failed", kind)
            self._send(Form.ERROR, Channel.CONTROL, number + b"internal")
        else:
            if isinstance(answer, bytes):
                self._answer(number, answer)
            else:
                task = self._spawn(self._work(number, kind, answer))
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)

    async def _work(self, number: bytes, kind: int, work: Awaitable[bytes]) -> None:
        try:
            answer = await work
        except (PeerError, DecodeError) as error:
            self._broken(error.code)
        except ChainError as error:
            self._send(Form.ERROR, Channel.CONTROL, number + error.code.encode("ascii"))
        except Exception:
            _logger.exception("a request of kind %d failed", kind)
            self._send(Form.ERROR, Channel.CONTROL, number + b"internal")
        else:
            self._answer(number, answer)

    def _answer(self, number: bytes, answer: bytes) -> None:
        if len(answer) > ANSWER_BYTES_MAX:
            _logger.error("an answer of %d bytes is longer than the protocol allows", len(answer))
            self._send(Form.ERROR, Channel.CONTROL, number + b"internal")
            return
        channel = Channel.CONTROL if len(answer) <= limits.FRAGMENT_BYTES_MAX else Channel.BLOCKS
        if not self._send(Form.ANSWER, channel, number + answer):
            self._send(Form.ERROR, Channel.CONTROL, number + b"busy")

    def _failed(self, code: str, message: str, **details: str | int) -> RequestFailed:
        self._counters.requests_failed[code] += 1
        return RequestFailed(code, message, **details)
