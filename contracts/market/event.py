"""What the market tells the world.

An independent recount needs these events and nothing else: what was agreed, what was paid,
what was certified, and what a ruling undid.
"""

from typing import Final

from contracts.kernel.event import TypedEvent


class BoardOpened(TypedEvent, frozen=True):
    """An exchange opened a board."""

    NAME = "market.board_opened"
    INDEXED = ("board_id", "operator")

    board_id: bytes
    operator: str
    reference: str
    name: str
    currency: str
    fee_basis_points: int


class BoardAmended(TypedEvent, frozen=True):
    """A board has other rules."""

    NAME = "market.board_amended"
    INDEXED = ("board_id",)

    board_id: bytes
    name: str
    fee_basis_points: int


class BoardStatusChanged(TypedEvent, frozen=True):
    """A board was suspended, resumed or closed."""

    NAME = "market.board_status_changed"
    INDEXED = ("board_id",)

    board_id: bytes
    action: str
    status: str


class AssetListed(TypedEvent, frozen=True):
    """An asset is on offer."""

    NAME = "market.listed"
    INDEXED = ("listing_id", "board_id", "asset_id", "seller")

    listing_id: bytes
    board_id: bytes
    asset_id: bytes
    seller: str
    reference: str
    price_mode: str
    price: int
    quantity: int
    expires_ms: int


class ListingRepriced(TypedEvent, frozen=True):
    """A listing has another price."""

    NAME = "market.listing_repriced"
    INDEXED = ("listing_id",)

    listing_id: bytes
    price: int


class ListingStatusChanged(TypedEvent, frozen=True):
    """A listing was suspended, resumed, withheld, restored, delisted or has expired."""

    NAME = "market.listing_status_changed"
    INDEXED = ("listing_id", "board_id")

    listing_id: bytes
    board_id: bytes
    action: str
    status: str
    by: str
    reason_hash: bytes
    """Of the exchange's reason, where it withholds and names one."""


class TradeOffered(TypedEvent, frozen=True):
    """A buyer ordered, or either party countered: these are the conditions to answer."""

    NAME = "market.offered"
    INDEXED = ("trade_id", "board_id", "listing_id", "asset_id", "seller", "buyer")

    trade_id: bytes
    board_id: bytes
    listing_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    by: str
    currency: str
    price: int
    quantity: int
    amount: int
    fee: int
    agreement_hash: bytes
    accept_by_ms: int
    deliver_by_ms: int
    settle_by_ms: int


class TradeReported(TypedEvent, frozen=True):
    """One party reported a trade made off the exchange."""

    NAME = "market.reported"
    INDEXED = ("trade_id", "board_id", "asset_id", "seller", "buyer")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    by: str
    currency: str
    price: int
    quantity: int
    amount: int
    agreement_hash: bytes
    accept_by_ms: int


class TradeAgreed(TypedEvent, frozen=True):
    """Both parties have signed the same agreement."""

    NAME = "market.agreed"
    INDEXED = ("trade_id", "board_id", "asset_id", "seller", "buyer")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    currency: str
    amount: int
    proceeds: int
    fee: int
    agreement_hash: bytes
    deliver_by_ms: int
    settle_by_ms: int


class TradeEnded(TypedEvent, frozen=True):
    """A trade came to nothing: declined, withdrawn, lapsed, cancelled or terminated."""

    NAME = "market.ended"
    INDEXED = ("trade_id", "board_id", "asset_id")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    status: str
    by: str
    defaulter: str
    """DID of who missed a deadline, where that ended the trade; empty otherwise."""
    paid: int
    """What had been paid till then, fee included, and is to be paid back."""


class CancellationProposed(TypedEvent, frozen=True):
    """One party asks to undo what was agreed."""

    NAME = "market.cancellation_proposed"
    INDEXED = ("trade_id",)

    trade_id: bytes
    by: str


class DeadlineExtended(TypedEvent, frozen=True):
    """Who waits gave the other party more time."""

    NAME = "market.deadline_extended"
    INDEXED = ("trade_id",)

    trade_id: bytes
    deadline: str
    until_ms: int


