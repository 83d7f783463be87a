"""Port trade, the seller's chain: an order of another chain's buyer is placed on a listing of this one.

The buyer is no identity of this chain: it is known by its name there and by the client through which the order came,
it holds no rights here and signs nothing. What binds both sides is the agreement, whose digest both chains keep.
"""


import msgspec

from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.market.eligibility import check_seller
from contracts.market.listing import reserve
from contracts.market.record import BOARD, BoardRecord, ListingRecord, read_board, read_listing
from contracts.market.trade import DEADLINE_AHEAD_MS_MAX, owed
from contracts.relay.port import Arrival, Departure
from contracts.relay.ports.message import AnswerMessage, OrderMessage, check_done, check_height, check_names
from contracts.relay.ports.outcome import AnswerSettled, ForeignOrderPlaced
from contracts.relay.ports.recognition import recognised
from contracts.relay.ports.record import ANNOUNCEMENT
from contracts.relay.ports.record_trade import (
    FOREIGN_ORDER,
    ForeignOrder,
    find_foreign_order,
    write_foreign_order,
)


def place(message: OrderMessage, arrival: Arrival, context: Context, state: State) -> None:
    """Write the order, and reserve its units until the seller answers.

    Raises:
        OperationFailed: ``relay-message-height``, ``relay-name-foreign``, ``relay-order-exists``,
            ``relay-order-deadlines``, ``relay-order-price``, or what an order of this chain would be refused with.
    """
    check_height(message.height, arrival)
    check_names(arrival, message.buyer)
    if find_foreign_order(state, arrival.client_id, message.order_id) is not None:
        raise OperationFailed("relay-order-exists", f"{arrival.chain_id} has sent order {message.order_id.hex()}")
    listing = read_listing(state, message.listing_id)
    board = read_board(state, listing.board_id)
    BOARD.step(board.status, "trade")
    check_deadlines(message.accept_by_ms, message.deliver_by_ms, context)
    _check_price(message, listing, board)
    money = owed(board.rules, message.price, message.quantity)
    _check_parties(message, listing, board, arrival, context, state)
    reserve(listing, message.quantity, context, state)
    record = ForeignOrder(
        client_id=arrival.client_id,
        order_id=message.order_id,
        chain_id=arrival.chain_id,
        buyer=message.buyer,
        listing_id=listing.listing_id,
        asset_id=listing.asset_id,
        board_id=listing.board_id,
        seller=listing.seller,
        currency=board.currency,
        price=money.price,
        quantity=message.quantity,
        amount=money.amount,
        fee=money.fee,
        agreement_hash=message.agreement_hash,
        accept_by_ms=message.accept_by_ms,
        deliver_by_ms=message.deliver_by_ms,
        status=FOREIGN_ORDER.step(None, "place"),
        placed_height=context.height,
        placed_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    write_foreign_order(state, record)
    context.emit(_placed(record))


def check_deadlines(accept_by_ms: int, deliver_by_ms: int, context: Context) -> None:
    """Refuse deadlines that have passed, stand in the wrong order or lie over ten years ahead.

    Raises:
        OperationFailed: ``relay-order-deadlines``.
    """
    if not context.time_ms <= accept_by_ms <= deliver_by_ms <= context.time_ms + DEADLINE_AHEAD_MS_MAX:
        raise OperationFailed(
            "relay-order-deadlines", f"to accept by {accept_by_ms}, deliver by {deliver_by_ms}; it is {context.time_ms}"
        )


def _check_price(message: OrderMessage, listing: ListingRecord, board: BoardRecord) -> None:
    if message.currency != board.currency or (listing.price_mode != "negotiable" and message.price != listing.price):
        raise OperationFailed(
            "relay-order-price",
            f"{message.price} {message.currency} is offered, the listing says {listing.price} {board.currency}",
        )


def _check_parties(
    message: OrderMessage,
    listing: ListingRecord,
    board: BoardRecord,
    arrival: Arrival,
    context: Context,
    state: State,
) -> None:
    """The seller as for any order; the buyer by what its own chain accredited and had recognised here."""
    terms = listing.terms
    check_seller(board, listing.asset_id, listing.seller, listing.right_id, terms, state, context.time_ms)
    if terms.audience and message.buyer not in terms.audience:
        raise OperationFailed("right-audience", f"{message.buyer} is not of the audience")
    kind = board.rules.buyer_kind
    if kind and not recognised(state, arrival.client_id, message.buyer, kind, context):
        raise OperationFailed("buyer-not-accredited", f"{message.buyer} is not recognised as {kind}")


def settle(message: AnswerMessage, departure: Departure, answer: bytes | None, context: Context, state: State) -> None:
    """The buyer's chain knows the answer, refused it or (``lapse``) was not reached.

    Raises:
        OperationFailed: ``relay-answer-malformed``.
    """
    if answer is not None:
        check_done(answer)
    _told(message, departure, "fail" if answer is None else "hear", context, state)


def lapse(message: AnswerMessage, departure: Departure, context: Context, state: State) -> None:
    """The buyer's chain was not reached; anybody may repeat the answer."""
    _told(message, departure, "fail", context, state)


def _told(message: AnswerMessage, departure: Departure, action: str, context: Context, state: State) -> None:
    record = find_foreign_order(state, departure.client_id, message.order_id)
    if record is None or record.sequence != departure.packet.sequence:
        return  # a later answer is under way, and its fate counts
    telling = ANNOUNCEMENT.step(record.telling, action)
    write_foreign_order(state, msgspec.structs.replace(record, telling=telling))
    context.emit(AnswerSettled(record.client_id, record.order_id, record.sequence, telling))


def _placed(record: ForeignOrder) -> ForeignOrderPlaced:
    return ForeignOrderPlaced(
        client_id=record.client_id,
        order_id=record.order_id,
        listing_id=record.listing_id,
        asset_id=record.asset_id,
        seller=record.seller,
        buyer=record.buyer,
        quantity=record.quantity,
        price=record.price,
        amount=record.amount,
        fee=record.fee,
        accept_by_ms=record.accept_by_ms,
        deliver_by_ms=record.deliver_by_ms,
    )
