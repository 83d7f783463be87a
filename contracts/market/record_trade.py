"""What the ledger holds about one trade, and what became of its money.

market-trade/<id>                              TradeRecord
market-settlement/<trade id>/<reference hash>  SettlementRecord: one payment, or one payment back
market-sale/<board id>/<day>/<trade id>        SaleRecord: a certified trade, for the statistics of its day
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.kernel.calendar import DAY_MS
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.money import Amount, Currency
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, ShortName
from contracts.market.record import RECORDS as PLACES
from contracts.market.record import OptionalId, Quantity
from contracts.rights.terms import RightTerms

HOLDS_MAX: Final = 8
"""Disputes and lawful orders that hold one trade at the same time."""

_OFFERS: Final = ("OFFERED", "COUNTERED", "REPORTED")
_RUNNING: Final = ("AGREED", "DELIVERED", "RECEIVED")
_PAID: Final = ("SETTLED", "CERTIFIED")
_ENDED: Final = ("CANCELLED", "TERMINATED")

TRADE: Final = Lifecycle(
    "trade",
    "trade-status",
    {
        (None, "order"): "OFFERED",
        (None, "report"): "REPORTED",
        ("OFFERED", "counter"): "COUNTERED",
        ("COUNTERED", "counter"): "OFFERED",
        ("OFFERED", "agree"): "AGREED",
        ("COUNTERED", "agree"): "AGREED",
        ("REPORTED", "confirm"): "SETTLED",
        **{(status, "decline"): "DECLINED" for status in _OFFERS},
        **{(status, "withdraw"): "WITHDRAWN" for status in _OFFERS},
        **{(status, "lapse"): "LAPSED" for status in _OFFERS},
        ("AGREED", "deliver"): "DELIVERED",
        ("DELIVERED", "refuse"): "AGREED",
        ("DELIVERED", "receive"): "RECEIVED",
        ("DELIVERED", "deem"): "RECEIVED",
        **{(status, "settle"): status for status in _RUNNING},
        ("RECEIVED", "complete"): "SETTLED",
        ("SETTLED", "certify"): "CERTIFIED",
        ("AGREED", "extend_delivery"): "AGREED",
        **{(status, "extend_payment"): status for status in _RUNNING},
        **{(status, "propose_cancellation"): status for status in (*_RUNNING, "SETTLED")},
        **{(status, "cancel"): "CANCELLED" for status in (*_RUNNING, "SETTLED")},
        **{(status, "terminate"): "TERMINATED" for status in _RUNNING},
        **{(status, "hold"): status for status in (*_RUNNING, *_PAID, *_ENDED, "REFUNDING")},
        **{(status, "release"): status for status in (*_RUNNING, *_PAID, *_ENDED, "REFUNDING")},
        **{(status, "annul"): "CANCELLED" for status in (*_RUNNING, *_PAID)},
        **{(status, "order_refund"): "REFUNDING" for status in (*_RUNNING, *_PAID, *_ENDED)},
        **{(status, "refund"): status for status in (*_ENDED, "REFUNDING")},
        ("REFUNDING", "conclude_refund"): "REFUNDED",
    },
)
"""OFFERED waits for the seller, COUNTERED for the buyer, REPORTED for whoever did not report it. A hold is no status:
it stops every step but those of rulings, and the trade goes on from where it stood."""

EvidenceId = Annotated[bytes, msgspec.Meta(max_length=32)]
Leg = Literal["price", "fee"]
"""What the seller receives, and what the exchange receives."""


class TradeRecord(msgspec.Struct, frozen=True, array_like=True):
    """One trade from the order to the certificate.

    Whatever the fee rules, ``proceeds + fee`` is what the buyer owes; ``paid`` and ``paid_fee``
    never exceed the two, ``refunded`` never exceeds what was paid.
    """

    trade_id: Hash32
    reference: ShortName
    board_id: Hash32
    listing_id: OptionalId
    """Empty for a trade made off the exchange."""
    asset_id: Hash32
    seller: Did
    buyer: Did
    reported_by: AnyDid
    """The party that reported an off-exchange trade; empty on the exchange."""
    currency: Currency
    price: Amount
    """For one unit."""
    quantity: Quantity
    amount: Amount
    """``price`` times ``quantity``."""
    proceeds: Amount
    """What the seller receives: the amount, less a fee that the seller pays."""
    fee: Amount
    """What the exchange receives."""
    agreement_hash: Hash32
    """Of the agreement that both parties have named in signed transactions."""
    accept_by_ms: int
    deliver_by_ms: int
    settle_by_ms: int
    """Each up to and including this millisecond of block time."""
    status: str
    right_id: OptionalId
    """The seller's right before certification, the buyer's right from then on."""
    terms: RightTerms | None
    """Of the right of an off-exchange trade; a listing has its own."""
    created_height: Height
    created_ms: int
    updated_height: Height
    updated_ms: int
    agreed_ms: int = 0
    evidence_submitter: AnyDid = ""
    evidence_id: EvidenceId = b""
    """The delivery, as evidence shows it; empty before."""
    delivered_ms: int = 0
    refusals: int = 0
    """How often the buyer refused a delivery."""
    paid: Amount = 0
    paid_fee: Amount = 0
    refunded: Amount = 0
    refund_due: Amount = 0
    """What a ruling ordered to be paid back and did not come back yet."""
    cancellation_by: AnyDid = ""
    """The party that asked to cancel; empty = none has."""
    held_by: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=HOLDS_MAX)] = ()
    held_since_ms: int = 0
    certificate: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """Its number; None before certification."""
    certified_ms: int = 0

    def is_paid(self) -> bool:
        """Whether everything owed has arrived."""
        return self.paid == self.proceeds and self.paid_fee == self.fee

    def buyer_paid(self) -> bool:
        """Whether the buyer has done its part: the proceeds, and a fee that comes on top of the amount."""
        return self.paid == self.proceeds and (self.proceeds < self.amount or self.paid_fee == self.fee)

    def waits_for(self) -> str:
        """DID of the party that may answer the offer."""
        if self.status == "REPORTED":
            return self.buyer if self.reported_by == self.seller else self.seller
        return self.seller if self.status == "OFFERED" else self.buyer


class SettlementRecord(msgspec.Struct, frozen=True, array_like=True):
    """Money that moved off the chain, as its receiver or the exchange confirmed it."""

    leg: Literal["price", "fee", "refund"]
    amount: Amount
    recorded_by: Did
    recorded_height: Height
    recorded_ms: int


class SaleRecord(msgspec.Struct, frozen=True, array_like=True):
    """What statistics need of a certified trade."""

    currency: Currency
    price: Amount
    quantity: Quantity
    amount: Amount
    off_exchange: bool


_trade_hash = tagged_hash("market-trade")
# Values were encoded by this package; equal bytes mean an equal record, whatever an overlay discards.
_decode_trade = lru_cache(256)(msgspec.msgpack.Decoder(TradeRecord).decode)
decode_sale = msgspec.msgpack.Decoder(SaleRecord).decode


def trade_id_of(party: str, reference: str) -> bytes:
    """The 32-byte id of the trade that ``party``, who ordered or reported it, calls ``reference``."""
    return _trade_hash(encode((party, reference)))


@lru_cache(1024)
def trade_key(trade_id: bytes) -> bytes:
    """State key of a trade."""
    return key("market-trade", trade_id)


def settlement_key(trade_id: bytes, reference_hash: bytes) -> bytes:
    """State key of one payment of a trade."""
    return key("market-settlement", trade_id, reference_hash)


def sale_key(board_id: bytes, time_ms: int, trade_id: bytes) -> bytes:
    """State key of a certified trade among those of its board and day, which sort by time."""
    return key("market-sale", board_id, time_ms // DAY_MS, trade_id)


def find_trade(state: State, trade_id: bytes) -> TradeRecord | None:
    """The trade; None where there is none."""
    stored = state.get(trade_key(trade_id))
    return None if stored is None else _decode_trade(stored)


def read_trade(state: State, trade_id: bytes) -> TradeRecord:
    """The trade.

    Raises:
        OperationFailed: ``trade-unknown``.
    """
    found = find_trade(state, trade_id)
    if found is None:
        raise OperationFailed("trade-unknown", f"no trade {trade_id.hex()}")
    return found


def write_trade(state: State, record: TradeRecord) -> None:
    """Put the trade under its key."""
    state.put(trade_key(record.trade_id), encode(record))


RECORDS: Final = (
    *PLACES,
    ("market-trade", 2, "", TradeRecord),
    ("market-settlement", 3, "", SettlementRecord),
    ("market-sale", 4, "", SaleRecord),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
