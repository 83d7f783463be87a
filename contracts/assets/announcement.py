"""From the announcement of an application to the certificate.

The announcement counts in block time from its first block up to, not including,
``announced_until_ms``: until then anybody may object, from then on the asset can be
certified, if no objection is open. Objections do not lengthen it.
"""

from typing import Final

import msgspec

from chainnode.errors import InvariantBroken
from chainnode.state.view import State
from contracts.assets.application_record import (
    LIFECYCLE,
    OBJECTIONS_MAX,
    Objection,
    draft_key,
    known_application,
    put_application,
    read_draft,
)
from contracts.assets.entry import ENTERING, check_holder, enter
from contracts.assets.operations_application import (
    CertifyAsset,
    ObjectToApplication,
    PubliciseApplication,
    ResolveObjection,
)
from contracts.assets.outcome_application import ApplicationPublicised, ObjectionRaised, ObjectionResolved
from contracts.assets.record import LIFECYCLE as ASSET
from contracts.assets.registrar import REGISTRARS
from contracts.assets.review import ENTRUSTED, approvals_of, entrusted_application, rules_of
from contracts.kernel.citation import is_recorded
from contracts.kernel.context import Context
from contracts.kernel.operation import OperationSpec
from contracts.kernel.outcome import OperationFailed
from contracts.kernel.policy import ANY_MEMBER, roles_of


def publicise(operation: PubliciseApplication, context: Context, state: State) -> None:
    """Announce the application.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``, or ``asset-approvals-missing``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "publicise")
    policy = rules_of(record)
    approvals = approvals_of(record)
    if approvals < policy.approvals:
        raise OperationFailed("asset-approvals-missing", f"{approvals} of {policy.approvals} reviewers have approved")
    until_ms = context.time_ms + policy.announcement_ms
    put_application(record, context, state, status=status, announced_until_ms=until_ms, deadline_ms=0)
    context.emit(
        ApplicationPublicised(record.asset_id, record.applicant, record.registrar, record.description_hash, until_ms)
    )


def object_to(operation: ObjectToApplication, context: Context, state: State) -> None:
    """Note an objection.

    Raises:
        OperationFailed: ``asset-application-unknown``, ``asset-application-status``, ``asset-announcement-over``,
            ``asset-objection-party``, ``asset-objection-role``, ``asset-objection-twice``,
            ``asset-objections-full``, ``asset-evidence-missing`` or ``asset-evidence-unknown``.
    """
    record = known_application(state, operation.asset_id)
    status = LIFECYCLE.step(record.status, "object")
    sender, policy, evidence = context.sender, rules_of(record), operation.evidence
    if context.time_ms >= record.announced_until_ms:
        raise OperationFailed("asset-announcement-over", f"objections were open before {record.announced_until_ms}")
    if sender in (record.applicant, record.registrar):
        raise OperationFailed("asset-objection-party", f"{sender} is a party to this application")
    if policy.objection_roles and not any(role in policy.objection_roles for role in roles_of(state, sender)):
        raise OperationFailed("asset-objection-role", f"objections are for {', '.join(policy.objection_roles)}")
    if any(found.objector == sender for found in record.objections):
        raise OperationFailed("asset-objection-twice", f"{sender} has objected to {record.asset_id.hex()}")
    if len(record.objections) >= OBJECTIONS_MAX:
        raise OperationFailed("asset-objections-full", f"{OBJECTIONS_MAX} objections to {record.asset_id.hex()}")
    if evidence.is_empty:
        if policy.objection_evidence:
            raise OperationFailed("asset-evidence-missing", "the registrar's rules ask for evidence")
    elif not is_recorded(evidence, state):
        raise OperationFailed(
            "asset-evidence-unknown", f"{evidence.submitter or 'nobody'} recorded no {evidence.evidence_id.hex()}"
        )
    raised = Objection(sender, operation.ground, operation.statement_hash, evidence, context.time_ms)
    put_application(record, context, state, status=status, objections=(*record.objections, raised))
    context.emit(
        ObjectionRaised(
            record.asset_id,
            sender,
            operation.ground,
            operation.statement_hash,
            evidence.submitter,
            evidence.evidence_id,
        )
    )


def resolve_objection(operation: ResolveObjection, context: Context, state: State) -> None:
    """Decide on one objection.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``, ``asset-objection-unknown`` or ``asset-objection-resolved``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    at = next((at for at, found in enumerate(record.objections) if found.objector == operation.objector), None)
    if at is None:
        raise OperationFailed("asset-objection-unknown", f"{operation.objector or 'nobody'} has not objected")
    if record.objections[at].ruling:
        raise OperationFailed(
            "asset-objection-resolved", f"the objection of {operation.objector} was {record.objections[at].ruling}"
        )
    decided = msgspec.structs.replace(record.objections[at], ruling=operation.ruling, ruling_hash=operation.ruling_hash)
    objections = (*record.objections[:at], decided, *record.objections[at + 1 :])
    if operation.ruling == "upheld":
        status = LIFECYCLE.step(record.status, "uphold")
        state.delete(draft_key(record.asset_id))
    else:
        is_last = all(found.ruling for found in objections)
        status = LIFECYCLE.step(record.status, "resolve" if is_last else "dismiss")
    put_application(record, context, state, status=status, objections=objections)
    context.emit(
        ObjectionResolved(
            record.asset_id,
            operation.objector,
            record.registrar,
            operation.ruling,
            operation.ruling_hash,
            status,
        )
    )


def certify(operation: CertifyAsset, context: Context, state: State) -> None:
    """Write the asset's record, give it a certificate number, and end the application.

    Raises:
        OperationFailed: a code of ``ENTRUSTED``, ``asset-announcement-open``, ``asset-holder-unknown`` or
            a code of ``enter``.
    """
    record = entrusted_application(operation.asset_id, context, state)
    status = LIFECYCLE.step(record.status, "certify")
    asset_id, applicant = record.asset_id, record.applicant
    if context.time_ms < record.announced_until_ms:
        raise OperationFailed("asset-announcement-open", f"the announcement ends at {record.announced_until_ms}")
    check_holder(state, applicant)
    description = read_draft(state, asset_id)
    if description is None:
        raise InvariantBroken("an application under way has lost its description")
    validity_ms = rules_of(record).validity_ms
    entered = ASSET.step(None, "certify")
    enter(asset_id, record.identifier, applicant, applicant, entered, description, validity_ms, context, state)
    state.delete(draft_key(asset_id))
    put_application(record, context, state, status=status)


OPERATIONS: Final = (
    OperationSpec(PubliciseApplication, publicise, REGISTRARS, (*ENTRUSTED, "asset-approvals-missing")),
    OperationSpec(
        ObjectToApplication,
        object_to,
        ANY_MEMBER,
        (
            "asset-application-unknown",
            "asset-application-status",
            "asset-announcement-over",
            "asset-objection-party",
            "asset-objection-role",
            "asset-objection-twice",
            "asset-objections-full",
            "asset-evidence-missing",
            "asset-evidence-unknown",
        ),
    ),
    OperationSpec(
        ResolveObjection,
        resolve_objection,
        REGISTRARS,
        (*ENTRUSTED, "asset-objection-unknown", "asset-objection-resolved"),
    ),
    OperationSpec(
        CertifyAsset,
        certify,
        REGISTRARS,
        (*ENTRUSTED, "asset-announcement-open", "asset-holder-unknown", *ENTERING),
    ),
)
