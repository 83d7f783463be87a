"""What is said about other chains, and what is carried between them: the wire forms and their form rules."""

from typing import Annotated, Final, Literal

import msgspec

from chainnode.lightclient.client_state import CLOCK_DRIFT_MS_MAX, TRUSTING_PERIOD_MS_MAX, Path
from chainnode.limits import KIB
from chainnode.types.block import HEADER_BYTES_MAX
from chainnode.types.transaction import Height
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32
from contracts.relay.packet import AcknowledgementBytes, ClientId, Packet, SequenceNumber
from contracts.relay.path import PREFIX
from contracts.relay.record import ATTESTORS_MAX, ChainName, PrefixBytes

EVIDENCE_BYTES_MAX: Final = 60 * KIB
"""A header, its certificate by 100 validators and their list; an operation has 64 KiB."""
PROOF_BYTES_MAX: Final = 20 * KIB
"""A path of 256 hashes, or an attestation of 128 paths."""

Evidence = Annotated[bytes, msgspec.Meta(min_length=1, max_length=EVIDENCE_BYTES_MAX)]
Proof = Annotated[bytes, msgspec.Meta(min_length=1, max_length=PROOF_BYTES_MAX)]
HeaderBytes = Annotated[bytes, msgspec.Meta(min_length=1, max_length=HEADER_BYTES_MAX)]
ListBytes = Annotated[bytes, msgspec.Meta(max_length=EVIDENCE_BYTES_MAX)]
TrustingPeriod = Annotated[int, msgspec.Meta(ge=60_000, le=TRUSTING_PERIOD_MS_MAX)]
ClockDrift = Annotated[int, msgspec.Meta(ge=0, le=CLOCK_DRIFT_MS_MAX)]
Attestors = Annotated[tuple[Hash32, ...], msgspec.Meta(min_length=1, max_length=ATTESTORS_MAX)]
Threshold = Annotated[int, msgspec.Meta(ge=1, le=ATTESTORS_MAX)]
TimeMs = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class CreateClient(Operation, frozen=True, array_like=True, tag="relay.create_client"):
    """Follow another chain of this software, from a header whose hash the consortium agreed on."""

    chain_id: ChainName
    """The other chain's name; not this one's."""
    genesis_hash: Hash32
    """A chain of the same name with another genesis is another chain."""
    header: HeaderBytes
    """Canonical bytes of the header to begin with."""
    genesis_path: Path = ()
    """From the genesis hash to the header's history root, as the API proves it; empty for the genesis header."""
    validators: ListBytes = b""
    """Canonical bytes of the list that the header names as its own; without it the first update brings it."""
    trusting_period_ms: TrustingPeriod = 7 * 86_400_000
    """A client that is not updated for so long expires. Shorter than validators keep keys that they gave up."""
    clock_drift_ms: ClockDrift = 10_000
    """A header's time may be so much ahead of this chain's."""
    keep_all: bool = False
    """Keep what every header said for ever: a main chain's archive of its sub-chains' anchors."""


class CreateAttestationClient(Operation, frozen=True, array_like=True, tag="relay.create_attestation_client"):
    """Follow a chain of another kind through a foreign institution: so many of its keys vouch for what it holds."""

    chain_id: ChainName
    attestors: Attestors
    """Ed25519 keys, in ascending order."""
    threshold: Threshold
    """So many of them must sign."""
    height: Height
    """Where the other chain stands now."""
    time_ms: TimeMs
    """Its time at that height."""
    trusting_period_ms: TrustingPeriod = 7 * 86_400_000
    clock_drift_ms: ClockDrift = 10_000
    keep_all: bool = False

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``relay-attestors``.
        """
        check_attestors(self.attestors, self.threshold)


class RegisterCounterparty(Operation, frozen=True, array_like=True, tag="relay.register_counterparty"):
    """Say, once, which client of the other chain follows this one: packets may flow from then on."""

    client_id: ClientId
    counterparty_client: ClientId
    counterparty_prefix: PrefixBytes = PREFIX
    """What stands before a packet's path in the other chain's state keys."""


class UpdateClient(Operation, frozen=True, array_like=True, tag="relay.update_client"):
    """Show another header, or another height, to a client; anybody may, nothing of it is taken on trust."""

    client_id: ClientId
    trusted_height: Height
    """Of the kept header that vouches for the new one; of no meaning to an attestation client."""
    update: Evidence
    """Canonical bytes: ``Untrusted`` of ``chainnode.lightclient`` (a list that the client keeps may be left empty), or
    ``Attested`` with a ``StateAttestation``."""


class AddPastHeader(Operation, frozen=True, array_like=True, tag="relay.add_past_header"):
    """Show a client a header below one that it keeps: the kept one's history proves it without a signature."""

    client_id: ClientId
    trusted_height: Height
    header: HeaderBytes
    path: Path = ()
    """From the header's hash to the kept header's history root."""


