"""What other families may do to an asset: check it before use, and carry out orders and rulings.

Nothing here asks who may: the operation of the family that calls has been authorised, and
its event tells on what ground. The events of this family tell what became of the asset.
"""

from typing import Final

from chainnode.state.view import State
from contracts.assets.entry import check_holder, check_valid, known_asset, update
from contracts.assets.outcome import AssetFrozen, AssetReleased, AssetRevoked, AssetTransferred
from contracts.assets.pending import drop_pending
from contracts.assets.record import LIFECYCLE, ORDERS_MAX, AssetRecord
from contracts.kernel.context import Context
from contracts.kernel.outcome import OperationFailed

TRADABLE: Final = ("CERTIFIED", "CHANGING", "RENEWING")
"""A transfer under way leaves open who the seller is; a change or renewal leaves all as it stands until decided."""


def tradable_asset(state: State, asset_id: bytes, time_ms: int) -> AssetRecord:
    """The record of an asset in which rights can be granted and trades made at ``time_ms``.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-frozen``, ``asset-expired``, or ``asset-status`` where
            the asset was cancelled or revoked, or is changing hands.
    """
    record = known_asset(state, asset_id)
    check_valid(record, time_ms)
    if record.status not in TRADABLE:
        raise OperationFailed(
            "asset-status", f"asset {asset_id.hex()} is {record.status}; trading needs {' or '.join(TRADABLE)}"
        )
    return record


def freeze_asset(asset_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Hold the asset until ``order`` (16-32 bytes) is lifted; up to 8 orders may hold it at one time.

    What the holder asked for before waits.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-status``, ``asset-order-held`` or ``asset-orders-full``.
    """
    record = known_asset(state, asset_id)
    status = LIFECYCLE.step(record.status, "freeze")
    if order in record.frozen_by:
        raise OperationFailed("asset-order-held", f"order {order.hex()} holds asset {asset_id.hex()} already")
    if len(record.frozen_by) >= ORDERS_MAX:
        raise OperationFailed("asset-orders-full", f"{ORDERS_MAX} orders hold asset {asset_id.hex()}")
    resumes = record.resumes or record.status
    update(record, context, state, status=status, resumes=resumes, frozen_by=(*record.frozen_by, order))
    context.emit(AssetFrozen(asset_id, order, record.holder, record.registrar))


def release_asset(asset_id: bytes, order: bytes, context: Context, state: State) -> None:
    """Lift ``order``; with the last one the status returns that the first one found.

    An asset that was revoked while it was held stays revoked.

    Raises:
        OperationFailed: ``asset-unknown`` or ``asset-order-unknown``.
    """
    record = known_asset(state, asset_id)
    if order not in record.frozen_by:
        raise OperationFailed("asset-order-unknown", f"order {order.hex()} does not hold asset {asset_id.hex()}")
    rest = tuple(held for held in record.frozen_by if held != order)
    last = not rest and record.status == "FROZEN"
    status = LIFECYCLE.step(record.status, f"release-{record.resumes.lower()}" if last else "release")
    update(record, context, state, status=status, resumes=record.resumes if rest else "", frozen_by=rest)
    context.emit(AssetReleased(asset_id, order, record.holder, record.registrar, status))


def revoke_asset(asset_id: bytes, ground: bytes, context: Context, state: State) -> None:
    """Strike the asset from the register for good; ``ground`` is the digest or id of what says why.

    Raises:
        OperationFailed: ``asset-unknown`` or ``asset-status``.
    """
    record = known_asset(state, asset_id)
    status = LIFECYCLE.step(record.status, "revoke")
    drop_pending(asset_id, state)
    update(record, context, state, status=status)
    context.emit(AssetRevoked(asset_id, record.holder, record.registrar, record.certificate, ground))


def transfer_asset(asset_id: bytes, holder: str, context: Context, state: State) -> None:
    """Give the asset to ``holder`` by a ruling; a frozen asset stays frozen.

    Whatever the holder before asked for falls away. That the certificate has run out does not hinder it.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-status``, ``asset-holder-unknown`` or ``asset-holder-same``.
    """
    record = known_asset(state, asset_id)
    status = LIFECYCLE.step(record.status, "award")
    check_holder(state, holder)
    if holder == record.holder:
        raise OperationFailed("asset-holder-same", f"{holder} holds asset {asset_id.hex()} already")
    drop_pending(asset_id, state)
    resumes = "CERTIFIED" if record.resumes else ""
    update(record, context, state, status=status, holder=holder, resumes=resumes)
    context.emit(AssetTransferred(asset_id, record.holder, holder, record.registrar, record.certificate))
