"""A settled trade whose seller, ``member``, distributes what it brought."""

from tests.unit.contracts.market.trading import AMOUNT, ASSET, FEE, TRADE_ID, Trading
from tests.unit.contracts.world import World

PROCEEDS = AMOUNT - FEE


def traded() -> tuple[World, bytes, bytes]:
    """The world, the asset and the trade."""
    return Trading().reach("SETTLED").world, ASSET, TRADE_ID
