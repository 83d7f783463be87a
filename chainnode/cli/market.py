"""``chainnode market``: boards, listings and trades, and what was traded."""

from typing import Final

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.operation import Verb, add_verbs, verbs_of
from chainnode.cli.output import emit, examples, fields, json_option, table
from chainnode.cli.tx import check_id
from chainnode.sdk.market import MarketFigure, market_figures, recounted_figures
from chainnode.sdk.trade_certificate import TradeCertificate, check_trade_certificate
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.operations_trade import Order, ReportTrade
from contracts.market.record import board_id_of, listing_id_of
from contracts.market.record_trade import trade_id_of
from contracts.market.statistics import Period, Venue

RECOUNTS_MAX: Final = 3
"""A trade that is certified between the two questions makes them differ once."""


@click.group(name="market", epilog=examples("chainnode market statistics BOARD_ID --by month"))
def command() -> None:
    """Trade on boards, and see what was traded."""


@command.command(
    epilog=examples(
        "chainnode market statistics BOARD_ID",
        "chainnode market statistics BOARD_ID --by month --first 2026-01-01 --venue exchange --json",
    )
)
@click.argument("board_id")
@click.option("--by", type=click.Choice(["day", "month", "year", "all"]), default="day", show_default=True)
@click.option("--venue", type=click.Choice(["all", "exchange", "off-exchange"]), default="all", show_default=True)
@click.option("--first", metavar="DAY", help="First day, such as 2026-11-01 (UTC).")
@click.option("--last", metavar="DAY", help="Last day.")
@click.option("--recount", is_flag=True, help="Count again from the events of the whole ledger, and compare.")
@node_option
@json_option
def statistics(
    board_id: str,
    by: Period,
    venue: Venue,
    first: str | None,
    last: str | None,
    recount: bool,
    nodes: tuple[str, ...],
) -> None:
    """Show count, volume and median price of a board's certified trades, in minor units of its currency."""
    wanted = bytes.fromhex(check_id(board_id))
    if recount and (first is not None or last is not None):
        raise CommandError("recount-whole", "--recount counts the whole ledger, without --first and --last", Exit.USAGE)

    async def ask() -> list[MarketFigure]:
        async with connected(nodes) as client:
            for _ in range(RECOUNTS_MAX):
                told = await market_figures(client, wanted, by=by, venue=venue, first=first, last=last)
                if not recount or told == await recounted_figures(client, wanted, by=by, venue=venue):
                    return told
            raise CommandError("recount-differs", "the events of the board tell other figures than the node")

    found = run(ask())
    columns = MarketFigure.__struct_fields__
    rows = [["-" if value is None else value for value in msgspec.structs.astuple(figure)] for figure in found]
    headings = [name.replace("_", " ") for name in columns]
    emit([msgspec.to_builtins(figure) for figure in found], table(headings, rows) if rows else ["nothing was traded"])


@command.command(epilog=examples("chainnode market certificate T0001-20261122-00000042-59"))
@click.argument("number")
@node_option
@json_option
def certificate(number: str, nodes: tuple[str, ...]) -> None:
    """Check the certificate of a trade by its number; ends with status 1 where it does not hold."""

    async def ask() -> TradeCertificate:
        async with connected(nodes) as client:
            return await check_trade_certificate(client, number)

    found = run(ask())
    document = msgspec.to_builtins(found)
    emit(document, fields(document))
    if found.code != "ok":
        raise CommandError(found.code, f"the trade of certificate {number} no longer stands as it was certified")


def _board_id(operation: OpenBoard, did: str) -> dict[str, str]:
    return {"board_id": board_id_of(did, operation.reference).hex()}


def _listing_id(operation: ListAsset, did: str) -> dict[str, str]:
    return {"listing_id": listing_id_of(did, operation.reference).hex()}


def _trade_id(operation: Order | ReportTrade, did: str) -> dict[str, str]:
    return {"trade_id": trade_id_of(did, operation.reference).hex()}


add_verbs(
    command,
    verbs_of(
        "market",
        open_board=Verb("market.open_board", arguments=("reference",), about=_board_id),
        list=Verb("market.list", arguments=("reference", "board_id", "asset_id"), about=_listing_id),
        certify=Verb("market.certify", arguments=("trade_id",), told=("certificate", "right_id")),
        order=Verb("market.order", arguments=("reference", "listing_id"), about=_trade_id),
        report=Verb("market.report", arguments=("reference", "board_id", "asset_id"), about=_trade_id),
    ),
)