class TradeDelivered(TypedEvent, frozen=True):
    """Evidence shows that the seller delivered."""

    NAME = "market.delivered"
    INDEXED = ("trade_id", "evidence_id")

    trade_id: bytes
    evidence_submitter: str
    evidence_id: bytes


class DeliveryRefused(TypedEvent, frozen=True):
    """The buyer did not take what came; the seller has until then to deliver again."""

    NAME = "market.delivery_refused"
    INDEXED = ("trade_id",)

    trade_id: bytes
    reason_hash: bytes
    deliver_by_ms: int
    settle_by_ms: int


class DeliveryConfirmed(TypedEvent, frozen=True):
    """The buyer has what was agreed, or is taken to have it."""

    NAME = "market.delivery_confirmed"
    INDEXED = ("trade_id",)

    trade_id: bytes
    by: str


class PaymentRecorded(TypedEvent, frozen=True):
    """Money arrived."""

    NAME = "market.payment_recorded"
    INDEXED = ("trade_id", "reference_hash")

    trade_id: bytes
    leg: str
    amount: int
    reference_hash: bytes
    by: str


class TradeSettled(TypedEvent, frozen=True):
    """Delivered, taken and paid in full."""

    NAME = "market.settled"
    INDEXED = ("trade_id", "board_id", "asset_id", "seller", "buyer")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    currency: str
    amount: int
    proceeds: int
    fee: int


class TradeCertified(TypedEvent, frozen=True):
    """A trade has its certificate, and the buyer its right."""

    NAME = "market.certified"
    INDEXED = ("trade_id", "board_id", "asset_id", "seller", "buyer", "certificate")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    seller: str
    buyer: str
    certificate: str
    right_id: bytes
    currency: str
    price: int
    quantity: int
    amount: int
    proceeds: int
    fee: int
    off_exchange: bool
    certified_ms: int


class RefundRecorded(TypedEvent, frozen=True):
    """Money came back to the buyer."""

    NAME = "market.refund_recorded"
    INDEXED = ("trade_id", "reference_hash")

    trade_id: bytes
    amount: int
    reference_hash: bytes
    refunded: int
    """Of this trade so far."""
    status: str


class RefundOrdered(TypedEvent, frozen=True):
    """A ruling orders money back to the buyer."""

    NAME = "market.refund_ordered"
    INDEXED = ("trade_id", "order")

    trade_id: bytes
    order: bytes
    amount: int


class TradeHeld(TypedEvent, frozen=True):
    """A dispute or lawful order stops a trade."""

    NAME = "market.held"
    INDEXED = ("trade_id", "order")

    trade_id: bytes
    order: bytes


class TradeReleased(TypedEvent, frozen=True):
    """A dispute or lawful order no longer stops a trade."""

    NAME = "market.released"
    INDEXED = ("trade_id", "order")

    trade_id: bytes
    order: bytes
    held_by_others: bool
    shift_ms: int
    """By how much the deadlines that had not passed moved on."""


class TradeAnnulled(TypedEvent, frozen=True):
    """A ruling undid a trade; one that was certified leaves the statistics."""

    NAME = "market.annulled"
    INDEXED = ("trade_id", "board_id", "asset_id", "order")

    trade_id: bytes
    board_id: bytes
    asset_id: bytes
    order: bytes
    was_certified: bool
    certified_ms: int
    paid: int


EVENTS: Final[tuple[type[TypedEvent], ...]] = (
    BoardOpened,
    BoardAmended,
    BoardStatusChanged,
    AssetListed,
    ListingRepriced,
    ListingStatusChanged,
    TradeOffered,
    TradeReported,
    TradeAgreed,
    TradeEnded,
    CancellationProposed,
    DeadlineExtended,
    TradeDelivered,
    DeliveryRefused,
    DeliveryConfirmed,
    PaymentRecorded,
    TradeSettled,
    TradeCertified,
    RefundRecorded,
    RefundOrdered,
    TradeHeld,
    TradeReleased,
    TradeAnnulled,
)
