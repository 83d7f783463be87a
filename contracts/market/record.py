"""What the ledger holds about boards and listings.

    market-board/<id>            BoardRecord
    market-listing/<id>          ListingRecord
    market-serial/<operator>     trade certificates given on the boards of this exchange so far

Ids follow from who opened the thing and what they call it: nobody can take another's,
and doing it twice is refused. Trades are in ``record_trade``.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec

from chainnode.codec.canonical import encode
from chainnode.crypto.hashing import tagged_hash
from chainnode.state.keys import key
from chainnode.state.view import State
from chainnode.types.transaction import Did, Height
from contracts.assets.description import DeliveryMode, OptionalHash
from contracts.kernel.lifecycle import Lifecycle
from contracts.kernel.money import Amount, BasisPoints, Currency
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.text import Hash32, Name, ShortLine, ShortName, Time
from contracts.rights.terms import RightTerms

BOARD: Final = Lifecycle(
    "board",
    "board-status",
    {
        (None, "open"): "OPEN",
        ("OPEN", "amend"): "OPEN",
        ("SUSPENDED", "amend"): "SUSPENDED",
        ("OPEN", "suspend"): "SUSPENDED",
        ("SUSPENDED", "resume"): "OPEN",
        ("OPEN", "close"): "CLOSED",
        ("SUSPENDED", "close"): "CLOSED",
        ("OPEN", "trade"): "OPEN",
    },
)
"""``trade`` stands for whatever begins something on a board: listing, order, agreement, report. What has been agreed
runs to its end on a board that was suspended or closed."""

LISTING: Final = Lifecycle(
    "listing",
    "listing-status",
    {
        (None, "list"): "LISTED",
        ("LISTED", "reprice"): "LISTED",
        ("SUSPENDED", "reprice"): "SUSPENDED",
        ("LISTED", "order"): "LISTED",
        ("LISTED", "suspend"): "SUSPENDED",
        ("SUSPENDED", "resume"): "LISTED",
        ("LISTED", "withhold"): "WITHHELD",
        ("SUSPENDED", "withhold"): "WITHHELD",
        ("WITHHELD", "restore"): "LISTED",
        ("LISTED", "delist"): "DELISTED",
        ("SUSPENDED", "delist"): "DELISTED",
        ("WITHHELD", "delist"): "DELISTED",
        ("LISTED", "expire"): "EXPIRED",
        ("SUSPENDED", "expire"): "EXPIRED",
        ("WITHHELD", "expire"): "EXPIRED",
    },
)
"""The seller suspends and resumes, the exchange withholds and restores: neither undoes the other's decision."""

PriceMode = Literal["fixed", "negotiable", "free"]
Kind = Literal["", "supplier", "buyer", "delivery", "assessment", "intermediary", "consulting"]
"""Accreditation that a party must have; empty = none is asked for."""
Quantity = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
OptionalId = Annotated[bytes, msgspec.Meta(max_length=32)]
"""Of a right or listing; empty = there is none."""


class BoardRules(msgspec.Struct, frozen=True, array_like=True):
    """What an exchange may change about its board; a trade keeps the fee of the moment it was offered."""

    name: Name
    price_modes: Annotated[tuple[PriceMode, ...], msgspec.Meta(min_length=1, max_length=3)]
    seller_kind: Kind = ""
    buyer_kind: Kind = ""
    fee_basis_points: BasisPoints = 0
    """Of the agreed amount, rounded down."""
    fee_payer: Literal["seller", "buyer"] = "seller"
    """The seller's fee is kept back from the amount, the buyer's comes on top of it."""
    clearing: Literal["direct", "exchange"] = "direct"
    """Who says that the price arrived: the seller, or the exchange through which it is paid."""
    off_exchange: bool = False
    """Whether trades made elsewhere are recorded here."""
    document_hash: OptionalHash = None
    """Of the trading rules in full."""


class BoardRecord(msgspec.Struct, frozen=True, array_like=True):
    """A place where assets are offered."""

    board_id: Hash32
    reference: ShortName
    operator: Did
    """The exchange."""
    currency: Currency
    """For good: amounts of a board can be added up."""
    rules: BoardRules
    status: str
    opened_height: Height
    opened_ms: int
    updated_height: Height
    updated_ms: int


class ListingRecord(msgspec.Struct, frozen=True, array_like=True):
    """An asset on offer."""

    listing_id: Hash32
    reference: ShortName
    board_id: Hash32
    asset_id: Hash32
    seller: Did
    right_id: OptionalId
    """The operating right under which the seller sells; empty where it is the asset's holder."""
    price_mode: PriceMode
    price: Amount
    """For one unit, in minor units of the board's currency; asked for where it is negotiable."""
    unit: ShortLine
    """What is counted: a copy, a call, a month."""
    terms: RightTerms
    """Of the right that each buyer receives."""
    offer_hash: OptionalHash
    """Of the offer in full, such as an ODRL policy."""
    delivery_mode: DeliveryMode
    quantity: Quantity
    """Units on offer; 0 = no limit."""
    taken: Quantity
    """Units of it that are ordered, agreed or sold."""
    expires_ms: Time
    """Orders are taken before this millisecond; 0 = no end."""
    status: str
    listed_height: Height
    listed_ms: int
    updated_height: Height
    updated_ms: int


_board_hash = tagged_hash("market-board")
_listing_hash = tagged_hash("market-listing")
# Values were encoded by this package; equal bytes mean an equal record, whatever an overlay discards.
_decode_board = lru_cache(64)(msgspec.msgpack.Decoder(BoardRecord).decode)
_decode_listing = lru_cache(256)(msgspec.msgpack.Decoder(ListingRecord).decode)


def board_id_of(operator: str, reference: str) -> bytes:
    """The 32-byte id of the board that ``operator`` calls ``reference``."""
    return _board_hash(encode((operator, reference)))


def listing_id_of(seller: str, reference: str) -> bytes:
    """The 32-byte id of the listing that ``seller`` calls ``reference``."""
    return _listing_hash(encode((seller, reference)))


@lru_cache(64)
def board_key(board_id: bytes) -> bytes:
    """State key of a board."""
    return key("market-board", board_id)


@lru_cache(1024)
def listing_key(listing_id: bytes) -> bytes:
    """State key of a listing."""
    return key("market-listing", listing_id)


@lru_cache(64)
def serial_key(operator: str) -> bytes:
    """State key of an exchange's count of trade certificates."""
    return key("market-serial", operator)


def read_board(state: State, board_id: bytes) -> BoardRecord:
    """The board.

    Raises:
        OperationFailed: ``board-unknown``.
    """
    stored = state.get(board_key(board_id))
    if stored is None:
        raise OperationFailed("board-unknown", f"no board {board_id.hex()}")
    return _decode_board(stored)


def read_listing(state: State, listing_id: bytes) -> ListingRecord:
    """The listing.

    Raises:
        OperationFailed: ``listing-unknown``.
    """
    stored = state.get(listing_key(listing_id))
    if stored is None:
        raise OperationFailed("listing-unknown", f"no listing {listing_id.hex()}")
    return _decode_listing(stored)


def write_board(state: State, record: BoardRecord) -> None:
    """Put the board under its key."""
    state.put(board_key(record.board_id), encode(record))


def write_listing(state: State, record: ListingRecord) -> None:
    """Put the listing under its key."""
    state.put(listing_key(record.listing_id), encode(record))


RECORDS: Final = (
    ("market-board", 2, "", BoardRecord),
    ("market-listing", 2, "", ListingRecord),
    ("market-serial", 2, "", int),
)
"""How state keys map to types: namespace, number of parts with it, second part if fixed, type."""
