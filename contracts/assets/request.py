"""What a holder asks for: another description, another holder, a longer certificate.

One request waits at a time. The registrar's rules of the moment it was made apply to it.
"""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.errors import InvariantBroken
from chainnode.state.view import State
from contracts.assets.entry import check_holder, check_valid, known_asset, update
from contracts.assets.operations_request import (
    AcceptTransfer,
    OfferTransfer,
    ProposeChange,
    RequestRenewal,
    RetractRequest,
)
from contracts.assets.outcome import AssetTransferred
from contracts.assets.outcome_request import (
    ChangeProposed,
    RenewalRequested,
    RequestEnded,
    TransferAccepted,
    TransferOffered,
)
from contracts.assets.pending import (
    PendingRecord,
    Procedure,
    drop_pending,
    pending_key,
    put_proposal,
    read_pending,
)
from contracts.assets.record import LIFECYCLE, AssetRecord, description_hash
from contracts.assets.registrar import DEFAULT, read_policy
from contracts.assets.registration import DESCRIBING
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import EVERYONE


def own_asset(asset_id: bytes, context: Context, state: State) -> AssetRecord:
    """The record of an asset that the sender holds.

    Raises:
        OperationFailed: ``asset-unknown`` or ``asset-not-holder``.
    """
    record = known_asset(state, asset_id)
    if record.holder != context.sender:
        raise OperationFailed("asset-not-holder", f"{record.holder} holds asset {asset_id.hex()}")
    return record


def propose_change(operation: ProposeChange, context: Context, state: State) -> None:
    """Keep the description until the registrar has decided.

    Raises:
        OperationFailed: a code of ``OWN``, ``asset-change-empty`` or ``asset-too-large``.
    """
    record = own_asset(operation.asset_id, context, state)
    check_valid(record, context.time_ms)
    status = LIFECYCLE.step(record.status, "propose-change")
    if operation.description == record.description:
        raise OperationFailed("asset-change-empty", f"version {record.version} says the same")
    named = description_hash(operation.description)
    put_proposal(record.asset_id, operation.description, state)
    _put_pending(record, "change", context, state, named=named)
    update(record, context, state, status=status)
    context.emit(ChangeProposed(record.asset_id, record.holder, record.registrar, named))


def offer_transfer(operation: OfferTransfer, context: Context, state: State) -> None:
    """Wait for the new holder.

    Raises:
        OperationFailed: a code of ``OWN``, ``asset-holder-unknown`` or ``asset-holder-same``.
    """
    record = own_asset(operation.asset_id, context, state)
    check_valid(record, context.time_ms)
    status = LIFECYCLE.step(record.status, "offer-transfer")
    new_holder = operation.new_holder
    if new_holder == record.holder:
        raise OperationFailed("asset-holder-same", f"{new_holder} holds asset {record.asset_id.hex()} already")
    check_holder(state, new_holder)
    ends_ms = context.time_ms + operation.accept_within_ms if operation.accept_within_ms else 0
    agreement = operation.agreement_hash
    _put_pending(record, "transfer", context, state, new_holder=new_holder, ends_ms=ends_ms, reference=agreement)
    update(record, context, state, status=status)
    context.emit(
        TransferOffered(record.asset_id, record.holder, new_holder, record.registrar, ends_ms, agreement or b"")
    )


def accept_transfer(operation: AcceptTransfer, context: Context, state: State) -> None:
    """Become the holder, or wait for the registrar's confirmation where its rules ask for one.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-frozen``, ``asset-expired``, ``asset-status``, ``asset-not-party``,
            ``asset-transfer-accepted`` or ``asset-transfer-late``.
    """
    record = known_asset(state, operation.asset_id)
    check_valid(record, context.time_ms)
    status = LIFECYCLE.step(record.status, "accept")
    pending = waiting(record, state)
    if pending.new_holder != context.sender:
        raise OperationFailed("asset-not-party", f"the asset is offered to {pending.new_holder}")
    if pending.accepted:
        raise OperationFailed("asset-transfer-accepted", f"{pending.new_holder} has accepted")
    if 0 < pending.ends_ms <= context.time_ms:
        raise OperationFailed("asset-transfer-late", f"the offer held before {pending.ends_ms}")
    if pending.confirmed:
        accepted = msgspec.structs.replace(pending, accepted=True)
        state.put(pending_key(record.asset_id), encode(accepted))
        update(record, context, state, status=status)
        context.emit(TransferAccepted(record.asset_id, pending.new_holder, record.registrar))
    else:
        hand_over(record, pending, "complete", context, state)


def hand_over(record: AssetRecord, pending: PendingRecord, action: str, context: Context, state: State) -> None:
    """Make the one to whom the asset was offered its holder.

    Raises:
        OperationFailed: ``asset-status``.
    """
    status = LIFECYCLE.step(record.status, action)
    drop_pending(record.asset_id, state)
    update(record, context, state, status=status, holder=pending.new_holder)
    context.emit(
        AssetTransferred(record.asset_id, record.holder, pending.new_holder, record.registrar, record.certificate)
    )


