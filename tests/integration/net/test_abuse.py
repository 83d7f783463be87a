"""chainnode/net against strangers and misbehaving peers: a coded refusal, memory flat, honest links unharmed."""

import asyncio
import contextlib
import secrets
import ssl

import pytest

from chainnode import limits
from chainnode.codec.framing import encode_frame
from chainnode.net.channel import MORE, Channel, Form
from tests.integration.net.attack import HONEST, HOSTILE, TARGET, refused
from tests.support.network import (
    HOST,
    Consortium,
    Net,
    client_context,
    make_handshake,
    new_authority,
    raw_client,
    raw_node,
    shake,
    signing_key,
    until,
    validity,
)


async def stranger(net: Net, context: ssl.SSLContext) -> str | None:
    """Connect, and read to the end; the code that was said, if any."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        async with raw_client(net.ports[TARGET], context) as client:
            return await client.closed_with()
    return None


async def test_client_without_certificate_is_refused(net: Net) -> None:
    """The client believes itself connected and reads the end: no HELLO, no handler, no place taken."""
    await stranger(net, client_context(None, net.files[0].authority))
    await until(lambda: refused(net)["tls-no-certificate"] == 1)


async def test_client_of_a_foreign_authority_is_refused(net: Net, tmp_path) -> None:
    (tmp_path / "foreign").mkdir()
    files = Consortium(tmp_path / "foreign", new_authority()).files("x", net.key(HOSTILE))
    await stranger(net, client_context(files, net.files[0].authority))
    await until(lambda: refused(net)["tls-certificate"] == 1)


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)], ids=["expired", "not yet valid"])
async def test_certificate_outside_its_time_is_refused(net: Net, days: tuple[int, int]) -> None:
    files = net.consortium.files("late", net.key(HOSTILE), validity(*days))
    await stranger(net, client_context(files, files.authority))
    await until(lambda: refused(net)["tls-certificate"] == 1)


async def test_older_tls_is_refused(net: Net) -> None:
    context = client_context(net.files[HOSTILE], net.files[HOSTILE].authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    await stranger(net, context)
    await until(lambda: refused(net)["tls"] == 1)


async def test_tls_for_another_protocol_is_refused(net: Net) -> None:
    context = client_context(net.files[HOSTILE], net.files[HOSTILE].authority)
    context.set_alpn_protocols(["h2"])
    assert await stranger(net, context) == "tls-alpn"
    assert refused(net)["tls-alpn"] == 1


async def test_session_cannot_be_resumed(net: Net) -> None:
    """A withdrawn certificate could return by resumption: the server gives no tickets."""
    context = client_context(net.files[HOSTILE], net.files[HOSTILE].authority)
    async with raw_client(net.ports[TARGET], context) as client:
        await shake(client, make_handshake(client, net.keys[HOSTILE], net.files[HOSTILE]))
        session = client.writer.get_extra_info("ssl_object").session
        assert session is None or not session.has_ticket


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", bytes(4096), b"\x16\x03\x01" + bytes(5)])
async def test_plain_bytes_on_the_tls_port_are_refused(net: Net, garbage: bytes) -> None:
    reader, writer = await asyncio.open_connection(HOST, net.ports[TARGET])
    writer.write(garbage)
    async with asyncio.timeout(2):
        with contextlib.suppress(ConnectionError):
            await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    assert refused(net).total() == 1


async def test_silent_connections_are_freed_in_seconds(net: Net) -> None:
    """A silent socket may not hold its place: neither before TLS nor between TLS and HELLO."""
    silent = [await asyncio.open_connection(HOST, net.ports[TARGET]) for _ in range(10)]
    context = client_context(net.files[HOSTILE], net.files[HOSTILE].authority)
    async with raw_client(net.ports[TARGET], context) as client:
        assert await client.closed_with() is None
    async with asyncio.timeout(2):
        for reader, writer in silent:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    await until(lambda: refused(net).total() == 11)
    assert refused(net)["hello-timeout"] == 1
    assert refused(net)["timeout"] + refused(net)["connection-reset"] == 10


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_id": "other"}, "hello-chain"),
        ({"genesis_hash": bytes(32)}, "hello-genesis"),
    ],
)
async def test_node_of_another_chain_is_refused(net: Net, changes, code: str) -> None:
    files = net.files[HOSTILE]
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        client.send_link(make_handshake(client, net.keys[HOSTILE], files, **changes).opening())
        assert await client.closed_with() == code
    assert refused(net)[code] == 1


async def test_both_ends_know_why_a_node_of_another_chain_stays_out(net: Net, caplog) -> None:
    """The dialler's log carries the code that the other side said."""
    caplog.set_level("INFO", logger="chainnode.net")
    await net.start(HOSTILE, [TARGET], chain_id="other")
    await until(net.networks[HOSTILE].counters.dials_failed.total)
    assert "hello-chain" in caplog.text


