"""What a hostile or clumsy client meets: bounds on bytes, time, connections and origin, each with a clear end."""

import asyncio
import contextlib
import gc
import io
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from chainnode.api import server as server_module
from chainnode.api import transactions
from chainnode.api.server import ApiServer
from chainnode.api.settings import ApiSettings
from chainnode.errors import ConfigError, Misuse
from chainnode.limits import MIB, REQUEST_BYTES_MAX
from chainnode.node.service import NodeService
from chainnode.sdk.client import Client
from tests.support.api_node import UNLIMITED, ApiNode, api_node


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


async def speak(api: ApiNode, request: bytes, *, wait_s: float = 3) -> bytes:
    """Send bytes on a bare connection and read until the server ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
    try:
        writer.write(request)
        async with asyncio.timeout(wait_s):
            return await reader.read()
    finally:
        writer.close()


async def test_an_announced_oversize_is_refused_before_it_is_sent(api: ApiNode) -> None:
    """T2: 413 without reading all."""
    head = (
        b"POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/msgpack\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (REQUEST_BYTES_MAX + 1)
    )
    answer = await speak(api, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body-too-large" in answer


async def test_a_body_without_length_is_cut_at_the_bound(api: ApiNode) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(REQUEST_BYTES_MAX // 100_000 + 2):
            yield bytes(100_000)

    status, document, _ = await api.ask(
        "POST", "/v1/transactions", data=endless(), headers={"Content-Type": "application/msgpack"}
    )
    assert (status, document["code"]) == (413, "body-too-large")


async def test_the_largest_allowed_body_is_read(api: ApiNode) -> None:
    status, document, _ = await api.post(io.BytesIO(bytes(REQUEST_BYTES_MAX)))
    assert (status, document["code"]) == (413, "too-large"), "read whole, and refused as an envelope"


async def test_a_large_body_costs_more_than_a_small_request(tmp_path: Path) -> None:
    """Reading 8 MiB takes as much of the node as a hundred status requests, so it spends as many tokens."""
    async with api_node(tmp_path, replace(UNLIMITED, rate_per_second=1, rate_burst=130)) as api:
        _, _, response = await api.post(b"x")
        assert response.headers["RateLimit-Remaining"] == "129"
        _, _, response = await api.post(io.BytesIO(bytes(4 * MIB)))
        assert response.headers["RateLimit-Remaining"] == "64"
        status, document, _ = await api.post(io.BytesIO(bytes(5 * MIB)))
        assert (status, document["code"]) == (429, "rate-limited")
        assert (await api.get("/v1/status"))[0] == 200


async def test_a_compressed_body_is_not_unpacked(api: ApiNode) -> None:
    """No decompression, no bomb."""
    status, document, _ = await api.post(b"x" * 100, headers={"Content-Encoding": "gzip"})
    assert (status, document["code"]) == (415, "media-type")


async def test_a_body_that_does_not_arrive_is_given_up(tmp_path: Path) -> None:
    async with api_node(tmp_path, replace(UNLIMITED, body_timeout_ms=100)) as api:
        answer = await speak(
            api,
            b"POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/msgpack\r\n"
            b"Connection: close\r\nContent-Length: 100\r\n\r\nab",
        )
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"request-timeout" in answer


@pytest.mark.parametrize("sent", [b"", b"GET /v1/sta", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: 1"])
async def test_a_silent_connection_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A half header may not hold a descriptor for ever."""
    monkeypatch.setattr(server_module, "SWEEP_S", 0.02)
    async with api_node(tmp_path, replace(UNLIMITED, idle_timeout_ms=100)) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
        writer.write(sent)
        async with asyncio.timeout(3):
            # An aborted connection is closed, too.
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        assert (await api.get("/v1/status"))[0] == 200


