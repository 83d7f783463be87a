"""What sellers and exchanges do with listings."""

from typing import Any, Final

import msgspec

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE, Rule
from contracts.market.eligibility import SELLER_CODES, check_seller
from contracts.market.event import AssetListed, ListingRepriced, ListingStatusChanged
from contracts.market.operations import (
    Delist,
    ExpireListing,
    ListAsset,
    RepriceListing,
    RestoreListing,
    ResumeListing,
    SuspendListing,
    WithholdListing,
)
from contracts.market.record import (
    BOARD,
    LISTING,
    ListingRecord,
    listing_id_of,
    listing_key,
    read_board,
    read_listing,
    write_listing,
)


def list_asset(operation: ListAsset, context: Context, state: State) -> None:
    """Write the listing in the sender's name.

    Raises:
        OperationFailed: ``listing-exists``, ``board-unknown``, ``board-status``, ``listing-price-mode``,
            ``listing-expiry``, or one of ``SELLER_CODES``.
    """
    seller, now_ms = context.sender, context.time_ms
    listing_id = listing_id_of(seller, operation.reference)
    if state.get(listing_key(listing_id)) is not None:
        raise OperationFailed("listing-exists", f"{seller} has listed {operation.reference} as {listing_id.hex()}")
    board = read_board(state, operation.board_id)
    BOARD.step(board.status, "trade")
    mode, expires_ms = operation.price_mode, operation.expires_ms
    if mode not in board.rules.price_modes:
        allowed = ", ".join(board.rules.price_modes)
        raise OperationFailed("listing-price-mode", f"{mode}; the board takes {allowed}")
    if expires_ms and expires_ms <= now_ms:
        raise OperationFailed("listing-expiry", f"would end at {expires_ms}, it is {now_ms}")
    check_seller(board, operation.asset_id, seller, operation.right_id, operation.terms, state, now_ms)
    record = ListingRecord(
        listing_id=listing_id,
        reference=operation.reference,
        board_id=operation.board_id,
        asset_id=operation.asset_id,
        seller=seller,
        right_id=operation.right_id,
        price_mode=mode,
        price=operation.price,
        unit=operation.unit,
        terms=operation.terms,
        offer_hash=operation.offer_hash,
        delivery_mode=operation.delivery_mode,
        quantity=operation.quantity,
        taken=0,
        expires_ms=expires_ms,
        status=LISTING.step(None, "list"),
        listed_height=context.height,
        listed_ms=now_ms,
        updated_height=context.height,
        updated_ms=now_ms,
    )
    write_listing(state, record)
    context.emit(
        AssetListed(
            listing_id=listing_id,
            board_id=record.board_id,
            asset_id=record.asset_id,
            seller=seller,
            reference=record.reference,
            price_mode=mode,
            price=record.price,
            quantity=record.quantity,
            expires_ms=expires_ms,
        )
    )


def reprice(operation: RepriceListing, context: Context, state: State) -> None:
    """Change the price.

    Raises:
        OperationFailed: ``listing-unknown``, ``listing-not-yours``, ``listing-status`` or ``listing-price``.
    """
    listing = _own(operation.listing_id, context, state)
    if listing.price_mode == "free":
        raise OperationFailed("listing-price", "a free listing has no price")
    _write(listing, context, state, status=LISTING.step(listing.status, "reprice"), price=operation.price)
    context.emit(ListingRepriced(listing.listing_id, operation.price))


def suspend_listing(operation: SuspendListing, context: Context, state: State) -> None:
    """The seller pauses; raises ``listing-unknown``, ``listing-not-yours`` or ``listing-status``."""
    _step(_own(operation.listing_id, context, state), "suspend", context, state)


def resume_listing(operation: ResumeListing, context: Context, state: State) -> None:
    """The seller goes on; raises ``listing-unknown``, ``listing-not-yours`` or ``listing-status``."""
    _step(_own(operation.listing_id, context, state), "resume", context, state)


def withhold(operation: WithholdListing, context: Context, state: State) -> None:
    """The exchange pauses; raises ``listing-unknown``, ``board-not-yours`` or ``listing-status``."""
    listing = _on_own_board(operation.listing_id, context, state)
    _step(listing, "withhold", context, state, reason_hash=operation.reason_hash or b"")


def restore(operation: RestoreListing, context: Context, state: State) -> None:
    """The exchange lets it go on; raises ``listing-unknown``, ``board-not-yours`` or ``listing-status``."""
    _step(_on_own_board(operation.listing_id, context, state), "restore", context, state)


