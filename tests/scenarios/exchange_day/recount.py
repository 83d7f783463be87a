"""The day counted once more, from exported events alone and with arithmetic of its own.

Nothing of the contracts is used here: whoever holds the events can do the same in any
language. What does not agree is named.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chainnode.sdk.client import Client
from tests.scenarios.exchange_day.lineage_share import Register


@dataclass
class Count:
    """What the events say."""

    assets: set[str] = field(default_factory=set)
    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Certified and not annulled, by id."""
    settled: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By trade and leg."""
    refunded: Counter[str] = field(default_factory=Counter)
    distributed: int = 0
    by_trade: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, int] = field(default_factory=dict)
    """Of distributions, by id."""
    credits: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))
    """Of distributions: amounts by payee and asset."""
    expected: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    """The same, worked out anew from holders, lineage and rules."""
    acknowledged: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By payee and distributor."""
    makers: dict[str, str] = field(default_factory=dict)
    """Who made each distribution."""
    disputes: int = 0
    rulings: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    events: int = 0

    def due(self) -> dict[tuple[str, str], int]:
        """What every payee is owed by every distributor after what it acknowledged."""
        owed: Counter[tuple[str, str]] = Counter()
        for distribution, parts in self.credits.items():
            for (payee, _), amount in parts.items():
                owed[payee, self.makers[distribution]] += amount
        owed.subtract(self.acknowledged)
        return dict(owed)


async def export(client: Client) -> list[tuple[str, dict[str, Any]]]:
    """Every event of every block, in order: what an auditor downloads."""
    tip = (await client.status()).height
    found: list[tuple[str, dict[str, Any]]] = []
    for height in range(1, tip + 1):
        for receipt in await client.receipts(height):
            found += [(event.name, event.attributes) for event in receipt.events]
    return found


def count(events: Iterable[tuple[str, dict[str, Any]]]) -> Count:
    """Add everything up."""
    total, register = Count(), Register()
    for name, what in events:
        total.events += 1
        register.follow(name, what)
        if name in ("asset.registered", "asset.certified"):
            total.assets.add(what["asset_id"])
        elif name.startswith("market."):
            _market(total, name, what)
        elif name.startswith("income."):
            _income(total, register, name, what)
        elif name == "dispute.filed":
            total.disputes += 1
        elif name == "dispute.ruled":
            total.rulings[what["outcome"]] += 1
    return total


def _market(total: Count, name: str, what: dict[str, Any]) -> None:
    trade = what.get("trade_id", "")
    if name == "market.settled":
        total.settled[trade] = what
    elif name == "market.certified":
        total.trades[trade] = what
    elif name == "market.annulled":
        total.trades.pop(trade, None)
    elif name == "market.payment_recorded":
        total.paid[trade, what["leg"]] += what["amount"]
    elif name == "market.refund_recorded":
        total.refunded[trade] += what["amount"]


def _income(total: Count, register: Register, name: str, what: dict[str, Any]) -> None:
    if name == "income.distributed":
        total.distributed += what["amount"]
        total.by_trade[what["trade_id"]] += what["amount"]
        total.amounts[what["distribution_id"]] = what["amount"]
        total.makers[what["distribution_id"]] = what["distributed_by"]
        total.expected[what["distribution_id"]] = register.shares_of(what["asset_id"], what["amount"])
    elif name == "income.credited":
        total.credits[what["distribution_id"]][what["payee"], what["asset_id"]] += what["amount"]
    elif name == "income.reversed":
        total.distributed -= what["amount"]
        total.credits.pop(what["distribution_id"])
        total.amounts.pop(what["distribution_id"])
    elif name == "income.acknowledged":
        total.acknowledged[what["payee"], what["distributed_by"]] += what["amount"]


def faults(total: Count) -> list[str]:
    """What cannot be, whatever the day was like."""
    found = []
    for trade, what in total.settled.items():
        if total.paid[trade, "price"] != what["proceeds"] or total.paid[trade, "fee"] != what["fee"]:
            found.append(f"trade {trade}: paid {total.paid[trade, 'price']} of {what['proceeds']}")
        if what["proceeds"] + what["fee"] != what["amount"]:
            found.append(f"trade {trade}: {what['proceeds']} and {what['fee']} are not {what['amount']}")
        if total.by_trade[trade] > what["proceeds"]:
            found.append(f"trade {trade}: {total.by_trade[trade]} distributed of {what['proceeds']}")
    for distribution, amount in total.amounts.items():
        credited = total.credits[distribution]
        if sum(credited.values()) != amount:
            found.append(f"distribution {distribution}: {sum(credited.values())} credited of {amount}")
        if credited != total.expected[distribution]:
            found.append(f"distribution {distribution}: {credited} instead of {total.expected[distribution]}")
    found += [f"{place} acknowledged more than is owed" for place, owed in total.due().items() if owed < 0]
    return found


def statistics(total: Count, board_id: str) -> tuple[int, int, int]:
    """Count, volume and median unit price (the mean of the middle two, rounded down) of a board's certified trades."""
    trades = [what for what in total.trades.values() if what["board_id"] == board_id]
    prices = sorted(what["price"] for what in trades)
    middle = len(prices) // 2
    median = 0
    if prices:
        median = prices[middle] if len(prices) % 2 else (prices[middle - 1] + prices[middle]) // 2
    return len(trades), sum(what["amount"] for what in trades), median
