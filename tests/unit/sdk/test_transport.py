"""One answer from several nodes: a node's fault is passed over, the caller's own is raised at once."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chainnode.errors import ChainError, ConfigError, NotFound, Rejected
from chainnode.sdk import transport as transport_module
from chainnode.sdk.answer import ProblemAnswer
from chainnode.sdk.errors import Unavailable
from chainnode.sdk.transport import Transport, read_answer

Answer = Callable[[web.Request], web.StreamResponse]


def problem(status: int, code: str, **more: object) -> web.Response:
    body = json.dumps({"code": code, "detail": f"because of {code}", **more}).encode()
    return web.Response(status=status, body=body, content_type="application/problem+json")


class Node:
    """A real HTTP server with a scripted answer."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Answer = lambda _: web.json_response({"node": self.url})
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        self.last = request
        self.body = await request.read()
        return self.answer(request)


@asynccontextmanager
async def nodes(count: int) -> AsyncIterator[list[Node]]:
    made = [Node() for _ in range(count)]
    runners = []
    for node in made:
        app = web.Application(client_max_size=8_000_000)
        app.router.add_route("*", "/{tail:.*}", node.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        node.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        runners.append(runner)
    try:
        yield made
    finally:
        for runner in runners:
            await runner.cleanup()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "PAUSE_MS_MIN", 2)


async def test_the_first_node_is_preferred() -> None:
    async with nodes(2) as [first, second], Transport([first.url, second.url]) as transport:
        for _ in range(3):
            answer = await transport.request("GET", "/x", query={"a": "b c&d"})
        assert json.loads(answer.body) == {"node": first.url}
        assert first.last.query == {"a": "b c&d"}
        assert second.asked == 0


async def test_a_large_body_is_sent_whole_and_again() -> None:
    body = bytes(3_000_000)
    async with nodes(2) as [busy, well]:
        busy.answer = lambda _: problem(503, "pool-full")
        async with Transport([busy.url, well.url]) as transport:
            await transport.request("POST", "/x", body=body)
        assert busy.body == well.body == body


async def test_spreading_begins_each_request_elsewhere() -> None:
    async with nodes(3) as made, Transport([node.url for node in made], spread=True) as transport:
        for _ in range(6):
            await transport.request("GET", "/x")
        assert [node.asked for node in made] == [2, 2, 2]


async def test_a_dead_node_is_passed_over_and_left_last() -> None:
    async with nodes(1) as [alive]:
        async with Transport(["http://127.0.0.1:1", alive.url]) as transport:
            for _ in range(3):
                assert (await transport.request("GET", "/x")).node == alive.url
        assert alive.asked == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_node_that_cannot_now_is_passed_over(status: int) -> None:
    async with nodes(2) as [busy, well]:
        busy.answer = lambda _: problem(status, "over-capacity")
        async with Transport([busy.url, well.url]) as transport:
            assert (await transport.request("POST", "/x", body=b"1")).node == well.url
            assert (await transport.request("POST", "/x", body=b"2")).node == well.url
        assert busy.asked == 1, "it was asked to rest and another is well"


async def test_a_node_that_never_answers_is_passed_over() -> None:
    async with nodes(1) as [well]:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with Transport([url, well.url], attempt_timeout_ms=50) as transport:
                assert (await transport.request("GET", "/x")).node == well.url


async def test_trouble_that_passes_is_waited_out() -> None:
    async with nodes(1) as [node]:
        node.answer = lambda _: problem(503, "not-ready") if node.asked < 4 else web.json_response([])
        async with Transport([node.url], patience_ms=5_000) as transport:
            assert (await transport.request("GET", "/x")).body == b"[]"
        assert node.asked == 4


async def test_patience_ends_and_says_why() -> None:
    async with nodes(1) as [node]:
        node.answer = lambda _: problem(503, "pool-full")
        async with Transport([node.url], patience_ms=60) as transport:
            with pytest.raises(Unavailable) as caught:
                await transport.request("GET", "/x")
    assert caught.value.code == "node-failed"
    assert "pool-full" in caught.value.message


async def test_nobody_there_is_unreachable() -> None:
    async with Transport(["http://127.0.0.1:1"], patience_ms=60) as transport:
        with pytest.raises(Unavailable) as caught:
            await transport.request("GET", "/x")
    assert caught.value.code == "unreachable"
    assert caught.value.message.endswith("did not answer: Connection refused")


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Rejected), (403, Rejected), (404, NotFound), (410, NotFound), (504, Rejected)]
)
async def test_a_refusal_is_raised_at_once_with_its_code(status: int, kind: type[ChainError]) -> None:
    async with nodes(2) as [first, second]:
        first.answer = lambda _: problem(status, "some-code", details={"limit": 3, "code": "x", "list": [1]}, hint="do")
        async with Transport([first.url, second.url]) as transport:
            with pytest.raises(kind) as caught:
                await transport.request("GET", "/x")
        assert second.asked == 0
    assert caught.value.code == "some-code"
    assert caught.value.details == {"limit": 3, "status": status, "retryable": False, "hint": "do"}


async def test_something_that_is_not_this_api_is_named() -> None:
    async with nodes(1) as [node]:
        node.answer = lambda _: web.Response(status=404, text="<html>")
        async with Transport([node.url]) as transport:
            with pytest.raises(Rejected) as caught:
                await transport.request("GET", "/x")
    assert caught.value.code == "not-this-api"


async def test_redirects_are_not_followed() -> None:
    async with nodes(2) as [node, target]:
        node.answer = lambda _: web.Response(status=302, headers={"Location": target.url})
        async with Transport([node.url]) as transport:
            with pytest.raises(Rejected):
                await transport.request("GET", "/x")
        assert target.asked == 0


async def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "ANSWER_BYTES_MAX", 1_000)
    async with nodes(1) as [node]:
        node.answer = lambda _: web.Response(body=b"x" * 100_000)
        async with Transport([node.url], patience_ms=50) as transport:
            with pytest.raises(Unavailable) as caught:
                await transport.request("GET", "/x")
    assert caught.value.code == "bad-answer"


async def test_an_answer_of_another_shape_is_named() -> None:
    async with nodes(1) as [node], Transport([node.url]) as transport:
        answer = await transport.request("GET", "/x")
        with pytest.raises(Unavailable) as caught:
            read_answer(answer, ProblemAnswer)
    assert caught.value.code == "bad-answer"


@pytest.mark.parametrize(
    "urls", [[], ["ftp://h"], ["127.0.0.1:80"], ["http://"], ["http://h:99999"], ["http://h?x=1"], ["http://h"] * 65]
)
def test_urls_are_checked(urls: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Transport(urls)
    assert caught.value.code == "node-url"
