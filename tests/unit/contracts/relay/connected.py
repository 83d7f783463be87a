"""A chain with a client whose counterparty is registered, and ways to send through it."""

from dataclasses import dataclass, field

import pytest

from chainnode.codec.canonical import encode
from chainnode.state.overlay import Overlay
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.relay import calling
from contracts.relay.packet import Packet
from contracts.relay.path import PREFIX
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.record import ClientRecord, client_key
from contracts.relay.sending import send
from tests.unit.contracts.world import CHAIN, TIME_MS, did_of

OTHER = "other-1"
CLIENT_ID = "chainnode-1"
THEIRS = "chainnode-9"
DAY_MS = 86_400_000


@dataclass
class Heard:
    """What a port was told, in order."""

    told: list[str] = field(default_factory=list)

    def port(self, version: str = "echo-1") -> Port:
        return Port("echo", version, self.receive, self.acknowledge, self.time_out)

    def receive(self, arrival: Arrival, _context: Context, _state: State) -> bytes:
        self.told.append(f"receive {arrival.packet.sequence}")
        return b"\x01" + arrival.payload.value

    def acknowledge(self, departure: Departure, answer: bytes | None, _context: Context, _state: State) -> None:
        self.told.append(f"acknowledge {departure.packet.sequence} {answer!r}")

    def time_out(self, departure: Departure, _context: Context, _state: State) -> None:
        self.told.append(f"time-out {departure.packet.sequence}")


ECHO = Heard().port()


def listening(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """A program whose only port is ``echo``."""
    found = Heard()
    monkeypatch.setattr(calling, "PORTS", {"echo": found.port()})
    return found


def client(**changes: object) -> ClientRecord:
    found = {
        "client_id": CLIENT_ID, "kind": "chainnode", "chain_id": OTHER, "status": "ACTIVE", "latest_height": 5,
        "latest_ms": TIME_MS, "trusting_period_ms": DAY_MS, "clock_drift_ms": 10_000, "genesis_hash": bytes(32),
        "attestors": (), "threshold": 0, "keep_all": False, "heights": (5,), "lists": (), "counterparty_client": THEIRS,
        "counterparty_prefix": PREFIX, "created_height": 1, "recovered_height": 0,
    }  # fmt: skip
    return ClientRecord(**{**found, **changes})  # type: ignore[arg-type]


def chain(**changes: object) -> Overlay:
    """The state of a chain with this client and nothing else."""
    overlay = Overlay(lambda _key: None)
    found = client(**changes)
    overlay.put(client_key(found.client_id), encode(found))
    return overlay


def context(sender: str = "member", time_ms: int = TIME_MS + 1_000, proposal: int | None = None) -> Context:
    return Context(
        chain_id=CHAIN,
        height=9,
        time_ms=time_ms,
        tx_id=bytes(32),
        index=0,
        sender=did_of(sender),
        signers=(),
        proposal=proposal,
    )


def sent(state: State, where: Context, value: bytes = b"x", after_s: int = 60, client_id: str = CLIENT_ID) -> Packet:
    return send(client_id, ECHO, value, where.time_ms // 1_000 + after_s, where, state)