def request_renewal(operation: RequestRenewal, context: Context, state: State) -> None:
    """Wait for the registrar; the certificate's end stays as it is until then.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-not-holder``, ``asset-status``, ``asset-frozen``,
            ``asset-renewal-endless``, ``asset-renewal-early`` or ``asset-renewal-late``.
    """
    record = own_asset(operation.asset_id, context, state)
    end_ms, time_ms = record.valid_until_ms, context.time_ms
    if record.is_expired(time_ms):
        raise OperationFailed("asset-renewal-late", f"the certificate could be renewed before {end_ms}")
    check_valid(record, time_ms)
    status = LIFECYCLE.step(record.status, "request-renewal")
    if not end_ms:
        raise OperationFailed("asset-renewal-endless", f"certificate {record.certificate} holds without end")
    policy = read_policy(state, record.registrar) or DEFAULT
    window_ms = policy.renewal_ms or policy.validity_ms  # so that renewals in a row cannot pile up without bound
    if window_ms and time_ms < end_ms - window_ms:
        raise OperationFailed("asset-renewal-early", f"the certificate can be renewed from {end_ms - window_ms} on")
    ends_ms = end_ms + policy.renewal_ms
    _put_pending(record, "renewal", context, state, ends_ms=ends_ms, reference=operation.report_hash)
    update(record, context, state, status=status)
    context.emit(RenewalRequested(record.asset_id, record.holder, record.registrar, end_ms, ends_ms))


def retract_request(operation: RetractRequest, context: Context, state: State) -> None:
    """Let the asset stand as it did.

    Raises:
        OperationFailed: ``asset-unknown``, ``asset-status`` or ``asset-not-party``.
    """
    record = known_asset(state, operation.asset_id)
    status = LIFECYCLE.step(record.status, "retract")
    pending = waiting(record, state)
    if context.sender not in (record.holder, pending.new_holder):
        raise OperationFailed("asset-not-party", f"{record.holder} asked for the {pending.procedure}")
    end_request(record, pending, status, None, context, state)


def end_request(
    record: AssetRecord,
    pending: PendingRecord,
    status: str,
    reason_hash: bytes | None,
    context: Context,
    state: State,
) -> None:
    """Forget a request without granting it."""
    drop_pending(record.asset_id, state)
    update(record, context, state, status=status)
    context.emit(RequestEnded(record.asset_id, pending.procedure, record.holder, context.sender, reason_hash or b""))


def waiting(record: AssetRecord, state: State) -> PendingRecord:
    """The request that a status such as CHANGING stands for.

    Raises:
        InvariantBroken: the status stands for one, and there is none.
    """
    pending = read_pending(state, record.asset_id)
    if pending is None:
        raise InvariantBroken(f"asset {record.asset_id.hex()} is {record.status} and nothing waits")
    return pending


def _put_pending(
    record: AssetRecord,
    procedure: Procedure,
    context: Context,
    state: State,
    *,
    named: bytes | None = None,
    new_holder: str = "",
    ends_ms: int = 0,
    reference: bytes | None = None,
) -> None:
    policy = read_policy(state, record.registrar) or DEFAULT
    pending = PendingRecord(
        procedure=procedure,
        description_hash=named,
        new_holder=new_holder,
        accepted=False,
        confirmed=policy.transfer_confirmation,
        ends_ms=ends_ms,
        validity_ms=policy.validity_ms,
        reference=reference,
        requested_height=context.height,
        requested_ms=context.time_ms,
    )
    state.put(pending_key(record.asset_id), encode(pending))


_HELD: Final = ("asset-unknown", "asset-frozen", "asset-expired", "asset-status")
OWN: Final = (*_HELD, "asset-not-holder")
"""Codes of a step that only the holder of a valid asset may take."""

OPERATIONS: Final = (
    OperationSpec(
        ProposeChange, propose_change, EVERYONE, (*DESCRIBING, *OWN, "asset-change-empty", "asset-too-large")
    ),
    OperationSpec(OfferTransfer, offer_transfer, EVERYONE, (*OWN, "asset-holder-unknown", "asset-holder-same")),
    OperationSpec(
        AcceptTransfer,
        accept_transfer,
        EVERYONE,
        (*_HELD, "asset-not-party", "asset-transfer-accepted", "asset-transfer-late"),
    ),
    OperationSpec(
        RequestRenewal,
        request_renewal,
        EVERYONE,
        (
            "asset-unknown",
            "asset-frozen",
            "asset-status",
            "asset-not-holder",
            "asset-renewal-endless",
            "asset-renewal-early",
            "asset-renewal-late",
        ),
    ),
    OperationSpec(RetractRequest, retract_request, EVERYONE, ("asset-unknown", "asset-status", "asset-not-party")),
)
