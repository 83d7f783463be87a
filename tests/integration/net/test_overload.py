"""chainnode/net under floods, stalls and too many connections: bounded, counted, honest links unharmed."""

import asyncio
import contextlib
import tracemalloc
from typing import cast

import pytest

from chainnode import limits
from chainnode.codec.framing import encode_frame
from chainnode.net.channel import MORE, Channel, Form
from chainnode.net.peer import OBSERVER
from tests.integration.net.attack import HONEST, HOSTILE, TARGET, refused, unharmed
from tests.support.network import (
    HOST,
    Net,
    raw_node,
    until,
)


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


async def test_peer_that_sends_tiny_frames_is_read_more_slowly(net: Net) -> None:
    """Each costs us as much as a long one: 2 MB of them would take a second of this node's time, every second."""
    counters = net.networks[TARGET].counters
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        client.writer.write(encode_frame(Channel.TRANSACTIONS, b"") * 100_000)
        await until(lambda: counters.reading_paused > 0)
        assert counters.limited_in[Channel.TRANSACTIONS] > 0
        assert net.networks[TARGET].is_linked(net.key(HOSTILE))


async def test_peer_that_does_not_read_costs_a_bounded_queue(net: Net, monkeypatch) -> None:
    """Others are unaffected; votes forget the oldest, transactions refuse the newest; then the peer is cut off."""
    monkeypatch.setattr(limits, "STALL_MS_MAX", 400)
    target, key = net.networks[TARGET], net.key(HOSTILE)
    async with raw_node(net, HOSTILE, net.ports[TARGET]) as client:
        await until(lambda: target.is_linked(key))
        cast(asyncio.Transport, client.writer.transport).pause_reading()
        gossip, vote = bytes(500_000), bytes(500_000)
        accepted = []
        for _ in range(60):
            accepted.append(target.send(key, Channel.TRANSACTIONS, gossip))
            assert target.send(key, Channel.CONSENSUS, vote)
            await asyncio.sleep(0)
        assert not accepted[-1]
        await asyncio.sleep(0.1)
        transport = target._table.links[key]._transport
        assert transport is not None
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
