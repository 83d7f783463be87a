"""What a dispute can reach: assets, rights and trades, through the functions that their own families offer."""

from typing import Final

import msgspec

from chainnode.state.view import State
from contracts.assets.measures import freeze_asset, release_asset, revoke_asset, transfer_asset
from contracts.assets.record import read_asset
from contracts.disputes.record import DisputeRecord, Measure, Subject
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed
from contracts.market.measures import HOLDING as TRADE_HOLDING
from contracts.market.measures import REFUNDING, cancel_trade, hold_trade, refund_trade, release_trade
from contracts.market.record_trade import find_trade
from contracts.rights.measures import FREEZING, REVOKING, freeze_right, release_right, revoke_right
from contracts.rights.record import read_right

_ASSET_FREEZING: Final = ("asset-unknown", "asset-status", "asset-order-held", "asset-orders-full")
HOLDING: Final = (*_ASSET_FREEZING, *FREEZING, *TRADE_HOLDING)
"""Refusals of ``hold_subject``."""
CARRYING_OUT: Final = tuple(
    dict.fromkeys((*_ASSET_FREEZING, "asset-holder-unknown", "asset-holder-same", *FREEZING, *REVOKING, *REFUNDING))
)
"""Refusals of ``carry_out``."""


def asset_behind(subject: Subject, state: State) -> bytes:
    """The asset that a subject is, or hangs on.

    Raises:
        OperationFailed: ``dispute-subject-unknown``.
    """
    if subject.kind == "right":
        try:
            return read_right(state, subject.id).asset_id
        except OperationFailed as unknown:
            raise OperationFailed("dispute-subject-unknown", unknown.message) from unknown
    found = read_asset(state, subject.id) if subject.kind == "asset" else find_trade(state, subject.id)
    if found is None:
        raise OperationFailed("dispute-subject-unknown", f"no {subject.kind} {subject.id.hex()}")
    return found.asset_id


def check_reach(case: Subject, measures: tuple[Measure, ...], state: State) -> None:
    """Refuse measures on anything that does not hang on the same asset as the case.

    Raises:
        OperationFailed: ``dispute-subject-unknown`` or ``dispute-measure-foreign``.
    """
    asset_id = asset_behind(case, state)
    for measure in measures:
        subject = measure.subject
        if asset_behind(subject, state) != asset_id:
            raise OperationFailed(
                "dispute-measure-foreign", f"{subject.kind} {subject.id.hex()} does not hang on asset {asset_id.hex()}"
            )


def hold_subject(record: DisputeRecord, context: Context, state: State) -> DisputeRecord:
    """Freeze the subject while the case is open; the case that says so."""
    if record.held:
        return record
    subject, order = record.subject, record.dispute_id
    if subject.kind == "asset":
        freeze_asset(subject.id, order, context, state)
    elif subject.kind == "right":
        freeze_right(subject.id, order, context, state)
    else:
        hold_trade(subject.id, order, context, state)
    return msgspec.structs.replace(record, held=True)


def release_subject(record: DisputeRecord, context: Context, state: State) -> DisputeRecord:
    """End the hold that the case placed, if it did."""
    if not record.held:
        return record
    lift_freeze(record.subject, record.dispute_id, context, state)
    return msgspec.structs.replace(record, held=False)


def lift_freeze(subject: Subject, order: bytes, context: Context, state: State) -> None:
    """Lift what ``order`` froze; nothing to lift, such as under a right that another ruling ended, is no hindrance."""
    if subject.kind == "asset":
        asset = read_asset(state, subject.id)
        if asset is not None and order in asset.frozen_by:
            release_asset(subject.id, order, context, state)
    elif subject.kind == "right":
        if order in read_right(state, subject.id).frozen_by:
            release_right(subject.id, order, context, state)
    else:
        trade = find_trade(state, subject.id)
        if trade is not None and order in trade.held_by:
            release_trade(subject.id, order, context, state)


def carry_out(measure: Measure, order: bytes, context: Context, state: State) -> None:
    """Do what a ruling orders; ``order`` names it.

    Raises:
        OperationFailed: the code of the family that refuses it.
    """
    kind, subject = measure.kind, measure.subject
    if subject.kind == "asset":
        if kind == "freeze":
            freeze_asset(subject.id, order, context, state)
        elif kind == "revoke":
            revoke_asset(subject.id, order, context, state)
        else:
            transfer_asset(subject.id, measure.party, context, state)
    elif subject.kind == "right":
        if kind == "freeze":
            freeze_right(subject.id, order, context, state)
        else:
            revoke_right(subject.id, order, context, state)
    elif kind == "refund":
        refund_trade(subject.id, measure.amount, order, context, state)
    else:
        cancel_trade(subject.id, order, context, state)
