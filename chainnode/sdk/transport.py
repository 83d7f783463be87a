"""Requests to several equal nodes, answered by whichever is well.

Every request of this API may be repeated: reads change nothing, and the same envelope twice is one transaction. So a
broken connection, a time-out, 429 and 5xx all mean "ask the next node", and after a round of all of them a pause that
grows and varies. Answers are bounded; what a node refuses is raised at once with its code.
"""

import asyncio
import io
import os
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec

from chainnode.clock import Clock, SystemClock
from chainnode.errors import ChainError, ConfigError, Detail, NotFound, Rejected
from chainnode.sdk.answer import ProblemAnswer
from chainnode.sdk.errors import Unavailable

T = TypeVar("T")

ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
"""A full block of 4 MiB in base64 inside JSON stays below 6 MiB."""
PAUSE_MS_MIN: Final = 50
PAUSE_MS_MAX: Final = 2_000
REST_MS_MAX: Final = 10_000
"""No failure and no Retry-After sends a node to the end of the queue for longer."""
NODES_MAX: Final = 64

_RETRY_STATUS: Final = frozenset({429, 500, 502, 503})
_decode_problem = msgspec.json.Decoder(ProblemAnswer).decode


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer of a node."""

    status: int
    media_type: str
    body: bytes
    node: str
    """Base URL of the node that gave it."""


@dataclass(slots=True)
class _Node:
    url: str
    failures: int = 0
    """In a row; each doubles the rest."""
    rests_until_ms: int = 0

DID_RESOLUTION: Final = "application/did-resolution"


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str | int]
    body: bytes | None
    headers: Mapping[str, str]


class Transport:
    """One HTTP session over a list of nodes."""

    def __init__(
        self,
        base_urls: Sequence[str],
        *,
        attempt_timeout_ms: int = 10_000,
        patience_ms: int = 30_000,
        spread: bool = False,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare to talk to 1-64 nodes; connects on first use.

        Args:
            base_urls: such as ``http://127.0.0.1:8100``; earlier ones are preferred.
            attempt_timeout_ms: one try at one node, beyond what the request itself waits for.
            patience_ms: all tries of one request together.
            spread: begin each request at another node, so that load spreads (and reads may go back in time).
            tls: for ``https`` nodes with a private authority.
            clock: monotonic time.

        Raises:
            ConfigError: ``node-url``: none, too many, or not an http(s) URL.
        """
        if not 1 <= len(base_urls) <= NODES_MAX:
            raise ConfigError("node-url", f"between 1 and {NODES_MAX} node URLs are needed", found=len(base_urls))
        self._nodes = [_Node(_parse_url(url)) for url in base_urls]
        self._attempt_timeout_ms = attempt_timeout_ms
        self._patience_ms = patience_ms
        self._spread = spread
        self._tls = tls
        self._clock = clock or SystemClock()
        self._first = 0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; the transport opens new ones if used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def now_ms(self) -> int:
        """Monotonic time by which this client measures its patience."""
        return self._clock.monotonic_ms()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: bytes | None = None,
        content_type: str = "application/msgpack",
        accept: str = "application/json",
        waits_ms: int = 0,
        patience_ms: int | None = None,
    ) -> Answer:
        """The first usable answer of any node.

        Args:
            method: HTTP method.
            path: below the base URL, percent-encoded already, beginning with ``/``.
            query: parameters to add.
            body: request body, sent as ``content_type``.
            content_type: of ``body``.
            accept: media type asked for.
            waits_ms: how long the node is asked to hold this request before it answers.
            patience_ms: for all tries of this request, instead of the transport's own.

        Raises:
            NotFound: 404 or 410, with the node's code.
            Rejected: any other refusal (4xx), or 504 ``not-yet-committed``.
            Unavailable: no node answered usably within the patience.
        """
        patience_ms = self._patience_ms + waits_ms if patience_ms is None else patience_ms
        deadline_ms = self.now_ms() + patience_ms
        headers = {"Accept": accept} if body is None else {"Accept": accept, "Content-Type": content_type}
        request = _Request(method, path, query or {}, body, headers)
        failure: ChainError = Unavailable("unreachable", "no node was asked")
        turn = 0
        while True:
            for node in self._order():
                left_ms = deadline_ms - self.now_ms()
                if left_ms <= 0:
                    raise failure
                try:
                    async with asyncio.timeout(min(self._attempt_timeout_ms + waits_ms, left_ms) / 1000):
                        return await self._ask(node, request)
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    message = f"{node.url} did not answer: {_reason(error)}"
                    failure = Unavailable("unreachable", message, node=node.url)
                    self._rest(node, 0)
                except Unavailable as error:
                    failure = error
            await self._pause(turn, deadline_ms)
            turn += 1

    def _order(self) -> list[_Node]:
        """All nodes, the rested ones first, from the preferred one on."""
        first = self._first
        if self._spread:
            self._first = (first + 1) % len(self._nodes)
        nodes = self._nodes[first:] + self._nodes[:first]
        now_ms = self.now_ms()
        return sorted(nodes, key=lambda node: node.rests_until_ms > now_ms)

    def _rest(self, node: _Node, asked_ms: int) -> None:
        """Prefer the other nodes for a while (longer after each failure), and the next one from now on."""
        node.failures += 1
        pause_ms = max(asked_ms, PAUSE_MS_MIN << min(node.failures, 10))
        node.rests_until_ms = self.now_ms() + min(pause_ms, REST_MS_MAX)
        if not self._spread and self._nodes[self._first] is node:
            self._first = (self._first + 1) % len(self._nodes)

    async def _pause(self, turn: int, deadline_ms: int) -> None:
        ceiling_ms = min(PAUSE_MS_MAX, PAUSE_MS_MIN << min(turn, 10))
        pause_ms = ceiling_ms // 2 + secrets.randbelow(ceiling_ms // 2 + 1)
        left_ms = max(0, deadline_ms - self.now_ms())
        await asyncio.sleep(min(pause_ms, left_ms) / 1000)

    async def _ask(self, node: _Node, request: _Request) -> Answer:
        url = node.url + request.path + ("?" + urlencode(request.query) if request.query else "")
        # A stream each time: large bytes would be written at once and hold up the loop.
        data = None if request.body is None else io.BytesIO(request.body)
        async with self._open().request(
            request.method, url, data=data, headers=request.headers, allow_redirects=False
        ) as response:
            content = await _read_bounded(response, node)
            # A resolver's failures are results too, in a form of their own.
            if response.status < 300 or response.content_type == DID_RESOLUTION:
                node.failures = 0
                return Answer(response.status, response.content_type, content, node.url)
            problem = _problem(response, content)
            if response.status in _RETRY_STATUS:
                self._rest(node, _retry_after_ms(response))
                reason = f"status {response.status}" if problem is None else f"{problem.code}: {problem.detail}"
                raise Unavailable("node-failed", f"{node.url} cannot answer now: {reason}", node=node.url)
            if problem is None:
                raise Rejected("not-this-api", f"{url} answered {response.status}, and not as this API does")
            raise _refusal(response.status, problem)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, limit_per_host=64, ssl=self._tls or True)
            # The deadlines are ours, per attempt: aiohttp's own total would cut a long committed wait.
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False, trust_env=False
            )
        return self._session


