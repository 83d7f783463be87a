"""How a registrar decides on a holder's request, and how an asset leaves the register."""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.errors import InvariantBroken
from chainnode.state.view import State
from contracts.assets.entry import check_holder, check_valid, known_asset, update
from contracts.assets.lineage import relink
from contracts.assets.lineage_outcome import RELINKING
from contracts.assets.measures import revoke_asset
from contracts.assets.operations_request import ApproveRequest, CancelAsset, ExpireAsset, RefuseRequest, RevokeAsset
from contracts.assets.outcome_request import AssetCancelled, AssetChanged, AssetExpired, AssetRenewed
from contracts.assets.pending import PendingRecord, drop_pending, read_pending, read_proposal
from contracts.assets.record import LIFECYCLE, AssetRecord, AssetVersion, asset_version_key
from contracts.assets.registrar import REGISTRARS
from contracts.assets.request import OWN, end_request, hand_over, own_asset, waiting
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER, EVERYONE


def approve_request(operation: ApproveRequest, context: Context, state: State) -> None:
    """Grant a change, transfer or renewal.

    Raises:
        OperationFailed: a code of ``_ENTRUSTED``, ``asset-frozen``, ``asset-expired``, ``asset-request-changed``,
            ``asset-consent-missing``, ``asset-holder-unknown``, ``asset-renewal-late`` or a code of
            ``lineage.relink``.
    """
    record = _entrusted_asset(operation.asset_id, context, state)
    if record.status == "FROZEN":
        check_valid(record, context.time_ms)
    LIFECYCLE.step(record.status, "approve")
    pending = waiting(record, state)
    named = (operation.procedure, operation.description_hash, operation.new_holder)
    if named != (pending.procedure, pending.description_hash, pending.new_holder):
        raise OperationFailed("asset-request-changed", f"what waits is a {pending.procedure}: {_subject(pending)}")
    if pending.procedure == "renewal":
        _renew(record, pending, context, state)
        return
    check_valid(record, context.time_ms)
    if pending.procedure == "transfer":
        if not pending.accepted:
            raise OperationFailed("asset-consent-missing", f"{pending.new_holder} has not accepted")
        check_holder(state, pending.new_holder)
        hand_over(record, pending, "approve", context, state)
    else:
        _change(record, pending, context, state)


def _subject(pending: PendingRecord) -> str:
    if pending.description_hash is not None:
        return pending.description_hash.hex()
    return pending.new_holder or f"asked for at height {pending.requested_height}"


def _change(record: AssetRecord, pending: PendingRecord, context: Context, state: State) -> None:
    """Put the description proposed in the place of the present one, which is kept under its version."""
    asset_id, description = record.asset_id, read_proposal(state, record.asset_id)
    if description is None or pending.description_hash is None:
        raise InvariantBroken(f"the change of asset {asset_id.hex()} proposes nothing")
    relink(asset_id, record.holder, description, context, state)
    drop_pending(asset_id, state)
    replaced = AssetVersion(asset_id, record.version, record.description, context.height, context.time_ms)
    state.put(asset_version_key(asset_id, record.version), encode(replaced))
    version = record.version + 1
    status = LIFECYCLE.step(record.status, "approve")
    update(record, context, state, status=status, description=description, version=version)
    context.emit(
        AssetChanged(
            asset_id,
            record.holder,
            record.registrar,
            record.certificate,
            description.kind,
            version,
            pending.description_hash,
        )
    )


def _renew(record: AssetRecord, pending: PendingRecord, context: Context, state: State) -> None:
    """Let the certificate hold on from its old end, so that a slow decision costs nobody time."""
    if context.time_ms >= pending.ends_ms:
        raise OperationFailed("asset-renewal-late", f"the renewal could be granted before {pending.ends_ms}")
    until_ms = record.valid_until_ms + pending.validity_ms if pending.validity_ms else 0
    status = LIFECYCLE.step(record.status, "approve")
    drop_pending(record.asset_id, state)
    update(record, context, state, status=status, valid_until_ms=until_ms)
    context.emit(AssetRenewed(record.asset_id, record.holder, record.registrar, record.certificate, until_ms))


def refuse_request(operation: RefuseRequest, context: Context, state: State) -> None:
    """Let the asset stand as it did.

    Raises:
        OperationFailed: a code of ``_ENTRUSTED``.
    """
    record = _entrusted_asset(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "refuse")
    end_request(record, waiting(record, state), status, operation.reason_hash, context, state)


def cancel(operation: CancelAsset, context: Context, state: State) -> None:
    """End the registration at the holder's wish; an asset held by an order stays.

    Raises:
        OperationFailed: a code of ``OWN``.
    """
    record = own_asset(operation.asset_id, context, state)
    check_valid(record, context.time_ms)
    status = LIFECYCLE.step(record.status, "cancel")
    update(record, context, state, status=status)
    context.emit(
        AssetCancelled(
            record.asset_id, record.holder, record.registrar, record.certificate, operation.reason_hash or b""
        )
    )


def revoke(operation: RevokeAsset, context: Context, state: State) -> None:
    """End the registration on the registrar's responsibility.

    Raises:
        OperationFailed: a code of ``_ENTRUSTED``.
    """
    _entrusted_asset(operation.asset_id, context, state)
    revoke_asset(operation.asset_id, operation.reason_hash, context, state)


def expire(operation: ExpireAsset, context: Context, state: State) -> None:
    """Note the end of a certificate, at or after its last moment.

    While a renewal asked for in time may still be decided, the asset waits for that.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-status`` or ``asset-not-expired``.
    """
    record = known_asset(state, operation.asset_id)
    status = LIFECYCLE.step(record.status, "expire")
    end_ms = record.valid_until_ms
    pending = read_pending(state, record.asset_id)
    if pending is not None and pending.procedure == "renewal":
        end_ms = pending.ends_ms
    if not end_ms or context.time_ms < end_ms:
        until = f"before {end_ms}" if end_ms else "without end"
        raise OperationFailed("asset-not-expired", f"asset {record.asset_id.hex()} holds {until}")
    drop_pending(record.asset_id, state)
    update(record, context, state, status=status)
    context.emit(
        AssetExpired(record.asset_id, record.holder, record.registrar, record.certificate, record.valid_until_ms)
    )


def _entrusted_asset(asset_id: bytes, context: Context, state: State) -> AssetRecord:
    record = known_asset(state, asset_id)
    if record.registrar != context.sender:
        raise OperationFailed("asset-not-registrar", f"{record.registrar} registered asset {asset_id.hex()}")
    return record


_ENTRUSTED: Final = ("asset-unknown", "asset-not-registrar", "asset-status")

OPERATIONS: Final = (
    OperationSpec(
        ApproveRequest,
        approve_request,
        REGISTRARS,
        (
            *_ENTRUSTED,
            "asset-expired",
            "asset-request-changed",
            "asset-consent-missing",
            "asset-holder-unknown",
            "asset-renewal-late",
            *RELINKING,
        ),
    ),
    OperationSpec(RefuseRequest, refuse_request, REGISTRARS, _ENTRUSTED),
    OperationSpec(CancelAsset, cancel, EVERYONE, OWN),
    OperationSpec(RevokeAsset, revoke, REGISTRARS, _ENTRUSTED),
    OperationSpec(ExpireAsset, expire, ANY_MEMBER, ("asset-unknown", "asset-status", "asset-not-expired")),
)