class SubmitMisbehaviour(Operation, frozen=True, array_like=True, tag="relay.submit_misbehaviour"):
    """Show that the other chain contradicts itself: the client freezes, and refuses all until it is recovered."""

    client_id: ClientId
    trusted_height: Height
    """Of the kept header that vouches for both; of no meaning to an attestation client."""
    subject: Literal["headers", "states", "packets"]
    """What contradicts: headers of a chain of this software; of an attestation client, heights and times, or paths."""
    first: Evidence
    """As ``update`` of ``relay.update_client``; for packets ``Attested`` with a ``PacketAttestation``."""
    second: Evidence


class RecoverClient(Operation, frozen=True, array_like=True, tag="relay.recover_client"):
    """Give a frozen or expired client a fresh header to go on from; whatever it kept before counts no more."""

    client_id: ClientId
    header: HeaderBytes
    genesis_path: Path = ()
    validators: ListBytes = b""


class RecoverAttestationClient(Operation, frozen=True, array_like=True, tag="relay.recover_attestation_client"):
    """Give a frozen or expired client its keys anew, and a height to go on from."""

    client_id: ClientId
    attestors: Attestors
    threshold: Threshold
    height: Height
    time_ms: TimeMs

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``relay-attestors``.
        """
        check_attestors(self.attestors, self.threshold)


class ReceivePacket(Operation, frozen=True, array_like=True, tag="relay.receive_packet"):
    """Deliver a packet of another chain; anybody may, the proof speaks."""

    packet: Packet
    proof_height: Height
    """Of the client's header under which the proof holds."""
    proof: Proof
    """That the other chain holds the packet's commitment: a canonical ``StateProof``, or ``Attested`` with a
    ``PacketAttestation``."""


class AcknowledgePacket(Operation, frozen=True, array_like=True, tag="relay.acknowledge_packet"):
    """Bring home the answer to a packet of this chain, and so settle it."""

    client_id: ClientId
    """Through which the packet was sent."""
    sequence: SequenceNumber
    acknowledgement: AcknowledgementBytes
    proof_height: Height
    proof: Proof
    """That the other chain holds the answer's commitment."""


class TimeOutPacket(Operation, frozen=True, array_like=True, tag="relay.time_out_packet"):
    """Show that a packet of this chain was not received in time, and so settle it."""

    client_id: ClientId
    sequence: SequenceNumber
    proof_height: Height
    """Of a header whose time is at or after the time-out."""
    proof: Proof
    """That the other chain holds no receipt."""


def check_attestors(attestors: tuple[bytes, ...], threshold: int) -> None:
    """Refuse keys in disorder, and a threshold that could never be met.

    Raises:
        OperationFailed: ``relay-attestors``.
    """
    if sorted(dict.fromkeys(attestors)) != list(attestors):
        raise OperationFailed("relay-attestors", "each attestor's key stands once, in ascending order")
    if threshold > len(attestors):
        raise OperationFailed("relay-attestors", f"{threshold} signatures are asked of {len(attestors)} attestors")
