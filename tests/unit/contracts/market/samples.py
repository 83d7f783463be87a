"""One operation of each kind, and how each refusal is reached; the tests of the kernel gather them."""

from collections.abc import Callable
from typing import Any

import pytest

from chainnode.codec.canonical import encode
from contracts.governance.operations import GrantRole
from contracts.identity.operations import DeactivateIdentity
from contracts.identity.operations_accreditation import Accredit
from contracts.kernel.money import AMOUNT_MAX
from contracts.kernel.operation import Operation
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import RoleRecord, roles_key
from contracts.market.certificate import SERIAL_MAX
from contracts.market.operations import (
    AmendBoard,
    CloseBoard,
    Delist,
    ExpireListing,
    OpenBoard,
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
from contracts.market.record import BoardRules, serial_key
from contracts.rights.terms import RightTerms
from tests.unit.contracts.market.trading import (
    ACCEPT_BY,
    AGREE,
    AGREEMENT,
    BOARD_ID,
    CONFIRM,
    DELIVER_BY,
    LISTING_ID,
    PRICE,
    SETTLE_BY,
    START,
    TRADE_ID,
    Trading,
    countered,
    listed,
    ordered,
    reported,
)
from tests.unit.contracts.world import did_of

RULES = BoardRules("Board", ("fixed",))
SAMPLES: tuple[Operation, ...] = (
    OpenBoard("b", "CNY", RULES),
    AmendBoard(BOARD_ID, RULES),
    SuspendBoard(BOARD_ID),
    ResumeBoard(BOARD_ID),
    CloseBoard(BOARD_ID),
    listed(),
    RepriceListing(LISTING_ID, 1),
    SuspendListing(LISTING_ID),
    ResumeListing(LISTING_ID),
    WithholdListing(LISTING_ID, bytes(32)),
    RestoreListing(LISTING_ID),
    Delist(LISTING_ID),
    ExpireListing(LISTING_ID),
    ordered(),
    countered(),
    AGREE,
    Decline(TRADE_ID),
    Withdraw(TRADE_ID),
    Lapse(TRADE_ID),
    Deliver(TRADE_ID, bytes(16)),
    RefuseDelivery(TRADE_ID, bytes(32)),
    ConfirmDelivery(TRADE_ID),
    DeemDelivered(TRADE_ID),
    Settle(TRADE_ID, "price", 1, bytes(32)),
    Refund(TRADE_ID, 1, bytes(32)),
    Certify(TRADE_ID),
    Extend(TRADE_ID, "deliver", SETTLE_BY),
    Cancel(TRADE_ID),
    Terminate(TRADE_ID),
    reported(),
    CONFIRM,
)


def _accredited_board(seller: bool) -> str:
    """A board that asks for accreditation; the seller of the second has its own."""
    trading = Trading()
    rules = BoardRules("B", ("negotiable",), seller_kind="supplier", buyer_kind="buyer")
    trading.must("exchange", AmendBoard(BOARD_ID, rules))
    if seller:
        return trading.do("stranger", ordered())
    trading.must("governor", Accredit(did_of("member"), "supplier"))
    return trading.do("stranger", ordered())


def _second_exchange(operation: Operation) -> str:
    """An exchange beside the one that opened the board."""
    trading = Trading()
    trading.must("governor", GrantRole(did_of("stranger"), "exchange"))
    return trading.do("stranger", operation)


def _with_counter(number: int, serial: int) -> str:
    trading = Trading().reach("SETTLED")
    state, exchange = trading.world.overlay, did_of("exchange")
    state.put(serial_key(exchange), encode(serial))
    state.put(roles_key(exchange), encode(RoleRecord(exchange, (), number)))
    return trading.do("member", Certify(TRADE_ID))


def _inactive() -> str:
    trading = Trading()
    trading.must("member", DeactivateIdentity())
    return trading.do("stranger", ordered())


def _expired() -> Trading:
    return Trading(listing={"expires_ms": START + 1}).at(START + 1)


def _sold_out() -> str:
    trading = Trading()
    trading.must("stranger", ordered(quantity=8))
    return trading.do("stranger", ordered("second", quantity=3))


def _late(status: str, operation: Operation, name: str, at_ms: int) -> str:
    return Trading().reach(status).at(at_ms).do(name, operation)


def _held() -> str:
    trading = Trading().reach("AGREED")
    trading.hold()
    return trading.deliver()


def _held_twice() -> str:
    trading = Trading().reach("AGREED")
    trading.hold()
    with pytest.raises(OperationFailed) as found:
        trading.hold()
    return found.value.code


def _refused_often() -> str:
    trading = Trading().reach("DELIVERED")
    for _ in range(3):
        trading.must("stranger", RefuseDelivery(TRADE_ID, bytes(32)))
        trading.at(trading.world.time_ms + 1)
        assert trading.deliver() == "ok"
    return trading.do("stranger", RefuseDelivery(TRADE_ID, bytes(32)))


def _unfit() -> str:
    trading = Trading().reach("AGREED")
    return trading.do("member", Deliver(TRADE_ID, trading.evidence(kind="file")))


def _paid_twice() -> str:
    trading = Trading().reach("AGREED")
    trading.must("member", Settle(TRADE_ID, "price", 1, b"p" * 32))
    return trading.do("member", Settle(TRADE_ID, "price", 1, b"p" * 32))


def _order(**fields: Any) -> str:
    return Trading().do("stranger", ordered(**fields))


def _list(**fields: Any) -> str:
    return Trading().do("member", listed("other", **fields))


def _agree(price: int = PRICE, agreement: bytes = AGREEMENT) -> str:
    return Trading().reach("OFFERED").do("member", Agree(TRADE_ID, price, agreement))


def _fixed() -> str:
    trading = Trading(listing={"price_mode": "fixed"}).reach("OFFERED")
    return trading.do("member", countered())


REFUSALS: dict[str, Callable[[], str]] = {
    "board-exists": lambda: Trading().do("exchange", OpenBoard("main", "CNY", RULES)),
    "board-unknown": lambda: Trading().do("exchange", CloseBoard(bytes(32))),
    "board-status": lambda: Trading().do("exchange", ResumeBoard(BOARD_ID)),
    "board-not-yours": lambda: _second_exchange(CloseBoard(BOARD_ID)),
    "board-price-modes": lambda: Trading().do("exchange", OpenBoard("b", "CNY", BoardRules("B", ("free", "free")))),
    "listing-exists": lambda: Trading().do("member", listed()),
    "listing-unknown": lambda: Trading().do("member", Delist(bytes(32))),
    "listing-status": lambda: Trading().do("member", ResumeListing(LISTING_ID)),
    "listing-not-yours": lambda: Trading().do("stranger", Delist(LISTING_ID)),
    "listing-price": lambda: _list(price=0),
    "listing-price-mode": lambda: Trading(price_modes=("negotiable",)).do("member", listed("b", price_mode="fixed")),
    "listing-exclusive": lambda: _list(terms=RightTerms("processing-use", exclusive=True)),
    "listing-expiry": lambda: _list(expires_ms=START),
    "listing-expired": lambda: _expired().do("stranger", ordered()),
    "listing-not-expired": lambda: Trading().do("stranger", ExpireListing(LISTING_ID)),
    "listing-sold-out": _sold_out,
    "seller-without-right": lambda: Trading().do("stranger", listed("b")),
    "seller-not-accredited": lambda: _accredited_board(seller=True),
    "buyer-not-accredited": lambda: _accredited_board(seller=False),
    "trade-exists": lambda: Trading().reach("OFFERED").do("stranger", ordered()),
    "trade-unknown": lambda: Trading().do("stranger", Cancel(bytes(32))),
    "trade-status": lambda: Trading().reach("OFFERED").do("member", Certify(TRADE_ID)),
    "trade-not-party": lambda: Trading().reach("OFFERED").do("stranger", AGREE),
    "trade-with-oneself": lambda: Trading().do("member", ordered()),
    "trade-party-inactive": _inactive,
    "trade-price": lambda: _agree(price=PRICE + 1),
    "trade-price-fixed": _fixed,
    "trade-amount": lambda: _order(price=AMOUNT_MAX, quantity=2),
    "trade-deadlines": lambda: _order(deliver_by_ms=ACCEPT_BY - 1),
    "trade-agreement": lambda: _agree(agreement=bytes(32)),
    "trade-accept-late": lambda: _late("OFFERED", AGREE, "member", ACCEPT_BY + 1),
    "trade-delivery-late": lambda: _late("AGREED", Deliver(TRADE_ID, bytes(16)), "member", DELIVER_BY + 1),
    "trade-not-due": lambda: _late("AGREED", Terminate(TRADE_ID), "stranger", DELIVER_BY),
    "trade-not-injured": lambda: _late("AGREED", Terminate(TRADE_ID), "member", DELIVER_BY + 1),
    "trade-extension": lambda: Trading().reach("AGREED").do("stranger", Extend(TRADE_ID, "deliver", DELIVER_BY)),
    "trade-held": _held,
    "trade-hold": _held_twice,
    "trade-off-exchange": lambda: Trading(off_exchange=False).do("member", reported()),
    "delivery-evidence-unknown": lambda: Trading().reach("AGREED").do("member", Deliver(TRADE_ID, bytes(16))),
    "delivery-evidence-unfit": _unfit,
    "delivery-refusals-spent": _refused_often,
    "settlement-known": _paid_twice,
    "settlement-overpaid": lambda: Trading().reach("AGREED").pay(PRICE * 3),
    "refund-exceeds": lambda: Trading().reach("CANCELLED").refund(3_001),
    "trade-serials-spent": lambda: _with_counter(1, SERIAL_MAX),
    "exchange-number": lambda: _with_counter(0, 0),
}
"""Code -> a run that ends in it, and returns the code of the receipt."""
