"""chainnode/net against strangers and misbehaving peers: a coded refusal, memory flat, honest links unharmed."""

import asyncio
import contextlib
import secrets
import ssl
import tracemalloc

import pytest

from chainnode import limits
from chainnode.codec.framing import encode_frame
from chainnode.net.channel import MORE, Channel, Form
from chainnode.net.peer import OBSERVER
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

HONEST, TARGET, HOSTILE = 0, 1, 2


@pytest.fixture
async def net(tmp_path, monkeypatch):
    """A node under attack, linked to an honest one; node 2 belongs to the attacker."""
    monkeypatch.setattr(limits, "TLS_TIMEOUT_MS", 300)
    monkeypatch.setattr(limits, "HELLO_TIMEOUT_MS", 300)
    network = Net(Consortium(tmp_path), 3)
    await network.start(TARGET)
    await network.start(HONEST, [TARGET])
    await network.linked(TARGET, HONEST)
    try:
        yield network
        await unharmed(network)
    finally:
        await network.close()


async def unharmed(net: Net) -> None:
    """Whatever the test did, the honest link is the same as before and carries messages; nothing is left half-open."""
    assert net.handlers[TARGET].connected.count(net.key(HONEST)) == 1
    assert net.networks[HONEST].send(net.key(TARGET), Channel.CONSENSUS, b"still here")
    await until(lambda: (net.key(HONEST), Channel.CONSENSUS, b"still here") in net.handlers[TARGET].messages)


def refused(net: Net) -> dict[str, int]:
    return net.networks[TARGET].counters.refused


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
        client.send_link(ack)
        assert await client.closed_with() == "hello-signature"


async def test_recorded_handshake_is_of_no_use(net: Net) -> None:
    """Same certificate, same bytes, another session: the target's nonce is new."""
    files, recorded = net.files[HOSTILE], []
    context = client_context(files, files.authority)
    async with raw_client(net.ports[TARGET], context) as client:
        send = client.send_link
        client.send_link = lambda payload: (recorded.append(payload), send(payload))
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


async def test_flood_is_dropped_and_counted_with_memory_flat(net: Net, monkeypatch) -> None:
    """More than its allowance from one peer costs it its own messages, and us no memory."""
    monkeypatch.setattr(limits, "CHANNEL_BYTES_PER_S_MAX", limits.MIB)
    counters = net.networks[TARGET].counters
    received = 0

    def take(peer, channel, payload):
        nonlocal received
        received += len(payload)

    net.handlers[TARGET].take = take
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        frame = encode_frame(Channel.TRANSACTIONS, bytes(50_000))
        tracemalloc.start()
        try:
            for _ in range(200):
                client.writer.write(frame)
                await client.writer.drain()
            await until(lambda: counters.messages_in[Channel.TRANSACTIONS] == 200)
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert net.networks[TARGET].is_linked(net.key(HOSTILE))
    dropped = counters.limited_in[Channel.TRANSACTIONS]
    assert dropped > 100
    assert received == (200 - dropped) * 50_000
    assert held < 6 * limits.MIB


async def test_peer_above_the_link_rate_is_read_more_slowly(net: Net, monkeypatch) -> None:
    monkeypatch.setattr(limits, "LINK_BYTES_PER_S_MAX", 2 * limits.MIB)
    counters = net.networks[TARGET].counters
    loop = asyncio.get_running_loop()
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        start_s = loop.time()
        for _ in range(50):
            client.writer.write(encode_frame(Channel.TRANSACTIONS, bytes(60_000)))
        await until(lambda: counters.messages_in[Channel.TRANSACTIONS] == 50)
        assert loop.time() - start_s > 0.3
    assert counters.reading_paused > 0


async def test_peer_that_does_not_read_costs_a_bounded_queue(net: Net, monkeypatch) -> None:
    """Others are unaffected; votes forget the oldest, transactions refuse the newest; then the peer is cut off."""
    monkeypatch.setattr(limits, "STALL_MS_MAX", 400)
    target, key = net.networks[TARGET], net.key(HOSTILE)
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        await until(lambda: target.is_linked(key))
        client.writer.transport.pause_reading()
        gossip, vote = bytes(500_000), bytes(500_000)
        accepted = []
        for _ in range(60):
            accepted.append(target.send(key, Channel.TRANSACTIONS, gossip))
            assert target.send(key, Channel.CONSENSUS, vote)
            await asyncio.sleep(0)
        assert not accepted[-1]
        await asyncio.sleep(0.1)
        transport = target._table.links[key]._transport
        assert transport.get_write_buffer_size() < limits.MIB, (
            "what the socket does not take stays in the bounded queue"
        )
        assert target.counters.dropped_out[Channel.CONSENSUS] > 0
        info = next(info for info in target.connected() if info.node_key == key)
        assert limits.MIB < info.queue_bytes[Channel.CONSENSUS] <= limits.CONSENSUS_QUEUE_BYTES_MAX
        assert info.queue_bytes[Channel.TRANSACTIONS] <= limits.GOSSIP_QUEUE_BYTES_MAX
        await unharmed(net)
        await until(lambda: net.handlers[TARGET].disconnected == [(key, "stalled")])
        client.writer.transport.abort()


