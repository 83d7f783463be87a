"""Why a market operation is refused; its events are in ``event``."""

from typing import Final

from contracts.kernel.outcome import Code

CODES: Final[dict[str, Code]] = {
    "board-exists": Code(
        "Board exists",
        "The exchange has already opened a board under this reference.",
        "Amend the board, or open another one under a reference of its own.",
    ),
    "board-unknown": Code(
        "Board unknown",
        "No board has this id.",
        "The id follows from the exchange and its reference for the board.",
    ),
    "board-status": Code(
        "Board does not allow it now",
        "The board's status does not allow this step.",
        "Look the board up; a suspended board is resumed by its exchange, a closed one never.",
    ),
    "board-not-yours": Code(
        "Not the operator",
        "Only the exchange that opened the board may do this.",
        "Submit it in the name of the board's operator.",
    ),
    "board-price-modes": Code(
        "Price mode twice",
        "The board's rules name one price mode more than once.",
        "Name each price mode once.",
    ),
    "listing-exists": Code(
        "Listing exists",
        "The seller has already listed something under this reference.",
        "Choose a fresh reference for each listing.",
    ),
    "listing-unknown": Code(
        "Listing unknown",
        "No listing has this id.",
        "The id follows from the seller and its reference for the listing.",
    ),
    "listing-status": Code(
        "Listing does not allow it now",
        "The listing's status does not allow this step.",
        "Look the listing up; what the exchange withheld, only the exchange restores.",
    ),
    "listing-not-yours": Code(
        "Not the seller",
        "The listing belongs to another seller.",
        "Submit it in the name of the seller, or where the board's exchange may do it, in its name.",
    ),
    "listing-price": Code(
        "Price does not fit its mode",
        "A free listing has a price, or another one has none.",
        "Use price 0 with the mode free, and a price of at least 1 with any other.",
    ),
    "listing-price-mode": Code(
        "Price mode not allowed here",
        "The board does not take listings of this price mode.",
        "Choose one of the price modes in the board's rules.",
    ),
    "listing-exclusive": Code(
        "Exclusive right on offer to many",
        "The terms are exclusive, and more than one unit is on offer.",
        "Offer a single unit, or a right that is not exclusive.",
    ),
    "listing-expiry": Code(
        "Listing would have expired",
        "The listing ends in the past.",
        "Name a later time in milliseconds since 1970 UTC, or 0 for no end.",
    ),
    "listing-expired": Code(
        "Listing expired",
        "The listing's time is over.",
        "Ask the seller to list the asset again.",
    ),
    "listing-not-expired": Code(
        "Listing not expired",
        "The listing's time is not over yet, or it has no end.",
        "Wait for the block time named in the message, or delist it.",
    ),
    "listing-sold-out": Code(
        "Not enough left",
        "Fewer units are left than were ordered.",
        "Order what is left, or wait: offers that come to nothing free their units.",
    ),
    "seller-without-right": Code(
        "Nothing to sell",
        "The seller neither holds the asset nor an operating right in it.",
        "Name the operating right under which you sell, or have the holder sell.",
    ),
    "seller-not-accredited": Code(
        "Seller not accredited",
        "The board asks its sellers for an accreditation that this one lacks.",
        "Have the seller accredited for the kind named in the message.",
    ),
    "buyer-not-accredited": Code(
        "Buyer not accredited",
        "The board asks its buyers for an accreditation that this one lacks.",
        "Have the buyer accredited for the kind named in the message.",
    ),
    "trade-exists": Code(
        "Trade exists",
        "The party has already begun a trade under this reference.",
        "Choose a fresh reference for each trade.",
    ),
    "trade-unknown": Code(
        "Trade unknown",
        "No trade has this id.",
        "The id follows from who ordered or reported the trade and that party's reference.",
    ),
    "trade-status": Code(
        "Trade does not allow it now",
        "The trade's status does not allow this step.",
        "Look the trade up; the message names the statuses in which the step is possible.",
    ),
    "trade-not-party": Code(
        "Not the party that may",
        "This step is for another party of the trade.",
        "Submit it in the name of the party that the message names.",
    ),
    "trade-with-oneself": Code(
        "Trade with oneself",
        "Seller and buyer are the same identity.",
        "Trade with another party.",
    ),
    "trade-party-inactive": Code(
        "Party inactive",
        "A party of the trade is no active identity of this chain.",
        "Trade with an identity that exists and was not deactivated.",
    ),
    "trade-price": Code(
        "Price differs",
        "The price is not the one asked for, offered or reported.",
        "Use the price of the listing or offer as it is now; where it is negotiable, counter it.",
    ),
    "trade-price-fixed": Code(
        "Price not negotiable",
        "The listing's price is fixed, so an offer is accepted or declined.",
        "Accept or decline the offer.",
    ),
    "trade-amount": Code(
        "Amount too large",
        "Price times quantity, or that with the fee, exceeds the largest amount.",
        "Split the trade.",
    ),
    "trade-deadlines": Code(
        "Impossible deadlines",
        "A deadline lies in the past, over ten years ahead, or before the one to accept.",
        "Deliver and settle after the offer is answered, in either order; times are milliseconds since 1970 UTC.",
    ),
    "trade-agreement": Code(
        "Another agreement",
        "The hash is not that of the agreement the other party signed.",
        "Compare both documents; to change the agreement, counter the offer.",
    ),
    "trade-accept-late": Code(
        "Answered too late",
        "The time to accept or confirm is over.",
        "Ask for a new offer.",
    ),
    "trade-delivery-late": Code(
        "Delivered too late",
        "The time to deliver is over.",
        "Ask the buyer to extend the deadline.",
    ),
    "trade-not-due": Code(
        "Too early",
        "The deadline on which this step depends has not passed yet.",
        "Wait until the block time named in the message is over.",
    ),
    "trade-not-injured": Code(
        "No default of the other party",
        "The other party missed nothing, or the sender missed its own deadline first.",
        "A trade is terminated by who kept its own deadlines; otherwise cancel it with the other party's consent.",
    ),
    "trade-extension": Code(
        "No extension",
        "The new deadline is not later than the present one, or more than ten years ahead.",
        "Name a later time.",
    ),
    "trade-held": Code(
        "Trade held",
        "A dispute or lawful order stops the trade.",
        "Wait for the ruling or the end of the order.",
    ),
    "trade-hold": Code(
        "Hold not possible",
        "The order holds the trade already, does not hold it, or too many do.",
        "Look up which orders hold the trade.",
    ),
    "trade-off-exchange": Code(
        "Board without off-exchange trades",
        "The board does not record trades that were made elsewhere.",
        "Choose a board whose rules allow it.",
    ),
    "delivery-evidence-unknown": Code(
        "Delivery evidence unknown",
        "The submitter has recorded no evidence under this id.",
        "Record the delivery as evidence first, and name who recorded it.",
    ),
    "delivery-evidence-unfit": Code(
        "Evidence does not show this delivery",
        "The evidence is of another kind, of another asset, no longer valid, or older than the agreement.",
        "Record evidence of the kind delivery for the asset after the agreement.",
    ),
    "delivery-refusals-spent": Code(
        "Refused too often",
        "The buyer has refused as many deliveries of this trade as it may.",
        "Confirm the delivery, cancel with the seller's consent, or file a dispute.",
    ),
    "settlement-known": Code(
        "Payment known",
        "A payment of this trade was recorded under the same reference.",
        "Each payment counts once; another one has another reference.",
    ),
    "settlement-overpaid": Code(
        "More than is owed",
        "The payment exceeds what is still owed.",
        "Record at most what the message says is owed.",
    ),
    "refund-exceeds": Code(
        "More than was paid",
        "The refund exceeds what was paid, or what was ordered back.",
        "At most what was paid and not yet refunded goes back.",
    ),
    "trade-serials-spent": Code(
        "Serial numbers spent",
        "The exchange has used all serial numbers of its trade certificates.",
        "Trade on a board of a second exchange identity.",
    ),
    "exchange-number": Code(
        "No exchange number",
        "The board's operator was never given the number that certificate numbers begin with.",
        "A governor grants the operator the role exchange, which brings the number.",
    ),
}
