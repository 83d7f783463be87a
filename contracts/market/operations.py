"""Boards and listings: the wire forms and their form rules."""

from typing import Annotated

import msgspec

from contracts.assets.description import DeliveryMode, OptionalHash
from contracts.kernel.money import Amount, Currency
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32, ShortLine, ShortName, Time
from contracts.market.record import BoardRules, OptionalId, PriceMode, Quantity
from contracts.rights.terms import RightTerms, check_terms


def check_rules(rules: BoardRules) -> None:
    """Refuse rules that name a price mode twice.

    Raises:
        OperationFailed: ``board-price-modes``.
    """
    modes = rules.price_modes
    if any(mode in modes[:at] for at, mode in enumerate(modes)):
        raise OperationFailed("board-price-modes", f"{', '.join(modes)}: one stands twice")


class OpenBoard(Operation, frozen=True, array_like=True, tag="market.open_board"):
    """Open a board on which assets are listed and traded; the sender becomes its operator."""

    reference: ShortName
    """The exchange's own name for the board; its id follows from it."""
    currency: Currency
    rules: BoardRules

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``board-price-modes``.
        """
        check_rules(self.rules)


class AmendBoard(Operation, frozen=True, array_like=True, tag="market.amend_board"):
    """Replace the rules of a board, for what is listed and ordered from now on."""

    board_id: Hash32
    rules: BoardRules

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``board-price-modes``.
        """
        check_rules(self.rules)


class SuspendBoard(Operation, frozen=True, array_like=True, tag="market.suspend_board"):
    """Begin nothing new on a board for a while; what was agreed goes on."""

    board_id: Hash32


class ResumeBoard(Operation, frozen=True, array_like=True, tag="market.resume_board"):
    """Take listings and orders again."""

    board_id: Hash32


class CloseBoard(Operation, frozen=True, array_like=True, tag="market.close_board"):
    """Close a board for good; what was agreed goes on."""

    board_id: Hash32


class ListAsset(Operation, frozen=True, array_like=True, tag="market.list"):
    """Offer an asset on a board; the sender sells it."""

    reference: ShortName
    """The seller's own name for the listing; its id follows from it."""
    board_id: Hash32
    asset_id: Hash32
    price_mode: PriceMode
    price: Amount
    """For one unit, in minor units of the board's currency; 0 where it is free, and only there."""
    terms: RightTerms
    """Of the right that each buyer receives."""
    delivery_mode: DeliveryMode
    right_id: OptionalId = b""
    """The operating right under which the sender sells; empty for the asset's holder."""
    unit: ShortLine = ""
    quantity: Quantity = 0
    """Units on offer; 0 = no limit."""
    expires_ms: Time = 0
    """Orders are taken before this millisecond; 0 = no end."""
    offer_hash: OptionalHash = None
    """Of the offer in full, such as an ODRL policy."""

    def check(self) -> None:
        """See ``Operation.check``.

        Raises:
            OperationFailed: ``listing-price``, ``listing-exclusive`` or ``right-terms``.
        """
        check_terms(self.terms)
        if self.terms.exclusive and self.quantity != 1:
            units = self.quantity or "any number of"
            raise OperationFailed("listing-exclusive", f"an exclusive right is one unit, not {units} units")
        if (self.price == 0) != (self.price_mode == "free"):
            raise OperationFailed("listing-price", f"a {self.price_mode} listing has the price {self.price}")


class RepriceListing(Operation, frozen=True, array_like=True, tag="market.reprice_listing"):
    """Change the price for orders from now on; an order that was made keeps its own."""

    listing_id: Hash32
    price: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class SuspendListing(Operation, frozen=True, array_like=True, tag="market.suspend_listing"):
    """The seller takes no orders for a while."""

    listing_id: Hash32


class ResumeListing(Operation, frozen=True, array_like=True, tag="market.resume_listing"):
    """The seller takes orders again."""

    listing_id: Hash32


class WithholdListing(Operation, frozen=True, array_like=True, tag="market.withhold_listing"):
    """The exchange takes a listing off its board until it restores it."""

    listing_id: Hash32
    reason_hash: OptionalHash = None


class RestoreListing(Operation, frozen=True, array_like=True, tag="market.restore_listing"):
    """The exchange puts a listing that it withheld back on its board."""

    listing_id: Hash32


class Delist(Operation, frozen=True, array_like=True, tag="market.delist"):
    """The seller or the exchange ends a listing for good; orders that were made go on."""

    listing_id: Hash32


class ExpireListing(Operation, frozen=True, array_like=True, tag="market.expire_listing"):
    """Write down that a listing's time is over; anybody may. Orders are refused from that millisecond anyway."""

    listing_id: Hash32
