"""What an application on packets brings: one value that says its name and what it does with each of its packets.

The relay checks proofs, time and order before it calls; a port sees only packets that the other chain really sent (or
that this one really sent, and that were answered or ran out of time), each exactly once. It reads and writes the
state and emits events like any handler. What it refuses (``OperationFailed``, or any ``Rejected``) is undone, its
events too:

- ``receive``: the sender gets the error acknowledgement.
- ``acknowledge``, ``time_out``: the packet is settled all the same, and the event says the code; a port that could
  hold its packets open would fill its client's quota for ever.

A port that raises anything else stops every node, as any handler would: whatever the other chain wrote into the value
must end in a refusal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.relay.packet import Packet, Payload

MSGPACK: Final = "application/msgpack"
"""Encoding of every port of this program: canonical MessagePack."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that was sent to this chain."""

    packet: Packet
    payload: Payload
    client_id: str
    """Our client of the sender."""
    chain_id: str
    """The sender's name, as the client's creators agreed on it."""
    proof_height: int
    """Height of the sender's header under which the packet was proved."""
    proof_time_ms: int
    """That header's time."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A packet that this chain sent, and that is settled now."""

    packet: Packet
    payload: Payload
    client_id: str
    """Our client of the receiver."""
    chain_id: str
    """The receiver's name."""
    sender: str
    """In whose name it was sent."""


@dataclass(frozen=True, slots=True)
class Port:
    """One application."""

    name: str
    """``registry``, ``identity``, ``evidence``, ``trade``; on both chains the same."""
    version: str
    """``registry-1``; another version's packets are answered with the error acknowledgement."""
    receive: Callable[[Arrival, Context, State], bytes]
    """Answers with the acknowledgement: 1 byte to 1 KiB, not the error one."""
    acknowledge: Callable[[Departure, bytes | None, Context, State], None]
    """Takes the answer; None where it is the error acknowledgement: nothing happened on the other chain."""
    time_out: Callable[[Departure, Context, State], None]
    """The packet was not received and never will be: nothing happened on the other chain."""
    encoding: str = MSGPACK
