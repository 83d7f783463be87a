"""HELLO and signed ACK: how two nodes prove who they are after TLS, without the socket.

Both sides send HELLO at once, check what they receive, and sign the transcript
with their Ed25519 node key. The signature covers both HELLOs whole (nonces,
chain, genesis, keys, roles), the fingerprints of both TLS certificates and who
dialled, so it cannot be replayed, reflected, or carried into another session.

    HELLO = 1 || version (2 bytes) || canonical Hello       ACK = 2 || signature (64 bytes)

A link is up only when the other's ACK is verified: in TLS 1.3 a client believes
itself connected before the server has looked at its certificate.
"""

from enum import IntEnum
from typing import Annotated, Final

import msgspec

from chainnode import limits
from chainnode.codec.canonical import Decoder, encode
from chainnode.crypto.ed25519 import SigningKey, verify
from chainnode.crypto.hashing import domain
from chainnode.errors import DecodeError, PeerError
from chainnode.net.peer import AllowList, PeerRole

PROTOCOL_VERSION: Final = 1
NONCE_BYTES: Final = 32
INSTANCE_BYTES: Final = 16
_VERSION_BYTES: Final = 2
_DOMAIN: Final = domain("hello")
_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class LinkMessage(IntEnum):
    """First byte of a frame with ``LINK_TAG``."""

    HELLO = 1
    ACK = 2
    CLOSE = 3
    """Why the sender is about to close: a code in ASCII."""
    PING = 4
    PONG = 5


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """What a node says of itself; believed only after its ACK."""

    chain_id: Annotated[str, msgspec.Meta(max_length=limits.CHAIN_ID_BYTES_MAX)]
    genesis_hash: _Bytes32
    node_key: _Bytes32
    validator: bool
    """How the node sees its own role; the chain decides, not this."""
    listen: Annotated[str, msgspec.Meta(max_length=262)]
    """``host:port`` for people; never dialled."""
    nonce: _Bytes32
    instance: Annotated[bytes, msgspec.Meta(min_length=INSTANCE_BYTES, max_length=INSTANCE_BYTES)]
    """Random at each start of the process: tells a restart from a second link."""
    tip_height: Annotated[int, msgspec.Meta(ge=0)]
    """Last committed height; a hint."""


class TlsBinding(msgspec.Struct, frozen=True):
    """The TLS session as this side sees it."""

    own_fingerprint: bytes
    peer_fingerprint: bytes
    peer_node_key: bytes | None
    """The node key that the peer's certificate names."""


_decode_hello = Decoder(Hello, limits.HELLO_BYTES_MAX)


class Handshake:
    """One side of one handshake. A ``PeerError`` means: say its code, close."""

    __slots__ = ("_ack", "_allowed", "_binding", "_expected_key", "_own", "_own_hello", "_signing_key", "hello",
                 "outbound", "role")  # fmt: skip

    def __init__(
        self,
        signing_key: SigningKey,
        own: Hello,
        binding: TlsBinding,
        allowed: AllowList,
        *,
        outbound: bool,
        expected_key: bytes | None,
    ) -> None:
        """Begin; ``own.nonce`` must be fresh, ``expected_key`` is whom we dialled."""
        self._signing_key = signing_key
        self._own = own
        self._binding = binding
        self._allowed = allowed
        self._expected_key = expected_key
        self._own_hello = PROTOCOL_VERSION.to_bytes(_VERSION_BYTES, "big") + encode(own)
        self._ack = b""
        self.outbound = outbound
        self.hello: Hello | None = None
        """The peer's HELLO, once received and found acceptable."""
        self.role: PeerRole | None = None
        """What the chain says the peer is; set with ``hello``."""

    def opening(self) -> bytes:
        """The HELLO to send first."""
        return bytes((LinkMessage.HELLO,)) + self._own_hello

    def receive(self, message: bytes) -> tuple[bytes | None, bool]:
        """Take the peer's next message; returns what to send (if anything) and whether the peer is proven.

        Raises:
            PeerError: ``hello-order``, ``hello-version``, ``hello-malformed``, ``hello-chain``,
                ``hello-genesis``, ``self-connection``, ``node-key-in-use``, ``node-unexpected``,
                ``node-unknown``, ``hello-certificate`` or ``hello-signature``.
        """
        kind = message[0] if message else 0
        if kind == LinkMessage.HELLO and self.hello is None:
            return self._received_hello(message[1:]), False
        if kind == LinkMessage.ACK and self.hello is not None:
            if not verify(self.hello.node_key, self._ack, message[1:]):
                raise PeerError("hello-signature", "the signature does not prove the announced node key")
            return None, True
        raise PeerError("hello-order", "expected HELLO, then ACK, each once", found=kind)

    def _received_hello(self, body: bytes) -> bytes:
        version = int.from_bytes(body[:_VERSION_BYTES], "big")
        if version != PROTOCOL_VERSION:
            raise PeerError("hello-version", "another protocol version", expected=PROTOCOL_VERSION, found=version)
        try:
            hello = _decode_hello(body[_VERSION_BYTES:])
        except DecodeError as error:
            raise PeerError("hello-malformed", error.message) from error
        role = self._judge(hello)
        ours, theirs = self._own_hello, body
        binding = self._binding
        own_ends = (ours, binding.own_fingerprint)
        peer_ends = (theirs, binding.peer_fingerprint)
        dialled, answered = (own_ends, peer_ends) if self.outbound else (peer_ends, own_ends)
        transcript = (dialled[0], answered[0], dialled[1], answered[1])
        self._ack = _signed_bytes(by_dialler=not self.outbound, transcript=transcript)
        self.hello, self.role = hello, role
        signature = self._signing_key.sign(_signed_bytes(by_dialler=self.outbound, transcript=transcript))
        return bytes((LinkMessage.ACK,)) + signature

    def _judge(self, hello: Hello) -> PeerRole:
        own = self._own
        if hello.chain_id != own.chain_id:
            raise PeerError("hello-chain", "the peer follows another chain", expected=own.chain_id)
        if hello.genesis_hash != own.genesis_hash:
            raise PeerError("hello-genesis", "same chain id, another genesis", expected=own.genesis_hash.hex())
        if hello.node_key == own.node_key:
            if hello.instance == own.instance:
                raise PeerError("self-connection", "this node dialled itself")
            raise PeerError("node-key-in-use", "another process announces this node's key")
        if self._expected_key is not None and hello.node_key != self._expected_key:
            raise PeerError("node-unexpected", "another node answers at this address", found=hello.node_key.hex())
        role = self._allowed(hello.node_key)
        if role is None:
            raise PeerError("node-unknown", "the chain does not know this node key", found=hello.node_key.hex())
        if self._binding.peer_node_key != hello.node_key:
            raise PeerError("hello-certificate", "the TLS certificate was issued for another node key")
        return role


def _signed_bytes(*, by_dialler: bool, transcript: tuple[bytes, bytes, bytes, bytes]) -> bytes:
    """What an ACK signs: the signer's direction, both HELLOs and both certificates, dialler first."""
    return _DOMAIN + encode((by_dialler, *transcript))
