"""chainnode/net with real sockets and real TLS on loopback: links of honest nodes."""

import asyncio
import contextlib
import logging
import socket

import pytest

from chainnode import limits
from chainnode.errors import ConfigError, InvariantBroken, Misuse, NotFound, PeerError, RequestFailed
from chainnode.net.channel import Channel
from chainnode.net.peer import OBSERVER
from tests.support.network import HOST, Consortium, Net, until, validity


@contextlib.asynccontextmanager
async def network_of(tmp_path, validators: int, observers: int = 0):
    net = Net(Consortium(tmp_path), validators, observers)
    try:
        yield net
    finally:
        await net.close()


@contextlib.asynccontextmanager
async def linked_pair(tmp_path):
    async with network_of(tmp_path, 2) as net:
        await net.start(1)
        await net.start(0, [1])
        await net.linked(0, 1)
        yield net


async def test_every_pair_has_exactly_one_link(tmp_path) -> None:
    """Four validators and an observer that know all addresses before them."""
    async with network_of(tmp_path, 4, 1) as net:
        for number in range(5):
            await net.start(number, range(number))
        await until(lambda: all(len(n.connected()) == 4 for n in net.networks.values()))
        for number, network in net.networks.items():
            assert [info.node_key for info in network.connected()] == [net.key(n) for n in range(5) if n != number]
            assert [info.role for info in network.connected()] == [net.roles[i.node_key] for i in network.connected()]
            assert len(net.handlers[number].connected) == 4
        assert [info.validator_index for info in net.networks[0].connected()] == [1, 2, 3, None]
        assert {info.tip_height for info in net.networks[0].connected()} == {7}


async def test_simultaneous_dials_end_in_one_link(tmp_path) -> None:
    """Both sides dial at once: the attempt of the side that dials first stands."""
    async with network_of(tmp_path, 2) as net:
        for number in (0, 1):
            await (await net.start(number)).close()
        ends = [await net.start(0, [1]), await net.start(1, [0])]
        dialers = [end._table.dialers[net.key(1 - n)] for n, end in enumerate(ends)]
        await asyncio.gather(*(end._dial(dialer.address) for end, dialer in zip(ends, dialers, strict=True)))
        await net.linked(0, 1)
        await asyncio.sleep(0.1)
        (first,), (second,) = (end.connected() for end in ends)
        assert first.outbound != second.outbound
        assert all(end.send(net.key(1 - n), Channel.CONTROL, b"still there") for n, end in enumerate(ends))
        await until(lambda: net.handlers[0].messages and net.handlers[1].messages)


