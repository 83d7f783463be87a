"""What a trader works out on its own machine: hashes that give nothing away, and statistics over many pages.

Ids need no question to a node: ``board_id_of``, ``listing_id_of`` and ``trade_id_of`` of
``contracts.market``.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Final

import msgspec

from chainnode.sdk.answer import EventRecord
from chainnode.sdk.client import Client
from chainnode.sdk.transport import read_answer
from chainnode.types.receipt import Event
from contracts.evidence.digest import salted_digest
from contracts.market.event import TradeAnnulled, TradeCertified
from contracts.market.statistics import Period, Sale, Tally, Venue, joined, sales_of_events, tallies

_COUNTED: Final = (TradeCertified, TradeAnnulled)


class _Line(msgspec.Struct, frozen=True):
    """One line of the statistics as a node tells it."""

    period: str
    currency: str
    count: int
    units: int
    volume: int
    median_price: int | None
    lowest_price: int | None
    highest_price: int | None
    complete: bool
    prices: tuple[int, ...] = ()


class _Page(msgspec.Struct, frozen=True):
    items: tuple[_Line, ...]
    next: str | None = None


class MarketFigure(msgspec.Struct, frozen=True):
    """What was traded on a board in one period."""

    period: str
    """``20261122``, ``202611``, ``2026`` or ``all``."""
    currency: str
    count: int
    units: int
    volume: int
    """Minor units."""
    median_price: int | None
    """For one unit, of the trades that were not free; None where all were."""
    lowest_price: int | None
    highest_price: int | None


def agreement_hash(salt: bytes, document: bytes) -> bytes:
    """How an agreement is named on the ledger: HMAC-SHA256 under 32 random bytes that both parties keep with it.

    Raises:
        Misuse: ``salt-length``.
    """
    return salted_digest(salt, document)


def payment_reference(salt: bytes, bank_reference: str) -> bytes:
    """How a payment is named on the ledger; bank references are short enough to be guessed without a salt.

    Raises:
        Misuse: ``salt-length``.
    """
    return salted_digest(salt, bank_reference.encode())


async def market_figures(
    client: Client,
    board_id: bytes,
    *,
    by: Period = "day",
    venue: Venue = "all",
    first: str | None = None,
    last: str | None = None,
) -> list[MarketFigure]:
    """Count, units, volume and median price of a board by period, exact however many pages they come in.

    Args:
        client: whom to ask.
        board_id: of the board.
        by: the period of one figure.
        venue: trades of the exchange, those reported to it, or all.
        first: first day, such as ``2026-11-01``; by default the board's first.
        last: last day; by default the present one.

    Raises:
        NotFound: ``board-not-found``.
        Rejected: ``query-invalid``.
    """
    whole: list[MarketFigure] = []
    parts: list[Tally] = []
    query: dict[str, str | int] = {"board": board_id.hex(), "by": by, "venue": venue}
    query |= {name: day for name, day in (("first", first), ("last", last)) if day is not None}
    async for line in _lines(client, query):
        if line.complete:
            whole.append(_figure(line))
        else:
            parts.append(Tally(line.period, line.currency, line.count, line.units, line.volume, line.prices))
    found = [*whole, *(_counted(tally) for tally in joined(parts))]
    return sorted(found, key=lambda figure: (figure.period, figure.currency))


async def recounted_figures(
    client: Client, board_id: bytes, *, by: Period = "day", venue: Venue = "all"
) -> list[MarketFigure]:
    """The same counted here, from the events of every certified and annulled trade of the board.

    That is how a regulator checks an exchange. The events can be proved one by one, by their
    transactions.
    """
    told: list[EventRecord] = []
    for kind in _COUNTED:
        told += [event async for event in client.all_events(kind.NAME, "board_id", board_id)]
    return [_counted(tally) for tally in tallies(exported_sales(told, board_id), by, venue)]


def exported_sales(events: Iterable[EventRecord], board_id: bytes) -> tuple[Sale, ...]:
    """The sales that events of a board tell, as nodes export them: bytes as hexadecimal, in any order."""
    kinds = {kind.NAME: kind for kind in _COUNTED}
    read: list[Event] = []
    for event in events:
        kind = kinds.get(event.name)
        if kind is None:
            continue
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        attributes = {
            name: bytes.fromhex(value) if types.get(name) is bytes else value
            for name, value in event.attributes.items()
        }
        read.append(Event(event.name, attributes))
    return sales_of_events(sorted(read, key=lambda event: event.name == TradeAnnulled.NAME), board_id)


async def _lines(client: Client, query: dict[str, str | int]) -> AsyncIterator[_Line]:
    after: str | None = None
    while True:
        asked = query if after is None else query | {"after": after}
        page = read_answer(await client.request("GET", "/v1/market/statistics", query=asked), _Page)
        for line in page.items:
            yield line
        after = page.next
        if after is None:
            return


def _figure(line: _Line) -> MarketFigure:
    return MarketFigure(
        period=line.period,
        currency=line.currency,
        count=line.count,
        units=line.units,
        volume=line.volume,
        median_price=line.median_price,
        lowest_price=line.lowest_price,
        highest_price=line.highest_price,
    )


def _counted(tally: Tally) -> MarketFigure:
    prices = tally.prices
    return MarketFigure(
        period=tally.period,
        currency=tally.currency,
        count=tally.count,
        units=tally.units,
        volume=tally.volume,
        median_price=tally.median_price(),
        lowest_price=prices[0] if prices else None,
        highest_price=prices[-1] if prices else None,
    )
