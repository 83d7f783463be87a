"""The market as the registry lists it."""

from typing import Final

from contracts.kernel.family import Family
from contracts.market import board, certification, delivery, listing, off_exchange, ordering, settlement, termination
from contracts.market.collection import COLLECTIONS
from contracts.market.event import EVENTS
from contracts.market.outcome import CODES
from contracts.market.record import BOARD, LISTING
from contracts.market.record_trade import RECORDS, TRADE

FAMILY: Final = Family(
    name="market",
    operations=(
        *board.OPERATIONS,
        *listing.OPERATIONS,
        *ordering.OPERATIONS,
        *delivery.OPERATIONS,
        *settlement.OPERATIONS,
        *certification.OPERATIONS,
        *termination.OPERATIONS,
        *off_exchange.OPERATIONS,
    ),
    events=EVENTS,
    codes=CODES,
    records=RECORDS,
    lifecycles=(BOARD, LISTING, TRADE),
    collections=COLLECTIONS,
)
"""Listing, ordering, delivering, settling, certifying."""
