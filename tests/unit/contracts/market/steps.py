"""Every action of the table of trades, taken as whoever may: the tests of the table drive trades by these alone."""

from collections.abc import Callable

from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.market import measures
from contracts.market.operations import (
    AmendBoard,
    CloseBoard,
    Delist,
    ExpireListing,
    RepriceListing,
    RestoreListing,
    ResumeBoard,
    ResumeListing,
    SuspendBoard,
    SuspendListing,
    WithholdListing,
)
from contracts.market.operations_trade import (
    Agree,
    Cancel,
    Certify,
    ConfirmDelivery,
    ConfirmReport,
    Counter,
    Decline,
    DeemDelivered,
    Deliver,
    Extend,
    Lapse,
    Refund,
    RefuseDelivery,
    Settle,
    Terminate,
    Withdraw,
)
from contracts.market.record import BoardRules
from contracts.market.record_trade import TradeRecord
from tests.unit.contracts.market.trading import AGREEMENT, BOARD_ID, DAY, LISTING_ID, Trading
from tests.unit.contracts.world import did_of

BOARD_STEPS: dict[str, Operation] = {
    "amend": AmendBoard(BOARD_ID, BoardRules("B", ("negotiable",), fee_basis_points=250, off_exchange=True)),
    "suspend": SuspendBoard(BOARD_ID),
    "resume": ResumeBoard(BOARD_ID),
    "close": CloseBoard(BOARD_ID),
}
"""What the exchange does to its board."""
LISTING_STEPS: dict[str, tuple[str, Operation]] = {
    "reprice": ("member", RepriceListing(LISTING_ID, 1_500)),
    "suspend": ("member", SuspendListing(LISTING_ID)),
    "resume": ("member", ResumeListing(LISTING_ID)),
    "withhold": ("exchange", WithholdListing(LISTING_ID)),
    "restore": ("exchange", RestoreListing(LISTING_ID)),
    "delist": ("member", Delist(LISTING_ID)),
    "expire": ("stranger", ExpireListing(LISTING_ID)),
}
"""What is done to a listing, and by whom."""
NAMES = {did_of(name): name for name in ("exchange", "member", "stranger")}
ORDER = b"1" * 16
Action = Callable[[Trading, TradeRecord], str]


def send(trading: Trading, did: str, operation: Operation) -> str:
    """The code; a refusal must leave everything as it was."""
    before = trading.world.content()
    code = trading.do(NAMES[did], operation)
    assert code == "ok" or trading.world.content() == before
    return code


def offering(trade: TradeRecord) -> str:
    return trade.seller if trade.waits_for() == trade.buyer else trade.buyer


def counter(trading: Trading, trade: TradeRecord) -> str:
    times = trade.accept_by_ms, trade.deliver_by_ms, trade.settle_by_ms
    return send(trading, trade.waits_for(), Counter(trade.trade_id, trade.price + 7, AGREEMENT, *times))


def cancel(trading: Trading, trade: TradeRecord) -> str:
    """The second party's consent, after asking in the name of the first where nobody has."""
    if not trade.cancellation_by:
        code = send(trading, trade.seller, Cancel(trade.trade_id))
        if code != "ok":
            return code
    other = trade.buyer if trade.cancellation_by in ("", trade.seller) else trade.seller
    return send(trading, other, Cancel(trade.trade_id))


def settle(trading: Trading, trade: TradeRecord, leg: str = "price", amount: int = 1) -> str:
    did = trade.seller if leg == "price" else did_of("exchange")
    return send(trading, did, Settle(trade.trade_id, leg, amount, trading.reference()))  # type: ignore[arg-type]


def refund(trading: Trading, trade: TradeRecord, amount: int = 1) -> str:
    return send(trading, trade.buyer, Refund(trade.trade_id, amount, trading.reference()))


def measured(trading: Trading, run: Callable[[], None]) -> str:
    """The code of a measure, undone where it is refused, as the operation that takes it would be."""
    state = trading.world.overlay
    state.begin()
    try:
        run()
    except OperationFailed as failure:
        state.discard()
        return failure.code
    state.commit()
    return "ok"


def hold(trading: Trading, trade: TradeRecord, order: bytes = ORDER) -> str:
    return measured(trading, lambda: trading.hold(order, trade.trade_id))


def release(trading: Trading, trade: TradeRecord, order: bytes = ORDER) -> str:
    return measured(trading, lambda: trading.release(order, trade.trade_id))


def annul(trading: Trading, trade: TradeRecord) -> str:
    state = trading.world.overlay
    return measured(trading, lambda: measures.cancel_trade(trade.trade_id, ORDER, trading.context(), state))


def order_refund(trading: Trading, trade: TradeRecord) -> str:
    amount = max(1, trade.paid + trade.paid_fee - trade.refunded)
    state = trading.world.overlay
    return measured(trading, lambda: measures.refund_trade(trade.trade_id, amount, ORDER, trading.context(), state))


def extend_delivery(trading: Trading, trade: TradeRecord) -> str:
    until_ms = max(trade.deliver_by_ms, trading.world.time_ms) + DAY
    return send(trading, trade.buyer, Extend(trade.trade_id, "deliver", until_ms))


def extend_payment(trading: Trading, trade: TradeRecord) -> str:
    until_ms = max(trade.settle_by_ms, trading.world.time_ms) + DAY
    return send(trading, trade.seller, Extend(trade.trade_id, "settle", until_ms))


def terminate(trading: Trading, trade: TradeRecord) -> str:
    """As the buyer, and where the buyer is in default as the seller."""
    code = send(trading, trade.buyer, Terminate(trade.trade_id))
    return send(trading, trade.seller, Terminate(trade.trade_id)) if code == "trade-not-injured" else code


ACTIONS: dict[str, Action] = {
    "counter": counter,
    "agree": lambda t, x: send(t, x.waits_for(), Agree(x.trade_id, x.price, x.agreement_hash)),
    "confirm": lambda t, x: send(t, x.waits_for(), ConfirmReport(x.trade_id, x.price, x.agreement_hash)),
    "decline": lambda t, x: send(t, x.waits_for(), Decline(x.trade_id)),
    "withdraw": lambda t, x: send(t, offering(x), Withdraw(x.trade_id)),
    "lapse": lambda t, x: send(t, did_of("exchange"), Lapse(x.trade_id)),
    "deliver": lambda t, x: send(t, x.seller, Deliver(x.trade_id, t.evidence())),
    "refuse": lambda t, x: send(t, x.buyer, RefuseDelivery(x.trade_id, bytes(32))),
    "receive": lambda t, x: send(t, x.buyer, ConfirmDelivery(x.trade_id)),
    "deem": lambda t, x: send(t, x.seller, DeemDelivered(x.trade_id)),
    "settle": settle,
    "certify": lambda t, x: send(t, x.buyer, Certify(x.trade_id)),
    "extend_delivery": extend_delivery,
    "extend_payment": extend_payment,
    "propose_cancellation": lambda t, x: send(t, x.cancellation_by or x.seller, Cancel(x.trade_id)),
    "cancel": cancel,
    "terminate": terminate,
    "refund": refund,
    "conclude_refund": lambda t, x: refund(t, x, max(1, x.refund_due)),
    "hold": hold,
    "release": release,
    "annul": annul,
    "order_refund": order_refund,
}
"""All that somebody can do to a trade that exists; ``complete`` happens by itself."""
