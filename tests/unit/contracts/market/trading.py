"""A board, an asset on it, and a trade brought to any status: what the tests of the market stand on."""

from typing import Any

from contracts.assets.description import AssetDescription
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of
from contracts.evidence.operations import RecordEvidence
from contracts.kernel.context import Context
from contracts.kernel.operation import Operation
from contracts.market import measures
from contracts.market.operations import ListAsset, OpenBoard
from contracts.market.operations_trade import (
    Agree,
    Cancel,
    Certify,
    ConfirmDelivery,
    ConfirmReport,
    Counter,
    Decline,
    Deliver,
    Lapse,
    Order,
    Refund,
    ReportTrade,
    Settle,
    Terminate,
    Withdraw,
)
from contracts.market.record import (
    BoardRecord,
    BoardRules,
    ListingRecord,
    board_id_of,
    listing_id_of,
    read_board,
    read_listing,
)
from contracts.market.record_trade import TradeRecord, read_trade, trade_id_of
from contracts.rights.terms import RightTerms
from tests.unit.contracts.world import CHAIN, TIME_MS, World, did_of

DAY = 86_400_000
START = TIME_MS + 1_000
ACCEPT_BY, DELIVER_BY, SETTLE_BY = START + DAY, START + 3 * DAY, START + 5 * DAY
PRICE, UNITS, AMOUNT = 1_000, 3, 3_000
FEE = 30
"""One per cent, kept back from the seller."""
ASSET = asset_id_of(did_of("exchange"), "a")
BOARD_ID = board_id_of(did_of("exchange"), "main")
LISTING_ID = listing_id_of(did_of("member"), "offer")
TRADE_ID = trade_id_of(did_of("stranger"), "trade")
REPORT_ID = trade_id_of(did_of("member"), "report")
AGREEMENT = b"a" * 32
USE = RightTerms("processing-use")


class Trading:
    """``member`` sells what it holds to ``stranger`` on the board of ``exchange``."""

    def __init__(self, *, listing: dict[str, Any] | None = None, **rules: Any) -> None:
        self.world = World()
        self.payments = 0
        self.must("exchange", RegisterAsset("a", AssetDescription("dataset", "A"), did_of("member")))
        settings = {"fee_basis_points": 100, "off_exchange": True} | rules
        modes = settings.pop("price_modes", ("fixed", "negotiable", "free"))
        self.must("exchange", OpenBoard("main", "CNY", BoardRules("Main board", modes, **settings)))
        self.must("member", listed(**(listing or {})))

    def do(self, name: str, *operations: Operation) -> str:
        """The code of one transaction."""
        return self.world.submit(name, *operations).code

    def must(self, name: str, *operations: Operation) -> None:
        receipt = self.world.submit(name, *operations)
        assert receipt.code == "ok", (receipt.code, receipt.info)

    def at(self, time_ms: int) -> "Trading":
        self.world.time_ms = time_ms
        return self

    def evidence(self, name: str = "member", kind: Any = "delivery", **fields: Any) -> bytes:
        """Evidence recorded now, under a fresh id."""
        self.payments += 1
        evidence_id = self.payments.to_bytes(16, "big")
        self.must(name, RecordEvidence(evidence_id, kind, "sha256", b"e" * 32, **fields))
        return evidence_id

    def deliver(self) -> str:
        return self.do("member", Deliver(TRADE_ID, self.evidence()))

    def pay(self, amount: int = AMOUNT - FEE, name: str = "member", leg: Any = "price", trade: bytes = TRADE_ID) -> str:
        return self.do(name, Settle(trade, leg, amount, self.reference()))

    def refund(self, amount: int, trade: bytes = TRADE_ID) -> str:
        return self.do("stranger", Refund(trade, amount, self.reference()))

    def reference(self) -> bytes:
        self.payments += 1
        return self.payments.to_bytes(32, "big")

    def trade(self, trade_id: bytes = TRADE_ID) -> TradeRecord:
        return read_trade(self.world.overlay, trade_id)

    def board(self) -> BoardRecord:
        return read_board(self.world.overlay, BOARD_ID)

    def listing(self) -> ListingRecord:
        return read_listing(self.world.overlay, LISTING_ID)

    def context(self, sender: str = "exchange") -> Context:
        """As an operation of a later family has it."""
        world = self.world
        return Context(
            chain_id=CHAIN,
            height=world.height,
            time_ms=world.time_ms,
            tx_id=bytes(32),
            index=0,
            sender=did_of(sender),
            signers=(),
        )

    def hold(self, order: bytes = b"o" * 16, trade: bytes = TRADE_ID) -> None:
        measures.hold_trade(trade, order, self.context(), self.world.overlay)

    def release(self, order: bytes = b"o" * 16, trade: bytes = TRADE_ID) -> None:
        measures.release_trade(trade, order, self.context(), self.world.overlay)

    def reach(self, status: str) -> "Trading":
        """Bring the trade to ``status``; the report, for REPORTED."""
        for name, operation in PATHS[status]:
            if operation == "deliver":
                assert self.deliver() == "ok"
            elif operation == "pay":
                assert self.pay(self.trade().proceeds) == "ok"
                assert self.pay(FEE, "exchange", "fee") == "ok"
            elif operation == "late":
                self.at(DELIVER_BY + 1)
            elif operation == "too late to accept":
                self.at(ACCEPT_BY + 1)
            elif operation == "order refund":
                due = self.trade().paid + self.trade().paid_fee
                measures.refund_trade(TRADE_ID, due, b"r" * 16, self.context(), self.world.overlay)
            elif operation == "refund":
                assert self.refund(self.trade().refund_due) == "ok"
            else:
                self.must(name, operation)
        return self


