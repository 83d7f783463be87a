"""``chainnode market``: boards, listings and trades, and what was traded."""

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.operation import add_verbs, verbs_of
from chainnode.cli.output import emit, examples, json_option, table
from chainnode.cli.tx import check_id
from chainnode.sdk.market import MarketFigure, market_figures
from contracts.market.statistics import Period, Venue


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
@node_option
@json_option
def statistics(
    board_id: str, by: Period, venue: Venue, first: str | None, last: str | None, nodes: tuple[str, ...]
) -> None:
    """Show count, volume and median price of a board's certified trades, in minor units of its currency."""
    wanted = bytes.fromhex(check_id(board_id))

    async def ask() -> list[MarketFigure]:
        async with connected(nodes) as client:
            return await market_figures(client, wanted, by=by, venue=venue, first=first, last=last)

    found = run(ask())
    columns = MarketFigure.__struct_fields__
    rows = [["-" if value is None else value for value in msgspec.structs.astuple(figure)] for figure in found]
    headings = [name.replace("_", " ") for name in columns]
    emit([msgspec.to_builtins(figure) for figure in found], table(headings, rows) if rows else ["nothing was traded"])


add_verbs(command, verbs_of("market"))
