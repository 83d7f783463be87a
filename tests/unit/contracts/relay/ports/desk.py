"""One consortium with a client of another chain, whose packets count as proved: what ports make of them."""

from typing import Any

import msgspec

from chainnode.codec.canonical import encode
from chainnode.lightclient.client_state import ConsensusState
from chainnode.types.receipt import OK, Event, Receipt
from chainnode.types.transaction import Transaction
from contracts.identity.operations_accreditation import Accredit
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from contracts.relay import calling
from contracts.relay.consensus_state import consensus_key
from contracts.relay.packet import Packet, Payload
from contracts.relay.port import Arrival, Departure, Port
from contracts.relay.ports.message import (
    AccreditationMessage,
    AnswerMessage,
    AssetMessage,
    AssetView,
    ListingView,
    OrderMessage,
)
from contracts.relay.ports.record_trade import order_id_of
from contracts.relay.record import client_key
from tests.unit.contracts.relay.connected import CLIENT_ID, THEIRS, client
from tests.unit.contracts.relay.pair import SECOND
from tests.unit.contracts.relay.ports.market import AGREEMENT, DAY_MS, LISTING, PRICE
from tests.unit.contracts.world import CHAIN, TIME_MS, World, did_of

PROOF_HEIGHT = 1_000
THEIR_ASSET, THEIR_LISTING, THEIR_ORDER = b"A" * 32, b"L" * 32, b"O" * 32
NOW_MS = TIME_MS + 1_000
OWN_ORDER = order_id_of(did_of("stranger"), "order")
ACCREDITED = Accredit(did_of("stranger"), "buyer")


def theirs(name: str) -> str:
    """An identity of the other chain."""
    return did_of(name, SECOND)


class Desk(World):
    """``THEIRS`` is the other chain's client of this one, ``CLIENT_ID`` ours of it."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.sequence = 0
        known = {"heights": (PROOF_HEIGHT,), "latest_height": PROOF_HEIGHT, "trusting_period_ms": 30 * DAY_MS}
        found = client(**{"chain_id": SECOND, **known, **changes})
        self.overlay.put(client_key(CLIENT_ID), encode(found))
        self.header(bytes(32))

    def header(self, hash_: bytes, height: int = PROOF_HEIGHT) -> None:
        """What the client keeps of the other chain's header."""
        zero = bytes(32)
        kept = ConsensusState(height, NOW_MS, hash_, zero, zero, 0, zero, zero)
        self.overlay.put(consensus_key(CLIENT_ID, height), encode(kept))

    def execute(self, transaction: Transaction) -> Receipt:
        receipt = super().execute(transaction)
        self.events += receipt.events
        return receipt

    def must(self, name: str, *operations: Operation) -> Receipt:
        receipt = self.submit(name, *operations)
        assert receipt.code == OK, (receipt.code, receipt.info)
        return receipt

    def did(self, name: str) -> str:
        return did_of(name)

    def soon(self, after_s: int = 3_600) -> int:
        return self.time_ms // 1_000 + after_s

    def context(self, name: str = "governor") -> Context:
        return Context(
            chain_id=CHAIN,
            height=self.height,
            time_ms=self.time_ms,
            tx_id=bytes(32),
            index=0,
            sender=did_of(name),
            signers=(),
        )

    def hear(self, port: Port, said: msgspec.Struct | bytes, **changes: Any) -> str:
        """The code with which a packet of the other chain ends; each has the next sequence unless it is given."""
        self.sequence += 1
        value = said if isinstance(said, bytes) else encode(said)
        payload = Payload(port.name, port.name, port.version, port.encoding, value)
        packet = Packet(changes.pop("sequence", self.sequence), self.soon(), THEIRS, CLIENT_ID, (payload,))
        told: dict[str, Any] = {"chain_id": SECOND, "proof_height": PROOF_HEIGHT, "proof_time_ms": NOW_MS} | changes
        where = self.context()
        self.answer, code = calling.receive(Arrival(packet, payload, CLIENT_ID, **told), where, self.overlay)
        self.events += where.events
        return code

    def departure(self, sequence: int = 0) -> Departure:
        """A packet that was sent, the last one unless its sequence is given."""
        sent = [event.attributes for event in self.events if event.name == "relay.packet_sent"]
        one: Any = sent[sequence - 1]
        payload = Payload(
            one["source_port"], one["destination_port"], one["version"], one["encoding"], one["value"]
        )
        packet = Packet(one["sequence"], one["timeout_s"], CLIENT_ID, THEIRS, (payload,))
        return Departure(packet, payload, CLIENT_ID, SECOND, one["sender"])

    def settle(self, answer: bytes, sequence: int = 0) -> str:
        """The code with which the answer to a packet ends."""
        where = self.context()
        code = calling.acknowledge(self.departure(sequence), answer, where, self.overlay)
        self.events += where.events
        return code

    def lapse(self, sequence: int = 0) -> str:
        """The code with which the time-out of a packet ends."""
        where = self.context()
        code = calling.time_out(self.departure(sequence), where, self.overlay)
        self.events += where.events
        return code


