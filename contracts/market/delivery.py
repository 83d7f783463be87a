"""From the agreement to the buyer's receipt: delivery as evidence shows it."""

from typing import Final

from chainnode.state.view import State
from contracts.assets.measures import tradable_asset
from contracts.evidence.record import EvidenceRecord, read_evidence
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE
from contracts.market.event import DeliveryConfirmed, DeliveryRefused, TradeDelivered
from contracts.market.operations_trade import ConfirmDelivery, DeemDelivered, Deliver, RefuseDelivery
from contracts.market.record_trade import TRADE, TradeRecord
from contracts.market.settlement import complete_if_done
from contracts.market.trade import STEP_CODES, party_trade, step

ANSWER_MS: Final = 86_400_000
"""A day: what the seller has at least to deliver again, and the buyer to look at what came."""
REFUSALS_MAX: Final = 3
"""Each refusal moves the deadlines, the buyer's own too; beyond this the parties need an arbitrator."""


def deliver(operation: Deliver, context: Context, state: State) -> None:
    """Enter the evidence of the delivery.

    Raises:
        OperationFailed: one of the codes beside ``Deliver`` in ``OPERATIONS``.
    """
    trade = party_trade(operation.trade_id, "seller", context, state)
    TRADE.step(trade.status, "deliver")
    if context.time_ms > trade.deliver_by_ms:
        raise OperationFailed("trade-delivery-late", f"it was to be delivered by {trade.deliver_by_ms} ms")
    tradable_asset(state, trade.asset_id, context.time_ms)
    submitter = operation.submitter or context.sender
    evidence = read_evidence(state, submitter, operation.evidence_id)
    if evidence is None:
        raise OperationFailed(
            "delivery-evidence-unknown", f"{submitter or 'nobody'} never recorded {operation.evidence_id.hex()}"
        )
    _check_evidence(evidence, trade)
    step(
        trade,
        "deliver",
        context,
        state,
        evidence_submitter=submitter,
        evidence_id=operation.evidence_id,
        delivered_ms=context.time_ms,
    )
    context.emit(TradeDelivered(trade.trade_id, submitter, operation.evidence_id))


def _check_evidence(evidence: EvidenceRecord, trade: TradeRecord) -> None:
    """Check that the evidence can be of this delivery: the one that was refused before is not."""
    name = f"evidence {evidence.evidence_id.hex()}"
    if evidence.kind != "delivery" or evidence.status != "ACTIVE":
        raise OperationFailed("delivery-evidence-unfit", f"{name} is {evidence.status} of kind {evidence.kind}")
    if evidence.related_asset not in (b"", trade.asset_id):
        raise OperationFailed("delivery-evidence-unfit", f"{name} is of asset {evidence.related_asset.hex()}")
    if evidence.recorded_ms < max(trade.agreed_ms, trade.delivered_ms) or evidence.evidence_id == trade.evidence_id:
        raise OperationFailed("delivery-evidence-unfit", f"{name} was recorded at {evidence.recorded_ms} ms, before")


def refuse_delivery(operation: RefuseDelivery, context: Context, state: State) -> None:
    """Send the trade back to the seller; it has a day more where its time was over, and the buyer as much.

    Raises:
        OperationFailed: one of ``STEP_CODES``, or ``delivery-refusals-spent``.
    """
    trade = party_trade(operation.trade_id, "buyer", context, state)
    TRADE.step(trade.status, "refuse")
    if trade.refusals >= REFUSALS_MAX:
        raise OperationFailed("delivery-refusals-spent", f"{trade.refusals} deliveries were refused")
    deliver_by_ms = max(trade.deliver_by_ms, context.time_ms + ANSWER_MS)
    settle_by_ms = trade.settle_by_ms + deliver_by_ms - trade.deliver_by_ms
    step(
        trade,
        "refuse",
        context,
        state,
        refusals=trade.refusals + 1,
        deliver_by_ms=deliver_by_ms,
        settle_by_ms=settle_by_ms,
    )
    context.emit(DeliveryRefused(trade.trade_id, operation.reason_hash, deliver_by_ms, settle_by_ms))


def confirm_delivery(operation: ConfirmDelivery, context: Context, state: State) -> None:
    """Take the delivery; with everything paid the trade is settled. Raises one of ``STEP_CODES``."""
    trade = party_trade(operation.trade_id, "buyer", context, state)
    _received(trade, "receive", context, state)


def deem_delivered(operation: DeemDelivered, context: Context, state: State) -> None:
    """Take the delivery in the place of a buyer that paid, had a day and all its time to pay, and was silent.

    Raises:
        OperationFailed: one of ``STEP_CODES``, or ``trade-not-due``.
    """
    trade = party_trade(operation.trade_id, "seller", context, state)
    TRADE.step(trade.status, "deem")
    last_ms = max(trade.settle_by_ms, trade.delivered_ms + ANSWER_MS)
    if context.time_ms <= last_ms or not trade.buyer_paid():
        raise OperationFailed("trade-not-due", f"the buyer has paid {trade.paid}, and may answer up to {last_ms} ms")
    _received(trade, "deem", context, state)


def _received(trade: TradeRecord, action: str, context: Context, state: State) -> None:
    found = step(trade, action, context, state)
    context.emit(DeliveryConfirmed(trade.trade_id, context.sender))
    complete_if_done(found, context, state)


_DELIVER: Final = (
    *STEP_CODES,
    "trade-delivery-late",
    "asset-unknown",
    "asset-frozen",
    "asset-expired",
    "asset-status",
    "delivery-evidence-unknown",
    "delivery-evidence-unfit",
)

OPERATIONS: Final = (
    OperationSpec(Deliver, deliver, EVERYONE, _DELIVER),
    OperationSpec(RefuseDelivery, refuse_delivery, EVERYONE, (*STEP_CODES, "delivery-refusals-spent")),
    OperationSpec(ConfirmDelivery, confirm_delivery, EVERYONE, STEP_CODES),
    OperationSpec(DeemDelivered, deem_delivered, EVERYONE, (*STEP_CODES, "trade-not-due")),
)
