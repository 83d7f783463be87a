"""Two hundred trades through all six steps: register, list, trade, deliver, settle, certify."""

import asyncio
import random
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contracts.evidence.operations import RecordEvidence
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.operations_trade import Agree, Certify, ConfirmDelivery, Deliver, Order, Settle
from contracts.market.record import BoardRules, board_id_of, listing_id_of
from contracts.market.record_trade import trade_id_of
from contracts.rights.terms import RightTerms
from tests.scenarios.exchange_day.cast import Cast
from tests.scenarios.exchange_day.ledger import Ledger, Person, now_ms
from tests.scenarios.exchange_day.registration import Asset

DAY_MS: Final = 86_400_000
CURRENCY: Final = "CNY"
FEES: Final = (100, 250)
"""Basis points that each exchange keeps back from the seller."""
TERMS: Final = RightTerms("processing-use", purposes=("analysis",), irrevocable=False)
AGREEMENT: Final = sha256(b"terms of trade").digest()


@dataclass(frozen=True)
class Offer:
    """An asset on a board."""

    asset: Asset
    exchange: Person
    board_id: bytes
    fee_basis_points: int
    listing_id: bytes
    price: int


@dataclass(frozen=True)
class Deal:
    """One trade, as the parties know it."""

    trade_id: bytes
    offer: Offer
    buyer: Person
    amount: int

    @property
    def fee(self) -> int:
        """What the exchange keeps."""
        return self.amount * self.offer.fee_basis_points // 10_000

    @property
    def proceeds(self) -> int:
        """What the seller receives."""
        return self.amount - self.fee


async def open_boards(ledger: Ledger, cast: Cast) -> list[tuple[Person, bytes, int]]:
    """One board of each exchange: exchange, board, fee."""
    boards = []
    for exchange, fee in zip(cast.exchanges, FEES, strict=True):
        rules = BoardRules(f"Board of {exchange.name}", ("fixed",), "supplier", "buyer", fee)
        await ledger.do(exchange, OpenBoard("main", CURRENCY, rules))
        boards.append((exchange, board_id_of(exchange.did, "main"), fee))
    return boards


async def list_assets(
    ledger: Ledger, boards: list[tuple[Person, bytes, int]], assets: list[Asset], chance: random.Random
) -> list[Offer]:
    """Put each asset on one of the boards."""
    offers = []
    async with asyncio.TaskGroup() as group:
        for number, asset in enumerate(assets):
            exchange, board_id, fee = boards[number % len(boards)]
            reference, price = f"listing-{number}", chance.randrange(1_000, 500_000)
            operation = ListAsset(reference, board_id, asset.asset_id, "fixed", price, TERMS, "api")
            group.create_task(ledger.do(asset.holder, operation))
            listing_id = listing_id_of(asset.holder.did, reference)
            offers.append(Offer(asset, exchange, board_id, fee, listing_id, price))
    return offers


def plan_deals(cast: Cast, offers: list[Offer], count: int, chance: random.Random) -> list[Deal]:
    """Who buys what, in which number; the last buyer leaves in the course of the day and buys nothing."""
    deals = []
    for number in range(count):
        offer, buyer = chance.choice(offers), chance.choice(cast.buyers[:-1])
        amount = offer.price * chance.randrange(1, 4)
        deals.append(Deal(trade_id_of(buyer.did, f"trade-{number}"), offer, buyer, amount))
    return deals


async def order(ledger: Ledger, deal: Deal, number: int) -> None:
    """The buyer orders, the seller agrees."""
    began_ms = now_ms()
    offer, seller = deal.offer, deal.offer.asset.holder
    units = deal.amount // offer.price
    deadlines = (began_ms + DAY_MS, began_ms + 2 * DAY_MS, began_ms + 3 * DAY_MS)
    await ledger.do(deal.buyer, Order(f"trade-{number}", offer.listing_id, units, offer.price, AGREEMENT, *deadlines))
    await ledger.do(seller, Agree(deal.trade_id, offer.price, AGREEMENT))


async def deliver(ledger: Ledger, deal: Deal) -> None:
    """The seller delivers, with evidence of it in the same transaction; the buyer confirms."""
    seller, evidence_id = deal.offer.asset.holder, deal.trade_id[:16]
    digest = sha256(b"delivery note" + deal.trade_id).digest()
    note = RecordEvidence(evidence_id, "delivery", "sha256", digest, related_asset=deal.offer.asset.asset_id)
    await ledger.do(seller, note, Deliver(deal.trade_id, evidence_id))
    await ledger.do(deal.buyer, ConfirmDelivery(deal.trade_id))


async def settle(ledger: Ledger, deal: Deal) -> None:
    """The price in two parts, and the fee."""
    seller = deal.offer.asset.holder
    half = deal.proceeds // 2
    parts = (half, deal.proceeds - half) if half else (deal.proceeds,)
    for number, amount in enumerate(parts):
        reference = sha256(deal.trade_id + bytes([number])).digest()
        await ledger.do(seller, Settle(deal.trade_id, "price", amount, reference))
    if deal.fee:
        reference = sha256(deal.trade_id + b"fee").digest()
        await ledger.do(deal.offer.exchange, Settle(deal.trade_id, "fee", deal.fee, reference))


async def certify(ledger: Ledger, deal: Deal) -> None:
    """The exchange gives the certificate, which gives the buyer its right."""
    await ledger.do(deal.offer.exchange, Certify(deal.trade_id))


async def trade(ledger: Ledger, deal: Deal, number: int) -> None:
    """Every step of one trade after the listing."""
    await order(ledger, deal, number)
    await deliver(ledger, deal)
    await settle(ledger, deal)
    await certify(ledger, deal)


def listing_order(asset: Asset, cast: Cast) -> ListAsset:
    """An attempt to put ``asset`` on the first board once more."""
    board_id = board_id_of(cast.exchanges[0].did, "main")
    return ListAsset(f"again-{asset.asset_id.hex()[:16]}", board_id, asset.asset_id, "fixed", 1, TERMS, "api")
