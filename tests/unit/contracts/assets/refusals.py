"""How each refusal of applications and requests is reached by real transactions."""

from collections.abc import Callable

import msgspec
import pytest

from contracts.assets import announcement
from contracts.assets.operations_application import (
    AmendDraft,
    ObjectToApplication,
    RejectApplication,
    ReturnApplication,
    WithdrawApplication,
)
from contracts.assets.operations_request import OfferTransfer, ProposeChange
from contracts.assets.registrar import RegistrarPolicy
from contracts.governance.operations import GrantRole
from contracts.kernel.citation import Citation
from contracts.kernel.operation import Operation
from tests.unit.contracts.assets import procedure, requests
from tests.unit.contracts.assets.procedure import APPLICATION, OBJECT, PANEL, applied, assignment, opinion, ruling
from tests.unit.contracts.assets.register import ASSET, POLICY, accepted, asset_of, refused, register_world
from tests.unit.contracts.assets.requests import CONFIRMING, TAKE, asset_in, registered_under
from tests.unit.contracts.world import World, did_of


def _after(world: World, *steps: tuple[str, Operation]) -> str:
    """The code of the last step; those before it apply."""
    for name, operation in steps[:-1]:
        accepted(world, name, operation)
    return refused(world, *steps[-1])


def _later(world: World, later_ms: int, name: str, operation: Operation) -> str:
    world.time_ms += later_ms
    return refused(world, name, operation)


def _without_rules() -> str:
    return _after(register_world(None), ("alice", procedure.DRAFT), ("alice", procedure.SUBMIT))


def _objections_full() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(announcement, "OBJECTIONS_MAX", 1)
        return refused(applied("OBJECTED"), "bob", OBJECT)


def _strict() -> World:
    return applied("PUBLICISED", msgspec.structs.replace(POLICY, objection_roles=("notary",), objection_evidence=True))


def _renewal_late() -> str:
    world = registered_under()
    world.time_ms = asset_of(world).valid_until_ms
    return refused(world, "alice", requests.RENEW)


_CITING = ObjectToApplication(APPLICATION, "source", bytes(32), Citation(did_of("carol"), bytes(16)))

