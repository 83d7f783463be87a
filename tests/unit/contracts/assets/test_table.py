"""Every row of both tables of the family is taken once, and leads where it says."""

from collections.abc import Callable

import msgspec
import pytest

from contracts.assets.application_record import LIFECYCLE as APPLYING
from contracts.assets.description import AssetDescription
from contracts.assets.measures import freeze_asset, release_asset, revoke_asset, transfer_asset
from contracts.assets.operations import RegisterAsset
from contracts.assets.operations_application import (
    AmendDraft,
    RejectApplication,
    ReturnApplication,
    WithdrawApplication,
)
from contracts.assets.record import LIFECYCLE as ASSET
from contracts.assets.registrar import RegistrarPolicy
from contracts.kernel.operation import Operation
from tests.unit.contracts.assets import procedure, requests
from tests.unit.contracts.assets.procedure import APPLICATION, HASH, OBJECT, application_of, applied, opinion, ruling
from tests.unit.contracts.assets.register import (
    ASSET as SUBJECT,
)
from tests.unit.contracts.assets.register import (
    ORDER,
    POLICY,
    accepted,
    asset_of,
    context_of,
    register_world,
)
from tests.unit.contracts.assets.requests import CONFIRMING, asset_in, registered_under
from tests.unit.contracts.world import World, did_of

Row = tuple[str | None, str]
Run = Callable[[], World]
SECOND = b"order-number-two"


def after(world: World, *steps: tuple[str, Operation], later_ms: int = 0) -> World:
    """The world once the steps were taken, the last of them ``later_ms`` after the others."""
    for number, (name, operation) in enumerate(steps, 1):
        world.time_ms += later_ms if number == len(steps) else 0
        accepted(world, name, operation)
    return world


def measured(world: World, *measures: Callable[..., None]) -> World:
    for measure in measures:
        if measure is transfer_asset:
            transfer_asset(SUBJECT, did_of("carol"), context_of(world), world.overlay)
        elif measure is revoke_asset:
            revoke_asset(SUBJECT, HASH, context_of(world), world.overlay)
        else:
            order = SECOND if measure is freeze_asset and ORDER in asset_of(world).frozen_by else ORDER
            measure(SUBJECT, order, context_of(world), world.overlay)
    return world


def approved() -> World:
    world = register_world()
    procedure.approved(world)
    return world


OPEN = [status for status in APPLYING.statuses() if APPLYING.actions(status)]
ALONE = RegistrarPolicy()
REJECT = RejectApplication(APPLICATION, HASH)
AMEND = AmendDraft(APPLICATION, AssetDescription("dataset", "Other"))
ASSIGN = procedure.assignment(*procedure.PANEL)
END_MS = POLICY.announcement_ms

APPLICATION_ROWS: dict[Row, Run] = {
    (None, "draft"): lambda: after(register_world(), ("alice", procedure.DRAFT)),
    ("DRAFT", "amend"): lambda: after(applied("DRAFT"), ("alice", AMEND)),
    ("DRAFT", "submit"): lambda: after(applied("DRAFT"), ("alice", procedure.SUBMIT)),
    ("SUBMITTED", "accept"): lambda: after(applied("SUBMITTED"), ("registrar", procedure.ACCEPT)),
    ("SUBMITTED", "return"): lambda: after(applied("SUBMITTED"), ("registrar", ReturnApplication(APPLICATION, HASH))),
    ("SUBMITTED", "reject"): lambda: after(applied("SUBMITTED"), ("registrar", REJECT)),
    ("RETURNED", "amend"): lambda: after(applied("RETURNED"), ("alice", AMEND)),
    ("RETURNED", "submit"): lambda: after(applied("RETURNED"), ("alice", procedure.SUBMIT)),
    ("ACCEPTED", "reject"): lambda: after(applied("ACCEPTED"), ("registrar", REJECT)),
    ("ACCEPTED", "assign"): lambda: after(applied("ACCEPTED"), ("registrar", ASSIGN)),
    ("ACCEPTED", "publicise"): lambda: after(applied("ACCEPTED", ALONE), ("registrar", procedure.PUBLICISE)),
    ("IN_REVIEW", "assign"): lambda: after(applied("IN_REVIEW"), ("registrar", ASSIGN)),
    ("IN_REVIEW", "review"): lambda: after(applied("IN_REVIEW"), ("rita", opinion("reject"))),
    ("IN_REVIEW", "fail"): lambda: after(
        applied("IN_REVIEW"), ("rita", opinion("reject")), ("rosa", opinion("reject"))
    ),
    ("IN_REVIEW", "publicise"): lambda: after(approved(), ("registrar", procedure.PUBLICISE)),
    ("PUBLICISED", "object"): lambda: after(applied("PUBLICISED"), ("carol", OBJECT)),
    ("PUBLICISED", "certify"): lambda: after(applied("PUBLICISED"), ("registrar", procedure.CERTIFY), later_ms=END_MS),
    ("OBJECTED", "object"): lambda: after(applied("OBJECTED"), ("bob", OBJECT)),
    ("OBJECTED", "dismiss"): lambda: after(applied("OBJECTED"), ("bob", OBJECT), ("registrar", ruling())),
    ("OBJECTED", "resolve"): lambda: after(applied("OBJECTED"), ("registrar", ruling())),
    ("OBJECTED", "uphold"): lambda: after(applied("OBJECTED"), ("registrar", ruling("upheld"))),
    ("RESOLVED", "object"): lambda: after(applied("RESOLVED"), ("bob", OBJECT)),
    ("RESOLVED", "certify"): lambda: after(applied("RESOLVED"), ("registrar", procedure.CERTIFY), later_ms=END_MS),
    **{
        (status, "withdraw"): lambda status=status: after(  # type: ignore[misc]
            applied(status), ("alice", WithdrawApplication(APPLICATION))
        )
        for status in OPEN
    },
}
HELD = ("CERTIFIED", "CHANGING", "TRANSFERRING", "RENEWING")
APPROVALS = {"CHANGING": requests.APPROVE_CHANGE, "RENEWING": requests.APPROVE_RENEWAL}


