"""Real nodes' networks on loopback: certificates of a test consortium, a recording handler, a raw TLS client."""

import asyncio
import contextlib
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainnode.codec.framing import FrameParser, encode_frame
from chainnode.crypto import tls
from chainnode.crypto.ed25519 import SigningKey
from chainnode.net.channel import LINK_TAG, Channel
from chainnode.net.handshake import Handshake, Hello, TlsBinding
from chainnode.net.network import PeerNetwork
from chainnode.net.peer import OBSERVER, NodeIdentity, Peer, PeerAddress, PeerRole
from chainnode.net.tls import ALPN, TlsFiles

CHAIN_ID = "test-net"
GENESIS_HASH = bytes(range(32))
HOST = "127.0.0.1"
DAY_MS = 86_400_000


def signing_key(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


def validity(from_days: int = -1, to_days: int = 1) -> tls.Validity:
    now_ms = time.time_ns() // 1_000_000
    return tls.Validity(now_ms + from_days * DAY_MS, now_ms + to_days * DAY_MS)


def new_tls_key() -> tls.TlsKey:
    return tls.derive_key(secrets.token_bytes(tls.KEY_ENTROPY_BYTES))


def new_authority(name: str = "test consortium") -> tls.Authority:
    return tls.make_authority(new_tls_key(), name, validity(-2, 2), secrets.token_bytes(16))


class Consortium:
    """One authority and the TLS files of its nodes under a temporary folder."""

    def __init__(self, folder: Path, authority: tls.Authority | None = None) -> None:
        self.folder = folder
        self.authority = authority or new_authority()

    def files(self, name: str, node_key: bytes, valid: tls.Validity | None = None) -> TlsFiles:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        found = TlsFiles(home / "node.pem", home / "node.key", home / "authority.pem")
        key = new_tls_key()
        certificate = tls.issue_certificate(
            self.authority,
            key.public_key(),
            name=name,
            node_key=node_key,
            validity=valid or validity(),
            entropy=secrets.token_bytes(16),
        )
        found.certificate.write_bytes(tls.certificate_to_pem(certificate))
        found.key.touch(mode=0o600)
        found.key.write_bytes(tls.key_to_pem(key))
        found.authority.write_bytes(tls.certificate_to_pem(self.authority.certificate))
        return found


@dataclass
class Recorder:
    """A handler that keeps what it was told."""

    messages: list[tuple[bytes, Channel, bytes]] = field(default_factory=list)
    connected: list[bytes] = field(default_factory=list)
    disconnected: list[tuple[bytes, str]] = field(default_factory=list)
    answer: Callable[[Peer, int, bytes], bytes | Awaitable[bytes]] = lambda peer, kind, payload: payload
    take: Callable[[Peer, Channel, bytes], None] | None = None

    def on_connected(self, peer: Peer) -> None:
        self.connected.append(peer.node_key)

    def on_disconnected(self, peer: Peer, reason: str) -> None:
        self.disconnected.append((peer.node_key, reason))

    def on_message(self, peer: Peer, channel: Channel, payload: bytes) -> None:
        if self.take is not None:
            self.take(peer, channel, payload)
        self.messages.append((peer.node_key, channel, payload))

    def on_request(self, peer: Peer, kind: int, payload: bytes) -> bytes | Awaitable[bytes]:
        return self.answer(peer, kind, payload)


class Net:
    """Some nodes that know each other; all validators but those named observers."""

    def __init__(self, consortium: Consortium, validators: int, observers: int = 0) -> None:
        self.consortium = consortium
        self.keys = sorted((signing_key(n + 1) for n in range(validators + observers)), key=lambda k: k.public_key)
        self.roles: dict[bytes, PeerRole] = {
            key.public_key: PeerRole(index) if index < validators else OBSERVER for index, key in enumerate(self.keys)
        }
        self.networks: dict[int, PeerNetwork] = {}
        self.handlers: dict[int, Recorder] = {}
        self.ports: dict[int, int] = {}
        self.files = {n: consortium.files(f"node-{n}", key.public_key) for n, key in enumerate(self.keys)}

    def key(self, number: int) -> bytes:
        return self.keys[number].public_key

    async def start(self, number: int, peers: Iterable[int] = (), **changes: Any) -> PeerNetwork:
        """Start (again) node ``number``, on the port it had; it is told the addresses of ``peers``."""
        identity = NodeIdentity(
            node_key=changes.get("node_key", self.keys[number]),
            tls=changes.get("tls", self.files[number]),
            chain_id=changes.get("chain_id", CHAIN_ID),
            genesis_hash=changes.get("genesis_hash", GENESIS_HASH),
        )
        handler = self.handlers[number] = Recorder()
        addresses = [PeerAddress(self.key(n), HOST, self.ports[n]) for n in peers]
        network = PeerNetwork(
            identity,
            (HOST, self.ports.get(number, 0)),
            addresses,
            changes.get("allowed", self.roles.get),
            handler,
            tip_height=lambda: 7,
        )
        await network.start()
        self.ports[number] = network.port
        self.networks[number] = network
        return network

    async def linked(self, one: int, other: int) -> None:
        await until(
            lambda: self.networks[one].is_linked(self.key(other)) and self.networks[other].is_linked(self.key(one))
        )

    async def close(self) -> None:
        for network in self.networks.values():
            await network.close()


async def until(holds: Callable[[], object], timeout_s: float = 5) -> None:
    """Wait until ``holds()`` is true; the test fails if that takes too long."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - conditions of other objects, which have no event to wait for
            await asyncio.sleep(0.005)


class RawClient:
    """A TLS client that speaks whatever a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._parser = FrameParser()
        self._frames: list[tuple[int, bytes]] = []

    def send(self, tag: int, payload: bytes) -> None:
        self.writer.write(encode_frame(tag, payload))

    def send_link(self, payload: bytes) -> None:
        self.send(LINK_TAG, payload)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame; ConnectionError if the connection ends before."""
        async with asyncio.timeout(5):
            while not self._frames:
                data = await self.reader.read(65536)
                if not data:
                    raise ConnectionError("end of stream")
                self._frames += self._parser.feed(data)
        return self._frames.pop(0)

    async def closed_with(self) -> str | None:
        """Read to the end; the code of the last CLOSE, None if there was none."""
        code = None
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while True:
                tag, payload = await self.frame()
                if tag == LINK_TAG and payload[:1] == b"\x03":
                    code = payload[1:].decode("ascii")
        return code


def client_context(files: TlsFiles | None, authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(authority)
    context.set_alpn_protocols([ALPN])
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    return context


@contextlib.asynccontextmanager
async def raw_client(port: int, context: ssl.SSLContext) -> AsyncIterator[RawClient]:
    reader, writer = await asyncio.open_connection(HOST, port, ssl=context, server_hostname="", ssl_shutdown_timeout=1)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def make_hello(key: bytes, **changes: Any) -> Hello:
    values: dict[str, Any] = {
        "chain_id": CHAIN_ID,
        "genesis_hash": GENESIS_HASH,
        "node_key": key,
        "validator": True,
        "listen": f"{HOST}:1",
        "nonce": secrets.token_bytes(32),
        "instance": secrets.token_bytes(16),
        "tip_height": 0,
    }
    return Hello(**{**values, **changes})


def make_handshake(client: RawClient, key: SigningKey, files: TlsFiles, **changes: Any) -> Handshake:
    """The dialler's side of a handshake on the client's own TLS session."""
    own = tls.certificate_to_der(tls.certificate_from_pem(files.certificate.read_bytes()))
    peer = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    binding = TlsBinding(tls.fingerprint(own), tls.fingerprint(peer), tls.node_key_of(peer))
    own_hello = make_hello(key.public_key, **changes)
    return Handshake(key, own_hello, binding, lambda _: OBSERVER, outbound=True, expected_key=None)


async def shake(client: RawClient, handshake: Handshake) -> None:
    """Run a handshake to its end."""
    client.send_link(handshake.opening())
    proven = False
    while not proven:
        _, payload = await client.frame()
        reply, proven = handshake.receive(payload)
        if reply is not None:
            client.send_link(reply)


@contextlib.asynccontextmanager
async def raw_node(net: Net, number: int, port: int) -> AsyncIterator[RawClient]:
    """A proven peer that then does whatever the test wants."""
    files = net.files[number]
    async with raw_client(port, client_context(files, files.authority)) as client:
        await shake(client, make_handshake(client, net.keys[number], files))
        yield client
