"""What can come of a relay operation: its events."""

from typing import Final

from contracts.kernel.event import TypedEvent


class ClientCreated(TypedEvent, frozen=True):
    """Another chain is followed from now on."""

    NAME = "relay.client_created"
    INDEXED = ("client_id", "chain_id")

    client_id: str
    kind: str
    chain_id: str
    height: int


class ClientUpdated(TypedEvent, frozen=True):
    """A client verified another header."""

    NAME = "relay.client_updated"
    INDEXED = ("client_id",)

    client_id: str
    height: int
    time_ms: int


class ClientFrozen(TypedEvent, frozen=True):
    """The other chain was shown to contradict itself: nothing of it is believed any more."""

    NAME = "relay.client_frozen"
    INDEXED = ("client_id",)

    client_id: str
    height: int
    frozen_by: str


class ClientRecovered(TypedEvent, frozen=True):
    """The consortium gave a client a fresh header to go on from."""

    NAME = "relay.client_recovered"
    INDEXED = ("client_id",)

    client_id: str
    height: int


class CounterpartyRegistered(TypedEvent, frozen=True):
    """A client knows which client of the other chain is its opposite: packets may flow."""

    NAME = "relay.counterparty_registered"
    INDEXED = ("client_id",)

    client_id: str
    counterparty_client: str
    counterparty_prefix: bytes


class PacketSent(TypedEvent, frozen=True):
    """A packet is under way; the event tells all of it."""

    NAME = "relay.packet_sent"
    INDEXED = ("client_id", "sequence")

    client_id: str
    """The sender's client: ``source_client`` of the packet."""
    sequence: int
    destination_client: str
    timeout_s: int
    source_port: str
    destination_port: str
    version: str
    encoding: str
    value: bytes
    sender: str


class PacketReceived(TypedEvent, frozen=True):
    """A packet was received, once and for all, and answered."""

    NAME = "relay.packet_received"
    INDEXED = ("client_id", "sequence")

    client_id: str
    """The receiver's client: ``destination_client`` of the packet."""
    sequence: int
    source_client: str
    port: str
    acknowledgement: bytes
    code: str
    """``ok``, or why the answer is the error acknowledgement."""


class PacketAcknowledged(TypedEvent, frozen=True):
    """A packet's answer came back: it is settled."""

    NAME = "relay.packet_acknowledged"
    INDEXED = ("client_id", "sequence")

    client_id: str
    """The sender's client."""
    sequence: int
    port: str
    success: bool
    """Whether the answer is other than the error acknowledgement."""
    code: str
    """``ok``, or why the port did nothing with the answer."""


class PacketTimedOut(TypedEvent, frozen=True):
    """A packet was not received in time and never will be: it is settled."""

    NAME = "relay.packet_timed_out"
    INDEXED = ("client_id", "sequence")

    client_id: str
    """The sender's client."""
    sequence: int
    port: str
    code: str
    """``ok``, or why the port did nothing about it."""


EVENTS: Final = (
    ClientCreated,
    ClientUpdated,
    ClientFrozen,
    ClientRecovered,
    CounterpartyRegistered,
    PacketSent,
    PacketReceived,
    PacketAcknowledged,
    PacketTimedOut,
)
