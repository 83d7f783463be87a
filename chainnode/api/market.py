"""Statistics of a board, a bounded number of trades at a time.

One request reads at most 2,000 certified trades in the order of their days. A tally that
another page may add to carries its prices, so a client that follows ``next`` adds the
parts up to the exact median; every other tally is complete as it stands.
"""

import re
from typing import Any, Final

from aiohttp import web

from chainnode.api.answer import document_response
from chainnode.api.cursor import read_cursor, write_cursor
from chainnode.api.routes import AFTER, Call, Parameter, Route
from chainnode.errors import NotFound, Rejected
from chainnode.state.keys import key, prefix
from contracts.kernel.calendar import days_before
from contracts.market.record import board_key
from contracts.market.record_trade import decode_sale
from contracts.market.statistics import Sale, Tally, tallies

SALES_MAX: Final = 2_000
"""Trades of one request: about 10 ms of a core that also votes."""
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_DAYS_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LAST: Final = 2**40


async def statistics(call: Call) -> web.StreamResponse:
    """Count, units, volume and median price of a board by period.

    Raises:
        NotFound: ``board-not-found``.
        Rejected: ``query-invalid``: no board, or no such day.
    """
    board_id = call.query["board"]
    if board_id is None:
        raise Rejected("query-invalid", "board is missing", expected="the board's id, 32 bytes in lower-case hex")
    queries = call.service.queries
    if queries.state(board_key(board_id)) is None:
        raise NotFound("board-not-found", f"no board {board_id.hex()} was opened")
    first, last = _day(call.query["first"], "first", 0), _day(call.query["last"], "last", _LAST)
    by, venue = call.query["by"], call.query["venue"]
    question = repr(("market-statistics", board_id, first, last, by, venue))
    genesis_hash = call.service.genesis_hash
    after = call.query["after"]
    position = key("market-sale", board_id, first) if after is None else read_cursor(after, genesis_hash, question)
    pairs = queries.state_range(prefix("market-sale", board_id), position, SALES_MAX)
    sales = [(state_key, Sale(_day_of(state_key), decode_sale(value))) for state_key, value in pairs]
    kept = [(state_key, sale) for state_key, sale in sales if sale.day <= last]
    goes_on = len(kept) == SALES_MAX
    following = write_cursor(kept[-1][0], genesis_hash, question) if goes_on else None
    found = tallies((sale for _, sale in kept), by, venue)
    ends = {found[0].period if after is not None and found else "", found[-1].period if goes_on and found else ""}
    items = [tally_document(tally, complete=tally.period not in ends) for tally in found]
    return document_response(call, {"items": items, "next": following})


def tally_document(tally: Tally, *, complete: bool) -> dict[str, Any]:
    """A tally as clients read it; the prices stand in it only where another page may add to it."""
    prices = tally.prices
    return {
        "period": tally.period,
        "currency": tally.currency,
        "count": tally.count,
        "units": tally.units,
        "volume": tally.volume,
        "median_price": tally.median_price() if complete else None,
        "lowest_price": prices[0] if prices else None,
        "highest_price": prices[-1] if prices else None,
        "complete": complete,
        "prices": [] if complete else list(prices),
    }


def _day_of(state_key: bytes) -> int:
    return int(state_key.split(b"/")[2], 16)


def _day(text: str | None, name: str, default: int) -> int:
    """Days since 1970 of a date."""
    if text is None:
        return default
    found = _DAY.fullmatch(text)
    year, month, day = (int(part) for part in found.groups()) if found else (0, 0, 0)
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= _DAYS_OF_MONTH[month - 1]:
        raise Rejected("query-invalid", f"{name} is not a date since 1970", expected="2026-11-22", found=text[:64])
    return days_before(year, month, day)


_QUERY: Final = (
    Parameter("board", "hex", "id of the board", least=32, most=32),
    Parameter("first", "text", "first day, such as 2026-11-01; UTC"),
    Parameter("last", "text", "last day"),
    Parameter("by", "choice", "period of a line", default="day", choices=("day", "month", "year", "all")),
    Parameter("venue", "choice", "where it was traded", default="all", choices=("all", "exchange", "off-exchange")),
    AFTER,
)

ROUTES: Final = (
    Route(
        "GET",
        "/v1/market/statistics",
        statistics,
        "Price and trading statistics of a board",
        parameters=_QUERY,
        cost=20,
    ),
)