def delist(operation: Delist, context: Context, state: State) -> None:
    """The seller or the exchange ends it; raises ``listing-unknown``, ``listing-not-yours`` or ``listing-status``."""
    listing = read_listing(state, operation.listing_id)
    if context.sender not in (listing.seller, read_board(state, listing.board_id).operator):
        raise OperationFailed("listing-not-yours", f"listing {listing.listing_id.hex()} is {listing.seller}'s")
    _step(listing, "delist", context, state)


def expire(operation: ExpireListing, context: Context, state: State) -> None:
    """Write the end down.

    Raises:
        OperationFailed: ``listing-unknown``, ``listing-not-expired`` or ``listing-status``.
    """
    listing = read_listing(state, operation.listing_id)
    if not listing.expires_ms or context.time_ms < listing.expires_ms:
        raise OperationFailed("listing-not-expired", f"its time ends at {listing.expires_ms or 'no'} ms")
    _step(listing, "expire", context, state)


def _own(listing_id: bytes, context: Context, state: State) -> ListingRecord:
    listing = read_listing(state, listing_id)
    if listing.seller != context.sender:
        raise OperationFailed("listing-not-yours", f"listing {listing_id.hex()} is {listing.seller}'s")
    return listing


def _on_own_board(listing_id: bytes, context: Context, state: State) -> ListingRecord:
    listing = read_listing(state, listing_id)
    board = read_board(state, listing.board_id)
    if board.operator != context.sender:
        raise OperationFailed("board-not-yours", f"board {board.board_id.hex()} is operated by {board.operator}")
    return listing


def _step(
    listing: ListingRecord, action: str, context: Context, state: State, *, reason_hash: bytes = b""
) -> None:
    """Take the listing along one line of its table."""
    status = LISTING.step(listing.status, action)
    _write(listing, context, state, status=status)
    by = context.sender
    context.emit(ListingStatusChanged(listing.listing_id, listing.board_id, action, status, by, reason_hash))


def _write(listing: ListingRecord, context: Context, state: State, **fields: Any) -> None:
    now = {"updated_height": context.height, "updated_ms": context.time_ms}
    write_listing(state, msgspec.structs.replace(listing, **fields, **now))


def reserve(listing: ListingRecord, units: int, context: Context, state: State) -> None:
    """Take ``units`` of a listing for an order.

    Raises:
        OperationFailed: ``listing-status``, ``listing-expired`` or ``listing-sold-out``.
    """
    LISTING.step(listing.status, "order")
    if listing.expires_ms and context.time_ms >= listing.expires_ms:
        raise OperationFailed("listing-expired", f"its time ended at {listing.expires_ms} ms")
    if not listing.quantity:
        return
    if units > listing.quantity - listing.taken:
        raise OperationFailed("listing-sold-out", f"{listing.quantity - listing.taken} of {listing.quantity} are left")
    write_listing(state, msgspec.structs.replace(listing, taken=listing.taken + units))


def give_back(listing_id: bytes, units: int, state: State) -> None:
    """Free what an order took, in whatever status its listing is by now; a trade off the exchange took nothing."""
    if not listing_id:
        return
    listing = read_listing(state, listing_id)
    if listing.quantity:
        write_listing(state, msgspec.structs.replace(listing, taken=listing.taken - units))


_OWN: Final = ("listing-unknown", "listing-not-yours", "listing-status")
_BOARDS: Final = ("listing-unknown", "board-not-yours", "listing-status")
_EXCHANGE: Final = Rule("ANY", ("exchange",))

OPERATIONS: Final = (
    OperationSpec(
        ListAsset,
        list_asset,
        EVERYONE,
        (
            "listing-price",
            "listing-exclusive",
            "right-terms",
            "listing-exists",
            "board-unknown",
            "board-status",
            "listing-price-mode",
            "listing-expiry",
            *SELLER_CODES,
        ),
    ),
    OperationSpec(RepriceListing, reprice, EVERYONE, (*_OWN, "listing-price")),
    OperationSpec(SuspendListing, suspend_listing, EVERYONE, _OWN),
    OperationSpec(ResumeListing, resume_listing, EVERYONE, _OWN),
    OperationSpec(WithholdListing, withhold, _EXCHANGE, _BOARDS),
    OperationSpec(RestoreListing, restore, _EXCHANGE, _BOARDS),
    OperationSpec(Delist, delist, EVERYONE, _OWN),
    OperationSpec(ExpireListing, expire, EVERYONE, ("listing-unknown", "listing-not-expired", "listing-status")),
)