async def test_peer_that_falls_silent_is_cut_off(net: Net, monkeypatch) -> None:
    """Half-open: the peer vanished and TCP has not noticed."""
    monkeypatch.setattr(limits, "PING_INTERVAL_MS", 100)
    monkeypatch.setattr(limits, "SILENCE_MS_MAX", 600)
    async with raw_node(net, HOSTILE, net.ports[TARGET]):
        await until(lambda: net.handlers[TARGET].disconnected == [(net.key(HOSTILE), "silent")])
    assert net.networks[TARGET].is_linked(net.key(HONEST)), "a link with pings lives on"


@pytest.mark.parametrize(("limit", "piece"), [("FRAME_MS_MAX", False), ("MESSAGE_MS_MAX", True)])
async def test_peer_that_dribbles_is_cut_off(net: Net, monkeypatch, limit: str, piece: bool) -> None:
    """A frame, or a message in pieces, that began must be complete in time, however many bytes trickle in."""
    monkeypatch.setattr(limits, limit, 300)
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:

        def step() -> None:
            client.writer.write(encode_frame(MORE | Channel.BLOCKS, b"x") if piece else b"\x00")

        if not piece:
            client.writer.write((1000).to_bytes(4, "big"))
        async with asyncio.timeout(5):
            while not net.handlers[TARGET].disconnected:
                step()
                await asyncio.sleep(0.05)
    assert net.handlers[TARGET].disconnected == [(net.key(HOSTILE), "frame-timeout")]


async def test_requests_without_end_are_answered_busy(net: Net) -> None:
    """Work for one peer is bounded."""
    net.handlers[TARGET].answer = lambda peer, kind, payload: asyncio.sleep(60, b"")
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        for number in range(limits.REQUESTS_SERVED_MAX + 3):
            client.send(Form.REQUEST << 4 | Channel.CONTROL, number.to_bytes(4, "big") + b"\x00\x01")
        answers = [await client.frame() for _ in range(3)]
    assert [(tag >> 4 & 7, payload[4:]) for tag, payload in answers] == [(Form.ERROR, b"busy")] * 3


async def test_connection_flood_is_refused_before_tls(net: Net, monkeypatch) -> None:
    """Caps in all, of the address and on handshakes under way stand before the 3 ms of a handshake."""
    monkeypatch.setattr(limits, "HALF_OPEN_MAX", 5)
    connections = [await asyncio.open_connection(HOST, net.ports[TARGET]) for _ in range(100)]
    await until(lambda: refused(net).total() >= 95)
    assert refused(net)["half-open-max"] + refused(net)["address-rate"] >= 95
    assert refused(net)["half-open-max"] > 0
    for _, writer in connections:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(("name", "code"), [("LINKS_MAX", "links-max"), ("LINKS_PER_ADDRESS_MAX", "address-links-max")])
async def test_open_connections_are_bounded(net: Net, monkeypatch, name: str, code: str) -> None:
    monkeypatch.setattr(limits, name, 1)
    reader, writer = await asyncio.open_connection(HOST, net.ports[TARGET])
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    assert refused(net) == {code: 1}


async def test_observer_key_may_connect_but_is_told_apart(net: Net) -> None:
    """What an observer may send is the handler's decision; the network tells it who speaks, by the chain."""
    net.roles[net.key(HOSTILE)] = OBSERVER
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        client.send(Channel.CONSENSUS, b"I vote")
        await until(lambda: net.handlers[TARGET].messages)
        roles = {info.node_key: info.role for info in net.networks[TARGET].connected()}
        assert roles[net.key(HOSTILE)] is OBSERVER
        assert net.networks[TARGET].broadcast(Channel.CONSENSUS, b"vote", "validators") == 1