async def test_connections_beyond_the_bound_are_closed_at_once(tmp_path: Path) -> None:
    async with api_node(tmp_path, replace(UNLIMITED, connections_max=3)) as api:
        held = [await asyncio.open_connection("127.0.0.1", api.server.port) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await speak(api, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") == b""
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert (await api.get("/v1/status"))[0] == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
        b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nContent-Length: \xd9\xa3\r\n\r\nx",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"nonsense\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_end_the_connection(api: ApiNode, request_bytes: bytes) -> None:
    """T25: huge headers, two lengths, digits of another script; an answer of 400 and the end."""
    answer = await speak(api, request_bytes)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"Traceback" not in answer
    assert (await api.get("/v1/status"))[0] == 200


async def test_pages_of_other_origins_get_nothing(api: ApiNode) -> None:
    """CORS is closed: no preflight is answered, no header allows anything."""
    status, _, response = await api.ask(
        "OPTIONS", "/v1/transactions", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    )
    assert status in {403, 405}
    assert not any(name.lower().startswith("access-control") for name in response.headers)
    _, _, response = await api.get("/v1/status", headers={"Origin": "https://x.example"})
    assert not any(name.lower().startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]", "LOCALHOST:80"])
async def test_the_nodes_own_names_are_answered(api: ApiNode, host: str) -> None:
    assert (await api.get("/v1/status", headers={"Host": host}))[0] == 200


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "[", "localhost.evil.example"])
async def test_other_names_are_refused(api: ApiNode, host: str) -> None:
    """T27: a name that resolves to this machine is not this machine (DNS rebinding)."""
    status, document, _ = await api.get("/v1/status", headers={"Host": host})
    assert (status, document["code"]) == (421, "host-not-allowed")


async def test_configured_names_are_answered(tmp_path: Path) -> None:
    async with api_node(tmp_path, replace(UNLIMITED, host_names=("Node.Example",))) as api:
        assert (await api.get("/v1/status", headers={"Host": "node.example:8443"}))[0] == 200


async def test_path_tricks_stay_inside_the_routes(api: ApiNode) -> None:
    """T21: nothing in a path names a file."""
    for path in ("/v1/state/..%2f..%2fetc%2fpasswd", "/v1/state/%00", "/v1/state/" + "a" * 600, "/v1/blocks/..%2f1"):
        status, document, _ = await api.get(path)
        assert status in {400, 404}
        assert document["code"] in {"state-key", "state-not-found", "path-invalid"}