def confirmed(*last: tuple[str, Operation]) -> World:
    return after(asset_in("TRANSFERRING", CONFIRMING), ("bob", requests.TAKE), *last)


def expired(status: str) -> World:
    world = asset_in(status, msgspec.structs.replace(POLICY))
    world.time_ms = asset_of(world).valid_until_ms + POLICY.renewal_ms
    return after(world, ("carol", requests.EXPIRE))


ASSET_ROWS: dict[Row, Run] = {
    (None, "register"): lambda: after(
        register_world(), ("exchange", RegisterAsset("a", requests.PRESENT, did_of("alice")))
    ),
    ("CERTIFIED", "propose-change"): lambda: asset_in("CHANGING"),
    ("CERTIFIED", "offer-transfer"): lambda: asset_in("TRANSFERRING"),
    ("CERTIFIED", "request-renewal"): lambda: asset_in("RENEWING"),
    ("CERTIFIED", "cancel"): lambda: after(registered_under(), ("alice", requests.CANCEL)),
    ("TRANSFERRING", "accept"): confirmed,
    ("TRANSFERRING", "complete"): lambda: after(asset_in("TRANSFERRING"), ("bob", requests.TAKE)),
    ("TRANSFERRING", "approve"): lambda: confirmed(("exchange", requests.APPROVE_TRANSFER)),
    ("FROZEN", "freeze"): lambda: measured(asset_in("FROZEN"), freeze_asset),
    ("FROZEN", "award"): lambda: measured(asset_in("FROZEN"), transfer_asset),
    ("FROZEN", "revoke"): lambda: after(asset_in("FROZEN"), ("exchange", requests.REVOKE)),
    ("FROZEN", "release"): lambda: measured(asset_in("FROZEN"), freeze_asset, release_asset),
    ("REVOKED", "release"): lambda: measured(asset_in("FROZEN"), revoke_asset, release_asset),
}
for found in HELD:
    ASSET_ROWS |= {
        (found, "freeze"): lambda status=found: measured(asset_in(status), freeze_asset),  # type: ignore[misc]
        (found, "award"): lambda status=found: measured(asset_in(status), transfer_asset),  # type: ignore[misc]
        (found, "revoke"): lambda status=found: after(  # type: ignore[misc]
            asset_in(status), ("exchange", requests.REVOKE)
        ),
        (found, "expire"): lambda status=found: expired(status),  # type: ignore[misc]
        ("FROZEN", f"release-{found.lower()}"): lambda status=found: measured(  # type: ignore[misc]
            asset_in(status), freeze_asset, release_asset
        ),
    }
for found in HELD[1:]:
    ASSET_ROWS |= {
        (found, "refuse"): lambda status=found: after(  # type: ignore[misc]
            asset_in(status), ("exchange", requests.REFUSE)
        ),
        (found, "retract"): lambda status=found: after(  # type: ignore[misc]
            asset_in(status), ("alice", requests.RETRACT)
        ),
    }
for found, approval in APPROVALS.items():
    ASSET_ROWS[found, "approve"] = lambda status=found, operation=approval: after(  # type: ignore[misc]
        asset_in(status), ("exchange", operation)
    )


@pytest.mark.parametrize("row", APPLICATION_ROWS, ids=str)
def test_row_of_an_application_leads_where_it_says(row: Row) -> None:
    assert application_of(APPLICATION_ROWS[row]()).status == APPLYING.transitions[row]


@pytest.mark.parametrize("row", ASSET_ROWS, ids=str)
def test_row_of_an_asset_leads_where_it_says(row: Row) -> None:
    assert asset_of(ASSET_ROWS[row]()).status == ASSET.transitions[row]


def test_certified_application_is_a_certified_asset() -> None:
    """The row that begins an asset on the reviewed path."""
    assert asset_of(applied("CERTIFIED"), APPLICATION).status == ASSET.transitions[None, "certify"]


def test_no_row_is_left_out() -> None:
    assert set(APPLICATION_ROWS) == set(APPLYING.transitions)
    assert {*ASSET_ROWS, (None, "certify")} == set(ASSET.transitions)
