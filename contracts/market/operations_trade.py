"""Trades: the wire forms and their form rules."""

from typing import Annotated, Literal

import msgspec

from contracts.kernel.money import AMOUNT_MAX, Amount, PositiveAmount
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import AnyDid, Hash32, ShortName, Time
from contracts.market.record import OptionalId
from contracts.market.record_trade import Leg
from contracts.rights.terms import RightTerms, check_terms

Units = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
EvidenceId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]


def check_deadlines(accept_by_ms: int, deliver_by_ms: int, settle_by_ms: int) -> None:
    """Refuse to deliver or pay before the offer is answered; payment may come before delivery or after it.

    Raises:
        OperationFailed: ``trade-deadlines``.
    """
    if min(deliver_by_ms, settle_by_ms) < accept_by_ms:
        raise OperationFailed(
            "trade-deadlines", f"to accept by {accept_by_ms}, deliver by {deliver_by_ms}, settle by {settle_by_ms}"
        )


class Order(Operation, frozen=True, array_like=True, tag="market.order"):
    """Offer to buy what is listed; the sender buys it, and units are reserved until the seller answers."""

    reference: ShortName
    """The buyer's own name for the trade; its id follows from it."""
    listing_id: Hash32
    quantity: Units
    price: Amount
    """For one unit: the listing's price, or where that is negotiable what the buyer offers."""
    agreement_hash: Hash32
    """Of the agreement in full, which stays with the parties."""
    accept_by_ms: Time
    """Answered up to and including this millisecond; the other two likewise."""
    deliver_by_ms: Time
    settle_by_ms: Time

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``trade-deadlines`` or ``trade-amount``.
        """
        check_deadlines(self.accept_by_ms, self.deliver_by_ms, self.settle_by_ms)
        check_amount(self.price, self.quantity)


def check_amount(price: int, quantity: int) -> None:
    """Refuse a product beyond the largest amount.

    Raises:
        OperationFailed: ``trade-amount``.
    """
    if price * quantity > AMOUNT_MAX:
        raise OperationFailed("trade-amount", f"{quantity} units at {price} exceed the largest amount {AMOUNT_MAX}")


class Counter(Operation, frozen=True, array_like=True, tag="market.counter"):
    """Answer an offer with another one, where the price is negotiable."""

    trade_id: Hash32
    price: Amount
    agreement_hash: Hash32
    accept_by_ms: Time
    deliver_by_ms: Time
    settle_by_ms: Time

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``trade-deadlines``.
        """
        check_deadlines(self.accept_by_ms, self.deliver_by_ms, self.settle_by_ms)


class Agree(Operation, frozen=True, array_like=True, tag="market.agree"):
    """Accept the other party's offer: from here on both have signed the same agreement."""

    trade_id: Hash32
    price: Amount
    """As offered; named again so that nobody accepts what it did not read."""
    agreement_hash: Hash32


class Decline(Operation, frozen=True, array_like=True, tag="market.decline"):
    """Refuse the other party's offer or report."""

    trade_id: Hash32


class Withdraw(Operation, frozen=True, array_like=True, tag="market.withdraw"):
    """Take one's own offer or report back before it is answered."""

    trade_id: Hash32


class Lapse(Operation, frozen=True, array_like=True, tag="market.lapse"):
    """Write down that an offer was not answered in time, which frees what it reserved; anybody may."""

    trade_id: Hash32


class ReportTrade(Operation, frozen=True, array_like=True, tag="market.report"):
    """Record a trade that was made, delivered and paid off the exchange; the other party has to confirm it."""

    reference: ShortName
    board_id: Hash32
    """Of the board whose exchange certifies it, and in whose currency it was paid."""
    asset_id: Hash32
    seller: AnyDid
    buyer: AnyDid
    quantity: Units
    price: Amount
    agreement_hash: Hash32
    accept_by_ms: Time
    """Confirmed up to and including this millisecond."""
    terms: RightTerms
    right_id: OptionalId = b""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``trade-amount``, ``trade-with-oneself`` or ``right-terms``.
        """
        check_terms(self.terms)
        check_amount(self.price, self.quantity)
        if self.seller == self.buyer:
            raise OperationFailed("trade-with-oneself", "seller and buyer are two parties")


class ConfirmReport(Operation, frozen=True, array_like=True, tag="market.confirm"):
    """Confirm that the other party's report is true: what was agreed was delivered and paid."""

    trade_id: Hash32
    price: Amount
    agreement_hash: Hash32


class Deliver(Operation, frozen=True, array_like=True, tag="market.deliver"):
    """The seller shows by evidence that it has delivered."""

    trade_id: Hash32
    evidence_id: EvidenceId
    """Of kind ``delivery``, recorded since the agreement."""
    submitter: AnyDid = ""
    """Who recorded it, such as a delivery service; empty = the sender."""


class RefuseDelivery(Operation, frozen=True, array_like=True, tag="market.refuse_delivery"):
    """The buyer says that what came is not what was agreed; the seller may deliver again."""

    trade_id: Hash32
    reason_hash: Hash32


class ConfirmDelivery(Operation, frozen=True, array_like=True, tag="market.confirm_delivery"):
    """The buyer has what was agreed."""

    trade_id: Hash32


class DeemDelivered(Operation, frozen=True, array_like=True, tag="market.deem_delivered"):
    """The seller closes the delivery of a buyer that paid and never answered, once its time to pay is over."""

    trade_id: Hash32


class Settle(Operation, frozen=True, array_like=True, tag="market.settle"):
    """Who received money says so: the whole, or a part of it."""

    trade_id: Hash32
    leg: Leg
    amount: PositiveAmount
    reference_hash: Hash32
    """Salted digest of the bank's reference: the same payment counts once."""


class Certify(Operation, frozen=True, array_like=True, tag="market.certify"):
    """Give a delivered and settled trade its certificate, and the buyer its right."""

    trade_id: Hash32


class Extend(Operation, frozen=True, array_like=True, tag="market.extend"):
    """Who waits gives the other party more time: for what has not been delivered, or not been paid."""

    trade_id: Hash32
    deadline: Literal["deliver", "settle"]
    """The buyer waits for the delivery, the seller for the money."""
    until_ms: Time


class Cancel(Operation, frozen=True, array_like=True, tag="market.cancel"):
    """Ask to undo an agreed trade, or consent where the other party has asked."""

    trade_id: Hash32


class Terminate(Operation, frozen=True, array_like=True, tag="market.terminate"):
    """End a trade whose other party missed its deadline."""

    trade_id: Hash32


class Refund(Operation, frozen=True, array_like=True, tag="market.refund"):
    """The buyer says that money came back to it."""

    trade_id: Hash32
    amount: PositiveAmount
    reference_hash: Hash32
