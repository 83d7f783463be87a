"""The applicant's side of a registration: drafting, amending, submitting, withdrawing."""

from typing import Final

from chainnode.codec.canonical import encode
from chainnode.state.view import State
from contracts.assets.application_record import (
    LIFECYCLE,
    ApplicationRecord,
    application_key,
    draft_key,
    known_application,
    put_application,
    put_draft,
    read_application,
)
from contracts.assets.operations_application import AmendDraft, DraftAsset, SubmitApplication, WithdrawApplication
from contracts.assets.outcome_application import ApplicationDecided, ApplicationDrafted, ApplicationSubmitted
from contracts.assets.record import asset_id_of, asset_key, description_hash
from contracts.assets.registrar import REGISTRARS, read_policy
from contracts.assets.registration import DESCRIBING
from contracts.identity.record import read_active
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER, EVERYONE, roles_of


def draft(operation: DraftAsset, context: Context, state: State) -> None:
    """Begin an application.

    Raises:
        OperationFailed: ``asset-application-exists``, ``asset-exists`` or ``asset-too-large``.
    """
    applicant, identifier = context.sender, operation.identifier
    asset_id = asset_id_of(applicant, identifier)
    before = read_application(state, asset_id)
    if before is not None:
        raise OperationFailed(
            "asset-application-exists", f"{applicant} applied for {identifier} before; it is {before.status}"
        )
    if state.get(asset_key(asset_id)) is not None:
        raise OperationFailed("asset-exists", f"{applicant} has registered {identifier} as {asset_id.hex()}")
    named = description_hash(operation.description)
    put_draft(asset_id, operation.description, state)
    record = ApplicationRecord(
        asset_id=asset_id,
        identifier=identifier,
        applicant=applicant,
        registrar="",
        status=LIFECYCLE.step(None, "draft"),
        description_hash=named,
        revision=1,
        policy=None,
        deadline_ms=0,
        announced_until_ms=0,
        reviews=(),
        objections=(),
        reason_hash=None,
        created_height=context.height,
        created_ms=context.time_ms,
        updated_height=context.height,
        updated_ms=context.time_ms,
    )
    state.put(application_key(asset_id), encode(record))
    context.emit(ApplicationDrafted(asset_id, identifier, applicant, "", 1, named))


def amend_draft(operation: AmendDraft, context: Context, state: State) -> None:
    """Replace the description.

    Raises:
        OperationFailed: ``asset-application-unknown``, ``asset-not-applicant``, ``asset-application-status``
            or ``asset-too-large``.
    """
    record = _own_application(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "amend")
    named, revision = description_hash(operation.description), record.revision + 1
    put_draft(record.asset_id, operation.description, state)
    put_application(record, context, state, status=status, description_hash=named, revision=revision)
    context.emit(
        ApplicationDrafted(record.asset_id, record.identifier, record.applicant, record.registrar, revision, named)
    )


def submit(operation: SubmitApplication, context: Context, state: State) -> None:
    """Lay the application before a registrar, and fix its rules.

    Raises:
        OperationFailed: ``asset-application-unknown``, ``asset-not-applicant``, ``asset-application-status``,
            ``asset-correction-late``, ``asset-description-changed``, ``asset-registrar-unknown`` or
            ``asset-policy-missing``.
    """
    record = _own_application(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "submit")
    if 0 < record.deadline_ms <= context.time_ms:
        raise OperationFailed("asset-correction-late", f"it could be submitted again before {record.deadline_ms}")
    if operation.description_hash != record.description_hash:
        raise OperationFailed("asset-description-changed", f"the draft is {record.description_hash.hex()}")
    registrar = operation.registrar
    active = read_active(state, registrar) is not None
    if not active or not any(role in REGISTRARS.roles for role in roles_of(state, registrar)):
        raise OperationFailed("asset-registrar-unknown", f"{registrar or 'nobody'} registers no assets here")
    policy = read_policy(state, registrar)
    if policy is None:
        raise OperationFailed("asset-policy-missing", f"{registrar} has set no rules for applications")
    put_application(record, context, state, status=status, registrar=registrar, policy=policy, deadline_ms=0)
    context.emit(ApplicationSubmitted(record.asset_id, record.applicant, registrar, record.description_hash))


def withdraw(operation: WithdrawApplication, context: Context, state: State) -> None:
    """End the application; its description is dropped.

    Raises:
        OperationFailed: ``asset-application-unknown``, ``asset-not-applicant`` or ``asset-application-status``.
    """
    record = _own_application(operation.asset_id, context, state)
    decide(record, "withdraw", operation.reason_hash, context, state)


def decide(
    record: ApplicationRecord,
    action: str,
    reason_hash: bytes | None,
    context: Context,
    state: State,
    deadline_ms: int = 0,
) -> None:
    """Take a step that needs no more than a reason; one that ends the application drops its description.

    Raises:
        OperationFailed: ``asset-application-status``.
    """
    status = LIFECYCLE.step(record.status, action)
    if not LIFECYCLE.actions(status):
        state.delete(draft_key(record.asset_id))
    put_application(record, context, state, status=status, reason_hash=reason_hash, deadline_ms=deadline_ms)
    context.emit(
        ApplicationDecided(record.asset_id, record.applicant, record.registrar, status, reason_hash or b"", deadline_ms)
    )


def _own_application(asset_id: bytes, context: Context, state: State) -> ApplicationRecord:
    record = known_application(state, asset_id)
    if record.applicant != context.sender:
        raise OperationFailed("asset-not-applicant", f"{record.applicant} applied for {asset_id.hex()}")
    return record


_OWN: Final = ("asset-application-unknown", "asset-not-applicant", "asset-application-status")

OPERATIONS: Final = (
    OperationSpec(
        DraftAsset, draft, ANY_MEMBER, (*DESCRIBING, "asset-application-exists", "asset-exists", "asset-too-large")
    ),
    OperationSpec(AmendDraft, amend_draft, ANY_MEMBER, (*DESCRIBING, *_OWN, "asset-too-large")),
    OperationSpec(
        SubmitApplication,
        submit,
        ANY_MEMBER,
        (
            *_OWN,
            "asset-correction-late",
            "asset-description-changed",
            "asset-registrar-unknown",
            "asset-policy-missing",
        ),
    ),
    OperationSpec(WithdrawApplication, withdraw, EVERYONE, _OWN),
)