def _parse_url(text: str) -> str:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ConfigError("node-url", f"{text!r} is not a URL: {error}") from error
    if url.scheme not in {"http", "https"} or not url.hostname or port == 0 or url.query or url.fragment:
        raise ConfigError("node-url", f"{text!r} is not the URL of a node", expected="http://HOST:PORT")
    return text.rstrip("/")


async def _read_bounded(response: aiohttp.ClientResponse, node: _Node) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise Unavailable("bad-answer", f"{node.url} answered with more than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def read_answer(answer: Answer, kind: type[T]) -> T:
    """The typed content of a JSON or MessagePack answer.

    Raises:
        Unavailable: ``bad-answer``: it has another shape.
    """
    try:
        if answer.media_type == "application/msgpack":
            return msgspec.msgpack.decode(answer.body, type=kind)
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unavailable(
            "bad-answer", f"{answer.node} sent an unreadable answer: {error}", node=answer.node
        ) from error


def _problem(response: aiohttp.ClientResponse, content: bytes) -> ProblemAnswer | None:
    if response.content_type != "application/problem+json":
        return None
    try:
        return _decode_problem(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _retry_after_ms(response: aiohttp.ClientResponse) -> int:
    text = response.headers.get("Retry-After", "")
    return int(text) * 1000 if text.isascii() and text.isdigit() and len(text) < 6 else PAUSE_MS_MIN


def _refusal(status: int, problem: ProblemAnswer) -> ChainError:
    details: dict[str, Detail] = {
        name: value for name, value in problem.details.items() if value is None or isinstance(value, str | int | bool)
    }
    details |= {"status": status, "retryable": problem.retryable, "hint": problem.hint}
    kind = NotFound if status in {404, 410} else Rejected
    details.pop("code", None)
    details.pop("message", None)
    return kind(problem.code, problem.detail or problem.title, **details)


def _reason(error: Exception) -> str:
    """Why there was no answer; the system's own word for it where there is one."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno is not None:
        return os.strerror(error.os_error.errno) if error.os_error.errno > 0 else str(error.os_error)
    return str(error) or type(error).__name__
