"""Links between two nodes.

Question: how many votes and how many bytes of blocks pass a second between two nodes on this machine?

Workload: two of the node's networks with mutual TLS on loopback, both in this process on uvloop, as nodes run; votes of
300 bytes on the consensus channel, pieces of 256 KiB on the blocks channel, a bounded number under way.
Unit: messages or MB a second. Limit: the same bytes through a bare TLS connection of the same certificates and loop, in
pieces of 64 KiB. What a node accepts from one peer a second is bounded on purpose (some 7,700 votes, 32 MiB of blocks);
those two allowances are lifted here, because the question is what it could do.
A lie would be: counting what was queued (only what the other side has received counts), or messages dropped from a full
queue (the digest holds every one).
"""

import asyncio
import hashlib
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvloop

from benchmarks import workload
from benchmarks.harness import Case, Figure, Size, measure
from chainnode import limits
from chainnode.cli.testnet.creation import Plan, create_network
from chainnode.net.channel import Channel
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import NodeIdentity, Peer, PeerAddress, PeerRole
from chainnode.net.tls import ALPN, TlsFiles
from chainnode.node.key_file import read_key

MESSAGES: Final = {"full": (5_000, 60), "smoke": (200, 4)}
SIZES: Final = ((Channel.CONSENSUS, 300, "vote of 300 B"), (Channel.BLOCKS, 256 << 10, "256 KiB"))
UNDER_WAY_BYTES: Final = 512 << 10
"""Sent and not yet received: below every queue's bound, so that nothing is dropped."""
RAW_BYTES: Final = 64 << 10
UNBOUNDED: Final = 1 << 50
ALLOWANCES: Final = ("CHANNEL_BYTES_PER_S_MAX", "LINK_BYTES_PER_S_MAX")
JOB_S: Final = 30.0
HOST: Final = "127.0.0.1"


class _Receiver:
    """The handler of both nodes: hashes and counts what comes."""

    def __init__(self) -> None:
        self.linked = asyncio.Event()
        self.arrived = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        self.digest = hashlib.sha256()
        self.count = 0

    def on_connected(self, peer: Peer) -> None:
        del peer
        self.linked.set()

    def on_disconnected(self, peer: Peer, reason: str) -> None:
        del peer
        self.linked.clear()
        self.digest.update(reason.encode())
        self.arrived.set()

    def on_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        del peer, channel
        self.digest.update(payload[:32])
        self.count += 1
        self.arrived.set()

    def on_request(self, peer: Peer, kind: int, payload: bytes) -> bytes:
        del peer, kind
        return payload


