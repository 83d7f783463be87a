"""What the operations on public data do: each writes a step that names its evidence."""

from typing import Final

import msgspec

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.record import asset_key
from contracts.evidence.public_data.operations import (
    AuthorisePublicData,
    CataloguePublicData,
    EndAuthorisation,
    OpenPublicData,
    UsePublicData,
    WithdrawPublicData,
)
from contracts.evidence.public_data.outcome import PublicDataMoved
from contracts.evidence.public_data.record import (
    LIFECYCLE,
    Authorisation,
    PublicData,
    Step,
    authorisation_key,
    public_data_key,
    read_authorisation,
    read_public_data,
    step_key,
)
from contracts.evidence.record import read_evidence
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER


def catalogue(operation: CataloguePublicData, context: Context, state: State) -> None:
    """Write a resource of the sender.

    Raises:
        OperationFailed: ``public-exists``, ``evidence-asset-unknown`` or ``public-evidence``.
    """
    custodian, resource_id = context.sender, operation.resource_id
    if read_public_data(state, custodian, resource_id) is not None:
        raise OperationFailed("public-exists", f"{custodian} has catalogued {resource_id.hex()}")
    if operation.related_asset and state.get(asset_key(operation.related_asset)) is None:
        raise OperationFailed("evidence-asset-unknown", f"no asset {operation.related_asset.hex()}")
    fresh = PublicData(
        custodian=custodian,
        resource_id=resource_id,
        title=operation.title,
        related_asset=operation.related_asset,
        status="",
        mode="",
        conditions_uri="",
        steps=0,
        updated_height=0,
        updated_ms=0,
    )
    status = LIFECYCLE.step(None, "catalogue")
    _move(msgspec.structs.replace(fresh, status=status), "catalogue", operation.evidence_id, context, state)


def open_(operation: OpenPublicData, context: Context, state: State) -> None:
    """Let everybody use the resource.

    Raises:
        OperationFailed: ``public-unknown``, ``public-status`` or ``public-evidence``.
    """
    found = _own(operation.resource_id, "open", context, state)
    changed = msgspec.structs.replace(found, mode=operation.mode, conditions_uri=operation.conditions_uri)
    _move(changed, "open", operation.evidence_id, context, state)


def authorise(operation: AuthorisePublicData, context: Context, state: State) -> None:
    """Let one operator in, or say anew what it may do.

    Raises:
        OperationFailed: ``public-unknown``, ``public-status``, ``public-operator-unknown``,
            ``public-period`` or ``public-evidence``.
    """
    found, operator = _own(operation.resource_id, "authorise", context, state), operation.operator
    if read_active(state, operator) is None:
        raise OperationFailed("public-operator-unknown", f"{operator} is no active identity of this chain")
    if operation.until_ms <= context.time_ms:
        raise OperationFailed("public-period", f"{operation.until_ms} is not after {context.time_ms}")
    before = read_authorisation(state, context.sender, operation.resource_id, operator)
    uses = 0 if before is None else before.uses
    granted = Authorisation(operator, operation.purpose, context.time_ms, operation.until_ms, uses)
    state.put(authorisation_key(context.sender, operation.resource_id, operator), encode(granted))
    _move(found, "authorise", operation.evidence_id, context, state, operator, operation.purpose)


def end_authorisation(operation: EndAuthorisation, context: Context, state: State) -> None:
    """Let one operator in no longer.

    Raises:
        OperationFailed: ``public-unknown``, ``public-status``, ``public-not-authorised`` or
            ``public-evidence``.
    """
    found, operator = _own(operation.resource_id, "end", context, state), operation.operator
    before = _authorisation_in_force(context.sender, operation.resource_id, operator, context.time_ms, state)
    ended = msgspec.structs.replace(before, until_ms=context.time_ms - 1)
    state.put(authorisation_key(context.sender, operation.resource_id, operator), encode(ended))
    _move(found, "end", operation.evidence_id, context, state, operator)


