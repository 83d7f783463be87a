"""What can come of lawful orders: events and refusals."""

from typing import Final

from contracts.kernel.event import TypedEvent
from contracts.kernel.outcome import Code


class OrderIssued(TypedEvent, frozen=True):
    """The power to hold something still was used."""

    NAME = "governance.order_issued"
    INDEXED = ("order", "issuer", "target_id", "did")

    order: bytes
    issuer: str
    target: str
    target_id: bytes
    did: str
    legal_basis: str
    document_hash: bytes
    until_ms: int


class OrderEnded(TypedEvent, frozen=True):
    """An order was lifted, or its time ended."""

    NAME = "governance.order_ended"
    INDEXED = ("order", "target_id", "did")

    order: bytes
    status: str
    target: str
    target_id: bytes
    did: str
    ended_by: str
    """Empty where its time ended."""
    released: bool
    """Whether the target was still held by it; another order may hold it all the same."""


class IdentitySuspended(TypedEvent, frozen=True):
    """An identity may not act while the order holds."""

    NAME = "governance.identity_suspended"
    INDEXED = ("did",)

    did: str
    order: bytes


class IdentityReleased(TypedEvent, frozen=True):
    """An order no longer keeps the identity from acting; so many others still do."""

    NAME = "governance.identity_released"
    INDEXED = ("did",)

    did: str
    order: bytes
    remaining: int


EVENTS: Final = (OrderIssued, OrderEnded, IdentitySuspended, IdentityReleased)

CODES: Final[dict[str, Code]] = {
    "order-target": Code(
        "Target unclear",
        "An order names either an identity by its DID, or an asset, right or trade by its id.",
        "Fill in the one field that fits the kind of target.",
    ),
    "order-exists": Code(
        "Order exists",
        "The issuer has used this order id.",
        "Choose another id; several orders may hold one target.",
    ),
    "order-until": Code(
        "End is past",
        "The order would end before it begins.",
        "Choose a later time, or 0 for an order that stands until it is lifted.",
    ),
    "order-calendar-full": Code(
        "Too many orders with an end",
        "As many orders end by themselves as the chain follows.",
        "Issue it without an end, and lift it in time.",
    ),
    "order-evidence-unknown": Code(
        "No such evidence",
        "The order refers to evidence that is not recorded.",
        "Record the served document first.",
    ),
    "order-identity-unknown": Code(
        "No such identity",
        "No active identity of this chain has this DID.",
        "Check the DID.",
    ),
    "order-target-governs": Code(
        "The identity governs",
        "A governor or operator cannot be suspended by an order: the consortium's own decisions would hang on it.",
        "Let the consortium take its offices away first.",
    ),
    "order-suspensions-full": Code(
        "Too many orders",
        "As many orders suspend the identity as can at one time.",
        "Lift one that is no longer needed.",
    ),
    "order-unknown": Code("No such order", "No order has this name.", "List the orders."),
    "order-status": Code("Order has ended", "The order was lifted, or its time ended.", "Nothing needs to be done."),
}
