"""Packets and acknowledgements, and their hashes: IBC v2's byte for byte, so that others' verifiers can check ours.

    payload      H(H(source_port) || H(destination_port) || H(version) || H(encoding) || H(value))
    packet       H(0x02 || H(destination_client) || H(BE64(timeout_s)) || H(payload hashes))
    acknowledgement   H(0x02 || H(acknowledgement) for each payload)

with H = SHA-256, without a domain tag: the formats are given. Every part is hashed before it is joined, so no field can
flow into its neighbour. Sequence and source client are not in the hash: they are in the key under which it stands
(``contracts.relay.path``), and whoever proves the one proves the other.

Source: IBC v2, PACKET.md and ICS-24; ibc-go v10, channel v2 commitments. The text of PACKET.md says little-endian for
the time-out and differs from ICS-24 in two key bytes; the implementation and ICS-24 are followed here.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from chainnode.limits import KIB
from contracts.kernel.text import LINE_PATTERN

PAYLOAD_BYTES_MAX: Final = 4 * KIB
"""Of a payload's value: 128 packets of one transaction, events included, stay below what its receipt can hold."""
ACKNOWLEDGEMENT_BYTES_MAX: Final = KIB
"""An answer says what became of something; what is longer is fetched from the chain that has it."""
CLIENT_PATTERN: Final = r"\A[a-z0-9][A-Za-z0-9._+-]{3,63}\Z"
SEQUENCE_MAX: Final = 2**53
"""Numbers that every JSON reader takes; a packet each microsecond for 285 years."""
TIMEOUT_S_MAX: Final = 2**53

ClientId = Annotated[str, msgspec.Meta(pattern=CLIENT_PATTERN, max_length=64)]
"""Name of a client on the chain that keeps it: ours are ``chainnode-<n>`` and ``attestation-<n>``."""
SequenceNumber = Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]
TimeoutS = Annotated[int, msgspec.Meta(ge=1, le=TIMEOUT_S_MAX)]
PortText = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=LINE_PATTERN)]
Value = Annotated[bytes, msgspec.Meta(min_length=1, max_length=PAYLOAD_BYTES_MAX)]
AcknowledgementBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=ACKNOWLEDGEMENT_BYTES_MAX)]


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """What one application tells another one."""

    source_port: PortText
    destination_port: PortText
    version: PortText
    """Of the application's own rules, such as ``registry-1``."""
    encoding: PortText
    """Media type of ``value``."""
    value: Value


class Packet(msgspec.Struct, frozen=True, array_like=True):
    """One message from a chain to another one."""

    sequence: SequenceNumber
    """Counted by the sending chain for each of its clients, from 1."""
    timeout_s: TimeoutS
    """Unix seconds. The packet is received in a block whose time is before this moment, or never."""
    source_client: ClientId
    """The sender's client of the receiving chain."""
    destination_client: ClientId
    """The receiver's client of the sending chain."""
    payloads: Annotated[tuple[Payload, ...], msgspec.Meta(min_length=1, max_length=1)]
    """Exactly one."""

    @property
    def payload(self) -> Payload:
        """The only payload."""
        return self.payloads[0]


ERROR_ACKNOWLEDGEMENT: Final = sha256(b"UNIVERSAL_ERROR_ACKNOWLEDGEMENT").digest()
"""What a receiver answers when the application refused. Source: IBC v2, ``errorAcknowledgement``."""
RECEIPT: Final = b"\x02"
"""Value of a packet receipt. Source: IBC v2, ``SUCCESSFUL_RECEIPT``."""
_VERSION: Final = b"\x02"


def payload_hash(payload: Payload) -> bytes:
    """32 bytes over one payload."""
    texts = (payload.source_port, payload.destination_port, payload.version, payload.encoding)
    joined = b"".join(sha256(text.encode()).digest() for text in texts)
    return sha256(joined + sha256(payload.value).digest()).digest()


def packet_commitment(packet: Packet) -> bytes:
    """32 bytes that stand in the sender's state as long as the packet is under way."""
    client = sha256(packet.destination_client.encode()).digest()
    timeout = sha256(packet.timeout_s.to_bytes(8, "big")).digest()
    payloads = sha256(b"".join(payload_hash(payload) for payload in packet.payloads)).digest()
    return sha256(_VERSION + client + timeout + payloads).digest()


def acknowledgement_commitment(acknowledgements: Sequence[bytes]) -> bytes:
    """32 bytes that stand in the receiver's state for its answers, one for each payload."""
    return sha256(_VERSION + b"".join(sha256(answer).digest() for answer in acknowledgements)).digest()