async def test_unknown_node_key_is_refused(net: Net) -> None:
    """A certificate of the consortium is one lock; the key on the chain is the other."""
    key = signing_key(99)
    files = net.consortium.files("unknown", key.public_key)
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        client.send_link(make_handshake(client, key, files).opening())
        assert await client.closed_with() == "node-unknown"


async def test_stolen_certificate_is_of_no_use_beside_another_node_key(net: Net) -> None:
    files = net.files[HONEST]
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        client.send_link(make_handshake(client, net.keys[HOSTILE], files).opening())
        assert await client.closed_with() == "hello-certificate"


async def test_stolen_certificate_is_of_no_use_without_the_node_key(net: Net) -> None:
    """The thief announces the victim's key, and cannot sign."""
    files, thief = net.files[HONEST], net.keys[HOSTILE]
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        handshake = make_handshake(client, thief, files, node_key=net.key(HONEST))
        client.send_link(handshake.opening())
        _, hello = await client.frame()
        ack, _ = handshake.receive(hello)
        assert ack is not None
        client.send_link(ack)
        assert await client.closed_with() == "hello-signature"


async def test_recorded_handshake_is_of_no_use(net: Net) -> None:
    """Same certificate, same bytes, another session: the target's nonce is new."""
    files = net.files[HOSTILE]
    recorded: list[bytes] = []
    context = client_context(files, files.authority)
    async with raw_client(net.ports[TARGET], context) as client:
        send = client.send_link

        def record(payload: bytes) -> None:
            recorded.append(payload)
            send(payload)

        client.send_link = record  # type: ignore[method-assign]
        await shake(client, make_handshake(client, net.keys[HOSTILE], files))
    assert len(recorded) == 2
    async with raw_client(net.ports[TARGET], context) as client:
        for payload in recorded:
            client.send_link(payload)
        assert await client.closed_with() == "hello-signature"


async def test_reflected_hello_is_refused(net: Net) -> None:
    files = net.files[HOSTILE]
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        _, hello = await client.frame()
        client.send_link(hello)
        assert await client.closed_with() == "self-connection"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode_frame(0x4F, bytes(limits.HELLO_BYTES_MAX)), "frame-size"),
        ((0xFFFFFFFF).to_bytes(4, "big"), "frame-size"),
        (secrets.token_bytes(4096), None),
        (encode_frame(0, b"a message before HELLO"), "hello-order"),
        (encode_frame(0x4F, b"\x02" + bytes(64)), "hello-order"),
    ],
    ids=["over the small bound", "4 GiB", "garbage", "message", "ack first"],
)
async def test_wrong_first_bytes_are_refused(net: Net, data: bytes, code: str | None) -> None:
    files = net.files[HOSTILE]
    async with raw_client(net.ports[TARGET], client_context(files, files.authority)) as client:
        client.writer.write(data)
        said = await client.closed_with()
    assert code is None or said == code
    assert refused(net).total() == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ((0xFFFFFFFF).to_bytes(4, "big"), "frame-size"),
        (bytes(4), "frame-size"),
        (encode_frame(0x4E, b"x"), "frame-tag"),
        (encode_frame(0x4F, b"\x01again"), "ping-malformed"),
        (encode_frame(0x4F, b"\x03BAD CODE\n"), "code-malformed"),
        (encode_frame(Form.REQUEST << 4 | Channel.CONTROL, b"short"), "exchange-malformed"),
        (encode_frame(MORE | Channel.CONSENSUS, bytes(60_000)) * 40, "message-size"),
    ],
)
async def test_proven_peer_that_breaks_the_protocol_is_cut_off_and_banned(net: Net, data: bytes, code: str) -> None:
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        client.writer.write(data)
        assert await client.closed_with() == code
    assert net.handlers[TARGET].disconnected == [(net.key(HOSTILE), code)]
    assert net.networks[TARGET].banned() == {net.key(HOSTILE): code}


async def test_second_process_with_the_same_key_takes_the_link_over(net: Net) -> None:
    """One link per peer: another instance means that the first one is gone."""
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        await until(lambda: net.networks[TARGET].is_linked(net.key(HOSTILE)))
        async with raw_node(net, HOSTILE, net.ports[TARGET]):
            await until(lambda: net.handlers[TARGET].disconnected == [(net.key(HOSTILE), "duplicate-link")])
            assert await client.closed_with() == "duplicate-link"
            assert len(net.networks[TARGET].connected()) == 2
