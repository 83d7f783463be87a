"""What trades brought, distributed along the lineage by the holders' rules."""

import asyncio
import random
from collections.abc import Sequence

from contracts.income.operations import AcknowledgeIncome, DistributeIncome, SetIncomeRule
from contracts.income.record import Share
from tests.scenarios.exchange_day.cast import Cast
from tests.scenarios.exchange_day.ledger import Ledger
from tests.scenarios.exchange_day.registration import Asset
from tests.scenarios.exchange_day.trading import CURRENCY, Deal


async def set_rules(ledger: Ledger, cast: Cast, assets: Sequence[Asset], chance: random.Random) -> None:
    """Every second asset is shared with two others."""
    async with asyncio.TaskGroup() as group:
        for asset in assets[::2]:
            others = chance.sample([person for person in cast.providers if person is not asset.holder], 2)
            first, second = chance.randrange(1, 4_000), chance.randrange(1, 4_000)
            shares = (
                Share(asset.holder.did, 10_000 - first - second),
                Share(others[0].did, first),
                Share(others[1].did, second),
            )
            group.create_task(ledger.do(asset.holder, SetIncomeRule(asset.asset_id, shares)))


async def distribute(ledger: Ledger, deal: Deal) -> None:
    """All that the seller received."""
    asset = deal.offer.asset
    reference = deal.trade_id.hex()[:60]
    await ledger.do(
        asset.holder, DistributeIncome(reference, asset.asset_id, deal.proceeds, CURRENCY, deal.trade_id)
    )
    beyond = DistributeIncome(f"{reference}+", asset.asset_id, 1, CURRENCY, deal.trade_id)
    if deal.trade_id[0] < 16:
        await ledger.refused("income-exceeds-trade", asset.holder, beyond)


async def acknowledge(ledger: Ledger, cast: Cast, due: dict[tuple[str, str], int]) -> int:
    """Every provider acknowledges half of what each distributor owes it; the sum."""
    total = 0
    async with asyncio.TaskGroup() as group:
        people = {person.did: person for person in cast.providers}
        for (payee, distributor), owed in due.items():
            if payee in people and owed // 2:
                total += owed // 2
                operation = AcknowledgeIncome(distributor, CURRENCY, owed // 2, bytes(32))
                group.create_task(ledger.do(people[payee], operation))
    return total
