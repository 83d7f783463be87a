"""The last step: a certificate for the trade, and the right for the buyer."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE, role_record
from contracts.market.certificate import SERIAL_MAX, trade_certificate_number
from contracts.market.event import TradeCertified
from contracts.market.operations_trade import Certify
from contracts.market.record import read_board, serial_key
from contracts.market.record_trade import TRADE, SaleRecord, TradeRecord, sale_key
from contracts.market.trade import STEP_CODES, check_sender, free_trade, step, terms_of
from contracts.rights.force import IN_FORCE
from contracts.rights.granting import GRANTING, grant

_decode_serial = msgspec.msgpack.Decoder(int).decode


def certify(operation: Certify, context: Context, state: State) -> None:
    """Give the trade its number, the buyer its right, and the statistics of the day their line.

    Either party may ask for it, or the exchange: by then everything it depends on is on the ledger.

    Raises:
        OperationFailed: one of the codes beside ``Certify`` in ``OPERATIONS``.
    """
    trade = free_trade(operation.trade_id, state)
    TRADE.step(trade.status, "certify")
    operator = read_board(state, trade.board_id).operator
    check_sender((trade.seller, trade.buyer, operator), context)
    right_id = grant(
        terms_of(trade, state),
        trade.seller,
        trade.buyer,
        trade.right_id,
        context,
        state,
        asset_id=trade.asset_id,
        salt=trade.trade_id,
        accepted=True,
    )
    certificate = _next_certificate(operator, context.time_ms, state)
    found = step(
        trade, "certify", context, state, certificate=certificate, certified_ms=context.time_ms, right_id=right_id
    )
    sale = SaleRecord(found.currency, found.price, found.quantity, found.amount, bool(found.reported_by))
    state.put(sale_key(found.board_id, context.time_ms, found.trade_id), encode(sale))
    _emit(found, certificate, context)


def _emit(trade: TradeRecord, certificate: str, context: Context) -> None:
    context.emit(
        TradeCertified(
            trade_id=trade.trade_id,
            board_id=trade.board_id,
            asset_id=trade.asset_id,
            seller=trade.seller,
            buyer=trade.buyer,
            certificate=certificate,
            right_id=trade.right_id,
            currency=trade.currency,
            price=trade.price,
            quantity=trade.quantity,
            amount=trade.amount,
            proceeds=trade.proceeds,
            fee=trade.fee,
            off_exchange=bool(trade.reported_by),
            certified_ms=trade.certified_ms,
        )
    )


def _next_certificate(operator: str, time_ms: int, state: State) -> str:
    roles = role_record(state, operator)
    if roles is None or roles.registrar_number == 0:
        raise OperationFailed("exchange-number", f"{operator} has no registrar number")
    counter = serial_key(operator)
    stored = state.get(counter)
    serial = (_decode_serial(stored) if stored is not None else 0) + 1
    if serial > SERIAL_MAX:
        raise OperationFailed("trade-serials-spent", f"{operator} has given {SERIAL_MAX} trade certificates")
    state.put(counter, encode(serial))
    return trade_certificate_number(roles.registrar_number, time_ms, serial)


_GRANT: Final = (*GRANTING, *(code for code in IN_FORCE if code not in GRANTING))

OPERATIONS: Final = (
    OperationSpec(Certify, certify, EVERYONE, (*STEP_CODES, *_GRANT, "exchange-number", "trade-serials-spent")),
)