APPLICATION_REFUSALS: dict[str, Callable[[], str]] = {
    "asset-application-exists": lambda: refused(applied("DRAFT"), "alice", procedure.DRAFT),
    "asset-application-unknown": lambda: refused(register_world(), "alice", procedure.SUBMIT),
    "asset-application-status": lambda: _after(
        applied("SUBMITTED"), ("registrar", RejectApplication(APPLICATION, bytes(32))), ("alice", procedure.SUBMIT)
    ),
    "asset-not-applicant": lambda: refused(applied("DRAFT"), "bob", procedure.SUBMIT),
    "asset-not-registrar": lambda: refused(applied("SUBMITTED"), "exchange", procedure.ACCEPT),
    "asset-registrar-unknown": lambda: refused(
        applied("DRAFT"), "alice", msgspec.structs.replace(procedure.SUBMIT, registrar=did_of("bob"))
    ),
    "asset-policy-missing": _without_rules,
    "asset-description-changed": lambda: _after(
        applied("DRAFT"), ("alice", AmendDraft(APPLICATION, requests.NEXT)), ("alice", procedure.SUBMIT)
    ),
    "asset-correction-late": lambda: _later(applied("RETURNED"), POLICY.correction_ms, "alice", procedure.SUBMIT),
    "asset-reviewer-count": lambda: refused(applied("ACCEPTED"), "registrar", assignment("rita")),
    "asset-reviewer-twice": lambda: refused(applied("ACCEPTED"), "registrar", assignment("rita", "rita", "ravi")),
    "asset-reviewer-role": lambda: refused(applied("ACCEPTED"), "registrar", assignment("rita", "ravi", "carol")),
    "asset-reviewer-conflict": lambda: _after(
        applied("ACCEPTED"),
        ("governor", GrantRole(did_of("alice"), "evaluator")),
        ("registrar", assignment("rita", "ravi", "alice")),
    ),
    "asset-reviewer-done": lambda: _after(
        applied("IN_REVIEW"), ("rita", opinion()), ("registrar", assignment("ravi", "rosa", "reto"))
    ),
    "asset-reviewer-missing": lambda: refused(applied("IN_REVIEW"), "reto", opinion()),
    "asset-review-given": lambda: _after(applied("IN_REVIEW"), ("rita", opinion()), ("rita", opinion())),
    "asset-review-late": lambda: _later(applied("IN_REVIEW"), POLICY.review_ms, PANEL[0], opinion()),
    "asset-approvals-missing": lambda: refused(applied("IN_REVIEW"), "registrar", procedure.PUBLICISE),
    "asset-announcement-open": lambda: refused(applied("PUBLICISED"), "registrar", procedure.CERTIFY),
    "asset-announcement-over": lambda: _later(applied("PUBLICISED"), POLICY.announcement_ms, "carol", OBJECT),
    "asset-objection-party": lambda: refused(applied("PUBLICISED"), "alice", OBJECT),
    "asset-objection-role": lambda: refused(_strict(), "bob", OBJECT),
    "asset-objection-twice": lambda: refused(applied("OBJECTED"), "carol", OBJECT),
    "asset-objections-full": _objections_full,
    "asset-objection-unknown": lambda: refused(applied("OBJECTED"), "registrar", ruling(objector="bob")),
    "asset-objection-resolved": lambda: refused(applied("RESOLVED"), "registrar", ruling()),
    "asset-evidence-missing": lambda: refused(_strict(), "carol", OBJECT),
    "asset-evidence-unknown": lambda: refused(_strict(), "carol", _CITING),
}
REQUEST_REFUSALS: dict[str, Callable[[], str]] = {
    "asset-unknown": lambda: refused(registered_under(), "alice", ProposeChange(bytes(32), requests.NEXT)),
    "asset-status": lambda: _after(
        asset_in("CHANGING"), ("exchange", requests.REFUSE), ("exchange", requests.REVOKE), ("alice", requests.CANCEL)
    ),
    "asset-frozen": lambda: refused(asset_in("FROZEN"), "alice", requests.CANCEL),
    "asset-expired": lambda: refused(asset_in("EXPIRED"), "alice", requests.CANCEL),
    "asset-holder-same": lambda: refused(registered_under(), "alice", OfferTransfer(ASSET, did_of("alice"))),
    "asset-not-holder": lambda: refused(registered_under(), "bob", requests.CANCEL),
    "asset-not-party": lambda: refused(asset_in("TRANSFERRING"), "carol", TAKE),
    "asset-request-changed": lambda: refused(asset_in("CHANGING"), "exchange", requests.APPROVE_RENEWAL),
    "asset-change-empty": lambda: refused(registered_under(), "alice", ProposeChange(ASSET, requests.PRESENT)),
    "asset-consent-missing": lambda: refused(
        asset_in("TRANSFERRING", CONFIRMING), "exchange", requests.APPROVE_TRANSFER
    ),
    "asset-transfer-accepted": lambda: _after(asset_in("TRANSFERRING", CONFIRMING), ("bob", TAKE), ("bob", TAKE)),
    "asset-transfer-late": lambda: _later(asset_in("TRANSFERRING"), requests.OFFER.accept_within_ms, "bob", TAKE),
    "asset-renewal-endless": lambda: refused(registered_under(RegistrarPolicy()), "alice", requests.RENEW),
    "asset-renewal-early": lambda: refused(registered_under(), "alice", requests.RENEW),
    "asset-renewal-late": _renewal_late,
    "asset-not-expired": lambda: refused(registered_under(), "carol", requests.EXPIRE),
}
APPLICATION_SAMPLES: tuple[Operation, ...] = (
    procedure.DRAFT,
    AmendDraft(APPLICATION, requests.NEXT),
    procedure.SUBMIT,
    WithdrawApplication(APPLICATION),
    procedure.ACCEPT,
    ReturnApplication(APPLICATION, bytes(32)),
    RejectApplication(APPLICATION, bytes(32)),
    assignment(*PANEL),
    opinion(),
    procedure.PUBLICISE,
    _CITING,
    ruling(),
    procedure.CERTIFY,
)
REQUEST_SAMPLES: tuple[Operation, ...] = (
    requests.CHANGE,
    requests.OFFER,
    TAKE,
    requests.RENEW,
    requests.RETRACT,
    requests.APPROVE_CHANGE,
    requests.REFUSE,
    requests.CANCEL,
    requests.REVOKE,
    requests.EXPIRE,
)