def run(size: Size) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-net-") as name, asyncio.Runner(
        loop_factory=uvloop.new_event_loop
    ) as runner:
        folder = Path(name) / "net"
        create_network(folder, Plan(workload.CHAIN_ID, 2, 0), time_ms=time.time_ns() // 1_000_000)
        return runner.run(_both(folder, size))


async def _both(folder: Path, size: Size) -> list[Figure]:
    cases: list[Case] = []
    loop = asyncio.get_running_loop()

    def case(name: str, job: Callable[[], Coroutine[object, object, bytes]], count: int, limit: str = "") -> None:
        def work() -> bytes:
            return asyncio.run_coroutine_threadsafe(job(), loop).result(JOB_S)

        cases.append(Case(name, work, count, limit, unit="per s" if "vote" in name else "MB/s", clock="wall"))

    with _without_allowances():
        async with _nodes(folder) as (sender, receiver, key), _stream(folder) as sink:
            for (channel, length, title), count in zip(SIZES, MESSAGES[size], strict=True):
                payloads = [workload.material(f"message {n}", 32) + bytes(length - 32) for n in range(count)]
                units = count if length < 1_000 else count * length
                case(f"network.raw_tls[{title}]", _raw(sink, payloads), units)
                job = _sent(sender, receiver, key, channel, payloads)
                case(f"network.send[{title}]", job, units, f"network.raw_tls[{title}]")
            # The measured work runs on this loop; only the waiting for it is done in a thread.
            return await asyncio.to_thread(measure, cases, size)


def _sent(
    sender: PeerNetwork, receiver: _Receiver, key: bytes, channel: Channel, payloads: list[bytes]
) -> Callable[[], Coroutine[object, object, bytes]]:
    ahead = max(1, UNDER_WAY_BYTES // len(payloads[0]))

    async def job() -> bytes:
        receiver.reset()
        for number, payload in enumerate(payloads):
            while number - receiver.count >= ahead:
                receiver.arrived.clear()
                await receiver.arrived.wait()
            sender.send(key, channel, payload)
        while receiver.count < len(payloads):
            receiver.arrived.clear()
            await receiver.arrived.wait()
        return receiver.digest.digest()

    return job


def _raw(sink: "_Sink", payloads: list[bytes]) -> Callable[[], Coroutine[object, object, bytes]]:
    stream = b"".join(payloads)
    pieces = [stream[start : start + RAW_BYTES] for start in range(0, len(stream), RAW_BYTES)]

    async def job() -> bytes:
        sink.expect(len(stream))
        for piece in pieces:
            await sink.writable.wait()
            sink.out.write(piece)
        await sink.complete.wait()
        return sink.received.to_bytes(8, "big")

    return job


class _Sink(asyncio.Protocol):
    """The reading end of a bare connection; ``out`` is the writing end."""

    out: asyncio.WriteTransport

    def __init__(self) -> None:
        self.complete, self.writable = asyncio.Event(), asyncio.Event()
        self.writable.set()
        self.received = self.wanted = 0

    def expect(self, size: int) -> None:
        self.received, self.wanted = 0, size
        self.complete.clear()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.received >= self.wanted:
            self.complete.set()


class _Source(asyncio.Protocol):
    """The writing end: tells the job when the socket is full."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def pause_writing(self) -> None:
        self._sink.writable.clear()

    def resume_writing(self) -> None:
        self._sink.writable.set()


@asynccontextmanager
async def _nodes(folder: Path) -> AsyncIterator[tuple[PeerNetwork, _Receiver, bytes]]:
    """Two linked networks: the first, the handler of the second, and the second's key."""
    keys = [read_key(folder / f"validator-{n}" / "node-key.json") for n in range(2)]
    roles = {key.public_key: PeerRole(index) for index, key in enumerate(keys)}
    handlers = [_Receiver(), _Receiver()]
    networks: list[PeerNetwork] = []
    try:
        for number, key in enumerate(keys):
            known = [PeerAddress(keys[0].public_key, HOST, networks[0].port)] if networks else []
            identity = NodeIdentity(key, _files(folder, number), workload.CHAIN_ID, bytes(32))
            network = PeerNetwork(identity, (HOST, 0), known, roles.get, handlers[number], tip_height=lambda: 0)
            await network.start()
            networks.append(network)
        async with asyncio.timeout(10):
            for handler in handlers:
                await handler.linked.wait()
        yield networks[0], handlers[1], keys[1].public_key
    finally:
        for network in networks:
            await network.close()


@asynccontextmanager
async def _stream(folder: Path) -> AsyncIterator[_Sink]:
    """A bare TLS connection with the nodes' certificates."""
    sink, loop = _Sink(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: sink, HOST, 0, ssl=_context(ssl.PROTOCOL_TLS_SERVER, _files(folder, 0)))
    port = server.sockets[0].getsockname()[1]
    dialling = _context(ssl.PROTOCOL_TLS_CLIENT, _files(folder, 1))
    out, _ = await loop.create_connection(lambda: _Source(sink), HOST, port, ssl=dialling, server_hostname="")
    sink.out = out
    try:
        yield sink
    finally:
        out.abort()
        server.close()


@contextmanager
def _without_allowances() -> Iterator[None]:
    """Links made inside take whatever comes."""
    kept = {name: getattr(limits, name) for name in ALLOWANCES}
    try:
        for name in ALLOWANCES:
            setattr(limits, name, UNBOUNDED)
        yield
    finally:
        for name, value in kept.items():
            setattr(limits, name, value)


def _files(folder: Path, number: int) -> TlsFiles:
    home = folder / f"validator-{number}"
    return TlsFiles(home / "node-cert.pem", home / "node-cert-key.pem", folder / "ca.pem")


def _context(protocol: int, files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(files.authority)
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols([ALPN])
    return context
