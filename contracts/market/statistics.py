"""Prices and trading, counted from what was certified.

The ledger keeps one line for each certified trade under its board and day
(``record_trade.SaleRecord``). Whoever holds the exported events counts the same
(``sales_of_events``): that is how a regulator checks an exchange.

A tally that was cut in two by a page carries its prices, so the parts add up to the
exact median.
"""

from collections.abc import Iterable
from heapq import merge as merged
from typing import Final, Literal

import msgspec

from chainnode.types.receipt import Event
from contracts.kernel.calendar import DAY_MS, day_of
from contracts.market.event import TradeAnnulled, TradeCertified
from contracts.market.record_trade import SaleRecord

Period = Literal["day", "month", "year", "all"]
Venue = Literal["all", "exchange", "off-exchange"]
_LABEL_CHARS_CUT: Final = {"day": 0, "month": 2, "year": 4}
"""Digits that a day's label loses at its end."""


class Sale(msgspec.Struct, frozen=True):
    """One certified trade of a board."""

    day: int
    """Of the certificate, in days since 1970-01-01 UTC."""
    record: SaleRecord


class Tally(msgspec.Struct, frozen=True):
    """The trades of one board in one period and currency."""

    period: str
    """``20261122``, ``202611``, ``2026`` or ``all``."""
    currency: str
    count: int
    units: int
    volume: int
    """Agreed amounts together, in minor units; not bounded by the largest single amount."""
    prices: tuple[int, ...]
    """For one unit, of the trades that were not free; ascending."""

    def median_price(self) -> int | None:
        """The middle price for one unit; the mean of the middle two, rounded down; None where all were free."""
        return median(self.prices)


def median(ordered: tuple[int, ...]) -> int | None:
    """The middle of an ascending sequence; the mean of the middle two, rounded down; None of an empty one."""
    count = len(ordered)
    if not count:
        return None
    middle = count // 2
    return ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) // 2


def label_of(day: int, by: Period) -> str:
    """The name of the period in which a day lies."""
    if by == "all":
        return "all"
    label = day_of(day)
    return label[: len(label) - _LABEL_CHARS_CUT[by]]


def tallies(sales: Iterable[Sale], by: Period, venue: Venue = "all") -> tuple[Tally, ...]:
    """One tally for each period and currency in which something was sold, in that order."""
    groups: dict[tuple[str, str], list[SaleRecord]] = {}
    for sale in sales:
        record = sale.record
        if venue == "all" or record.off_exchange == (venue == "off-exchange"):
            groups.setdefault((label_of(sale.day, by), record.currency), []).append(record)
    return tuple(_tally(period, currency, groups[period, currency]) for period, currency in sorted(groups))


def _tally(period: str, currency: str, records: list[SaleRecord]) -> Tally:
    return Tally(
        period=period,
        currency=currency,
        count=len(records),
        units=sum(record.quantity for record in records),
        volume=sum(record.amount for record in records),
        prices=tuple(sorted(record.price for record in records if record.price)),
    )


def joined(parts: Iterable[Tally]) -> tuple[Tally, ...]:
    """Tallies of the same period and currency added up; all of them must carry their prices."""
    found: dict[tuple[str, str], Tally] = {}
    for part in parts:
        place = part.period, part.currency
        before = found.get(place)
        found[place] = part if before is None else _sum(before, part)
    return tuple(found[place] for place in sorted(found))


def _sum(first: Tally, second: Tally) -> Tally:
    return Tally(
        period=first.period,
        currency=first.currency,
        count=first.count + second.count,
        units=first.units + second.units,
        volume=first.volume + second.volume,
        prices=tuple(merged(first.prices, second.prices)),
    )


def sales_of_events(events: Iterable[Event], board_id: bytes) -> tuple[Sale, ...]:
    """The sales of a board as its events in ledger order tell them, without the state: for an independent recount."""
    found: dict[object, Sale] = {}
    for event in events:
        told = event.attributes
        if told.get("board_id") != board_id:
            continue
        if event.name == TradeCertified.NAME:
            certified = msgspec.convert(told, TradeCertified, builtin_types=(bytes,))
            record = SaleRecord(
                currency=certified.currency,
                price=certified.price,
                quantity=certified.quantity,
                amount=certified.amount,
                off_exchange=certified.off_exchange,
            )
            found[certified.trade_id] = Sale(certified.certified_ms // DAY_MS, record)
        elif event.name == TradeAnnulled.NAME:
            found.pop(told["trade_id"], None)
    return tuple(found.values())
