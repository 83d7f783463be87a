"""What the ledger holds about other chains.

    relay-client/<client>                          ClientRecord
    relay-client-count                             clients created so far
    relay-traffic/<client>                         Traffic: sequence and packets under way
    relay-quota/<client>/<did>                     packets that one sender has under way
    relay-packet/<client>/<sequence>               PacketRecord: sent, until it is acknowledged or timed out
    relay-acknowledgement/<client>/<sequence>      AcknowledgementRecord: received, and what was answered
    relay/packets/<raw path>                       commitments (``contracts.relay.path``)

Consensus states and validator lists of clients: ``contracts.relay.consensus``.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.limits import CHAIN_ID_BYTES_MAX
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Height
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.text import Hash32
from contracts.relay.packet import (
    AcknowledgementBytes,
    ClientId,
    Packet,
    Payload,
    PortText,
    SequenceNumber,
    TimeoutS,
    Value,
)

CLIENTS_MAX: Final = 256
"""Of one chain; members create them by vote, and each may keep states and lists."""
ATTESTORS_MAX: Final = 16
"""Keys of one foreign institution, or of several together; every proof costs so many signature checks."""
HEIGHTS_MAX: Final = 64
"""Headers that a client keeps; the oldest leaves. A relayer proves against the one that it brings along."""
LISTS_MAX: Final = 4
"""Validator lists that a client keeps; up to 64 KiB each."""
OPEN_MAX: Final = 8_192
"""Packets of one client under way: 5 KiB each at most."""
OPEN_PER_SENDER_MAX: Final = 1_024
"""... of one sender: eight must conspire to fill a client."""

CLIENT: Final = Lifecycle(
    "client",
    "relay-client-frozen",
    {
        (None, "create"): "ACTIVE",
        ("ACTIVE", "update"): "ACTIVE",
        ("ACTIVE", "freeze"): "FROZEN",
        ("ACTIVE", "recover"): "ACTIVE",
        ("FROZEN", "recover"): "ACTIVE",
    },
)
"""An active client that was not updated within its trusting period has expired: that follows from the time, not from
a step."""

ClientKind = Literal["chainnode", "attestation"]
ChainName = Annotated[str, msgspec.Meta(min_length=1, max_length=CHAIN_ID_BYTES_MAX, pattern=r"\A[a-z0-9._-]*\Z")]
PrefixBytes = Annotated[bytes, msgspec.Meta(max_length=64)]


class ClientRecord(msgspec.Struct, frozen=True, array_like=True):
    """One client: what this chain knows of another one, and by what rules."""

    client_id: ClientId
    kind: ClientKind
    chain_id: ChainName
    """The other chain's name."""
    status: str
    latest_height: Height
    """Of the highest header that was verified."""
    latest_ms: int
    """That header's time; with ``trusting_period_ms`` it says when the client expires."""
    trusting_period_ms: int
    clock_drift_ms: int
    genesis_hash: bytes
    """Of a chain of this software; empty for an attestation client."""
    attestors: tuple[Hash32, ...]
    """Ed25519 keys that vouch for a foreign chain, sorted; empty for a chain of this software."""
    threshold: int
    """How many of them must sign; 0 for a chain of this software."""
    keep_all: bool
    """Whether the states of headers stay readable for ever: a main chain's archive of its sub-chains' anchors."""
    heights: tuple[int, ...]
    """Headers that proofs may refer to, ascending."""
    lists: tuple[Hash32, ...]
    """Hashes of the validator lists that are kept, the latest used last."""
    counterparty_client: str
    """The other chain's client of this one; empty until it is registered."""
    counterparty_prefix: PrefixBytes
    """What stands before the path of a packet in the other chain's state keys."""
    created_height: Height
    recovered_height: Height
    """Last recovery; 0 = never."""

    def expires_ms(self) -> int:
        """First block time at which the client has expired."""
        return self.latest_ms + self.trusting_period_ms


class Traffic(msgspec.Struct, frozen=True, array_like=True):
    """What was sent through one client."""

    sent: int = 0
    """The last packet's sequence."""
    under_way: int = 0
    """Neither acknowledged nor timed out."""