def listed(reference: str = "offer", **fields: Any) -> ListAsset:
    settings: dict[str, Any] = {
        "board_id": BOARD_ID,
        "asset_id": ASSET,
        "price_mode": "negotiable",
        "price": PRICE,
        "terms": USE,
        "delivery_mode": "api",
        "quantity": 10,
    }
    return ListAsset(reference, **(settings | fields))


def ordered(reference: str = "trade", **fields: Any) -> Order:
    settings: dict[str, Any] = {
        "listing_id": LISTING_ID,
        "quantity": UNITS,
        "price": PRICE,
        "agreement_hash": AGREEMENT,
        "accept_by_ms": ACCEPT_BY,
        "deliver_by_ms": DELIVER_BY,
        "settle_by_ms": SETTLE_BY,
    }
    return Order(reference, **(settings | fields))


def countered(price: int = 900, **fields: Any) -> Counter:
    settings: dict[str, Any] = {
        "agreement_hash": b"b" * 32,
        "accept_by_ms": ACCEPT_BY,
        "deliver_by_ms": DELIVER_BY,
        "settle_by_ms": SETTLE_BY,
    }
    return Counter(TRADE_ID, price, **(settings | fields))


def reported(reference: str = "report", **fields: Any) -> ReportTrade:
    settings: dict[str, Any] = {
        "board_id": BOARD_ID,
        "asset_id": ASSET,
        "seller": did_of("member"),
        "buyer": did_of("stranger"),
        "quantity": 1,
        "price": 5_000,
        "agreement_hash": AGREEMENT,
        "accept_by_ms": ACCEPT_BY,
        "terms": USE,
    }
    return ReportTrade(reference, **(settings | fields))


AGREE = Agree(TRADE_ID, PRICE, AGREEMENT)
CONFIRM = ConfirmReport(REPORT_ID, 5_000, AGREEMENT)
_OFFERED: tuple[tuple[str, Any], ...] = (("stranger", ordered()),)
_AGREED = (*_OFFERED, ("member", AGREE))
_DELIVERED = (*_AGREED, ("", "deliver"))
_RECEIVED = (*_DELIVERED, ("stranger", ConfirmDelivery(TRADE_ID)))
_SETTLED = (*_RECEIVED, ("", "pay"))
_CERTIFIED = (*_SETTLED, ("exchange", Certify(TRADE_ID)))
PATHS: dict[str, tuple[tuple[str, Any], ...]] = {
    "OFFERED": _OFFERED,
    "COUNTERED": (*_OFFERED, ("member", countered())),
    "REPORTED": (("member", reported()),),
    "AGREED": _AGREED,
    "DELIVERED": _DELIVERED,
    "RECEIVED": _RECEIVED,
    "SETTLED": _SETTLED,
    "CERTIFIED": _CERTIFIED,
    "DECLINED": (*_OFFERED, ("member", Decline(TRADE_ID))),
    "WITHDRAWN": (*_OFFERED, ("stranger", Withdraw(TRADE_ID))),
    "LAPSED": (*_OFFERED, ("", "too late to accept"), ("governor", Lapse(TRADE_ID))),
    "CANCELLED": (*_SETTLED, ("member", Cancel(TRADE_ID)), ("stranger", Cancel(TRADE_ID))),
    "TERMINATED": (*_AGREED, ("", "pay"), ("", "late"), ("stranger", Terminate(TRADE_ID))),
    "REFUNDING": (*_CERTIFIED, ("", "order refund")),
    "REFUNDED": (*_CERTIFIED, ("", "order refund"), ("", "refund")),
}
"""How a trade comes to each status: who does what."""
