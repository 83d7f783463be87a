"""The order of the day, and its result."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.running_network import RunningNetwork
from chainnode.errors import NotFound
from chainnode.sdk.client import Client
from chainnode.sdk.market import market_figures
from contracts.identity.operations import UpdateIdentity
from contracts.income.record import account_key
from tests.scenarios.exchange_day import authority, disputes, income, recount, registration, trading
from tests.scenarios.exchange_day.cast import Cast, assemble, consortium_of
from tests.scenarios.exchange_day.ledger import Ledger
from tests.scenarios.exchange_day.registration import Asset
from tests.scenarios.exchange_day.trading import CURRENCY, Deal

Say = Callable[[str], None]
VALIDATORS = 4
DISPUTED = 3
"""Trades that a dispute is about, distributed by nobody before."""


@dataclass(frozen=True)
class Size:
    """How much happens."""

    providers: int = 20
    buyers: int = 30
    entries: int | None = None
    """Entries of the catalogue that are registered; None: all."""
    reviewed: int = 25
    """Of them through the workflow."""
    derived: int = 12
    listings: int = 60
    trades: int = 200


async def run_day(folder: Path, catalogue: bytes, size: Size, seed: int, say: Say) -> dict[str, Any]:
    """The whole day on four validators as processes; the result that is printed.

    Raises:
        Unexpected: something was refused that is allowed, or the reverse.
    """
    began = time.monotonic()
    async with RunningNetwork(folder, VALIDATORS) as network:
        say("four validators are ready")
        async with Client(network.urls, spread=True, patience_ms=60_000) as client:
            ledger = Ledger(client, network.manifest.chain_id)
            consortium = consortium_of(folder, network.manifest)
            cast = await assemble(ledger, consortium, size.providers, size.buyers)
            result = await _business(ledger, cast, catalogue, size, random.Random(seed), say)
            roots = await _state_roots(network.urls)
    tally = ledger.tally
    return result | {
        "refused_as_expected": sum(tally.refused.values()),
        "refusal_codes": len(tally.refused),
        "transactions": tally.transactions,
        "state_roots_equal": len(roots) == 1,
        "seconds": round(time.monotonic() - began, 1),
    }


async def _business(
    ledger: Ledger, cast: Cast, catalogue: bytes, size: Size, chance: random.Random, say: Say
) -> dict[str, Any]:
    operations, refused = registration.read_catalogue(catalogue)
    chosen = operations[: size.entries]
    say(f"registering {len(chosen)} entries, {size.reviewed} of them by workflow")
    reviewed, fast = await asyncio.gather(
        registration.register_reviewed(ledger, cast, chosen[: size.reviewed]),
        registration.register_at_once(ledger, cast, chosen[size.reviewed :]),
    )
    derived = await registration.derive(ledger, cast, fast[: size.derived])
    derived += await registration.derive(ledger, cast, derived[: size.derived // 3])
    assets = [*derived, *reviewed, *fast]
    boards = await trading.open_boards(ledger, cast)
    listed = assets[: size.listings]
    offers = await trading.list_assets(ledger, boards, listed, chance)
    await income.set_rules(ledger, cast, listed, chance)
    deals = trading.plan_deals(cast, offers, size.trades, chance)
    say(f"{len(offers)} listings, {len(deals)} trades")
    await _trade(ledger, cast, deals, assets)
    say("distributing what the trades brought")
    async with asyncio.TaskGroup() as group:
        for deal in deals[DISPUTED:]:
            group.create_task(income.distribute(ledger, deal))
    say("holding court")
    cases, ordered_back = await disputes.hold_court(ledger, cast, deals, fast[-2:])
    due = recount.count(await recount.export(ledger.client)).due()
    await income.acknowledge(ledger, cast, due)
    return await _recount(ledger, cast, boards, cases, ordered_back, refused, say)


async def _trade(ledger: Ledger, cast: Cast, deals: Sequence[Deal], assets: Sequence[Asset]) -> None:
    """Every trade; half-way a provider rotates its key, a buyer leaves, and the regulator freezes an asset."""
    half = len(deals) // 2
    attempt = UpdateIdentity(services=())

    async def several(first: int, last: int) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(first, last):
                group.create_task(trading.trade(ledger, deals[number], number))

    await several(0, half)
    await asyncio.gather(
        several(half, len(deals)),
        authority.deactivate(ledger, cast.buyers[-1], attempt),
        authority.freeze(ledger, cast, assets[-3]),
    )
    await authority.rotate(ledger, cast.providers[0], attempt)


async def _recount(
    ledger: Ledger,
    cast: Cast,
    boards: Sequence[tuple[Any, bytes, int]],
    cases: int,
    ordered_back: int,
    refused: int,
    say: Say,
) -> dict[str, Any]:
    say("counting the day once more from its events")
    total = recount.count(await recount.export(ledger.client))
    differences = recount.faults(total)
    due = total.due()
    for (payee, distributor), owed in due.items():
        kept = await _account_due(ledger, payee, distributor)
        if kept != owed:
            differences.append(f"{payee} is owed {kept} by the ledger, {owed} by the events")
    for _, board_id, _ in boards:
        figures = await market_figures(ledger.client, board_id, by="all")
        said = (figures[0].count, figures[0].volume, figures[0].median_price) if figures else (0, 0, 0)
        counted = recount.statistics(total, board_id.hex())
        if said != counted:
            differences.append(f"board {board_id.hex()[:8]}: the node says {said}, the events {counted}")
    if sum(total.refunded.values()) != ordered_back:
        differences.append(f"{sum(total.refunded.values())} came back of {ordered_back} ordered")
    for difference in differences:
        say(f"DIFFERENCE {difference}")
    return {
        "assets": len(total.assets),
        "entries_refused": refused,
        "trades": len(total.settled),
        "trades_standing": len(total.trades),
        "distributed_minor_units": total.distributed,
        "recount_equal": not differences,
        "disputes": cases,
        "rulings": dict(sorted(total.rulings.items())),
        "events": total.events,
    }


async def _account_due(ledger: Ledger, payee: str, distributor: str) -> int:
    try:
        value = (await ledger.client.state(account_key(payee, distributor, CURRENCY))).document
    except NotFound:
        return 0
    return int(value["credited"]) - int(value["reversed"]) - int(value["acknowledged"])


async def _state_roots(urls: Sequence[str]) -> set[str]:
    """Certified state roots at one height that every validator has."""
    heights = []
    for url in urls:
        async with Client([url]) as client:
            heights.append((await client.status()).height)
    roots = set()
    for url in urls:
        async with Client([url]) as client:
            roots.add(str((await client.block(min(heights))).header["prev_state_root"]))
    return roots