class PacketRecord(msgspec.Struct, frozen=True, array_like=True):
    """A packet of this chain that is under way."""

    client_id: ClientId
    sequence: SequenceNumber
    destination_client: ClientId
    timeout_s: TimeoutS
    source_port: PortText
    destination_port: PortText
    version: PortText
    encoding: PortText
    value: Value
    sender: str
    """Whose quota it counts against."""
    sent_height: Height
    sent_ms: int

    def packet(self) -> Packet:
        """As it was sent."""
        payload = Payload(self.source_port, self.destination_port, self.version, self.encoding, self.value)
        return Packet(self.sequence, self.timeout_s, self.client_id, self.destination_client, (payload,))


class AcknowledgementRecord(msgspec.Struct, frozen=True, array_like=True):
    """What this chain answered to a packet."""

    client_id: ClientId
    """Our client of the sender."""
    sequence: SequenceNumber
    source_client: ClientId
    acknowledgement: AcknowledgementBytes
    code: str
    """``ok``, or why the answer is the error acknowledgement."""
    height: Height
    time_ms: int


CLIENT_COUNT_KEY: Final = key("relay-client-count")
NO_TRAFFIC: Final = Traffic()
_decode_client = lru_cache(64)(msgspec.msgpack.Decoder(ClientRecord).decode)
_decode_traffic = lru_cache(64)(msgspec.msgpack.Decoder(Traffic).decode)
_decode_packet = msgspec.msgpack.Decoder(PacketRecord).decode
_decode_acknowledgement = msgspec.msgpack.Decoder(AcknowledgementRecord).decode
_decode_count = msgspec.msgpack.Decoder(int).decode


def client_key(client_id: str) -> bytes:
    """State key of a client."""
    return key("relay-client", client_id)


def read_client(state: State, client_id: str) -> ClientRecord | None:
    """The client, or None."""
    stored = state.get(client_key(client_id))
    return None if stored is None else _decode_client(stored)


def read_client_count(state: State) -> int:
    """Clients created so far; the last one's number."""
    stored = state.get(CLIENT_COUNT_KEY)
    return 0 if stored is None else _decode_count(stored)


def traffic_key(client_id: str) -> bytes:
    """State key of what was sent through a client."""
    return key("relay-traffic", client_id)


def read_traffic(state: State, client_id: str) -> Traffic:
    """What was sent through a client."""
    stored = state.get(traffic_key(client_id))
    return NO_TRAFFIC if stored is None else _decode_traffic(stored)


def quota_key(client_id: str, sender: str) -> bytes:
    """State key of how many packets of ``sender`` are under way; absent where none is."""
    return key("relay-quota", client_id, sender)


def read_quota(state: State, client_id: str, sender: str) -> int:
    """How many packets of ``sender`` are under way."""
    stored = state.get(quota_key(client_id, sender))
    return 0 if stored is None else _decode_count(stored)


def packet_key(client_id: str, sequence: int) -> bytes:
    """State key of a packet under way."""
    return key("relay-packet", client_id, sequence)


def read_packet(state: State, client_id: str, sequence: int) -> PacketRecord | None:
    """The packet; None where it was never sent, or is settled."""
    stored = state.get(packet_key(client_id, sequence))
    return None if stored is None else _decode_packet(stored)


def acknowledgement_record_key(client_id: str, sequence: int) -> bytes:
    """State key of an answer in full; its hash stands under ``path.acknowledgement_key``."""
    return key("relay-acknowledgement", client_id, sequence)


def read_acknowledgement(state: State, client_id: str, sequence: int) -> AcknowledgementRecord | None:
    """The answer to a packet that was received through ``client_id``; None where none was."""
    stored = state.get(acknowledgement_record_key(client_id, sequence))
    return None if stored is None else _decode_acknowledgement(stored)


def count_open(client_id: str, sender: str, change: int, traffic: Traffic, state: State) -> None:
    """Write ``traffic`` with ``change`` more packets under way, and those of ``sender``."""
    state.put(traffic_key(client_id), encode(Traffic(traffic.sent, traffic.under_way + change)))
    left = read_quota(state, client_id, sender) + change
    if left > 0:
        state.put(quota_key(client_id, sender), encode(left))
    else:
        state.delete(quota_key(client_id, sender))


RECORDS: Final = (
    ("relay-client", 2, "", ClientRecord),
    ("relay-client-count", 1, "", int),
    ("relay-traffic", 2, "", Traffic),
    ("relay-quota", 3, "", int),
    ("relay-packet", 3, "", PacketRecord),
    ("relay-acknowledgement", 3, "", AcknowledgementRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
