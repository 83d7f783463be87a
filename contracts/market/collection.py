"""Boards, listings and trades as readers list them."""

from typing import Final

from contracts.kernel.collection import Collection, Filter
from contracts.kernel.text import Hash32
from contracts.market.event import AssetListed, BoardOpened, TradeCertified, TradeOffered, TradeReported
from contracts.market.record import BOARD, LISTING, BoardRecord, ListingRecord
from contracts.market.record_trade import TRADE, SaleRecord, SettlementRecord, TradeRecord

COLLECTIONS: Final = (
    Collection(
        name="boards",
        namespace=("market-board",),
        ids=("board_id",),
        record=BoardRecord,
        summary="Boards on which assets are listed and traded.",
        filters=(
            Filter("operator", ((BoardOpened, "operator"),)),
            Filter("status", choices=BOARD.statuses()),
            Filter("currency"),
        ),
        missing="board-not-found",
    ),
    Collection(
        name="listings",
        namespace=("market-listing",),
        ids=("listing_id",),
        record=ListingRecord,
        summary="Assets on offer, and those that were.",
        filters=(
            Filter("asset_id", ((AssetListed, "asset_id"),)),
            Filter("seller", ((AssetListed, "seller"),)),
            Filter("board_id", ((AssetListed, "board_id"),)),
            Filter("price_mode"),
            Filter("status", choices=LISTING.statuses()),
        ),
    ),
    Collection(
        name="trades",
        namespace=("market-trade",),
        ids=("trade_id",),
        record=TradeRecord,
        summary="Trades from the order to the certificate.",
        filters=(
            Filter("certificate", ((TradeCertified, "certificate"),)),
            Filter("listing_id", ((TradeOffered, "listing_id"),)),
            Filter("asset_id", ((TradeOffered, "asset_id"), (TradeReported, "asset_id"))),
            Filter("buyer", ((TradeOffered, "buyer"), (TradeReported, "buyer"))),
            Filter("seller", ((TradeOffered, "seller"), (TradeReported, "seller"))),
            Filter("board_id", ((TradeOffered, "board_id"), (TradeReported, "board_id"))),
            Filter("status", choices=TRADE.statuses()),
        ),
    ),
    Collection(
        name="settlements",
        namespace=("market-settlement",),
        ids=("trade_id", "reference_hash"),
        record=SettlementRecord,
        summary="Payments of trades, and payments back, as their receivers recorded them.",
        filters=(Filter("leg"), Filter("recorded_by")),
        id_types={"trade_id": Hash32, "reference_hash": Hash32},
    ),
    Collection(
        name="sales",
        namespace=("market-sale",),
        ids=("board_id", "day", "trade_id"),
        record=SaleRecord,
        summary="Certified trades by board and day (days since 1970, UTC), as statistics count them.",
        filters=(Filter("off_exchange"),),
        id_types={"board_id": Hash32, "day": int, "trade_id": Hash32},
    ),
)