def use(operation: UsePublicData, context: Context, state: State) -> None:
    """Record a use by the sender.

    Raises:
        OperationFailed: ``public-unknown``, ``public-status``, ``public-not-authorised`` or
            ``public-evidence``.
    """
    custodian, resource_id, user = operation.custodian, operation.resource_id, context.sender
    found = _existing(custodian, resource_id, state)
    status = LIFECYCLE.step(found.status, "use")
    if status != "OPENED" and user != custodian:
        before = _authorisation_in_force(custodian, resource_id, user, context.time_ms, state)
        counted = msgspec.structs.replace(before, uses=before.uses + 1)
        state.put(authorisation_key(custodian, resource_id, user), encode(counted))
    _move(found, "use", operation.evidence_id, context, state, purpose=operation.purpose)


def withdraw(operation: WithdrawPublicData, context: Context, state: State) -> None:
    """End the resource.

    Raises:
        OperationFailed: ``public-unknown``, ``public-status`` or ``public-evidence``.
    """
    found = _own(operation.resource_id, "withdraw", context, state)
    _move(found, "withdraw", operation.evidence_id, context, state)


def _existing(custodian: str, resource_id: bytes, state: State) -> PublicData:
    found = read_public_data(state, custodian, resource_id)
    if found is None:
        raise OperationFailed("public-unknown", f"{custodian} never catalogued {resource_id.hex()}")
    return found


def _own(resource_id: bytes, action: str, context: Context, state: State) -> PublicData:
    """The sender's resource, in the status after ``action``."""
    found = _existing(context.sender, resource_id, state)
    return msgspec.structs.replace(found, status=LIFECYCLE.step(found.status, action))


def _authorisation_in_force(
    custodian: str, resource_id: bytes, operator: str, time_ms: int, state: State
) -> Authorisation:
    found = read_authorisation(state, custodian, resource_id, operator)
    if found is None or time_ms > found.until_ms:
        ended = "never had one" if found is None else f"had one until {found.until_ms}"
        raise OperationFailed("public-not-authorised", f"{operator} {ended}")
    return found


def _move(
    after: PublicData,
    action: str,
    evidence_id: bytes,
    context: Context,
    state: State,
    operator: str = "",
    purpose: str = "",
) -> None:
    """Write the resource and its next step.

    Raises:
        OperationFailed: ``public-evidence``.
    """
    actor = context.sender
    evidence = read_evidence(state, actor, evidence_id)
    if evidence is None or evidence.kind != "public-data" or evidence.status != "ACTIVE":
        raise OperationFailed("public-evidence", f"{actor} has no active public-data evidence {evidence_id.hex()}")
    number = after.steps + 1
    moved = msgspec.structs.replace(after, steps=number, updated_height=context.height, updated_ms=context.time_ms)
    step = Step(number, action, actor, evidence_id, operator, purpose, context.height, context.time_ms)
    state.put(public_data_key(after.custodian, after.resource_id), encode(moved))
    state.put(step_key(after.custodian, after.resource_id, number), encode(step))
    context.emit(
        PublicDataMoved(
            after.custodian, after.resource_id, number, action, after.status, actor, evidence_id, operator, purpose
        )
    )


_MOVING: Final = ("public-unknown", "public-status", "public-evidence")
OPERATIONS: Final = (
    OperationSpec(
        CataloguePublicData,
        catalogue,
        ANY_MEMBER,
        ("evidence-reference", "public-exists", "evidence-asset-unknown", "public-evidence"),
    ),
    OperationSpec(OpenPublicData, open_, ANY_MEMBER, _MOVING),
    OperationSpec(AuthorisePublicData, authorise, ANY_MEMBER, (*_MOVING, "public-operator-unknown", "public-period")),
    OperationSpec(EndAuthorisation, end_authorisation, ANY_MEMBER, (*_MOVING, "public-not-authorised")),
    OperationSpec(UsePublicData, use, ANY_MEMBER, (*_MOVING, "public-not-authorised")),
    OperationSpec(WithdrawPublicData, withdraw, ANY_MEMBER, _MOVING),
)
