"""A chain as a relayer sees it: through the API of its nodes, as one identity of it.

Nothing here is kept: what is asked is what the chain holds now. A node that lies can waste a relayer's time;
what is submitted elsewhere is verified there.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from chainnode.crypto.ed25519 import SigningKey
from chainnode.errors import ConfigError, NotFound, Rejected
from chainnode.lightclient.client_state import ConsensusState, Untrusted, decode_consensus_state
from chainnode.sdk.answer import Document
from chainnode.sdk.client import Client
from chainnode.sdk.errors import Unavailable
from chainnode.sdk.wallet import Wallet
from contracts.relay.consensus_state import consensus_key
from contracts.relay.record import (
    OPEN_MAX,
    AcknowledgementRecord,
    ClientRecord,
    PacketRecord,
    Traffic,
    acknowledgement_record_key,
    client_key,
    packet_key,
    traffic_key,
)

T = TypeVar("T")
TIP_AGE_MS_MAX: Final = 20
"""Two directions and several paths ask together; one answer serves them."""
LISTING_SECONDS: Final = 60
"""All packets of a full client are 17 pages; a node that shows page after page for ever must not hold a lane."""
_decode_client = msgspec.msgpack.Decoder(ClientRecord).decode
_decode_traffic = msgspec.msgpack.Decoder(Traffic).decode
_decode_packet = msgspec.msgpack.Decoder(PacketRecord).decode
_decode_acknowledgement = msgspec.msgpack.Decoder(AcknowledgementRecord).decode


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest block that a chain's node shows."""

    height: int
    time_ms: int
    epoch: int


class Chain:
    """One chain, and as whom to act there."""

    def __init__(self, name: str, genesis_hash: str, client: Client, wallet: Wallet) -> None:
        """Talk to ``client``'s nodes; ``name`` is for logs, the chain's own id is the wallet's."""
        self.name: Final = name
        self.client: Final = client
        self.wallet: Final = wallet
        self._genesis_hash: Final = genesis_hash
        self._tip: Tip | None = None
        self._tip_read_ms = 0

    @property
    def chain_id(self) -> str:
        """The chain's own name."""
        return self.wallet.chain_id

    async def tip(self) -> Tip:
        """The newest block.

        Raises:
            ConfigError: ``chain-differs``: the node belongs to another chain than was configured.
            Unavailable: no node answered.
        """
        now_ms = self.client.now_ms()
        if self._tip is not None and now_ms - self._tip_read_ms <= TIP_AGE_MS_MAX:
            return self._tip
        found = await self.client.status()
        if found.chain_id != self.chain_id or found.genesis_hash != self._genesis_hash:
            raise ConfigError(
                "chain-differs",
                f"a node of {self.name} belongs to chain {found.chain_id} with genesis {found.genesis_hash}",
                expected=f"{self.chain_id} {self._genesis_hash}",
            )
        self._tip, self._tip_read_ms = Tip(found.height, found.block_time_ms, found.epoch), self.client.now_ms()
        return self._tip

    async def has_identity(self) -> bool:
        """Whether the chain knows the identity that this relayer acts as."""
        try:
            await self.client.identity(self.wallet.did)
        except NotFound:
            return False
        return True

    async def client_record(self, client_id: str) -> ClientRecord:
        """A client that this chain keeps of another one.

        Raises:
            Rejected: ``relay-client-unknown``.
        """
        value = await self._value(client_key(client_id))
        if value is None:
            raise Rejected("relay-client-unknown", f"{self.name} has no client {client_id}")
        return _read(_decode_client, value)

    async def consensus_state(self, client_id: str, height: int) -> ConsensusState:
        """What a client keeps of a header.

        Raises:
            Rejected: ``relay-height-unknown``: meanwhile it has gone.
        """
        value = await self._value(consensus_key(client_id, height))
        if value is None:
            raise Rejected("relay-height-unknown", f"{client_id} on {self.name} keeps no header of height {height}")
        return decode_consensus_state(value)

    async def traffic(self, client_id: str) -> Traffic:
        """How many packets were sent through a client, and are under way."""
        value = await self._value(traffic_key(client_id))
        return Traffic() if value is None else _read(_decode_traffic, value)

    async def packets(self, client_id: str) -> list[PacketRecord]:
        """Every packet of this chain that is under way through a client, the oldest first; 8,192 at most.

        Raises:
            Unavailable: ``bad-answer``: what a node lists are no packets, or it does not come to an end.
        """
        if not (await self.traffic(client_id)).under_way:
            return []
        found: dict[int, PacketRecord] = {}
        try:
            async with asyncio.timeout(LISTING_SECONDS):
                async for document in self.client.all_records("relay-packets", client_id=client_id):
                    packet = _packet(document)
                    found[packet.sequence] = packet
                    if len(found) >= OPEN_MAX:
                        break
        except TimeoutError as error:
            raise Unavailable("bad-answer", f"{self.name} lists packets of {client_id} without an end") from error
        return [found[sequence] for sequence in sorted(found)]

    async def packet(self, client_id: str, sequence: int) -> PacketRecord | None:
        """A packet that is under way; None where it was never sent, or is settled."""
        value = await self._value(packet_key(client_id, sequence))
        return None if value is None else _read(_decode_packet, value)

    async def answer(self, client_id: str, sequence: int) -> AcknowledgementRecord | None:
        """What this chain answered to a packet that it received; None where it received none."""
        value = await self._value(acknowledgement_record_key(client_id, sequence))
        return None if value is None else _read(_decode_acknowledgement, value)

    async def update(self, trusted: int, height: int) -> Untrusted:
        """What moves a client of this chain from one header to another."""
        return await self.client.light_update(trusted=trusted, height=height)

    async def proofs(self, keys: list[bytes], height: int) -> list[bytes]:
        """State proofs under the header at ``height``, one for each key."""
        return await self.client.light_proofs(keys, height=height) if keys else []

    async def _value(self, key: bytes) -> bytes | None:
        try:
            text = (await self.client.state(key)).value
        except NotFound:
            return None
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            raise Unavailable("bad-answer", f"a node's value cannot be read: {error}") from error


def open_chain(
    name: str, chain_id: str, genesis_hash: str, nodes: tuple[str, ...], key: SigningKey, did: str = ""
) -> Chain:
    """A chain whose nodes are asked from now on; ``Chain.client`` is to be closed in the end."""
    return Chain(name, genesis_hash, Client(nodes, patience_ms=10_000), Wallet(chain_id, [key], did or None))


def _packet(document: Document) -> PacketRecord:
    try:
        fields = {name: document[name] for name in PacketRecord.__struct_fields__}
        values = fields | {"value": bytes.fromhex(fields["value"])}
        # A Struct's constructor believes anything; a node is not to be believed.
        return msgspec.convert(list(values.values()), PacketRecord)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable("bad-answer", f"a node's packet cannot be read: {error}") from error


def _read(decode: Callable[[bytes], T], value: bytes) -> T:
    try:
        return decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable("bad-answer", f"a node's record cannot be read: {error}") from error