async def test_head_is_answered_like_get_without_a_body(api: ApiNode) -> None:
    status, content, response = await api.ask("HEAD", "/v1/status")
    assert (status, content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 100


async def test_a_taken_port_is_named(api: ApiNode, tmp_path: Path) -> None:
    async with api_node(tmp_path / "other") as other:
        second = ApiServer(_unregistered(other), "127.0.0.1", api.server.port)
        with pytest.raises(ConfigError) as caught:
            await second.start()
    assert caught.value.code == "port-taken"
    assert str(api.server.port) in caught.value.message


def _unregistered(api: ApiNode) -> NodeService:
    """The same service with a registry of its own: one server registers its metrics once."""
    object.__setattr__(api.node.service, "metrics", CollectorRegistry())
    return api.node.service


async def test_a_server_that_is_not_listening_has_no_port(api: ApiNode) -> None:
    server = ApiServer(_unregistered(api), "127.0.0.1", 0)
    with pytest.raises(Misuse):
        _ = server.port
    await server.close()


async def test_an_address_that_is_not_ours_is_named(api: ApiNode) -> None:
    with pytest.raises(ConfigError) as caught:
        await ApiServer(_unregistered(api), "192.0.2.1", 0).start()
    assert caught.value.code == "listen-address"


async def test_https_is_served_with_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    async with api_node(tmp_path / "net") as api:
        home = api.net.folder / "validator-0"
        settings = ApiSettings(rate_per_second=0, tls_cert_file=_pem(home, "cert"), tls_key_file=_pem(home, "key"))
        server = ApiServer(_unregistered(api), "127.0.0.1", 0, settings)
        await server.start()
        context = ssl.create_default_context(cafile=str(api.net.folder / "ca.pem"))
        context.check_hostname = False
        async with Client([server.url], tls=context) as client:
            assert (await client.status()).chain_id == "test-chain"
        await server.close()


def _pem(home: Path, part: str) -> Path:
    [found] = [path for path in home.glob("*.pem") if ("key" in path.name) == (part == "key")]
    return found


async def test_half_of_a_tls_configuration_is_refused(api: ApiNode, tmp_path: Path) -> None:
    for settings in (
        ApiSettings(tls_cert_file=tmp_path / "none.pem"),
        ApiSettings(tls_cert_file=tmp_path / "none.pem", tls_key_file=tmp_path / "none.key"),
    ):
        with pytest.raises(ConfigError) as caught:
            await ApiServer(_unregistered(api), "127.0.0.1", 0, settings).start()
        assert caught.value.code == "api-tls"


async def test_a_client_that_leaves_gives_its_waiting_place_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a few connections, opened and dropped, would keep everybody from waiting for a minute."""
    monkeypatch.setattr(transactions, "LOOK_MS", 20)
    async with api_node(tmp_path, replace(UNLIMITED, requests_max=1), validators=4, start=1) as api:
        envelope = api.net.envelope(1)
        _, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
        writer.write(
            b"POST /v1/transactions?wait=committed&timeout_ms=60000 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/msgpack\r\nContent-Length: %d\r\n\r\n" % len(envelope) + envelope
        )
        await until_status(api, 503)
        writer.close()
        await until_status(api, 200)


async def test_waiting_asks_the_store_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of ids for each of many waiting clients, again with every look, would be the node's whole work."""
    monkeypatch.setattr(transactions, "LOOK_MS", 10)
    async with api_node(tmp_path, validators=4, start=1) as api:
        asked = 0
        locate = api.node.service.queries.locate

        def counted(tx_id: bytes) -> tuple[int, int] | None:
            nonlocal asked
            asked += 1
            return locate(tx_id)

        monkeypatch.setattr(api.node.service.queries, "locate", counted)
        path = "/v1/transactions?wait=committed&timeout_ms=300"
        status, document, _ = await api.post(api.net.envelope(1), path=path)
        assert (status, document["code"]) == (504, "not-yet-committed")
        assert asked == 1


async def until_status(api: ApiNode, expected: int) -> None:
    async with asyncio.timeout(3):
        while True:
            status, _, _ = await api.get("/v1/status")
            if status == expected:
                return
            await asyncio.sleep(0.02)


async def test_closing_lets_a_running_answer_finish(tmp_path: Path) -> None:
    async with api_node(tmp_path, validators=4, start=1) as api:
        path = "/v1/transactions?wait=committed&timeout_ms=300"
        waiting = asyncio.create_task(api.post(api.net.envelope(1), path=path))
        await asyncio.sleep(0.1)
        await api.server.close()
        status, document, _ = await waiting
        assert (status, document["code"]) == (504, "not-yet-committed")


@pytest.mark.parametrize("ending", ["gives-up", "too-slow"])
async def test_body_that_never_ends_leaves_nothing_of_it_behind(tmp_path: Path, ending: str) -> None:
    """Unreachable cycles may wait for 20,000 new objects, so none may hold a body: 300 of these fill the memory."""
    settings = replace(UNLIMITED, body_timeout_ms=100) if ending == "too-slow" else UNLIMITED
    async with api_node(tmp_path, settings) as api:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
                head = b"POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/msgpack\r\n"
                writer.write(head + b"Content-Length: %d\r\n\r\n" % (2 * MIB) + bytes(MIB))
                await writer.drain()
                await asyncio.sleep(0.1)
                if ending == "gives-up":
                    writer.transport.abort()
                else:
                    assert b" 408 " in await reader.readline()
                    writer.close()
                await asyncio.sleep(0.1)
            del reader, writer
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            parts = [one for each in gc.garbage for one in gc.get_referents(each) if isinstance(one, bytes | bytearray)]
            assert sum(len(one) for one in parts) < MIB
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