def asset_view(**fields: Any) -> AssetView:
    values = {
        "asset_id": THEIR_ASSET,
        "kind": "dataset",
        "name": "Trains",
        "registrar": theirs("exchange"),
        "holder": theirs("member"),
        "certificate": "0001-20261122-00000042-02",
        "status": "CERTIFIED",
        "version": 1,
        "description_hash": bytes(32),
        "valid_until_ms": 0,
    }
    return AssetView(**{**values, **fields})


def listing_view(**fields: Any) -> ListingView:
    values = {
        "listing_id": THEIR_LISTING,
        "asset_id": THEIR_ASSET,
        "operator": theirs("exchange"),
        "seller": theirs("member"),
        "currency": "CNY",
        "price_mode": "fixed",
        "price": PRICE,
        "unit": "copy",
        "quantity": 0,
        "delivery_mode": "file",
        "right_kind": "processing-use",
        "terms_hash": bytes(32),
        "offer_hash": None,
        "expires_ms": 0,
        "status": "LISTED",
    }
    return ListingView(**{**values, **fields})


def shown(height: int = 5, asset: AssetView | None = None, listing: ListingView | None = None) -> AssetMessage:
    return AssetMessage(height, asset_view() if asset is None else asset, listing)


def offered(height: int = 5, **fields: Any) -> AssetMessage:
    """The other chain's asset with its listing."""
    return shown(height, None, listing_view(**fields))


def trusted(height: int = 5, **fields: Any) -> AccreditationMessage:
    values = {
        "height": height,
        "did": theirs("stranger"),
        "kind": "buyer",
        "credential_type": "",
        "jurisdiction": "",
        "valid_from_ms": NOW_MS,
        "valid_until_ms": 0,
        "ended_ms": 0,
        "accredited_by": theirs("governor"),
        "reason": "",
    }
    return AccreditationMessage(**{**values, **fields})


def asked(height: int = 5, **fields: Any) -> OrderMessage:
    """An order of the other chain's ``stranger`` for what ``member`` lists here."""
    values = {
        "kind": "order",
        "height": height,
        "order_id": THEIR_ORDER,
        "buyer": theirs("stranger"),
        "listing_id": LISTING,
        "quantity": 2,
        "price": PRICE,
        "currency": "CNY",
        "agreement_hash": AGREEMENT,
        "accept_by_ms": NOW_MS + DAY_MS,
        "deliver_by_ms": NOW_MS + 2 * DAY_MS,
    }
    return OrderMessage(**{**values, **fields})


def said(answer: Any, order_id: bytes, height: int = 5, **fields: Any) -> AnswerMessage:
    digest = b"e" * 32 if answer == "deliver" else b""
    return AnswerMessage("answer", height, order_id, answer, "sha256", **{"digest": digest, **fields})