async def test_messages_arrive_whole_and_in_order_of_their_channel(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:
        sender, received = net.networks[0], net.handlers[1].messages
        block = bytes(range(256)) * (limits.FRAME_BYTES_MAX // 256)
        assert sender.send(net.key(1), Channel.BLOCKS, block)
        for number in range(100):
            for channel in (Channel.CONSENSUS, Channel.TRANSACTIONS):
                assert sender.send(net.key(1), channel, number.to_bytes(2, "big") * number)
        await until(lambda: len(received) == 201)
        assert {key for key, _, _ in received} == {net.key(0)}
        for channel in (Channel.CONSENSUS, Channel.TRANSACTIONS):
            assert [p for _, c, p in received if c is channel] == [n.to_bytes(2, "big") * n for n in range(100)]
        assert [p for _, c, p in received if c is Channel.BLOCKS] == [block]
        assert received[0][1] is Channel.CONSENSUS, "a vote overtakes the block queued before it"


async def test_broadcast_reaches_whom_it_names(tmp_path) -> None:
    async with network_of(tmp_path, 2, 1) as net:
        for number in range(3):
            await net.start(number, range(number))
        await until(lambda: len(net.networks[0].connected()) == 2)
        sender = net.networks[0]
        assert sender.broadcast(Channel.CONSENSUS, b"vote") == 1
        assert sender.broadcast(Channel.BLOCKS, b"block", "all") == 2
        assert sender.broadcast(Channel.CONTROL, b"note", [net.key(2), bytes(32)]) == 1
        assert sender.broadcast(Channel.CONSENSUS, b"decided", "observers") == 1
        await until(lambda: len(net.handlers[1].messages) == 2 and len(net.handlers[2].messages) == 3)
        assert [p for _, _, p in net.handlers[1].messages] == [b"vote", b"block"]
        assert sorted(p for _, _, p in net.handlers[2].messages) == [b"block", b"decided", b"note"]
        with pytest.raises(Misuse):
            sender.broadcast(Channel.TRANSACTIONS, bytes(limits.GOSSIP_MESSAGE_BYTES_MAX + 1))


async def test_requests_are_answered_refused_or_time_out(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:

        def serve(peer, kind, payload):
            match kind:
                case 1:
                    return payload * 1000
                case 2:
                    raise NotFound("block-unknown", "no such block")
                case _:
                    return asyncio.sleep(60, b"")

        net.handlers[1].answer = serve
        ask = net.networks[0].request
        assert await ask(net.key(1), 1, b"block", 1000) == b"block" * 1000
        assert len(await ask(net.key(1), 1, bytes(5000), 2000)) == 5_000_000
        for kind, timeout_ms, code in ((2, 1000, "peer-error"), (3, 30, "request-timeout")):
            with pytest.raises(RequestFailed) as caught:
                await ask(net.key(1), kind, b"", timeout_ms)
            assert caught.value.code == code
        with pytest.raises(RequestFailed) as caught:
            await ask(bytes(32), 1, b"", 1000)
        assert caught.value.code == "no-link"


async def test_lost_link_fails_pending_requests_at_once(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:
        started = asyncio.Event()

        def serve(peer, kind, payload):
            started.set()
            return asyncio.sleep(60, b"")

        net.handlers[1].answer = serve
        asking = asyncio.create_task(net.networks[0].request(net.key(1), 1, b"", 60_000))
        await started.wait()
        await net.networks[1].close()
        async with asyncio.timeout(1):
            with pytest.raises(RequestFailed) as caught:
                await asking
        assert caught.value.code == "link-lost"


@pytest.mark.parametrize("restarted", [0, 1])
async def test_link_returns_after_a_peer_restarts(tmp_path, restarted: int) -> None:
    """Whether it is the one that dials or the one that is dialled, and only one of them knows the other's address."""
    async with linked_pair(tmp_path) as net:
        await net.networks[restarted].close()
        await until(lambda: not net.networks[1 - restarted].is_linked(net.key(restarted)))
        assert [key for key, _ in net.handlers[1 - restarted].disconnected] == [net.key(restarted)]
        await asyncio.sleep(0.2)
        await net.start(restarted, [1] if restarted == 0 else [])
        await net.linked(0, 1)
        assert net.networks[0].send(net.key(1), Channel.CONTROL, b"again")
        await until(lambda: net.handlers[1].messages[-1:] == [(net.key(0), Channel.CONTROL, b"again")])


@pytest.mark.parametrize("restarted", [0, 1])
async def test_restarted_peer_replaces_a_link_that_nobody_closed(tmp_path, restarted: int) -> None:
    """Its new instance number tells a restart from a second link: no waiting for time-outs, whoever dialled."""
    other = 1 - restarted
    async with linked_pair(tmp_path) as net:
        old = net.networks.pop(restarted)
        del net.ports[restarted]
        await net.start(restarted, [other])
        await until(lambda: (net.key(restarted), "duplicate-link") in net.handlers[other].disconnected)
        await net.linked(0, 1)
        assert len(net.networks[other].connected()) == 1
        await old.close()


async def test_node_that_the_chain_forgets_is_cut_off(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:
        net.roles[net.key(0)] = OBSERVER
        await until(lambda: [info.role for info in net.networks[1].connected()] == [OBSERVER])
        del net.roles[net.key(0)]
        await until(lambda: not net.networks[1].connected())
        assert net.handlers[1].disconnected == [(net.key(0), "node-unknown")]


async def test_penalised_peer_is_refused_until_the_ban_ends(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "BAN_MS_MIN", 300)
    async with linked_pair(tmp_path) as net:
        net.networks[1].penalise(net.key(0), "lied")
        assert net.networks[1].banned() == {net.key(0): "lied"}
        assert not net.networks[1].is_linked(net.key(0))
        await until(lambda: net.networks[1].counters.refused["banned"])
        await net.linked(0, 1)
        assert net.networks[1].banned() == {}
        assert net.networks[1].counters.bans == {"lied": 1}


async def test_protocol_fault_found_by_the_handler_closes_and_bans(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:

        def refuse(peer, channel, payload):
            raise PeerError("message-malformed", "x")

        net.handlers[1].take = refuse
        net.networks[0].send(net.key(1), Channel.CONTROL, b"x")
        await until(lambda: net.handlers[1].disconnected)
        assert net.handlers[1].disconnected == [(net.key(0), "message-malformed")]
        assert net.networks[1].banned() == {net.key(0): "message-malformed"}


@pytest.mark.parametrize("kind", [ZeroDivisionError, InvariantBroken])
async def test_bug_of_the_handler_ends_the_network_and_wait_tells(tmp_path, kind, caplog) -> None:
    """The state it left behind is unknown: the owner must notice."""
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with linked_pair(tmp_path) as net:

        def fail(peer, channel, payload):
            raise kind("broken")

        net.handlers[1].take = fail
        net.networks[0].send(net.key(1), Channel.CONTROL, b"x")
        async with asyncio.timeout(2):
            with pytest.raises(kind):
                await net.networks[1].wait()
        assert net.handlers[1].disconnected
        with contextlib.closing(socket.create_server((HOST, net.ports[1]))):
            pass


async def test_new_certificate_is_used_without_a_restart(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "BAN_MS_MIN", 50)
    async with linked_pair(tmp_path) as net:
        before = net.networks[1].certificate_not_after_ms()
        net.consortium.files("node-1", net.key(1), validity(-1, 90))
        net.networks[1].reload_certificate()
        assert net.networks[1].certificate_not_after_ms() > before
        assert net.networks[0].is_linked(net.key(1)), "links that are up stay"
        net.networks[0].penalise(net.key(1), "test")
        await net.linked(0, 1)
        net.files[1].certificate.write_bytes(b"broken")
        with pytest.raises(ConfigError):
            net.networks[1].reload_certificate()
        assert net.networks[1].certificate_not_after_ms() > before, "the old certificate stays in use"


async def test_taken_port_is_named(tmp_path) -> None:
    async with network_of(tmp_path, 2) as net:
        await net.start(0)
        net.ports[1] = net.ports[0]
        with pytest.raises(ConfigError) as caught:
            await net.start(1)
        assert caught.value.code == "port-taken"


async def test_close_frees_everything_and_wait_returns(tmp_path) -> None:
    async with linked_pair(tmp_path) as net:
        waiting = asyncio.create_task(net.networks[0].wait())
        await net.networks[0].close()
        await net.networks[0].close()
        async with asyncio.timeout(1):
            await waiting
        assert net.handlers[0].disconnected == [(net.key(1), "shutting-down")]
        await until(lambda: net.handlers[1].disconnected == [(net.key(0), "peer-closed")])
        assert net.networks[0].connected() == []
        assert {task for task in asyncio.all_tasks() if task.get_name().startswith("network")} != set()
        await net.networks[1].close()
        assert {task for task in asyncio.all_tasks() if task.get_name().startswith("network")} == set()
        with pytest.raises(Misuse):
            await net.networks[0].start()


async def test_pings_measure_the_round_trip(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "PING_INTERVAL_MS", 100)
    async with linked_pair(tmp_path) as net:
        await until(lambda: all(net.networks[n].connected()[0].rtt_ms is not None for n in (0, 1)))
        assert all(0 <= net.networks[n].connected()[0].rtt_ms < 1000 for n in (0, 1))


async def test_counters_tell_what_went_in_and_out(tmp_path, caplog) -> None:
    caplog.set_level(logging.INFO)
    async with linked_pair(tmp_path) as net:
        net.networks[0].send(net.key(1), Channel.TRANSACTIONS, bytes(1000))
        await until(lambda: net.handlers[1].messages)
        sent, received = (net.networks[n].counters.snapshot() for n in (0, 1))
        assert sent["messages_out.transactions"] == 1
        assert sent["bytes_out.transactions"] == 1005
        assert received["messages_in.transactions"] == 1
        assert received["bytes_in.transactions"] == 1000
        assert received["accepted"] >= 1
